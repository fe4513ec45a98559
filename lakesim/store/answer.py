"""The answer to a mutate request: one entry per mutation and document, in request order."""

from __future__ import annotations

from typing import Any

from lakesim.jsonvalue import copy
from lakesim.store.raw_view import Readable
from lakesim.store.transaction import Transaction

__all__ = ["mutate_answer"]


def mutate_answer(
    transaction: Transaction, *, return_ids: bool, return_documents: bool, readable: Readable | None = None
) -> dict[str, Any]:
    """Return the wire answer of a checked transaction (content-lake reference, section 2.7).

    Shape: entries hold `id` and `document` only if asked for; documents are copies, as the whole transaction leaves
    them, and absent where it leaves none or one that is not `readable`.
    """
    entries: list[dict[str, Any]] = []
    for operation, document_id in transaction.results:
        entry: dict[str, Any] = {"id": document_id} if return_ids else {}
        entry["operation"] = operation
        if return_documents and operation != "delete":
            document = transaction.final(document_id)
            if document is not None and (readable is None or readable(document)):
                entry["document"] = copy(document)
        entries.append(entry)
    return {"transactionId": transaction.transaction_id, "results": entries}
