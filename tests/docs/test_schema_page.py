"""The page on declarations: it names every option with its values and default, and its examples load."""

from __future__ import annotations

import re
from pathlib import Path

import pytest
from ruamel.yaml import YAML

from bidir import Schema
from bidir.errors import SchemaError
from bidir.relations.options import OPTION_NAMES

PAGE = (Path(__file__).parents[2] / "docs" / "schema.md").read_text(encoding="utf-8")
ROWS = {
    cells[0].strip("` "): [cell.strip() for cell in cells[1:]]
    for line in PAGE.split("## Options", 1)[1].split("##", 1)[0].splitlines()
    if line.startswith("| `") and (cells := line.strip("|").split("|"))
}
EXAMPLES = re.findall(r"```yaml\n(.*?)```", PAGE, re.DOTALL)


def schema_with(option: str, value: object) -> Schema:
    """Load a hierarchy, on which every option but those of single references makes sense."""
    node = {"type": "reference", "to": [{"type": "node"}]}
    declaration = {"targetField": "parents", **({} if value is None else {option: value})}
    children = {"name": "children", "type": "array", "of": [node], "bidirectional": declaration}
    fields = [children] if value is True and option == "derived" else [children, {**children, "name": "parents"}]
    for field in fields[1:]:
        field.pop("bidirectional")
    return Schema.load([{"name": "node", "type": "document", "fields": fields}])


def test_the_page_names_every_option_and_no_other() -> None:
    assert sorted(ROWS) == sorted(OPTION_NAMES)


CHOICES = [
    (name, YAML(typ="safe", pure=True).load(value))
    for name, cells in ROWS.items()
    if cells[0].startswith("`")
    for value in re.findall(r"`([^`]+)`", cells[0])
]


@pytest.mark.parametrize(("name", "value"), CHOICES, ids=lambda item: str(item))
def test_every_value_that_the_page_names_is_accepted(name: str, value: object) -> None:
    assert schema_with(name, value).types


@pytest.mark.parametrize("name", sorted({name for name, _ in CHOICES}))
def test_a_value_that_the_page_does_not_name_is_refused(name: str) -> None:
    with pytest.raises(SchemaError, match=name):
        schema_with(name, "somehow")


@pytest.mark.parametrize(
    ("name", "default"),
    [
        (name, YAML(typ="safe", pure=True).load(cells[1].strip("`")))
        for name, cells in ROWS.items()
        if re.fullmatch(r"`[^`]+`", cells[1])
    ],
)
def test_stating_the_default_changes_nothing(name: str, default: object) -> None:
    assert schema_with(name, default).digest == schema_with(name, None).digest


@pytest.mark.parametrize("text", EXAMPLES, ids=lambda text: text.splitlines()[0].strip())
def test_the_examples_load(text: str) -> None:
    assert Schema.load(YAML(typ="safe", pure=True).load(text)).relations


def test_the_examples_show_every_option() -> None:
    assert [name for name in OPTION_NAMES if f"{name}:" not in "".join(EXAMPLES)] == []
