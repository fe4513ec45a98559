"""Grants and roles as data: what can be said, and what is refused with which words."""

import pytest

from lakesim import BadRequestError
from lakesim.access import (
    ADMINISTRATOR,
    BUILTIN_ROLES,
    Grant,
    GrantError,
    Role,
    Roles,
    read_roles,
    role_from,
    roles_from,
)

POSTS = {"filter": '_type == "post"', "permissions": ["read", "update"]}


def test_a_role_is_read_from_its_json():
    role = role_from({"name": "blog-editor", "grants": [POSTS], "manages": ["datasets"]})
    assert role == Role(
        "blog-editor",
        "Blog editor",
        (Grant('_type == "post"', ("read", "update")),),
        manages_datasets=True,
        is_custom=True,
    )
    assert role_from(role) is role
    assert role_from("administrator") is ADMINISTRATOR
    assert role_from([POSTS]).grants == role.grants


def test_a_file_holds_one_role_or_a_list(tmp_path):
    one, two = tmp_path / "one.json", tmp_path / "two.json"
    one.write_text('{"name": "a", "grants": []}')
    two.write_text('[{"name": "b", "grants": []}, {"name": "c", "title": "C", "grants": []}]')
    assert [role.name for role in (*read_roles(one), *read_roles(two))] == ["a", "b", "c"]
    named = Roles([*read_roles(one), *read_roles(two)])
    assert named.named("c").title == "C"


@pytest.mark.parametrize(
    ("value", "said"),
    [
        (7, "expected a role such as"),
        ({"grants": []}, 'lacks the field "name"'),
        ({"name": "a"}, 'lacks the field "grants"'),
        ({"name": "A b", "grants": []}, "role.name: expected a name"),
        ({"name": "a", "grants": [], "titel": "x"}, 'Did you mean "title"'),
        ({"name": "a", "grants": [], "title": 1}, "role.title: expected a text"),
        ({"name": "a", "grants": [], "manages": ["dataset"]}, 'Did you mean "datasets"'),
        ({"name": "a", "grants": [], "manages": True}, "role.manages: expected a list"),
        ({"name": "a", "grants": "all"}, "role.grants: expected a list of grants"),
        ({"name": "a", "grants": ["all"]}, r"role.grants\[0\]: expected an object"),
        ({"name": "a", "grants": [{"filter": "true"}]}, 'lacks the field "permissions"'),
        ({"name": "a", "grants": [{**POSTS, "permision": []}]}, 'Did you mean "permissions"'),
        ({"name": "a", "grants": [{**POSTS, "permissions": []}]}, "permissions are empty"),
        ({"name": "a", "grants": [{**POSTS, "permissions": "read"}]}, "must be a list"),
        ({"name": "a", "grants": [{**POSTS, "permissions": ["raed"]}]}, 'Did you mean "read"'),
        ({"name": "a", "grants": [{**POSTS, "permissions": ["delete"]}]}, 'Deleting takes "update"'),
        ({"name": "a", "grants": [{**POSTS, "permissions": [["read"]]}]}, "unknown permission"),
        ({"name": "a", "grants": [{**POSTS, "filter": ""}]}, "must be a GROQ condition"),
        ({"name": "a", "grants": [{**POSTS, "filter": "_type =="}]}, "the filter '_type ==' is refused"),
        ({"name": "a", "grants": [{**POSTS, "filter": "author->name == 1"}]}, "may not dereference"),
        ({"name": "a", "grants": [{**POSTS, "filter": "count(*[_id == ^._id]) > 0"}]}, "may not hold a sub-query"),
        ({"name": "a", "grants": [{**POSTS, "filter": "_type == $type"}]}, "param"),
    ],
)
def test_what_is_wrong_with_a_role_is_said(value, said):
    with pytest.raises(GrantError, match=said):
        role_from(value)


def test_names_are_taken_once(tmp_path):
    with pytest.raises(GrantError, match=r'roles\[1\]: the role "a" occurs twice'):
        roles_from([{"name": "a", "grants": []}, {"name": "a", "grants": []}])
    with pytest.raises(BadRequestError, match='a role "editor" already'):
        Roles([role_from({"name": "editor", "grants": []})])
    path = tmp_path / "roles.json"
    path.write_text('[{"name": "a" "grants": []}]')
    with pytest.raises(GrantError, match=r"roles\.json: line 1 column \d+"):
        read_roles(path)


@pytest.mark.parametrize(
    ("name", "found"),
    [("editor", "editor"), ("write", "write-only"), ("robot", "write-only"), ("admin", "administrator")],
)
def test_a_role_is_known_by_its_name_and_some_others(name, found):
    assert Roles().named(name).name == found


def test_an_unknown_role_is_refused_with_the_nearest():
    with pytest.raises(BadRequestError, match='Did you mean "contributor"'):
        Roles().named("contributer")


@pytest.mark.parametrize("role", BUILTIN_ROLES, ids=lambda role: role.name)
def test_the_services_own_roles_have_valid_grants(role):
    assert role == Role(
        role.name,
        role.title,
        tuple(Grant.of({"filter": one.filter, "permissions": list(one.permissions)}) for one in role.grants),
        role.description,
        role.manages,
        role.manages_datasets,
        role.is_custom,
        role.by_acl_mode,
    )


def test_grants_by_mode_hold_on_public_datasets_alone():
    everybody = Roles().named("public")
    assert [bool(everybody.grants_on(mode)) for mode in ("public", "private", "custom")] == [True, False, False]
    assert all(Roles().named("viewer").grants_on(mode) for mode in ("public", "private", "custom"))
