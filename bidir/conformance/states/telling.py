"""A counterexample in words: the numbered history, every group in every layer before and after, and the fault."""

from __future__ import annotations

from bidir.conformance.states.coding import ABSENT, MARKED, STAMPED, STRONG, WEAK, Coding
from bidir.conformance.states.scope import Scope
from bidir.conformance.states.search import Counterexample

__all__ = ["told"]

ARROWS = {WEAK: "~> ", STAMPED: "~> ", STRONG: "=> ", "": ""}
"""How strengths are shown; a scope that does not tell them apart shows none."""


def told(scope: Scope, found: Counterexample) -> str:
    """Return the text of a counterexample, in several lines."""
    coding = Coding(scope)
    lines = [f"  {number}. {operation}" for number, operation in enumerate(found.operations, 1)]
    before, after = found.states[-2:] if len(found.states) > 1 else (found.states[0], found.states[0])
    lines += ["", *_table(coding, before, after), ""]
    lines += [f"  breaks {fault}" for fault in found.faults]
    return "\n".join(lines)


def _table(coding: Coding, before: str, after: str) -> list[str]:
    """Lay out what each group holds in each layer, and what became of it where the last step changed it."""
    layers = coding.scope.layers
    rows = [["", *layers]]
    for group in coding.scope.groups:
        cells = []
        for layer in layers:
            old, new = (_shown(coding, state, group, layer) for state in (before, after))
            cells.append(old if old == new else f"{old} now {new}")
        rows.append([group, *cells])
    widths = [max(len(row[column]) for row in rows) for column in range(len(layers) + 1)]
    return [
        "  " + "  ".join(cell.ljust(width) for cell, width in zip(row, widths, strict=True)).rstrip() for row in rows
    ]


def _shown(coding: Coding, state: str, group: str, layer: str) -> str:
    letter = coding.letter(state, group, layer)
    if letter == ABSENT:
        return "-"
    if letter == MARKED:
        return "unpublish"
    cell = coding.cells[group][letter]
    strengths = cell.strengths or ("",) * len(cell.targets)
    inside = ", ".join(f"{ARROWS[strength]}{target}" for target, strength in zip(cell.targets, strengths, strict=True))
    return f"[{inside}]" + (" (engine's)" if cell.ours else "")
