"""Every fault of a schema is reported at once, with both ends, the place and the remedy."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest
from ruamel.yaml import YAML

from bidir.errors import BidirError, NotSupportedError, SchemaError
from bidir.relations import Schema


def types(left: str, right: str, extra: str = "") -> str:
    """Two document types, book and author, whose fields are given in YAML flow form."""
    return f"""
types:
  - {{name: book, type: document, fields: [{left}]}}
  - {{name: author, type: document, fields: [{right}]}}
{extra}
"""


FORWARD = "{name: author, type: reference, to: [{type: author}], bidirectional: {targetField: currentBook}}"
BACK = "{name: currentBook, type: reference, to: [{type: book}]}"
REF = "type: reference, to: [{type: author}]"


def declared(options: str, field: str = REF) -> str:
    return f"{{name: author, {field}, bidirectional: {{{options}}}}}"


CASES = YAML(typ="safe", pure=True).load((Path(__file__).parent / "problems.yaml").read_text(encoding="utf-8"))


def load(text: str, folder: Path, suffix: str = ".yaml") -> Schema:
    path = folder / f"schema{suffix}"
    path.write_text(text, encoding="utf-8")
    return Schema.load(path)


@pytest.mark.parametrize("case", CASES, ids=lambda case: case.replace(" ", "-"))
def test_one_clear_problem(case: str, tmp_path: Path) -> None:
    text, expected = CASES[case]["schema"], CASES[case]["says"]
    with pytest.raises(SchemaError) as caught:
        load(text, tmp_path)
    assert len(caught.value.problems) == 1, caught.value.problems
    assert expected in caught.value.problems[0]


def test_the_sound_parts_of_the_cases_load(tmp_path: Path) -> None:
    assert len(load(types(FORWARD, BACK), tmp_path).relations) == 1


def test_all_problems_at_once(tmp_path: Path) -> None:
    left = ", ".join(
        f"{{name: f{index}, {REF}, bidirectional: {{targetField: {target}}}}}"
        for index, target in enumerate(["a1", "a2", "bio"])
    )
    with pytest.raises(SchemaError) as caught:
        load(types(left, BACK + ", {name: bio, type: text}"), tmp_path)
    assert [problem.split(" (")[0] for problem in caught.value.problems] == [
        "book.f0 ⇄ author.a1",
        "book.f1 ⇄ author.a2",
        "book.f2 ⇄ author.bio",
    ]
    assert str(caught.value) == "\n".join(caught.value.problems)


@pytest.mark.parametrize(
    ("options", "field", "expected"),
    [
        ("targetField: currentBook, variants: all", REF, "relations over variants are not supported yet"),
    ],
)
def test_what_is_not_done_yet_is_refused_by_name(options: str, field: str, expected: str, tmp_path: Path) -> None:
    with pytest.raises(NotSupportedError, match=r"book\.author") as caught:
        load(types(declared(options, field), BACK), tmp_path)
    assert expected in str(caught.value)


def test_a_relation_inside_an_array_within_an_array_is_refused_by_name(tmp_path: Path) -> None:
    nested = (
        "{name: rows, type: array, of: [{type: object, fields: [{name: cells, type: array, "
        "of: [{type: reference, to: [{type: author}], bidirectional: {targetField: currentBook}}]}]}]}"
    )
    with pytest.raises(NotSupportedError, match=r"book\.rows\.cells .*move the references to an array of the document"):
        load(types(nested, BACK), tmp_path)


def test_an_unused_derived_option_is_fine(tmp_path: Path) -> None:
    assert load(types(declared("targetField: currentBook, derived: false"), BACK), tmp_path).relations


@pytest.mark.parametrize(
    ("suffix", "content", "expected"),
    [
        (".json", b'{"types": [}', "line 1, column 12: Expecting value"),
        (".json", b'{"types": [], "types": []}', 'an object has the key "types" twice'),
        (".json", b"[" * 100_000, "nested too deeply"),
        (".yaml", b"[" * 5_000, "nested too deeply"),
        (".yaml", b"\xff\xfe\x00", "not UTF-8 text"),
        (".yaml", b"a: \x07", "special characters are not allowed"),
        (".yaml", b"--- 1\n--- 2\n", "line 2, column 1: but found another document"),
        (".yaml", b"types: !!python/object:os.system x", "could not determine a constructor for the tag"),
        (".ts", b"export default {}", "a schema is read as data, not as a program"),
    ],
)
def test_unreadable_files(suffix: str, content: bytes, expected: str, tmp_path: Path) -> None:
    path = tmp_path / f"schema{suffix}"
    path.write_bytes(content)
    with pytest.raises(SchemaError) as caught:
        Schema.load(path)
    assert expected in str(caught.value)
    assert str(path) in str(caught.value)


def test_a_file_that_is_not_there(tmp_path: Path) -> None:
    with pytest.raises(SchemaError, match="cannot read the schema: No such file"):
        Schema.load(tmp_path / "schema.yaml")


def test_a_type_that_contains_itself_is_walked_once() -> None:
    comment: dict[str, Any] = {
        "name": "comment",
        "type": "object",
        "fields": [
            {"name": "reply", "type": "comment"},
            {"name": "replies", "type": "array", "of": [{"type": "comment"}]},
        ],
    }
    document = {"name": "post", "type": "document", "fields": [{"name": "comment", "type": "comment"}]}
    assert Schema.load([comment, document]).relations == ()


def test_data_that_contains_itself_is_refused() -> None:
    field: dict[str, Any] = {"name": "x", "type": "object"}
    field["fields"] = [field]
    with pytest.raises(BidirError, match="nested more than 20 objects deep"):
        Schema.load([{"name": "a", "type": "document", "fields": [field]}])
