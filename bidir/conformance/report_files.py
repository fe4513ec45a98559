"""The report for machines: one JSON document (`report_schema.json` describes it), and JUnit's XML for build servers."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path
from typing import Any
from xml.etree import ElementTree

from bidir.conformance.parts import Failure, PartResult
from bidir.conformance.pictures import picture_text
from bidir.conformance.suite import Report
from bidir.conformance.totals import DOCUMENTS, WRITES
from lakesim.jsonvalue import dump_bytes, dumps

__all__ = ["FORMAT", "SCHEMA", "report_json", "write_json", "write_junit"]

FORMAT = 1
"""The version of the JSON report's form; it grows with every change that readers must know of."""
SCHEMA = Path(__file__).with_name("report_schema.json")
"""The JSON schema of the report."""

_FORBIDDEN = re.compile("[^\t\n\r\x20-\ud7ff\ue000-\ufffd\U00010000-\U0010ffff]")
"""What XML cannot hold (its specification, section 2.2)."""


def report_json(report: Report) -> dict[str, Any]:
    """Return the report as JSON: options, verdict, every part with its failures and facts, and what they add up to."""
    options = report.options
    return {
        "format": FORMAT,
        "engine": options.engine,
        "lake": options.lake,
        "profile": options.profile,
        "seed": options.seed,
        "only": options.only,
        "shard": f"{options.shard.number}/{options.shard.count}",
        "passed": report.passed,
        "seconds": round(report.seconds, 3),
        "parts": [_part_json(part) for part in report.parts],
        "invariants": [
            {"name": row.name, "checks": dict(row.checks), "failures": dict(row.failures)} for row in report.invariants
        ],
        WRITES: _plain(report.histogram(WRITES)),
        DOCUMENTS: _plain(report.histogram(DOCUMENTS)),
        "latency": _plain(report.latency),
        "kills": _plain(report.kills),
    }


def _part_json(part: PartResult) -> dict[str, Any]:
    return {
        "name": part.name,
        "title": part.title,
        "passed": part.passed,
        "checked": part.checked,
        "unit": part.unit,
        "seconds": round(part.seconds, 3),
        "facts": _plain(part.facts),
        "cases": list(part.cases),
        "failures": [_failure_json(one) for one in part.failures],
    }


def _failure_json(failure: Failure) -> dict[str, Any]:
    return {
        "name": failure.name,
        "text": failure.text,
        "replay": failure.replay,
        "scenario": failure.scenario,
        "picture": "" if failure.picture is None else picture_text(failure.picture),
    }


def _plain(value: Any) -> Any:
    """Return a fact with nothing in it but JSON: names of members are texts."""
    if isinstance(value, Mapping):
        return {str(key): _plain(inner) for key, inner in value.items()}
    if isinstance(value, (list, tuple)):
        return [_plain(inner) for inner in value]
    return value


def write_json(report: Report, path: Path) -> None:
    """Write the JSON report.

    Raises: OSError.
    """
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_bytes(dump_bytes(report_json(report)) + b"\n")


def write_junit(report: Report, path: Path) -> None:
    """Write JUnit XML: a suite per part, a test case per named case (one for the whole part where cases have no names).

    A part's facts are properties of its suite; facts that are tables (latency, kills, costs) are its output, one row
    per line as JSON.
    Raises: OSError.
    """
    suites = [_suite(part) for part in report.parts]
    totals = {name: str(sum(int(suite.get(name, "0")) for suite in suites)) for name in ("tests", "failures", "errors")}
    root = ElementTree.Element("testsuites", {"name": "bidir conformance", **totals, "time": f"{report.seconds:.3f}"})
    root.extend(suites)
    ElementTree.indent(root)
    path.parent.mkdir(parents=True, exist_ok=True)
    ElementTree.ElementTree(root).write(path, encoding="utf-8", xml_declaration=True)


def _suite(part: PartResult) -> ElementTree.Element:
    failures = _by_name(part.failures)
    names = list(dict.fromkeys([*(part.cases or (part.name,)), *failures]))
    counts = {"tests": str(len(names)), "failures": str(len(failures)), "errors": "0", "skipped": "0"}
    suite = ElementTree.Element("testsuite", {"name": _clean(part.name), **counts, "time": f"{part.seconds:.3f}"})
    properties = ElementTree.SubElement(suite, "properties")
    for name, value in (("asked", part.title), ("checked", f"{part.checked} {part.unit}"), *_properties(part.facts)):
        ElementTree.SubElement(properties, "property", name=_clean(name), value=_clean(value))
    for name in names:
        case = ElementTree.SubElement(suite, "testcase", classname=_clean(part.name), name=_clean(name))
        if name in failures:
            one = failures[name]
            said = {"message": _clean(one.replay or one.name), "type": "failure"}
            ElementTree.SubElement(case, "failure", said).text = _clean(_story(one))
    rows = list(_rows(part.facts))
    if rows:
        ElementTree.SubElement(suite, "system-out").text = _clean("\n".join(rows))
    return suite


def _story(failure: Failure) -> str:
    return failure.text if failure.picture is None else f"{failure.text}\n{picture_text(failure.picture)}"


def _by_name(failures: Sequence[Failure]) -> dict[str, Failure]:
    """Return the failures by name; of several with the same one the later ones are numbered."""
    found: dict[str, Failure] = {}
    for one in failures:
        name, number = one.name, 1
        while name in found:
            number += 1
            name = f"{one.name} ({number})"
        found[name] = one
    return found


def _properties(facts: Mapping[str, Any], prefix: str = "") -> Iterator[tuple[str, str]]:
    """Yield every fact that is one value; members of a mapping are named after it: `invariants.I1.drafts`."""
    for key, value in facts.items():
        if isinstance(value, Mapping):
            yield from _properties(value, f"{prefix}{key}.")
        elif not isinstance(value, (list, tuple)):
            yield f"{prefix}{key}", str(value)


def _rows(facts: Mapping[str, Any]) -> Iterator[str]:
    for key, value in facts.items():
        if isinstance(value, (list, tuple)):
            yield from (f"{key} {dumps(_plain(row))}" for row in value)


def _clean(text: str) -> str:
    """Return `text` without the characters that XML cannot hold."""
    return _FORBIDDEN.sub("", text)
