"""What a rule may say, and how one that makes no sense is refused."""

import pytest

from lakesim import Lake
from lakesim.faults import Effect, FaultRule, FaultRuleError, Match
from lakesim.faults.operation import KINDS, Operation

OPERATION = Operation("doc", "GET", "/data/doc/{dataset}/{ids}", "/v2025-02-19/data/doc/staging/a", "p1", "staging")


@pytest.mark.parametrize(
    "match",
    [
        {},
        {"kind": "doc"},
        {"method": "GET"},
        {"endpoint": "/data/doc/{dataset}/{ids}"},
        {"path": "/data/doc/*"},
        {"path": "/v2025-02-19/data/doc/staging/?"},
        {"dataset": "staging"},
        {"dataset": "st*"},
        {"project": "p[0-9]"},
        {"kind": "doc", "method": "GET", "path": "*/a", "dataset": "*", "project": "*"},
    ],
)
def test_a_request_that_fulfils_every_field_matches(match):
    assert Match.parse(match).fits(OPERATION)


@pytest.mark.parametrize(
    "match",
    [
        {"kind": "query"},
        {"method": "POST"},
        {"endpoint": "/data/doc/{dataset}"},
        {"path": "/data/doc"},
        {"path": "/v1/data/doc/*"},
        {"path": "/data/doc/staging/aa"},
        {"dataset": "production"},
        {"dataset": "Staging"},
        {"project": "p"},
        {"kind": "doc", "dataset": "production"},
    ],
)
def test_a_request_that_fails_one_field_does_not(match):
    assert not Match.parse(match).fits(OPERATION)


@pytest.mark.parametrize(
    ("rule", "fragment"),
    [
        (3, "rule: expected an object"),
        ({}, 'the field "effect" is missing'),
        ({"effect": {}}, "say what happens: status, delay, drop or events"),
        ({"efect": {"status": 503}}, 'Did you mean "effect"'),
        ({"effect": {"stauts": 503}}, 'Did you mean "status"'),
        ({"effect": {"status": 200}}, "200 is not between 400 and 599"),
        ({"effect": {"status": "503"}}, "expected a whole number"),
        ({"effect": {"status": True}}, "expected a whole number, got boolean"),
        ({"effect": {"status": 503, "drop": "before"}}, "status and drop exclude each other"),
        ({"effect": {"drop": True}}, "is not one of before, after"),
        ({"effect": {"drop": "befor"}}, 'Did you mean "before"'),
        ({"effect": {"delay": "1s"}}, 'effect.delay: expected a number of seconds, got "1s"'),
        ({"effect": {"delay": -1}}, "not between 0 and 3600 seconds"),
        ({"effect": {"delay": float("nan")}}, "expected a number"),
        ({"effect": {"retryAfter": 1}}, "say its status too"),
        ({"effect": {"events": "delay"}}, "needs delay, in seconds"),
        ({"effect": {"events": "drop", "delay": 1}}, "takes no delay"),
        ({"effect": {"events": "lose"}}, "is not one of drop, duplicate, reorder, delay, disconnect"),
        ({"match": {"kind": "mutate"}, "effect": {"events": "drop"}}, 'a "mutate" request has no events'),
        ({"match": {"kind": "mutation"}, "effect": {"status": 503}}, 'Did you mean "mutate"'),
        ({"match": {"method": "post"}, "effect": {"status": 503}}, 'Did you mean "POST"?'),
        ({"match": {"path": "data/query/*"}, "effect": {"status": 503}}, 'match.path: "data/query/*" would never fit'),
        ({"match": {"endpoint": "query"}, "effect": {"status": 503}}, 'paths begin with "/"'),
        ({"match": {"dataset": 7}, "effect": {"status": 503}}, "match.dataset: expected a text, got number"),
        ({"match": [], "effect": {"status": 503}}, "match: expected an object"),
        ({"effect": {"status": 503}, "probability": 1.5}, "probability: 1.5 is not between 0 and 1"),
        ({"effect": {"status": 503}, "count": 0}, "count: 0 is less than 1"),
        ({"effect": {"status": 503}, "count": 1.5}, "count: expected a whole number"),
        ({"effect": {"status": 503}, "after": -1}, "after: -1 is less than 0"),
        ({"effect": {"status": 503}, "id": ""}, "id: expected a text"),
    ],
)
def test_a_rule_that_makes_no_sense_is_refused_with_one_clear_error(rule, fragment):
    with pytest.raises(FaultRuleError) as caught:
        FaultRule.parse(rule)
    assert fragment in caught.value.description


def test_a_rule_is_the_same_in_python_and_as_json():
    rule = FaultRule(match=Match(kind="query"), effect=Effect(status=429, retry_after=3), count=2, after=1, id="slow")
    said = rule.to_wire()
    assert said == {
        "id": "slow",
        "match": {"kind": "query"},
        "effect": {"status": 429, "retryAfter": 3},
        "probability": 1.0,
        "count": 2,
        "after": 1,
    }
    assert FaultRule.parse(said).to_wire() == said


@pytest.mark.parametrize("kind", KINDS)
def test_every_kind_can_be_matched(kind):
    assert Match(kind=kind).to_wire() == {"kind": kind}


def test_rules_are_added_all_or_none_and_their_ids_are_unique():
    faults = Lake(seed=0).faults
    named = FaultRule(effect={"status": 503}, id="fault-2")
    with pytest.raises(FaultRuleError, match="already"):
        faults.add_all([named, named])
    assert (len(faults), faults.armed) == (0, False)
    placed = faults.add_all([FaultRule(effect={"delay": 1}), named, FaultRule(effect={"delay": 1})])
    assert [one.id for one in placed] == ["fault-1", "fault-2", "fault-3"]
    with pytest.raises(FaultRuleError, match=r'no rule "fault-22".*Did you mean "fault-2"'):
        faults.remove("fault-22")
    faults.remove(placed[0])
    assert [one.id for one in faults] == ["fault-2", "fault-3"]
    faults.clear()
    assert (len(faults), faults.armed) == (0, False)
