"""The options of `bidirectional: {…}`: their names, forms and checks."""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping, Sequence
from types import MappingProxyType
from typing import Any

from bidir.relations.problems import Problems
from bidir.suggest import did_you_mean, one_of

__all__ = ["OPTION_NAMES", "RELATION_OPTIONS", "parse_options"]

_Check = Callable[[Any], str | None]


def _choice(*values: str) -> _Check:
    def check(value: Any) -> str | None:
        if value in values and isinstance(value, str):
            return None
        hint = did_you_mean(value, values) if isinstance(value, str) else ""
        return f"must be {one_of(values)}, not {_show(value)}.{hint}"

    return check


def _whole(least: int) -> _Check:
    def check(value: Any) -> str | None:
        if isinstance(value, int) and not isinstance(value, bool) and value >= least:
            return None
        return f"must be a whole number of at least {least}, not {_show(value)}."

    return check


def _flag(value: Any) -> str | None:
    return None if isinstance(value, bool) else f"must be true or false, not {_show(value)}."


def _field_name(value: Any) -> str | None:
    if isinstance(value, str) and value and all(value.replace("[]", "").split(".")):
        return None
    return f'must be the name of a field or a dotted path such as "profile.currentBook", not {_show(value)}.'


def _relation_name(value: Any) -> str | None:
    if isinstance(value, str) and re.fullmatch(r"[A-Za-z0-9][A-Za-z0-9_.-]{0,63}", value):
        return None
    return f"must be 1 to 64 letters, digits, dots, dashes or underscores (it becomes part of ids), not {_show(value)}."


_CHECKS: Mapping[str, _Check] = {
    "targetField": _field_name,
    "name": _relation_name,
    "owner": _choice("this", "target"),
    "onConflict": _choice("steal", "reject", "ask"),
    "onDelete": _choice("clear", "block", "keep"),
    "onUnpublish": _choice("keep", "clear"),
    "publishPartners": _choice("field", "warn", "none"),
    "liveTarget": _choice("defer", "write_through"),
    "min": _whole(0),
    "max": _whole(1),
    "maxPolicy": _choice("reject", "trim"),
    "acyclic": _flag,
    "maxDepth": _whole(1),
    "enabled": _flag,
    "inverseWeak": _flag,
    "derived": _flag,
}

OPTION_NAMES: tuple[str, ...] = tuple(_CHECKS)
"""Every option, as Sanity would spell it."""

RELATION_OPTIONS: tuple[str, ...] = tuple(
    name for name in OPTION_NAMES if name not in {"targetField", "owner", "min", "max", "maxPolicy", "derived"}
)
"""The options that speak of the relation, so that both ends must agree on them; the others speak of one end."""

_NOT_YET: Mapping[str, str] = {
    "variants": "relations over variants are not supported yet; leave the option out",
}

_NO_OPTION: Mapping[str, str] = {
    "symmetric": "a relation is symmetric when targetField names the field itself; leave the option out.",
    "cardinality": "cardinality follows from the fields: a reference holds one, an array many; narrow it with max.",
    "required": 'write "min": 1.',
    "weak": 'strength is declared on the reference itself ("weak": true beside "to"), the inverse has inverseWeak.',
}


def parse_options(raw: Any, end: str, to: Sequence[str], place: str, problems: Problems) -> Mapping[str, Any] | None:
    """Return the options of a declaration by their camelCase names, or None if it cannot be used at all.

    `end` names the field it stands on and `to` its target types, for messages; snake_case spellings are accepted.
    """
    if not isinstance(raw, Mapping):
        text = raw if isinstance(raw, str) and raw else "currentBook"
        problems.add(
            f'{end} ({place}): bidirectional is an object, write {{"targetField": "{text}"}}, not {_show(raw)}'
        )
        return None
    target = raw.get("targetField", raw.get("target_field"))
    label = end if not isinstance(target, str) else f"{end} ⇄ {'|'.join(to)}.{target}" if to else f"{end} ⇄ {target}"
    options: dict[str, Any] = {}
    for key, value in raw.items():
        name = _camel(key)
        where = f"{label} ({place}.{key})"
        if name in options:
            problems.add(f'{where}: the option "{name}" is given twice, as {name} and as {key}; keep one of them')
        elif name in _NOT_YET:
            if value is not False:
                problems.add_unsupported(f"{where}: {_NOT_YET[name]}")
        elif name in _NO_OPTION:
            problems.add(f'{where}: "{key}" is no option: {_NO_OPTION[name]}')
        elif name not in _CHECKS:
            problems.add(f'{where}: unknown option "{key}".{did_you_mean(name, OPTION_NAMES) or _known()}')
        elif fault := _CHECKS[name](value):
            problems.add(f"{where}: {name} {fault}")
            if name == "derived":
                options[name] = True  # It was meant, so nothing is said about a field that is missing on the target.
        else:
            options[name] = value
    if "targetField" not in options:
        if "targetField" not in map(_camel, raw) and not _NOT_YET.keys() & set(map(_camel, raw)):
            problems.add(
                f'{end} ({place}): bidirectional needs "targetField", the field of the target that points back'
            )
        return None
    return MappingProxyType(options)


def _camel(key: Any) -> str:
    if not isinstance(key, str):
        return repr(key)
    head, *rest = key.split("_")
    return head + "".join(part.capitalize() for part in rest)


def _known() -> str:
    return f" The options are {one_of(OPTION_NAMES, word='and')}."


def _show(value: Any) -> str:
    if isinstance(value, bool):
        return "true" if value else "false"
    if value is None:
        return "null"
    return f'"{value}"' if isinstance(value, str) else repr(value)
