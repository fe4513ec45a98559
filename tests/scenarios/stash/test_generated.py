"""What is made from the schema: metadata, helpers at run time, and the typed module."""

import inspect
import subprocess
import sys
from pathlib import Path

import pytest
import stash_relations.generated
from stash_relations import (
    BadValueError,
    Library,
    MetadataError,
    RelationshipMetadata,
    UnknownNameError,
    check_relationships,
    load_helpers,
    module_text,
    read_relationships,
    relationship_metadata,
)
from stash_relations.naming import class_name, plural, singular

ROOT = Path(__file__).parents[3]
LIBRARY = Library()
BOOKS = [
    {
        "name": "book",
        "type": "document",
        "fields": [
            {"name": "class", "type": "string"},
            {"name": "label", "type": "string"},
            {"name": "price", "type": "number"},
            {
                "name": "authors",
                "type": "array",
                "of": [
                    {
                        "type": "object",
                        "fields": [
                            {
                                "name": "person",
                                "type": "reference",
                                "to": [{"type": "person"}],
                                "bidirectional": {"targetField": "books"},
                            },
                            {"name": "role", "type": "string"},
                        ],
                    }
                ],
            },
        ],
    },
    {
        "name": "person",
        "type": "document",
        "fields": [
            {"name": "name", "type": "string"},
            {"name": "books", "type": "array", "of": [{"type": "reference", "to": [{"type": "book"}]}]},
        ],
    },
]


@pytest.mark.parametrize(
    ("one", "many"),
    [
        ("gallery", "galleries"),
        ("sub_group", "sub_groups"),
        ("child", "children"),
        ("box", "boxes"),
        ("match", "matches"),
        ("class", "classes"),
        ("key", "keys"),
        ("series", "series"),
    ],
)
def test_names_are_counted(one, many):
    assert (singular(many), plural(one), plural(many)) == (one, many, many)


def test_types_are_named_as_classes():
    assert [class_name(one) for one in ("scene", "scene_marker", "sceneMarker", "string-codex")] == [
        "Scene",
        "SceneMarker",
        "SceneMarker",
        "StringCodex",
    ]


EXPECTED = {
    ("Scene", "galleries"): ("gallery_ids", True, "galleries", "Gallery", "scenes", "direct_field"),
    ("Scene", "performers"): ("performer_ids", True, "performers", "Performer", "scenes", "direct_field"),
    ("Scene", "studio"): ("studio_id", False, "studio", "Studio", None, "filter_query"),
    ("Scene", "tags"): ("tag_ids", True, "tags", "Tag", None, "filter_query"),
    ("Gallery", "scenes"): ("scene_ids", True, "scenes", "Scene", "galleries", "direct_field"),
    ("Tag", "parents"): ("parent_ids", True, "parents", "Tag", "children", "direct_field"),
    ("Group", "sub_groups"): ("sub_groups", True, "sub_groups", "Group", "containing_groups", "complex_object"),
    ("Group", "containing_groups"): (
        "containing_groups",
        True,
        "containing_groups",
        "Group",
        "sub_groups",
        "complex_object",
    ),
}


@pytest.mark.parametrize("place", EXPECTED, ids=".".join)
def test_metadata_says_what_the_table_says(place):
    one = relationship_metadata(LIBRARY)[place[0]][place[1]]
    said = (
        one.target_field,
        one.is_list,
        one.query_field,
        one.inverse_type,
        one.inverse_query_field,
        one.query_strategy,
    )
    assert said == EXPECTED[place]
    assert one.auto_sync
    assert (one.filter_query_hint is not None) is (one.inverse_query_field is None)


def test_transforms_make_what_one_has_into_what_is_written():
    made = relationship_metadata(LIBRARY)["Group"]["sub_groups"].transform
    assert made("g1") == {"group_id": "g1", "description": None}
    assert made({"group_id": "g1", "description": "x"}) == {"group_id": "g1", "description": "x"}
    assert relationship_metadata(LIBRARY)["Scene"]["galleries"].transform("g1") == "g1"


def test_the_older_form_is_taken_and_completed():
    old = {
        "studio": ("studio_id", False, None),
        "performers": ("performer_ids", True, None),
        "galleries": ("gallery_ids", True, None),
    }
    read = read_relationships(LIBRARY, "Scene", old)
    generated = relationship_metadata(LIBRARY)["Scene"]
    for name, one in read.items():
        assert (one.query_field, one.inverse_type, one.query_strategy, one.filter_query_hint) == (
            generated[name].query_field,
            generated[name].inverse_type,
            generated[name].query_strategy,
            generated[name].filter_query_hint,
        )


def test_a_transform_of_ones_own_stays():
    def own(value):
        return value

    assert (
        read_relationships(LIBRARY, "Group", {"sub_groups": ("sub_groups", True, own)})["sub_groups"].transform is own
    )


def test_both_forms_may_stand_together():
    new = RelationshipMetadata("gallery_ids", True, inverse_type="Gallery", inverse_query_field="scenes", notes="mine")
    read = read_relationships(LIBRARY, "scene", {"galleries": new, "studio": ("studio_id", False, None)})
    assert (read["galleries"].notes, read["galleries"].query_field) == ("mine", "galleries")


def test_what_the_schema_does_not_bear_out_is_listed():
    wrong = {
        "studio": ("studio_ids", True, None),
        "galleries": RelationshipMetadata("gallery_ids", True, inverse_type="Performer", inverse_query_field="scenes"),
    }
    with pytest.raises(MetadataError) as refused:
        read_relationships(LIBRARY, "Scene", wrong)
    assert str(refused.value).splitlines() == [
        "Scene.studio: target_field is 'studio_id' by the schema, not 'studio_ids'",
        "Scene.studio: is_list is False by the schema, not True",
        "Scene.galleries: inverse_type is 'Gallery' by the schema, not 'Performer'",
    ]
    assert check_relationships(LIBRARY, "Scene", {"studio": ("studio_id", False, None)}) == []


@pytest.mark.parametrize(
    ("written", "kind", "said"),
    [
        ({"galeries": ("gallery_ids", True, None)}, UnknownNameError, 'Did you mean "galleries"'),
        ({"galleries": ("gallery_ids", True)}, BadValueError, "(target_field, is_list, transform)"),
        ({"galleries": ("gallery_ids", 1, None)}, BadValueError, "(target_field, is_list, transform)"),
        ({"galleries": "gallery_ids"}, BadValueError, "(target_field, is_list, transform)"),
    ],
)
def test_what_has_neither_form_is_refused(written, kind, said):
    with pytest.raises(kind) as refused:
        read_relationships(LIBRARY, "Scene", written)
    assert said in str(refused.value)


def test_helpers_made_at_run_time_have_signatures_and_say_what_they_do():
    module = load_helpers(LIBRARY)
    signature = inspect.signature(module.Group.add_sub_group, eval_str=True)
    assert list(signature.parameters) == ["self", "sub_group", "description"]
    assert signature.parameters["description"].kind is inspect.Parameter.KEYWORD_ONLY
    assert signature.parameters["description"].annotation == str | None
    pages = inspect.signature(module.Studio.get_scenes).parameters
    assert {one: pages[one].default for one in ("page", "per_page", "sort", "direction")} == {
        "page": 1,
        "per_page": 40,
        "sort": "date",
        "direction": "DESC",
    }
    public = [
        (kind, name)
        for kind in module.__all__
        for name, made in vars(getattr(module, kind)).items()
        if inspect.isfunction(made) and not name.startswith("_")
    ]
    assert len(public) > 70
    assert [one for one in public if not getattr(getattr(module, one[0]), one[1]).__doc__] == []
    assert load_helpers(Library()) is module


def test_helpers_of_another_schema_work(embedded):
    library = Library(BOOKS)
    module = load_helpers(library)
    shop = module.Stash(embedded, library)
    ann = shop.create_person(name="Ann")
    book = shop.create_book(class_="novel", label_="L", price=3, authors=[{"person_id": ann.id, "role": "editor"}])
    assert (book.class_, book.label_, book.price) == ("novel", "L", 3)
    assert ann.get_books() == [book]
    book.add_author(ann, role="author")
    assert [(one.person, one.role) for one in book.get_authors()] == [(ann, "author")]


def test_the_committed_module_is_what_the_schema_gives():
    text = Path(stash_relations.generated.__file__).read_text(encoding="utf-8")
    assert text == module_text(LIBRARY)


def test_the_typed_module_of_any_schema_is_accepted_by_mypy_and_formatted_and_runs(tmp_path):
    """A module made for another schema: strictly typed, and a wrong use of it is found by the type checker."""
    (tmp_path / "books.py").write_text(module_text(Library(BOOKS)), encoding="utf-8")
    (tmp_path / "use.py").write_text(
        "from books import Book, Stash\n\n\n"
        "def use(stash: Stash, book: Book) -> str | None:\n"
        "    book.add_author('p', role='editor')\n"
        "    return book.get_authors()[0].person.name\n\n\n"
        "def misuse(book: Book) -> None:\n"
        "    book.add_author(3)\n",
        encoding="utf-8",
    )
    environment = {"MYPYPATH": f"{ROOT / 'scenarios' / 'stash'}:{ROOT}", "PATH": ""}
    checked = subprocess.run(
        [
            sys.executable,
            "-m",
            "mypy",
            "--strict",
            "--config-file=",
            "--follow-imports=silent",
            "--cache-dir",
            str(tmp_path / "cache"),
            "use.py",
            "books.py",
        ],
        cwd=tmp_path,
        env=environment,
        capture_output=True,
        text=True,
        encoding="utf-8",
        timeout=300,
    )
    found = [line for line in checked.stdout.splitlines() if ": error:" in line]
    assert len(found) == 1, checked.stdout + checked.stderr
    assert found[0].startswith("use.py:10:")
    assert 'Argument 1 to "add_author"' in found[0]
    formatted = subprocess.run(
        [sys.executable, "-m", "ruff", "format", "--check", "--config", str(ROOT / "pyproject.toml"), "books.py"],
        cwd=tmp_path,
        capture_output=True,
        text=True,
        encoding="utf-8",
    )
    assert formatted.returncode == 0, formatted.stdout + formatted.stderr
