"""A run told to people: what there was at the start, who did what when, what went wrong, and what is against it."""

from __future__ import annotations

from bidir.conformance.display import show_document
from bidir.conformance.simulation.judging import Verdict

__all__ = ["told"]

LINES_MAX = 120
"""Lines of the story itself."""


def told(verdict: Verdict) -> str:
    """Return the whole story as text, shortest useful form: findings, beginning, acts and faults by the clock, end."""
    run = verdict.run
    course = run.course
    lines = [str(finding) for finding in verdict.findings]
    lines += ["", f"{course.kind}, {course.weather}, seed {course.seed}; at the start: {', '.join(course.given)}"]
    for window in course.windows:
        lines.append(f"{window.actor} may not write {window.group} from {window.start:.3f} s to {window.end:.3f} s")
    if course.old_worker:
        lines.append(f"worker {course.workers} has an older configuration")
    if run.faults_happened:
        lines.append(f"faults: {'; '.join(run.faults_happened)}")
    story = [f"{moment:9.3f} s  {who:9}  {what}" for moment, who, what in run.records.story]
    lines += ["", *story[:LINES_MAX]]
    if len(story) > LINES_MAX:
        lines.append(f"… and {len(story) - LINES_MAX} lines more")
    lines += ["", "at the end"]
    lines += [f"  {name}  {show_document(body)}" for name, body in run.documents.items() if not name.startswith("_.")]
    return "\n".join(lines)
