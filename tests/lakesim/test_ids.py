"""Ids: what is legal, which family an id belongs to, and the way from one sibling to another."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from lakesim import ids
from lakesim.errors import InvalidValueError
from lakesim.limits import Limits

segments = st.text(alphabet="abcXYZ019_-", min_size=1, max_size=6).filter(
    lambda text: not text.startswith("-") and text not in ("drafts", "versions")
)
published = st.lists(segments, min_size=1, max_size=3).map(".".join).filter(lambda text: not text.startswith("_."))
releases = st.text(alphabet="abR09_-", min_size=1, max_size=8).filter(
    lambda text: not text.startswith("-") and text not in ("drafts", "published", "versions")
)


@given(published, releases)
def test_every_sibling_knows_its_group_and_bundle(published_id: str, release: str) -> None:
    draft = ids.draft_id(published_id)
    version = ids.version_id(published_id, release)
    for stored, family, bundle in (
        (published_id, "published", "published"),
        (draft, "draft", "drafts"),
        (version, "version", release),
    ):
        assert ids.validate_id(stored) == stored
        assert ids.parse_id(stored) == ids.DocumentId(stored, family, published_id, bundle)  # type: ignore[arg-type]
        assert ids.published_id(stored) == published_id
        assert ids.draft_id(stored) == draft
        assert ids.version_id(stored, release) == version
        assert ids.same_group(stored, published_id)
        flags = (ids.is_published_id(stored), ids.is_draft_id(stored), ids.is_version_id(stored))
        assert flags == (family == "published", family == "draft", family == "version")
    assert ids.release_of(version) == release
    assert ids.release_of(draft) is None


LEGAL = ["a", "_a", "A.b-c.D_1", "drafts.a", "versions.r1.doc", "versions.r1.a.b", "_.releases.r1", "x" * 128]
ILLEGAL = [
    "", "-a", ".a", "a.", "a..b", "a.-b", "a b", "#x!", "é", "x" * 129, "versions.r1", "versions", "x.versions.y",
    "versions.r1.versions.x", "drafts", "drafts.versions.r.x", "a/b", None, 5, ["a"],
]  # fmt: skip


@pytest.mark.parametrize("document_id", LEGAL)
def test_legal_ids_pass(document_id: str) -> None:
    assert ids.validate_id(document_id) == document_id


@pytest.mark.parametrize("document_id", ILLEGAL)
def test_illegal_ids_are_refused_in_the_service_s_words(document_id: object) -> None:
    with pytest.raises(InvalidValueError) as caught:
        ids.validate_id(document_id)
    shown = document_id if isinstance(document_id, str) else repr(document_id)
    assert caught.value.error() == {
        "description": f'Malformed document ID: "{shown}"',
        "type": "validationError",
        "value": {"Kind": {"string_value": shown}},
    }


def test_the_length_limit_is_the_lake_s() -> None:
    assert ids.validate_id("abc", Limits(document_id_length_max=3)) == "abc"
    with pytest.raises(InvalidValueError):
        ids.validate_id("abcd", Limits(document_id_length_max=3))


@pytest.mark.parametrize("release", ["drafts", "published", "", "a.b", "-r", "é"])
def test_bundle_names_and_malformed_names_are_no_releases(release: str) -> None:
    with pytest.raises(InvalidValueError):
        ids.version_id("a", release)


def test_system_ids_are_their_own_group() -> None:
    release = ids.release_document_id("r1")
    assert ids.is_system_id(release)
    assert ids.parse_id(release) == ids.DocumentId(release, "system", release, "published")
    assert ids.published_id(release) == release


@given(st.text(max_size=30))
def test_any_text_is_legal_or_refused(text: str) -> None:
    try:
        ids.validate_id(text)
    except InvalidValueError:
        return
    assert ids.published_id(ids.parse_id(text).stored) == ids.parse_id(text).group
