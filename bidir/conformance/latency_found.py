"""Writes an intent that costs too much as a scenario file, which plays it on a lake and counts again."""

from __future__ import annotations

from pathlib import Path

from bidir.conformance.latency_cases import Case, Place, given_documents
from bidir.conformance.scenario import Scenario
from bidir.conformance.writing import quoted, write_scenario

__all__ = ["write_cost"]


def write_cost(case: Case, place: Place, reads_max: int, folder: Path) -> Path:
    """Write the scenario of an intent of an engine alone into `folder` and return its path.

    It expects the requests and documents that the semantics allow (E3, F3), whatever else the intent comes to.
    """
    given = {
        str(body["_id"]): {key: value for key, value in body.items() if key != "_id"} for body in _given(case, place)
    }
    scenario = Scenario.model_validate(
        {
            "title": f"{case.kind}: {case.intent}, {place}, takes no more requests and documents than it must",
            "why": "I10 bounded work: every document more can meet a rival, every request more is waited for.",
            "source": "requests and documents of every intent",
            "schema": list(case.kind_facts.types),
            "given": {"documents": given},
            "when": [{"in": "published" if place == "published" else "drafts", "submit": quoted(case.mutations)}],
            "then": {"documents_written": case.documents, "writes": case.writes, "reads": f"<= {reads_max}"},
        }
    )
    return write_scenario(scenario, folder, f"cost-{case.kind}-{case.intent}-{place}")


def _given(case: Case, place: Place) -> list[dict[str, object]]:
    return [quoted(body) for body in given_documents(case, place)]
