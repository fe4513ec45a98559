"""The naive engine as a loop beside a lake: hears what changed, and writes the other side of it afterwards."""

import sys
from collections.abc import Callable
from typing import Any

from bidir import Schema
from bidir.backends import HttpBackend
from docs.naive_engine import pointed_at

SCHEMA = Schema.load(
    [
        {
            "name": "book",
            "type": "document",
            "fields": [
                {
                    "name": "author",
                    "type": "reference",
                    "to": [{"type": "author"}],
                    "bidirectional": {"targetField": "currentBook"},
                }
            ],
        },
        {
            "name": "author",
            "type": "document",
            "fields": [{"name": "currentBook", "type": "reference", "to": [{"type": "book"}]}],
        },
    ]
)


def answer(backend: Any, event: Any) -> None:
    """Write the partner's side of every reference that a change set or took away."""
    name = event["documentId"]
    prefix = name[: name.rfind(".") + 1]
    before, after = event.get("previous") or {}, event.get("result") or {}
    for field in SCHEMA.fields_of((after or before).get("_type", "")):
        old, new = pointed_at(before, field.path[0]), pointed_at(after, field.path[0])
        for target in {old, new} - {None} if old != new else ():
            found = backend.documents([target, prefix + target])
            partner = found[prefix + target] or found[target]
            if partner is None:
                continue
            _, inverse = SCHEMA.inverse(field, partner["_type"])
            back = name.removeprefix(prefix)
            if (pointed_at(partner, inverse.path[0]) == back) == (target == new):
                continue
            reference = {"_type": "reference", "_ref": back, "_weak": True}
            act = {"set": {inverse.path[0]: reference}} if target == new else {"unset": [inverse.path[0]]}
            version = {key: value for key, value in partner.items() if key not in ("_rev", "_updatedAt")}
            made = {"createIfNotExists": {**version, "_id": prefix + target}}
            backend.commit([made, {"patch": {"id": prefix + target, **act}}], transaction_id=None)


def listen(backend: Any, goes_on: Callable[[], bool]) -> None:
    """Answer every change until told to stop."""
    stream = backend.listen("*[_type in $types]", {"types": list(SCHEMA.types)})
    while goes_on():
        event = stream.get(0.1)
        if event is not None and event.get("type", "mutation") == "mutation":
            answer(backend, event)
    stream.close()


if __name__ == "__main__":
    with HttpBackend(sys.argv[1], project="demo", dataset="production") as lake:
        listen(lake, lambda: True)
