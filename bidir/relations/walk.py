"""Finds every place of a document type that can be an end of a relation: references, in objects and in arrays."""

from __future__ import annotations

import dataclasses
from collections.abc import Iterator, Mapping
from typing import Any

from bidir.relations.ends import Declaration, End, Ends
from bidir.relations.problems import Problems
from bidir.relations.reading import Declared, declared_items
from bidir.relations.shapes import BASIC_TYPES, OBJECT_SHAPES, Shape, TypeTable
from bidir.suggest import did_you_mean, one_of

__all__ = ["ENDS_MAX", "NESTING_MAX", "collect_ends"]

NESTING_MAX = 20
"""How many objects deep fields are looked for."""

ENDS_MAX = 10_000
"""How many fields of one document type are looked at; more is a schema that refers to itself."""

_FOREIGN = {
    "crossDatasetReference": "points into another dataset",
    "globalDocumentReference": "points outside the dataset",
}


DECLARATION_SIMILARITY = 0.8
"""How near a key must come to `bidirectional` to be taken for a misspelling of it (`description` is not)."""


def collect_ends(declared: Declared, table: TypeTable, problems: Problems) -> Ends:
    """Walk the fields of the document type `declared`; faults of the walk go to `problems`."""
    walk = _Walk(declared, table, problems)
    walk.fields(declared.body.get("fields"), (), f"{declared.place}.fields", frozenset())
    return Ends(declared.name, tuple(walk.ends), tuple(walk.attributes), walk.others)


class _Walk:
    """One pass over the fields of one document type."""

    def __init__(self, declared: Declared, table: TypeTable, problems: Problems) -> None:
        self.type = declared.name
        self.table = table
        self.problems = problems
        self.ends: list[End] = []
        self.others: dict[str, str] = {}
        self.attributes: list[str] = []
        self.seen = 0

    def fields(self, fields: Any, path: tuple[str, ...], place: str, inside: frozenset[str]) -> None:
        if fields is None:
            if not path:
                self.problems.add(f'{place}: the document type "{self.type}" has no fields')
            return
        if len(path) >= NESTING_MAX:
            self.problems.add(f"{self.label(path)} ({place}): fields nested more than {NESTING_MAX} objects deep")
            return
        for field in declared_items(fields, place, "field", self.problems):
            if not path:
                self.attributes.append(field.name)
            self.seen += 1
            if self.seen == ENDS_MAX:
                self.problems.add(
                    f"{self.label(path)} ({place}): more than {ENDS_MAX} fields; does a type contain itself?"
                )
            if self.seen < ENDS_MAX:
                self.field(field, (*path, field.name), inside)

    def field(self, field: Declared, path: tuple[str, ...], inside: frozenset[str]) -> None:
        shape = self.shape(field.body, path, field.place)
        declaration = _declaration(shape.body, field.place)
        dotted = ".".join(path)
        if shape.base == "reference":
            self.end(path, (), shape, field.place, declaration, many=False, bounds=shape.body)
        elif shape.base == "array":
            self.others[dotted] = "an array without references"
            self.array(field, shape, path, inside, declaration)
        elif shape.base in OBJECT_SHAPES and not shape.named & inside:
            self.others[dotted] = "an object"
            before = len(self.ends)
            self.fields(shape.body.get("fields"), path, f"{shape.place}.fields", inside | shape.named)
            if declaration is not None:
                self.misplaced(path, declaration, [".".join(end.path) for end in self.ends[before:]])
        else:
            self.others[dotted] = self.instead(shape)
            if declaration is not None:
                self.no_reference(path, declaration, shape)

    def array(
        self,
        field: Declared,
        array: Shape,
        path: tuple[str, ...],
        inside: frozenset[str],
        declaration: Declaration | None,
    ) -> None:
        members = _members(array)
        if members is None:
            self.problems.add(
                f'{self.label(path)} ({field.place}): an array needs "of", the list of what its items may be'
            )
            return
        found: list[End] = []
        place = f"{array.place}.of"
        for index, member in enumerate(members):
            where = f"{place}[{index}]"
            if not isinstance(member, Mapping):
                self.problems.add(f'{self.label(path)} ({where}): an array member is an object with "type"')
                continue
            before = len(self.ends)
            shape = self.shape(member, path, where)
            if shape.base == "reference":
                self.end(path, (), shape, where, _declaration(shape.body, where), many=True, bounds=array.body)
            elif shape.base in OBJECT_SHAPES and not shape.named & inside:
                item = _item_type(member)
                self.members(shape, path, (), item, array, inside | shape.named)
            found += self.ends[before:]
        if found:
            self.others.pop(".".join(path), None)
        if declaration is not None:
            self.declare_on_array(path, found, declaration)

    def members(
        self,
        shape: Shape,
        path: tuple[str, ...],
        prefix: tuple[str, ...],
        item: str | None,
        array: Shape,
        inside: frozenset[str],
    ) -> None:
        """Look for references inside an array item of type `item`."""
        if len(prefix) >= NESTING_MAX:
            return
        place = f"{shape.place}.fields"
        for field in declared_items(shape.body.get("fields") or [], place, "field", self.problems):
            member = (*prefix, field.name)
            inner = self.shape(field.body, (*path, *member), field.place)
            declaration = _declaration(inner.body, field.place)
            if inner.base == "reference":
                self.end(path, member, inner, field.place, declaration, many=True, bounds=array.body, item=item)
            elif inner.base in OBJECT_SHAPES and not inner.named & inside:
                self.members(inner, path, member, item, array, inside | inner.named)
            elif declaration is not None:
                self.no_reference((*path, *member), declaration, inner)
            elif inner.base == "array":
                self.others[".".join((*path, *member))] = "an array inside an array item, which cannot be an end"
                for at, deep in _declared_below(inner):
                    self.problems.add_unsupported(
                        f"{self.label((*path, *member))} ({at}): a relation inside an array within an array is not "
                        f'supported ("{deep}"); move the references to an array of the document'
                    )

    def end(
        self,
        path: tuple[str, ...],
        member: tuple[str, ...],
        shape: Shape,
        place: str,
        declaration: Declaration | None,
        *,
        many: bool,
        bounds: Mapping[str, Any],
        item: str | None = None,
    ) -> None:
        body = shape.body
        reference_type = body.get("type", "reference")
        if many and not member:
            reference_type = body.get("name", reference_type) if not shape.named else _item_type(body) or reference_type
        least, most = _bounds(bounds, many=many)
        to = self.targets(body.get("to"), path, member, place, declared=declaration is not None)
        self.ends.append(
            End(
                self.type,
                path,
                many,
                member,
                item,
                str(reference_type),
                to,
                body.get("weak") is True,
                least,
                most,
                place,
                declaration,
            )
        )

    def targets(
        self, to: Any, path: tuple[str, ...], member: tuple[str, ...], place: str, *, declared: bool
    ) -> tuple[str, ...]:
        """Return the type names of `to`."""
        names = []
        for target in [to] if isinstance(to, (str, Mapping)) else to if isinstance(to, (list, tuple)) else []:
            name = target.get("type") if isinstance(target, Mapping) else None
            if isinstance(name, str):
                names.append(name)
            else:
                right = f'{{"type": "{target}"}}' if isinstance(target, str) else 'like {"type": "author"}'
                self.problems.add(f"{self.label(path + member)} ({place}.to): a target is written {right}")
        if declared and not to:
            self.problems.add(
                f'{self.label(path + member)} ({place}): a reference needs "to", e.g. [{{"type": "author"}}]'
            )
        return tuple(dict.fromkeys(names))

    def shape(self, body: Mapping[str, Any], path: tuple[str, ...], place: str) -> Shape:
        for key in body:
            if (
                key != "bidirectional"
                and isinstance(key, str)
                and did_you_mean(key.lower(), ["bidirectional"], similarity=DECLARATION_SIMILARITY)
            ):
                self.problems.add(f'{self.label(path)} ({place}): unknown key "{key}". Did you mean "bidirectional"?')
        return self.table.shape(body, place)

    def declare_on_array(self, path: tuple[str, ...], found: list[End], declaration: Declaration) -> None:
        """Move a declaration that stands on the array to the one reference its items hold."""
        label = f"{self.label(path)} ({declaration.place})"
        if not found:
            self.problems.add(
                f"{label}: carries bidirectional but its items hold no reference; "
                'give it "of": [{"type": "reference", "to": […]}]'
            )
        elif len(found) > 1:
            names = one_of(dict.fromkeys(end.name for end in found), word="and")
            self.problems.add(
                f"{label}: its items hold several references ({names}); move bidirectional to the one that is meant"
            )
        elif (own := found[0].declaration) is not None and own.raw != declaration.raw:
            self.problems.add(
                f"{label}: carries bidirectional, and so does its item ({own.place}), differently; keep one of them"
            )
            self.ends[self.ends.index(found[0])] = dataclasses.replace(found[0], declaration=None)
        else:
            only = found[0]
            self.ends[self.ends.index(only)] = dataclasses.replace(only, declaration=declaration)

    def misplaced(self, path: tuple[str, ...], declaration: Declaration, inner: list[str]) -> None:
        where = f"move it to the reference in it, such as {one_of(inner[:3])}" if inner else "it holds no reference"
        self.problems.add(f"{self.label(path)} ({declaration.place}): carries bidirectional but is an object; {where}")

    def no_reference(self, path: tuple[str, ...], declaration: Declaration, shape: Shape) -> None:
        written = shape.body.get("type")
        hint = ""
        if shape.base == "document":
            hint = f'; write "type": "reference" and "to": [{{"type": "{written}"}}]'
        elif isinstance(written, str) and written not in BASIC_TYPES:
            hint = f".{did_you_mean(written, [*BASIC_TYPES, *self.table.names])}"
        target = declaration.raw.get("targetField") if isinstance(declaration.raw, Mapping) else None
        label = f"{self.label(path)} ⇄ {target}" if target else self.label(path)
        self.problems.add(
            f"{label} ({declaration.place}): carries bidirectional but is {self.instead(shape)}, not a reference{hint}"
        )

    def instead(self, shape: Shape) -> str:
        """Say what a field is that is no end."""
        written = shape.body.get("type")
        if shape.base in _FOREIGN:
            return f"a {shape.base}, which {_FOREIGN[shape.base]}"
        if shape.base == "document":
            return f'the document type "{written}" embedded in place'
        if shape.base in OBJECT_SHAPES:
            return "an object inside an object of its own kind"
        if not isinstance(written, str):
            return "a field without a type"
        return f"a {written}" if written in BASIC_TYPES or written in self.table else f'of the unknown type "{written}"'

    def label(self, path: tuple[str, ...]) -> str:
        return ".".join((self.type, *path))


def _members(array: Shape) -> list[Any] | None:
    """Return what the items of an array may be (one alone counts as a list of it), None where nothing is said."""
    of = array.body.get("of")
    if isinstance(of, Mapping):
        return [of]
    return list(of) if isinstance(of, (list, tuple)) else None


def _declaration(body: Mapping[str, Any], place: str) -> Declaration | None:
    return (
        Declaration(body["bidirectional"], f"{place}.bidirectional") if body.get("bidirectional") is not None else None
    )


def _item_type(member: Mapping[str, Any]) -> str | None:
    """Return the `_type` of an array item: the member's own name, else the named type it is of."""
    for name in (member.get("name"), member.get("type")):
        if isinstance(name, str) and name not in OBJECT_SHAPES:
            return name
    return None


def _bounds(body: Mapping[str, Any], *, many: bool) -> tuple[int | None, int | None]:
    """Return least and most of `validation: {min, max, required}`; Sanity's other rules say nothing about links."""
    rules = body.get("validation")
    if not isinstance(rules, Mapping):
        return None, None
    least, most = (_count(rules.get(name)) for name in ("min", "max"))
    if least is None and rules.get("required") is True:
        least = 1
    return least, most if many else None


def _count(value: Any) -> int | None:
    return value if isinstance(value, int) and not isinstance(value, bool) and value >= 0 else None


def _declared_below(array: Shape) -> Iterator[tuple[str, str]]:
    """Yield place and kind of every `bidirectional` directly in the members of an array inside an array item."""
    for index, member in enumerate(_members(array) or ()):
        if not isinstance(member, Mapping):
            continue
        if member.get("bidirectional") is not None:
            yield f"{array.place}.of[{index}]", str(member.get("type"))
        fields = member.get("fields")
        for at, field in enumerate(fields if isinstance(fields, list) else []):
            if isinstance(field, Mapping) and field.get("bidirectional") is not None:
                yield f"{array.place}.of[{index}].fields[{at}]", str(field.get("name"))
