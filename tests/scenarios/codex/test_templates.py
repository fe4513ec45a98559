"""Templates: what an author writes, the defaults, and every fault named at once."""

import pytest
from codex_fields import (
    TEMPLATE_FILE,
    TemplateError,
    UnknownFieldError,
    UnknownTemplateError,
    load_templates,
    schema_types,
)

from bidir import Schema

TEXT = {"id": "value", "type": "TEXT"}
STRING = {"id": "string", "fields": [TEXT]}


def with_field(**options):
    field = {"id": "name", "type": "REFERENCE", "targetTemplate": "string", **options}
    return [STRING, {"id": "person", "fields": [field]}]


def test_defaults_are_those_of_the_decision_record():
    field = load_templates(with_field()).named("person.name")
    assert (field.required, field.allow_create, field.circular_check, field.max_depth) == (False, True, True, 10)
    many = load_templates(with_field(type="MULTI_REFERENCE")).named("person.name")
    assert (many.required, many.min_items, many.max_items, many.allow_reorder) == (False, 0, None, True)


def test_every_option_is_read():
    options = {
        "label": "Name",
        "required": True,
        "allowCreate": False,
        "circularCheck": False,
        "maxDepth": 3,
        "minItems": 1,
        "maxItems": 2,
        "allowReorder": False,
        "inverse": "names",
        "relationshipType": "TAG",
    }
    field = load_templates({"templates": with_field(type="MULTI_REFERENCE", **options)}).named("person.name")
    assert (field.label, field.required, field.allow_create, field.circular_check) == ("Name", True, False, False)
    assert (field.max_depth, field.min_items, field.max_items, field.allow_reorder) == (3, 1, 2, False)
    assert (field.inverse, field.relationship_type) == ("names", "TAG")


@pytest.mark.parametrize(
    ("templates", "said"),
    [
        ([], "templates are a list"),
        ([{"id": "1st"}], "a template has an id of letters"),
        ([{"fields": []}], "a template has an id of letters"),
        ([STRING, STRING], 'the template "string" is there twice'),
        ([{"id": "a", "fields": [TEXT, TEXT]}], 'there is a field "value" already'),
        ([{"id": "a", "fields": [{"id": "title", "type": "TEXT"}]}], 'there is a field "title" already'),
        ([{"id": "a", "fields": [{"id": "x", "type": "REFRENCE"}]}], 'Did you mean "REFERENCE"'),
        (with_field(targetTemplate="strng"), 'there is no template "strng". Did you mean "string"?'),
        (with_field(targetTemplate=3), "targetTemplate is a text, not 3"),
        (with_field(circularChek=True), 'unknown option "circularChek". Did you mean "circularCheck"?'),
        (with_field(required="yes"), "required is true or false, not 'yes'"),
        (with_field(maxDepth=True), "maxDepth is a whole number, not True"),
        (with_field(maxDepth=0), "maxDepth is at least 1"),
        (with_field(minItems=1), "minItems is for MULTI_REFERENCE fields"),
        (with_field(type="MULTI_REFERENCE", minItems=3, maxItems=2), "maxItems is 2, less than the 3"),
        (with_field(type="MULTI_REFERENCE", required=True, maxItems=0), "maxItems is at least 1"),
        (with_field(inverse="value"), "its inverse string.value is a field of its own"),
        (with_field(inverse="a b"), "inverse is the id of a field"),
    ],
)
def test_faults_are_named(templates, said):
    with pytest.raises(TemplateError) as refused:
        load_templates(templates)
    assert said in str(refused.value)


def test_all_faults_are_listed_at_once():
    with pytest.raises(TemplateError) as refused:
        load_templates([*with_field(required=1, maxDepth=0, other=2), {"id": "?"}])
    assert str(refused.value).count("\n") == 3


def test_two_fields_of_one_template_need_two_inverses():
    fields = [{"id": name, "type": "REFERENCE", "targetTemplate": "string", "inverse": "of"} for name in ("a", "b")]
    with pytest.raises(TemplateError, match=r"person\.b: string\.of is the inverse of person\.a already"):
        load_templates([STRING, {"id": "person", "fields": fields}])


def test_fields_of_several_templates_share_an_inverse():
    other = {"id": "place", "fields": [{"id": "name", "type": "REFERENCE", "targetTemplate": "string"}]}
    types = schema_types(load_templates([*with_field(), other]))
    inverse = next(one for one in types[0]["fields"] if one["name"] == "nameOf")
    assert [one["type"] for one in inverse["of"][0]["to"]] == ["person", "place"]
    assert [one.name for one in Schema.load(types).relations] == ["person.name", "place.name"]


def test_a_file_that_is_none_is_said_so(tmp_path):
    (tmp_path / "t.yaml").write_text("a: [")
    with pytest.raises(TemplateError, match="line 1"):
        load_templates(tmp_path / "t.yaml")
    with pytest.raises(TemplateError, match="cannot read"):
        load_templates(tmp_path / "nothing.yaml")


def test_names_that_are_not_there():
    templates = load_templates(TEMPLATE_FILE)
    with pytest.raises(UnknownTemplateError, match='Did you mean "character"'):
        templates.template("charakter")
    with pytest.raises(UnknownFieldError, match='Did you mean "portrait"'):
        templates.named("character.portait")
    with pytest.raises(UnknownFieldError, match="holds a value of its own"):
        templates.named("character.age")
    with pytest.raises(UnknownFieldError, match=r"written template\.field"):
        templates.named("portrait")
