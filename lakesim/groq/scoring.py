"""`score`: ranking by how well predicates fit (groq reference, section 11)."""

from __future__ import annotations

from collections.abc import Sequence

from lakesim.groq.arithmetic import normalize_number
from lakesim.groq.values import Value

__all__ = ["rank_by_score", "score_all", "score_boost"]


def score_all(*parts: float) -> float:
    """Return the score of `a && b`: the sum if both are above zero, else 0."""
    return sum(parts) if all(part > 0 for part in parts) else 0


def score_boost(part: float, amount: Value) -> float:
    """Return the score of `boost(p, n)`: that of p plus n if it is above zero, else 0; 0 if n is no number."""
    if type(amount) is not int and type(amount) is not float:
        return 0
    return part + amount if part > 0 else 0


def rank_by_score(items: Sequence[Value], scores: Sequence[float]) -> list[Value]:
    """Return copies of the objects among `items` with `_score`, highest first; a previous `_score` is added to."""
    scored = []
    for item, score in zip(items, scores, strict=True):
        if type(item) is dict:
            before = item.get("_score")
            if type(before) is int or type(before) is float:
                score = before + score
            scored.append({**item, "_score": normalize_number(score)})
    scored.sort(key=_score_of, reverse=True)
    return scored


def _score_of(item: Value) -> float:
    score = item["_score"]
    return score if score is not None else 0
