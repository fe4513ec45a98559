"""States that differ only in names: renamings of the groups of one type, and one state that stands for all of them.

Two states of one orbit have the same faults. Their steps correspond only as far as nothing is decided by the order of
ids; where the engine has to choose (two wait for one place, the smaller id gets it) they do not. A search over orbits
is therefore offered for speed, and the search over states is what counts.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from itertools import permutations, product

from bidir.conformance.states.coding import Cell, Coding

__all__ = ["Renaming"]


class Renaming:
    """The renamings of one scope."""

    def __init__(self, coding: Coding) -> None:
        """Prepare a table of letters for every renaming."""
        self._coding = coding
        self._size = len(coding.scope.layers)
        self._tables = [self._table(names) for names in _renamings(coding)]

    def _table(self, names: Mapping[str, str]) -> list[tuple[int, dict[str, str]]]:
        """Return, for each group in its new order, where its letters stand and what they become."""
        coding = self._coding
        groups = coding.scope.groups
        old_names = {new: old for old, new in names.items()}
        rows = []
        for group in groups:
            old = old_names[group]
            letters = {}
            for letter, cell in coding.cells[old].items():
                renamed = Cell(tuple(names[target] for target in cell.targets), cell.strengths, cell.ours)
                letters[letter] = coding.letters[group][renamed]
            rows.append((groups.index(old) * self._size, letters))
        return rows

    def orbit(self, state: str) -> set[str]:
        """Return every state that is this one under other names."""
        return {self._renamed(state, table) for table in self._tables}

    def canonical(self, state: str) -> str:
        """Return the one state that stands for its orbit."""
        return min(self._renamed(state, table) for table in self._tables)

    def _renamed(self, state: str, table: list[tuple[int, dict[str, str]]]) -> str:
        out = []
        for start, letters in table:
            out += [letters.get(letter, letter) for letter in state[start : start + self._size]]
        return "".join(out)


def _renamings(coding: Coding) -> Iterator[dict[str, str]]:
    pools = list(coding.scope.pool.values())
    for chosen in product(*(permutations(pool) for pool in pools)):
        yield {
            old: new for pool, names in zip(pools, chosen, strict=True) for old, new in zip(pool, names, strict=True)
        }
