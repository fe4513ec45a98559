"""A naive engine in sixty lines: one query, one transaction, and the other side of a single reference set in it."""

from typing import Any

READ = "*[_id in $ids || references($groups)]"


def pointed_at(document: Any, name: str) -> str | None:
    """Return the id that a single reference points at, None for no link."""
    value = document.get(name)
    return value.get("_ref") if isinstance(value, dict) else None


class NaiveEngine:
    """Submits edits of drafts and of published; lists and the rest of the life cycle are left for another day."""

    def __init__(self, schema: Any, backend: Any) -> None:
        """Work by the declared relations of `schema`; every request goes through `backend`."""
        self.schema = schema
        self.backend = backend

    def submit(
        self, mutations: Any, *, perspective: str = "drafts", consent: Any = (), transaction_id: str | None = None
    ) -> None:
        """Write the user's patches, and the partners' side beside them."""
        prefix = "" if perspective == "published" else f"{perspective}."
        patches = [one["patch"] for one in mutations]
        values = [value for patch in patches for value in patch.get("set", {}).values()]
        new = [value["_ref"] for value in values if isinstance(value, dict) and "_ref" in value]
        groups = [patch["id"].removeprefix(prefix) for patch in patches] + new
        ids = groups + [prefix + group for group in groups]
        found = {one["_id"]: one for one in self.backend.query(READ, {"ids": ids, "groups": groups})}
        sent: list[Any] = []

        def version(group: str) -> Any:
            """Return the document in the layer of the edit, made on demand from the published one."""
            if prefix + group not in found and group in found:
                body = {key: value for key, value in found[group].items() if key not in ("_rev", "_updatedAt")}
                found[prefix + group] = {**body, "_id": prefix + group}
                sent.append({"create": found[prefix + group]})
            return found.get(prefix + group)

        for patch in patches:
            source = version(patch["id"].removeprefix(prefix))
            change = {key: value for key, value in patch.items() if key != "id"}
            after = self.backend.patched(source, change)
            sent.append({"patch": {**change, "id": source["_id"]}})
            for field in self.schema.fields_of(source["_type"]):
                before, now = pointed_at(source, field.path[0]), pointed_at(after, field.path[0])
                for target in {before, now} - {None} if before != now else ():
                    partner = version(str(target))
                    inverse = partner and self.schema.inverse(field, partner["_type"])
                    if not inverse or inverse[1].many:
                        continue
                    name = inverse[1].path[0]
                    back = {"_type": "reference", "_ref": patch["id"].removeprefix(prefix), "_weak": True}
                    act = {"set": {name: back}} if target == now else {"unset": [name]}
                    sent.append({"patch": {"id": partner["_id"], **act}})
        self.backend.commit(sent, transaction_id=transaction_id)
