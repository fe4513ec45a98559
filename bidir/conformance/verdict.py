"""The words of a verdict, the same wherever it is told."""

from __future__ import annotations

from bidir.conformance.suite import Report

__all__ = ["count_words", "verdict_words"]


def verdict_words(report: Report) -> str:
    """Return how many checks hold or fail, and how long they took."""
    failed = sum(len(part.failures) for part in report.parts)
    empty = [part.name for part in report.parts if not part.checked]
    checked = sum(part.checked for part in report.parts)
    if report.passed:
        return f"All {checked} checks hold, in {report.seconds:.1f} seconds."
    if not report.parts:
        return "Nothing was checked."
    words = f"{failed} of {checked} checks fail" if failed else f"nothing was checked in {', '.join(empty)}"
    return f"{words}, in {report.seconds:.1f} seconds."


def count_words(checks: int, failures: int) -> str:
    """Return a cell of the table of invariants; a failure of something that no part counts stands by itself."""
    if failures:
        return f"{failures:,} of {checks:,} fail" if checks >= failures else f"{failures:,} fail"
    return f"{checks:,}" if checks else "-"
