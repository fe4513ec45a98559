"""Marks the engine leaves on its own work: transaction ids, item keys and consent tokens.

All are derived from names alone, so the same link always gets the same key and a retry meets its own traces.
"""

from __future__ import annotations

import hashlib

__all__ = ["PREFIX", "consent_token", "is_ours", "is_whole", "item_key", "relation_of", "transaction_id"]

PREFIX = "bidir."
"""What every transaction id made by the engine starts with."""

WAITS = "-waits"
"""What the id of an engine's transaction ends with if a half of it could not be written yet."""

KEY_LENGTH = 12
"""Hex digits of an item key, as many as the Studio's own keys have."""
TOKEN_LENGTH = 16
"""Hex digits of a consent token."""


def _digest(*parts: str) -> str:
    return hashlib.sha256("\x1f".join(parts).encode()).hexdigest()


def transaction_id(relation: str, nonce: str, *, waits: bool = False) -> str:
    """Return `bidir.<relation>.<nonce>` (bidirectional semantics, E8.20); the nonce says whether a half waits."""
    return f"{PREFIX}{relation}.{nonce}{WAITS if waits else ''}"


def is_whole(transaction: str) -> bool:
    """Whether an engine made the transaction and left no half of it to others."""
    return is_ours(transaction) and not transaction.endswith(WAITS)


def is_ours(transaction: str) -> bool:
    """Whether a transaction id was made by an engine (this one or another)."""
    return transaction.startswith(PREFIX)


def relation_of(transaction: str) -> str | None:
    """Return the relation named in an engine's transaction id, or None for any other id."""
    if not is_ours(transaction):
        return None
    return transaction[len(PREFIX) :].rpartition(".")[0] or None


def item_key(relation: str, target: str, attempt: int = 0) -> str:
    """Return the `_key` of the list item that points at `target`; `attempt` counts the keys found taken."""
    key = _digest(relation, target)[:KEY_LENGTH]
    return f"{key}-{attempt}" if attempt else key


def consent_token(kind: str, relation: str, claimant: str, place: str, holder: str | None, layer: str) -> str:
    """Return the token that stands for exactly this conflict."""
    return _digest(kind, relation, claimant, place, holder or "", layer)[:TOKEN_LENGTH]
