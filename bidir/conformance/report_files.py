"""The report for machines: one JSON document, and JUnit's XML for build servers."""

from __future__ import annotations

from pathlib import Path
from typing import Any
from xml.etree import ElementTree

from bidir.conformance.suite import Report
from lakesim.jsonvalue import dump_bytes

__all__ = ["report_json", "write_json", "write_junit"]


def report_json(report: Report) -> dict[str, Any]:
    """Return the report as JSON: options, verdict, and every part with its failures and facts."""
    options = report.options
    return {
        "engine": options.engine,
        "lake": options.lake,
        "profile": options.profile,
        "seed": options.seed,
        "only": options.only,
        "passed": report.passed,
        "seconds": round(report.seconds, 3),
        "parts": [
            {
                "name": part.name,
                "title": part.title,
                "passed": part.passed,
                "checked": part.checked,
                "unit": part.unit,
                "seconds": round(part.seconds, 3),
                "facts": dict(part.facts),
                "cases": list(part.cases),
                "failures": [{"name": one.name, "text": one.text, "replay": one.replay} for one in part.failures],
            }
            for part in report.parts
        ],
    }


def write_json(report: Report, path: Path) -> None:
    """Write the JSON report.

    Raises: OSError.
    """
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_bytes(dump_bytes(report_json(report)) + b"\n")


def write_junit(report: Report, path: Path) -> None:
    """Write JUnit XML: a suite per part, a test case per named case (one for the whole part where cases have no names).

    Raises: OSError.
    """
    root = ElementTree.Element("testsuites", name="bidir conformance", time=f"{report.seconds:.3f}")
    for part in report.parts:
        failures = {one.name: one for one in part.failures}
        names = list(dict.fromkeys([*(part.cases or (part.name,)), *failures]))
        suite = ElementTree.SubElement(
            root,
            "testsuite",
            name=part.name,
            tests=str(len(names)),
            failures=str(len(failures)),
            time=f"{part.seconds:.3f}",
        )
        for name in names:
            case = ElementTree.SubElement(suite, "testcase", classname=part.name, name=name)
            if name in failures:
                one = failures[name]
                ElementTree.SubElement(case, "failure", message=one.replay).text = _clean(one.text)
    ElementTree.indent(root)
    path.parent.mkdir(parents=True, exist_ok=True)
    ElementTree.ElementTree(root).write(path, encoding="utf-8", xml_declaration=True)


def _clean(text: str) -> str:
    """Return `text` without the control characters that XML cannot hold."""
    return "".join(char for char in text if char in "\n\t" or char >= " ")
