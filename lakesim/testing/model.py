"""A naive model of one dataset: plain dicts, deep copies, full scans. Slow, short, and obviously right.

It shares no code with the store and its transactions; patches are applied by `lakesim.patch`, which is tested apart.
A state machine drives both and compares documents, answers and errors.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Iterator, Mapping, Sequence
from copy import deepcopy
from typing import Any, Final

from lakesim.errors import ImmutableAttributeError, PatchError
from lakesim.patch import apply_patch, parse_patch

__all__ = ["Attempt", "ModelDataset", "ModelRefusalError", "model_view"]

Documents = dict[str, dict[str, Any]]
Failure = tuple[int, str]

_QUERIES: Final[dict[str, Callable[[dict[str, Any], Mapping[str, Any]], bool]]] = {
    "*[_type == $type]": lambda document, params: document["_type"] == params["type"],
    "*[_id in $ids]": lambda document, params: document["_id"] in params["ids"],
    "*[references($id)]": lambda document, params: params["id"] in [target for target, _ in _references(document)],
}


class ModelRefusalError(Exception):
    """A transaction the model refuses: `type` is the service's error type, `index` the mutation at fault or None."""

    def __init__(self, kind: str, index: int | None = None) -> None:
        """Keep both."""
        super().__init__(f"{kind} at {index}")
        self.type = kind
        self.index = index


class ModelDataset:
    """The documents of one dataset as a dict, and the ids of its transactions."""

    queries: Final = tuple(_QUERIES)
    """The selections by query that the model understands, parameters named as in the text."""

    def __init__(self) -> None:
        """Start empty."""
        self.documents: Documents = {}
        self.log: list[tuple[str, Documents]] = []
        """Each transaction's id and the whole dataset after it."""

    def mutate(
        self, mutations: Sequence[dict[str, Any]], *, transaction_id: str, now: str, dry_run: bool = False
    ) -> dict[str, Any]:
        """Return the answer with ids and documents; `now` is the document timestamp of the transaction.

        Raises: ModelRefusalError; nothing has changed then.
        """
        if transaction_id in [known for known, _ in self.log]:
            raise ModelRefusalError("transactionAlreadyExistsError")
        if not mutations:
            return {"transactionId": transaction_id, "results": []}
        attempt = Attempt(deepcopy(self.documents), transaction_id, now)
        targets = [self._targets(mutation) for mutation in mutations]
        for index, mutation in enumerate(deepcopy(list(mutations))):
            attempt.apply(index, mutation, targets[index])
        attempt.check_references()
        if not dry_run:
            self.documents = attempt.documents
            self.log.append((transaction_id, deepcopy(attempt.documents)))
        return attempt.answer()

    def at_revision(self, document_id: str, revision: str) -> dict[str, Any] | None:
        """Return a document as it stood after a transaction."""
        return next(documents for known, documents in self.log if known == revision).get(document_id)

    def _targets(self, mutation: dict[str, Any]) -> list[str]:
        body = next(iter(mutation.values()))
        if "query" not in body:
            return [body["id"]] if "id" in body else []
        matches = _QUERIES[body["query"]]
        return [key for key in sorted(self.documents) if matches(self.documents[key], body.get("params", {}))]


class Attempt:
    """One transaction on a full copy of the dataset."""

    def __init__(self, documents: Documents, transaction_id: str, now: str) -> None:
        """Start from `documents`, which stay as they are."""
        self.before = documents
        self.documents = deepcopy(documents)
        self.transaction_id = transaction_id
        self.now = now
        self.created: set[str] = set()
        self.last_touch: dict[str, int] = {}
        self.results: list[tuple[str, str]] = []

    def apply(self, index: int, mutation: dict[str, Any], targets: list[str]) -> None:
        """Apply one mutation in wire form; `targets` are the ids it selects for a delete or patch.

        Raises: ModelRefusalError with `index`.
        """
        (kind, body), *_ = mutation.items()
        if kind == "delete":
            self._delete(index, body, targets)
        elif kind == "patch":
            self._patch(index, body, targets)
        else:
            self._create(index, kind, body)

    def _create(self, index: int, kind: str, body: dict[str, Any]) -> None:
        key = body["_id"]
        old = self.documents.get(key)
        if old is not None and kind == "create":
            raise ModelRefusalError("documentAlreadyExistsError", index)
        if old is not None and kind == "createIfNotExists":
            self.results.append(("none", key))
            return
        for known in (old, self.before.get(key)):
            if known is not None and known["_type"] != body["_type"]:
                raise ModelRefusalError("cannotModifyImmutableAttributeError", index)
        created_at = body.get("_createdAt") if isinstance(body.get("_createdAt"), str) else self.now
        updated_at = body.get("_updatedAt") if isinstance(body.get("_updatedAt"), str) else self.now
        if old is not None:
            created_at, updated_at = old["_createdAt"], self.now
        else:
            self.created.add(key)
        self.documents[key] = {
            **body,
            "_rev": self.transaction_id,
            "_createdAt": created_at,
            "_updatedAt": updated_at,
        }
        self.last_touch[key] = index
        self.results.append(("create" if old is None else "update", key))

    def _delete(self, index: int, body: dict[str, Any], targets: list[str]) -> None:
        for key in targets:
            if key in self.documents:
                del self.documents[key]
                self.created.discard(key)
                self.last_touch[key] = index
                self.results.append(("delete", key))
            elif "id" in body:
                self.results.append(("delete", key))

    def _patch(self, index: int, body: dict[str, Any], targets: list[str]) -> None:
        operations = {name: value for name, value in body.items() if name not in ("id", "query", "params")}
        patch = parse_patch(operations, where="patch")
        for key in targets:
            if key not in self.documents:
                if "id" in body:
                    raise ModelRefusalError("documentNotFoundError", index)
                continue
            self._check_revision(index, key, patch.if_revision_id)
            old = self.documents[key]
            try:
                new = deepcopy(apply_patch(deepcopy(old), patch))
            except (PatchError, ImmutableAttributeError) as error:
                raise ModelRefusalError(error.type, index) from None
            if not isinstance(new.get("_createdAt"), str):
                new["_createdAt"] = old["_createdAt"]
            new["_rev"] = self.transaction_id
            new["_updatedAt"] = self.now
            self.documents[key] = new
            self.last_touch[key] = index
            self.results.append(("update", key))

    def _check_revision(self, index: int, key: str, expected: str | None) -> None:
        known = self.before.get(key)
        current = self.transaction_id if key in self.created or known is None else known["_rev"]
        if expected is not None and expected != current:
            raise ModelRefusalError("documentRevisionIDDoesNotMatchError", index)

    def check_references(self) -> None:
        """Refuse an end state in which a strong reference leads nowhere."""
        broken = [
            (source, target)
            for source, document in self.documents.items()
            for target, strong in _references(document)
            if strong and not self._is_satisfied(source, target)
        ]
        if broken:
            index, kind = min((*self._dangling(broken), *self._orphaned(broken)), key=lambda failure: failure[0])
            raise ModelRefusalError(kind, index)

    def _is_satisfied(self, source: str, target: str) -> bool:
        return target in self.documents or (
            source.startswith("versions.") and f"versions.{source.split('.')[1]}.{target}" in self.documents
        )

    def _dangling(self, broken: list[tuple[str, str]]) -> Iterator[Failure]:
        """The reference is new: its holder is at fault."""
        for source, target in broken:
            old = Counter(_references(self.before.get(source, {})))
            new = Counter(_references(self.documents[source]))
            if new[target, True] > old[target, True]:
                yield self.last_touch[source], "documentReferenceDoesNotExistError"

    def _orphaned(self, broken: list[tuple[str, str]]) -> Iterator[Failure]:
        """The target is gone: its deletion is at fault."""
        for key in self.before:
            if key in self.documents:
                continue
            for source, target in broken:
                stood_in = source.startswith("versions.") and key == f"versions.{source.split('.')[1]}.{target}"
                if target == key or stood_in:
                    yield self.last_touch[key], "documentHasExistingReferencesError"

    def answer(self) -> dict[str, Any]:
        """Return the wire answer with ids and documents."""
        results = []
        for operation, key in self.results:
            entry: dict[str, Any] = {"id": key, "operation": operation}
            if operation != "delete" and key in self.documents:
                entry["document"] = deepcopy(self.documents[key])
            results.append(entry)
        return {"transactionId": self.transaction_id, "results": results}


def _references(value: Any) -> list[tuple[str, bool]]:
    """All references in a value as (target, whether it is strong), in document order."""
    if isinstance(value, dict):
        if isinstance(value.get("_ref"), str):
            return [(value["_ref"], value.get("_weak") is not True)]
        return [found for item in value.values() for found in _references(item)]
    if isinstance(value, list):
        return [found for item in value for found in _references(item)]
    return []


def model_view(documents: Documents, stack: Sequence[str]) -> list[dict[str, Any]]:
    """Return what a perspective shows of all documents, by `_id`: the algorithm of section 4.4, word for word.

    `stack` lists layers from the top; `published` lies below all of them.
    """
    groups = set()
    for key in documents:
        if key.startswith("_."):
            continue
        parts = key.split(".")
        groups.add(".".join(parts[1:] if parts[0] == "drafts" else parts[2:] if parts[0] == "versions" else parts))
    shown = []
    for group in sorted(groups):
        for layer in (*stack, "published"):
            key = {"drafts": f"drafts.{group}", "published": group}.get(layer, f"versions.{layer}.{group}")
            if key not in documents:
                continue
            document = deepcopy(documents[key])
            if document.get("_system", {}).get("delete") is True:
                break
            if list(stack) != ["published"]:
                document.update({"_id": group, "_originalId": key})
            shown.append(document)
            break
    return shown
