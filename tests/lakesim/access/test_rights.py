"""The rights of one caller: which documents its grants cover, and what is remembered of that."""

from datetime import UTC, datetime

import pytest

from lakesim.access import Grant, Rights
from lakesim.groq import Environment

DAY = datetime(2026, 1, 1, tzinfo=UTC)


def rights_of(*filters, permission="read", environment=None):
    grants = [Grant(text, (permission,)) for text in filters]
    return Rights(grants, environment or (lambda: Environment(now=DAY, identity="pAnn")))


def doc(document_id, **fields):
    return {"_id": document_id, "_type": "post", **fields}


@pytest.mark.parametrize(
    ("filters", "document", "covered"),
    [
        ([], doc("a"), False),
        (['_id in path("*")'], doc("a"), True),
        (['_id in path("*")'], doc("a.b"), False),
        (['_id in path("drafts.**")', '_type == "post"'], doc("a.b"), True),
        (["owner == identity()"], doc("a", owner="pAnn"), True),
        (["owner == identity()"], doc("a", owner="pBob"), False),
        (["missing > 3"], doc("a"), False),
        (["until > now()"], doc("a", until="2027-01-01T00:00:00Z"), True),
        (['*[_type == "post"]'], doc("a"), True),
        (["true"], None, False),
    ],
)
def test_access_is_the_union_of_the_grants(filters, document, covered):
    rights = rights_of(*filters)
    assert rights.may("read", document) is covered
    assert rights.may("update", document) is False


@pytest.mark.parametrize("text", ['_id in path("**")', "_id  in path('**')", "true", "*", "_id in path('drafts.**')"])
def test_a_grant_on_everything_is_known_as_one(text):
    assert rights_of(text).covers_everything("read") is ("drafts" not in text)
    assert not rights_of(text).covers_everything("update")


@pytest.mark.parametrize(
    ("text", "covered"),
    [
        ('_id in path("drafts.**")', True),
        ('_id == "drafts.a" || _id == "b"', True),
        ('_type == "post" || !(_id in path("*"))', False),
        ('_type != "secret"', False),
        ('!(_id in path("*")) && !defined(secret)', False),
        ('@._id == "drafts.a"', False),
        ('references("x")', False),
        ("_id == identity()", False),
        ("true", True),
    ],
)
def test_a_grant_by_the_id_alone_is_told_from_one_by_content(text, covered):
    assert rights_of(text).covers_id("read", "drafts.a") is covered


def test_a_verdict_is_remembered_for_as_long_as_the_document_is_the_same():
    asked = []

    def environment():
        asked.append(1)
        return Environment(now=DAY)

    rights = rights_of('_type == "post"', environment=environment)
    first = doc("a")
    assert [rights.may("read", first) for _ in range(3)] == [True, True, True]
    assert len(asked) == 1
    assert rights.may("read", {**first, "_type": "memo"}) is False
    assert rights.may("read", first) is True


def test_what_depends_on_the_time_is_judged_anew():
    times = iter((DAY, DAY.replace(year=2028)))
    rights = rights_of("until > now()", environment=lambda: Environment(now=next(times)))
    document = doc("a", until="2027-01-01T00:00:00Z")
    assert [rights.may("read", document), rights.may("read", document)] == [True, False]
