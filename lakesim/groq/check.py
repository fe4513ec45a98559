"""Rules that a whole tree must keep and that the grammar alone does not say (groq reference, sections 11 and 16)."""

from __future__ import annotations

from lakesim.groq.ast import (
    Call,
    Element,
    Expression,
    Group,
    Logical,
    Node,
    PipeCall,
    Projection,
    Query,
    Traversal,
    walk,
)
from lakesim.groq.errors import GroqNotSupportedError, GroqSyntaxError
from lakesim.groq.functions.registry import FUNCTIONS

__all__ = ["SCORE_BASE", "check_query", "is_scorable"]

SCORE_BASE = "score() needs a list of documents"
_SCORE_HINT = " It cannot follow a projection or a single element; score first, then project."
_BOOST_HINT = " It may stand alone, or under && and ||."
_NEAREST = {
    "documents": "look the document up with *[_id == $id] in its own dataset, or count(*[references(^._id)])",
    "media": "read the dimensions from the asset document",
    "text": '"match text::query(…)"',
    "user": "identity(), or parameters",
}


def check_query(query: Query, text: str) -> None:
    """Check the rules that concern more than one construct.

    Raises: GroqSyntaxError, GroqNotSupportedError.
    """
    declared = {(function.namespace, function.name) for function in query.functions}
    boosts: list[Call] = []
    allowed: set[int] = set()
    for node in walk(query):
        if isinstance(node, PipeCall) and node.name == "score":
            if not is_scorable(node.base):
                raise GroqSyntaxError(SCORE_BASE, text, *node.base.span, _SCORE_HINT)
            for argument in node.arguments:
                allowed.update(map(id, _boosts_in(argument)))
        elif isinstance(node, Call):
            _check_call(node, text, declared, boosts)
    for boost in boosts:
        if id(boost) not in allowed:
            raise GroqSyntaxError("boost() is only allowed in an argument of score()", text, *boost.span, _BOOST_HINT)


def _check_call(call: Call, text: str, declared: set[tuple[str, str]], boosts: list[Call]) -> None:
    key = (call.namespace, call.name)
    if key in declared:
        return
    mode = FUNCTIONS[key].mode
    if mode == "score":
        boosts.append(call)
    elif mode == "unsupported":
        nearest = _NEAREST.get(call.namespace, "a parameter")
        description = f"{call.namespace}::{call.name}() is not supported by this emulator; nearest: {nearest}"
        raise GroqNotSupportedError(description, text, *call.span)


def is_scorable(base: Expression) -> bool:
    """Whether `score` accepts this base: anything but a projection or an element as outermost step."""
    while isinstance(base, Group):
        base = base.inner
    return not (isinstance(base, Traversal) and isinstance(base.steps[-1], (Projection, Element)))


def _boosts_in(node: Node) -> list[Call]:
    """Return the boost calls that score() itself sees: alone, in parentheses, under `&&` and `||`, in each other."""
    found: list[Call] = []
    stack = [node]
    while stack:
        current = stack.pop()
        if isinstance(current, Group):
            stack.append(current.inner)
        elif isinstance(current, Logical):
            stack.extend(current.operands)
        elif isinstance(current, Call) and (current.namespace, current.name) == ("global", "boost"):
            found.append(current)
            stack.append(current.arguments[0])
    return found
