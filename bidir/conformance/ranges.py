"""`b{1..500}` and `each: 1..100` in scenario files: the short way to write what repeats, written out after reading."""

from __future__ import annotations

import re
from typing import Any

from bidir.conformance.yamlfile import Place, PlacedYaml, YamlFileError
from lakesim.jsonvalue import Json

__all__ = ["RANGE_MAX", "written_out"]

RANGE_MAX = 10_000
"""Numbers in one range."""

EACH = "each"
"""The key of a list item that is repeated for each number of a range."""

STEPS = "steps"
"""Beside `each` alone: a list that is put in whole for each number."""

_RANGE = re.compile(r"\{(\d+)\.\.(\d+)\}")
_BARE = re.compile(r"(\d+)\.\.(\d+)")
_NUMBER = "{n}"


def written_out(source: PlacedYaml) -> PlacedYaml:
    """Return the file with every range written out; each place keeps the line it came from.

    A mapping key or a text in a list that holds `{1..500}` is there for each number, a mapping in a list with
    `each: 1..500` likewise (with `steps`, several items in turn); inside, `{n}` stands for the number.
    Raises: YamlFileError for a range that is empty, too long, or that makes one key twice.
    """
    writer = _Writer(source)
    value = writer.value(source.value, (), (), None)
    return PlacedYaml(source.path, value, writer.lines)


class _Writer:
    """Copies the values; `lines` are those of the copy."""

    def __init__(self, source: PlacedYaml) -> None:
        self.source = source
        self.lines: dict[Place, int] = {}

    def value(self, value: Json, old: Place, new: Place, number: int | None) -> Json:
        """Return `value`, which stands at `old`, as it is to stand at `new`."""
        self.lines[new] = self.source.line(old)
        if isinstance(value, dict):
            return self._mapping(value, old, new, number)
        if isinstance(value, list):
            return self._list(value, old, new, number)
        return _filled(value, number) if isinstance(value, str) else value

    def _mapping(self, value: dict[str, Json], old: Place, new: Place, number: int | None) -> dict[str, Json]:
        out: dict[str, Json] = {}
        for key, item in value.items():
            for one, name in self._numbered(key, (*old, key), number):
                if name in out:
                    raise self._error((*old, key), f'key "{name}" a second time')
                out[name] = self.value(item, (*old, key), (*new, name), one)
        return out

    def _list(self, value: list[Json], old: Place, new: Place, number: int | None) -> list[Json]:
        out: list[Json] = []
        for index, item in enumerate(value):
            place = (*old, index)
            if isinstance(item, str):
                for _, text in self._numbered(item, place, number):
                    self.lines[(*new, len(out))] = self.source.line(place)
                    out.append(text)
            elif isinstance(item, dict) and isinstance(item.get(EACH), str) and _BARE.fullmatch(item[EACH]):
                rest: dict[str, Any] = {key: one for key, one in item.items() if key != EACH}
                inner = rest.get(STEPS) if rest.keys() == {STEPS} else None
                for one in self._numbers(_BARE.fullmatch(item[EACH]), (*place, EACH)):
                    if isinstance(inner, list):
                        # Several steps in turn; they stand in the list as if written out there.
                        for position, step in enumerate(inner):
                            out.append(self.value(step, (*place, STEPS, position), (*new, len(out)), one))
                    else:
                        out.append(self.value(rest, place, (*new, len(out)), one))
            else:
                out.append(self.value(item, place, (*new, len(out)), number))
        return out

    def _numbered(self, text: str, place: Place, number: int | None) -> list[tuple[int | None, str]]:
        """Return the texts that `text` stands for, each with the number that `{n}` means beside it."""
        match = _RANGE.search(text)
        if match is None:
            return [(number, _filled(text, number))]
        head, tail = text[: match.start()], text[match.end() :]
        return [(one, _filled(f"{head}{one}{tail}", one)) for one in self._numbers(match, place)]

    def _numbers(self, match: re.Match[str] | None, place: Place) -> range:
        assert match is not None
        first, last = int(match.group(1)), int(match.group(2))
        if last < first:
            raise self._error(place, f"the range {first}..{last} is empty; the smaller number goes first")
        if last - first >= RANGE_MAX:
            raise self._error(place, f"the range {first}..{last} has more than {RANGE_MAX} numbers")
        return range(first, last + 1)

    def _error(self, place: Place, problem: str) -> YamlFileError:
        return YamlFileError(self.source.path, self.source.line(place), problem)


def _filled(text: str, number: int | None) -> str:
    return text if number is None else text.replace(_NUMBER, str(number))
