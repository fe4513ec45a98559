"""The reports for machines: JSON by its schema, XML as build servers read it, and in both the same content."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any
from xml.etree import ElementTree

import jsonschema
import pytest

from bidir.conformance.parts import Failure, PartResult
from bidir.conformance.pictures import Picture
from bidir.conformance.report_files import SCHEMA, report_json, write_json, write_junit
from bidir.conformance.suite import Report, Shard, SuiteOptions, run_suite

KILL = {
    "engine": "m:no_eviction", "wrong": "w", "seen": "s", "breaks": "I1 symmetry", "part": "scenarios prd",
    "case": "prd/x", "rules": ["I1 symmetry"], "checks": 3, "seconds": 0.5, "scenario": "prd/x.yaml",
}  # fmt: skip
LATENCY = {
    "relation": "1:1", "intent": "set", "rtt_ms": 20, "added_ms_p50": 32.0, "added_ms_p95": 32.0, "added_ms_p99": 40.0,
    "reads": 1.0, "writes": 1.0, "documents": 2.0, "over_budget": 0.0,
}  # fmt: skip
PICTURE = Picture({"b1": {"_type": "book"}}, {})
TWICE = (Failure("f", "I1 symmetry in drafts\x00\ud800", "again", "f.yaml", PICTURE), Failure("f", "I8 intent"))
PARTS = (
    PartResult("scenarios prd", "flows", 2, "plays", (), 0.2, {"invariants": {"I1": {"drafts": 2}}}, ("a", "b")),
    PartResult("machine x", "random", 3, "runs", TWICE, facts={"writes_per_intent": {0: 1, 1: 40}, "runs": 3}),
    PartResult("latency", "time", 1, "figures", facts={"latency": [LATENCY]}),
    PartResult("broken engines", "killed", 1, "engines", facts={"kills": [KILL]}),
)
REPORT = Report(SuiteOptions(scenarios=Path("scenarios"), shard=Shard(2, 3)), PARTS, 1.5)
ROOT = Path(__file__).parents[3] / "scenarios"


def validated(value: Any) -> None:
    schema = json.loads(SCHEMA.read_text(encoding="utf-8"))
    jsonschema.Draft202012Validator.check_schema(schema)
    jsonschema.Draft202012Validator(schema).validate(value)


def test_the_json_report_is_as_its_schema_says(tmp_path: Path) -> None:
    path = tmp_path / "report.json"
    clean = Report(REPORT.options, (PARTS[0], *PARTS[2:]), 1.0)
    write_json(clean, path)
    value = json.loads(path.read_text(encoding="utf-8"))
    assert value == report_json(clean)
    validated(value)
    validated(report_json(REPORT))
    validated(report_json(Report(SuiteOptions(), (), 0.0)))


def test_the_schema_can_refuse() -> None:
    for broken in ({"format": 2}, {"kills": [{}]}, {"surprise": 1}, {"invariants": [{"name": "I1"}]}):
        with pytest.raises(jsonschema.ValidationError):
            validated(report_json(REPORT) | broken)


def test_the_json_report_has_kills_invariants_latency_and_histogram() -> None:
    value = report_json(REPORT)
    assert value["kills"] == [KILL]
    assert value["latency"] == [LATENCY]
    assert value["writes_per_intent"] == {"0": 1, "1": 40}
    assert value["invariants"][0] == {"name": "I1 symmetry", "checks": {"drafts": 2}, "failures": {"drafts": 1}}
    assert value["shard"] == "2/3"
    first = value["parts"][1]["failures"][0]
    assert (first["scenario"], first["picture"].split()[-5:]) == (
        "f.yaml",
        ["published", "b1", "{_type:", "book}", "-"],
    )


def test_a_real_run_is_as_the_schema_says() -> None:
    for engine in ("bidir.engine:Engine", "bidir.conformance.broken:no_eviction"):
        validated(report_json(run_suite(SuiteOptions(engine, "quick", only="museum/00[12]*", scenarios=ROOT))))


ALLOWED: dict[str, tuple[set[str], list[str]]] = {
    "testsuites": ({"name", "tests", "failures", "errors", "time"}, ["testsuite"]),
    "testsuite": (
        {"name", "tests", "failures", "errors", "skipped", "time"}, ["properties", "testcase", "system-out"],
    ),
    "properties": (set(), ["property"]),
    "property": ({"name", "value"}, []),
    "testcase": ({"name", "classname", "time"}, ["failure"]),
    "failure": ({"message", "type"}, []),
    "system-out": (set(), []),
}  # fmt: skip
"""The part of the usual schema (junit-10.xsd) that the report uses: attributes, and children in their order."""


def check(node: ElementTree.Element) -> None:
    attributes, children = ALLOWED[node.tag]
    assert set(node.attrib) <= attributes, node.tag
    order = [children.index(child.tag) for child in node]
    assert order == sorted(order), node.tag
    if node.tag in ("testsuite", "testsuites"):
        counted = [int(node.attrib[name]) for name in ("tests", "failures", "errors")]
        assert counted == [len(list(node.iter("testcase"))), len(list(node.iter("failure"))), 0]
    for child in node:
        check(child)


def test_the_xml_is_what_build_servers_read_and_has_everything(tmp_path: Path) -> None:
    path = tmp_path / "report.xml"
    write_junit(REPORT, path)
    root = ElementTree.parse(path).getroot()
    check(root)
    named = {suite.attrib["name"]: suite for suite in root}
    said = {one.attrib["name"]: one.attrib["value"] for one in root.iter("property")}
    assert said["invariants.I1.drafts"] == "2"
    assert said["writes_per_intent.1"] == "40"
    assert '"engine":"m:no_eviction"' in str(named["broken engines"].findtext("system-out"))
    assert '"rtt_ms":20' in str(named["latency"].findtext("system-out"))
    failures = list(named["machine x"].iter("failure"))
    assert [case.attrib["name"] for case in named["machine x"].iter("testcase")] == ["machine x", "f", "f (2)"]
    assert "documents before and after all steps" in str(failures[0].text)
    assert failures[0].attrib["message"] == "again"
