"""Where a change of several steps begins: what came and went, or went and came back, stays in sight."""

import pytest

from bidir.conformance.shorthand import schema_from_relations
from bidir.following.rebasing import kept_in_sight, passed_over
from bidir.refs import targets_of
from bidir.relations import Schema

SCHEMA = Schema.load(schema_from_relations(["book.author <-> author.books[]"]))


def stored(name, targets):
    if targets is None:
        return None
    refs = [{"_key": one, "_type": "reference", "_ref": one} for one in targets]
    if name == "author":
        return {"_id": "a", "_type": name, "books": refs}
    return {"_id": "b", "_type": name, **({"author": refs[0]} if refs else {})}


def begun(move, name, earlier, before, after):
    moved = move(SCHEMA, stored(name, earlier), stored(name, before), stored(name, after))
    (field,) = SCHEMA.fields_of(name)
    return None if moved is None else set(targets_of(moved, field))


@pytest.mark.parametrize(
    ("name", "earlier", "before", "after", "expected"),
    [
        ("author", ["x"], ["x", "y"], ["x"], {"x", "y"}),
        ("author", ["x"], [], ["x"], set()),
        ("author", ["x"], ["x"], ["x"], {"x"}),
        ("author", ["x"], ["x", "y"], None, {"x", "y"}),
        ("author", [], None, ["y"], set()),
        ("author", None, ["y"], None, {"y"}),
        ("author", None, None, ["y"], None),
        ("book", ["x"], ["y"], ["x"], {"y"}),
        ("book", [], ["y"], [], {"y"}),
        ("book", ["x"], ["y"], ["z"], {"x"}),
    ],
)
def test_a_further_step_is_different_from_where_the_change_began(name, earlier, before, after, expected):
    assert begun(kept_in_sight, name, earlier, before, after) == expected


@pytest.mark.parametrize(
    ("name", "earlier", "before", "after", "expected"),
    [
        ("author", ["x"], ["x"], ["x", "y"], {"x", "y"}),
        ("author", ["x"], ["y"], ["y", "z"], {"x", "z"}),
        ("author", ["x"], ["x", "y"], ["x"], {"x"}),
        ("author", ["x", "y"], ["x", "y"], None, set()),
        ("author", None, None, ["y"], {"y"}),
        ("author", None, ["x"], ["x", "y"], None),
        ("book", ["x"], ["x"], ["y"], {"y"}),
        ("book", ["x"], ["y"], ["z"], {"x"}),
    ],
)
def test_a_step_that_needs_nothing_more_is_no_part_of_the_change(name, earlier, before, after, expected):
    assert begun(passed_over, name, earlier, before, after) == expected
