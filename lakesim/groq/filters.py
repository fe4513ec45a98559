"""The filter of a listener or a grant, taken out of a query (content-lake reference, section 7.7)."""

from __future__ import annotations

from lakesim.groq.ast import (
    Boolean,
    Call,
    Dereference,
    Elements,
    Everything,
    Expression,
    Filter,
    Group,
    Logical,
    Node,
    PipeCall,
    Query,
    Step,
    Traversal,
    walk,
)
from lakesim.groq.errors import GroqError

__all__ = ["filter_of"]

_HINT = " It is judged on one document at a time."


def filter_of(query: Query, text: str) -> Query:
    """Return the condition that a single document must fulfil, as a query of its own with the document as `@`.

    The filters directly behind the outermost `*` count, all else is ignored; an expression that does not start at `*`
    is the condition itself.
    Raises: GroqError for a condition that reads other documents.
    """
    leading = _leading(query.body)
    condition = query.body if leading is None else _joined(leading)
    _refuse_joins(query, condition, text)
    return Query(query.functions, condition, span=query.span)


def _leading(body: Expression) -> list[Expression] | None:
    """Return the conditions behind the outermost `*`, or None if the expression starts elsewhere."""
    steps: tuple[Step, ...] = ()
    current = body
    while True:
        if isinstance(current, Group):
            current = current.inner
        elif isinstance(current, PipeCall):
            current, steps = current.base, ()
        elif isinstance(current, Traversal):
            steps = current.steps
            current = current.base
        else:
            break
    if not isinstance(current, Everything):
        return None
    conditions = []
    for step in steps:
        if isinstance(step, Filter):
            conditions.append(step.condition)
        elif not isinstance(step, Elements):
            break
    return conditions


def _joined(conditions: list[Expression]) -> Expression:
    if not conditions:
        return Boolean(True)
    return conditions[0] if len(conditions) == 1 else Logical("&&", tuple(conditions))


def _refuse_joins(query: Query, condition: Expression, text: str) -> None:
    functions = {(function.namespace, function.name): function for function in query.functions}
    pending: list[Node] = [condition]
    entered: set[tuple[str, str]] = set()
    while pending:
        for node in walk(pending.pop()):
            if isinstance(node, Dereference):
                raise GroqError("a filter of single documents may not dereference", text, *node.span, _HINT)
            if isinstance(node, Everything):
                raise GroqError("a filter of single documents may not hold a sub-query", text, *node.span, _HINT)
            if isinstance(node, Call):
                key = (node.namespace, node.name)
                if key in functions and key not in entered:
                    entered.add(key)
                    pending.append(functions[key])
                elif key == ("releases", "all") and key not in functions:
                    raise GroqError("a filter of single documents may not read releases", text, *node.span, _HINT)
