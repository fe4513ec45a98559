"""The typed module for a schema, as text: a class for each type with its helpers, and a client with typed names."""

from __future__ import annotations

import keyword
from collections.abc import Iterable, Iterator, Sequence

from stash_relations.library import End, EntityType, Library
from stash_relations.naming import plural, singular

__all__ = ["module_text"]

_HEAD = '''"""Typed names for the entities of a library, made from its schema: `python -m stash_relations generate`."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any, ClassVar, TypedDict, Unpack, cast

from bidir.outcome import Outcome
from stash_relations.client import StashClient
from stash_relations.entity import Entity, Found
from stash_relations.inputs import id_of
from stash_relations.writing import Bulk
'''
_TAKEN = frozenset({"client", "data", "destroy", "id", "label", "refresh", "self", "type_name"})
"""What every entity has already, so that an attribute of that name gets an underscore."""

LINE_LENGTH = 120
"""How long a line of the module may be."""

Parameter = tuple[str, str, str]
"""Name, annotation, default."""


def module_text(library: Library) -> str:
    """Return the text of a Python module; the same schema gives the same text."""
    links = {end.item_class: end for entity in library for end in entity.ends.values() if end.item_class is not None}
    classes = [entity.class_name for entity in library]
    names = sorted([*classes, *(f"{one}Values" for one in classes), *links, "Stash"])
    parts = [_HEAD, "__all__ = [\n" + "".join(f'    "{one}",\n' for one in names) + "]\n"]
    parts += [_link_class(library, name, end) for name, end in links.items()]
    parts += [_values_class(library, entity) for entity in library]
    parts += [_entity_class(library, entity) for entity in library]
    parts.append(_client_class(library))
    return (
        "\n\n".join(part.strip("\n") for part in parts[:2])
        + "\n\n\n"
        + "\n\n\n".join(part.strip("\n") for part in parts[2:])
        + "\n"
    )


# -------------------------------------------------------------------------------------------------------- classes


def _link_class(library: Library, name: str, end: End) -> str:
    target = library.type(end.target).class_name
    lines = [
        "@dataclass(frozen=True, slots=True)",
        f"class {name}:",
        f'    """An item of `{end.type}.{end.name}`: the {end.target}, and what is said of the link."""',
        "",
        f"    {end.member}: {target}",
        *(f"    {_safe(member)}: {kind} | None = None" for member, kind in end.members.items()),
    ]
    return "\n".join(lines)


def _values_class(library: Library, entity: EntityType) -> str:
    lines = [
        f"class {entity.class_name}Values(TypedDict, total=False):",
        f'    """What one may write of a {entity.name}; None takes a value away."""',
        "",
        *(f"    {_safe(name)}: {kind} | None" for name, kind in entity.attributes.items()),
        *(f"    {name}: {_input_type(library, end)}" for name, end in entity.inputs.items()),
    ]
    return "\n".join(lines)


def _input_type(library: Library, end: End) -> str:
    """Return what may be given for a relationship."""
    one = f"{library.type(end.target).class_name} | str"
    if end.is_complex:
        one = f"{end.item_class} | {one} | Mapping[str, Any]"
    return f"Sequence[{one}] | Bulk" if end.many else f"{one} | None"


def _entity_class(library: Library, entity: EntityType) -> str:
    lines = [
        f"class {entity.class_name}(Entity):",
        f'    """A {entity.name}; attributes are as they were read, relationships are asked for."""',
        "",
        f'    type_name: ClassVar[str] = "{entity.name}"',
    ]
    for name, kind in entity.attributes.items():
        body = f'return cast("{kind} | None", self.data.get("{name}"))'
        lines += [
            "",
            "    @property",
            *_method(_safe(name), [], f"{kind} | None", f"Its {name}, as it was read.", body),
        ]
    for end in entity.ends.values():
        for method in _helpers(library, entity, end):
            lines += ["", *method]
    return "\n".join(lines)


def _helpers(library: Library, entity: EntityType, end: End) -> Iterator[list[str]]:
    target = library.type(end.target).class_name
    one = singular(end.name)
    if end.field is None:
        yield _pages(
            f"get_{end.name}",
            target,
            f"Return a page of the {plural(end.target)} with this {entity.name} as or among their {end.inverse}.",
            ["self.client.related", f'"{entity.name}"', "self.id", f'"{end.name}"', "filters"],
            library.type(end.target).sort,
        )
        body = f'return self.client.related("{entity.name}", self.id, "{end.name}", filters, per_page=1).count'
        doc = f"Return how many {plural(end.target)} `get_{end.name}` finds on all pages."
        yield _method(f"get_{one}_count", [("**filters", "Any", "")], "int", doc, body)
        return
    linked = f'self.client.linked("{entity.name}", self.id, "{end.name}")'
    if not end.many:
        doc = f"Return its {end.target}, None if it has none."
        body = f"found = {linked}\n        return cast({target}, found[0][0]) if found else None"
        yield _method(f"get_{end.name}", [], f"{target} | None", doc, body)
        doc = f"Set its {end.target}; None takes it away."
        body = f'return self.client.update("{entity.name}", self.id, {{"{end.input_name}": {end.name}}})'
        yield _method(f"set_{end.name}", [(end.name, f"{target} | str | None", "")], "Outcome", doc, body)
        return
    if end.is_complex:
        doc = f"Return its {end.name} in order, each with what is said of the link."
        body = f"linked = {linked}\n        return [{end.item_class}(target, **members) for target, members in linked]"
        yield _method(f"get_{end.name}", [], f"list[{end.item_class}]", doc, body)
    else:
        doc = f"Return its {end.name} in order."
        yield _method(f"get_{end.name}", [], f"list[{target}]", doc, f"return [target for target, _ in {linked}]")
    yield from _list_edits(entity, end, target, one)


def _list_edits(entity: EntityType, end: End, target: str, one: str) -> Iterator[list[str]]:
    add, remove = (f"add_to_{one}", f"remove_from_{one}") if end.container else (f"add_{one}", f"remove_{one}")
    said = f"Add this {entity.name} to a {end.target}" if end.container else f"Add a {end.target} to its {end.name}"
    members = [(_safe(name), f"{kind} | None", "None") for name, kind in end.members.items()]
    parameters = [(one, f"{target} | str", ""), *([("*", "", "")] if members else []), *members]
    values = ", ".join(f'"{name}": {_safe(name)}' for name in end.members)
    rest = f", {{{values}}}" if members else ""
    call = f'self.client.add("{entity.name}", self.id, "{end.name}", {one}{rest})'
    other = f"`{end.target}.{end.inverse}` follows" if end.inverse else "the other side is found by query"
    yield _method(add, parameters, "Outcome", f"{said}; {other}.", f"return {call}")
    said = (
        f"Take this {entity.name} out of a {end.target}"
        if end.container
        else f"Take a {end.target} out of its {end.name}"
    )
    call = f'self.client.remove("{entity.name}", self.id, "{end.name}", {one})'
    yield _method(remove, [(one, f"{target} | str", "")], "Outcome", f"{said}; {other}.", f"return {call}")


# --------------------------------------------------------------------------------------------------------- client


def _client_class(library: Library) -> str:
    lines = ["class Stash(StashClient):", '    """Entities by type, with typed names."""', ""]
    lines += ["    classes: ClassVar[Mapping[str, type[Entity]]] = {"]
    lines += [f'        "{entity.name}": {entity.class_name},' for entity in library]
    lines += ["    }"]
    for entity in library:
        for method in _client_methods(entity):
            lines += ["", *method]
    return "\n".join(lines)


def _client_methods(entity: EntityType) -> Iterator[list[str]]:
    name, made, many = entity.name, entity.class_name, plural(entity.name)
    values: Parameter = ("**values", f"Unpack[{made}Values]", "")
    doc = f"Make a {name} with its relationships, in one transaction."
    body = f'return cast({made}, self.create("{name}", values, entity_id=entity_id))'
    yield _method(f"create_{name}", [("*", "", ""), ("entity_id", "str | None", "None"), values], made, doc, body)
    doc = f"Change a {name}: what is given is set, None takes it away, what is not given stays."
    body = f'return self.update("{name}", id_of({name}), values)'
    yield _method(f"update_{name}", [(name, f"{made} | str", ""), values], "Outcome", doc, body)
    doc = f"Change many {many} in one transaction; lists may be given as Bulk."
    body = f'return self.bulk_update("{name}", [id_of(one) for one in {many}], values)'
    yield _method(f"bulk_update_{many}", [(many, f"Sequence[{made} | str]", ""), values], "Outcome", doc, body)
    doc = f"Return a {name}, None if it is not there."
    body = f'return cast("{made} | None", self.find_one("{name}", {name}_id))'
    yield _method(f"find_{name}", [(f"{name}_id", "str", "")], f"{made} | None", doc, body)
    yield _pages(
        f"find_{many}",
        made,
        f"Return a page of {many}, filtered and sorted, with the count of all.",
        ["self.find", f'"{name}"', f"{name}_filter"],
        entity.sort,
        first=[(f"{name}_filter", "Mapping[str, Any] | None", "None"), ("*", "", "")],
        rest=[],
    )


# ---------------------------------------------------------------------------------------------------------- pieces


def _pages(
    name: str,
    made: str,
    doc: str,
    call: Sequence[str],
    sort: tuple[str, str],
    *,
    first: Iterable[Parameter] = (),
    rest: Iterable[Parameter] = (("**filters", "Any", ""),),
) -> list[str]:
    parameters: list[Parameter] = [
        *first,
        ("page", "int", "1"),
        ("per_page", "int", "40"),
        ("sort", "str", f'"{sort[0]}"'),
        ("direction", "str", f'"{sort[1]}"'),
        *rest,
    ]
    given = [*call[1:], *(f"{one}={one}" for one in ("page", "per_page", "sort", "direction"))]
    body = "\n".join(_laid_out(f"return {call[0]}(", given, ")", 8)).lstrip()
    return _method(name, parameters, f"Found[{made}]", doc, body)


def _method(name: str, parameters: Iterable[Parameter], returns: str, doc: str, body: str) -> list[str]:
    head = _laid_out(f"def {name}(", ["self", *map(_parameter, parameters)], f") -> {returns}:", 4)
    return [*head, f'        """{doc}"""', *f"        {body}".split("\n")]


def _laid_out(before: str, items: Sequence[str], after: str, indent: int) -> list[str]:
    """Return the lines in which a formatter leaves a call or a head: one, or its items on one, or each on its own."""
    space = " " * indent
    line = f"{space}{before}{', '.join(items)}{after}"
    if len(line) <= LINE_LENGTH:
        return [line]
    inner = f"{space}    {', '.join(items)}"
    listed = [inner] if len(inner) <= LINE_LENGTH else [f"{space}    {one}," for one in items]
    return [f"{space}{before}", *listed, f"{space}{after}"]


def _parameter(parameter: Parameter) -> str:
    name, annotation, default = parameter
    return name + (f": {annotation}" if annotation else "") + (f" = {default}" if default else "")


def _safe(name: str) -> str:
    return f"{name}_" if keyword.iskeyword(name) or name in _TAKEN else name
