"""The verdict on one scenario, and how it reads: given, when, expected, got."""

from __future__ import annotations

from dataclasses import dataclass, field

from bidir.conformance.matching import Mismatch
from bidir.conformance.pictures import Picture

__all__ = ["Finding", "Result", "render"]


@dataclass(frozen=True, slots=True)
class Finding:
    """One thing that was not as expected; `moment` is the step it was seen after, `line` where the file says so."""

    moment: str
    line: int | None
    mismatch: Mismatch


@dataclass(slots=True)
class Result:
    """What came of playing one scenario in one layer.

    `problem` is set where the file could not be played at all, `skipped` where it is about something the engine does
    not offer; `findings` where the engine did something else, and `breaks` the rules that this breaks, by name.
    `views` are those in which the invariants were checked, `breaches` the (invariant, view) pairs that do not hold;
    `picture` shows the documents before and after what was
    found first, None as long as nothing was.
    """

    name: str
    path: str
    title: str
    why: str
    source: str
    layer: str | None = None
    given: list[str] = field(default_factory=list)
    when: list[str] = field(default_factory=list)
    findings: list[Finding] = field(default_factory=list)
    breaks: list[str] = field(default_factory=list)
    views: tuple[str, ...] = ()
    breaches: tuple[tuple[str, str], ...] = ()
    picture: Picture | None = None
    problem: str | None = None
    skipped: str | None = None
    replay: str = ""
    seconds: float = 0.0

    @property
    def passed(self) -> bool:
        """Whether everything was as expected; what was skipped did not fail."""
        return not self.findings and self.problem is None

    @property
    def label(self) -> str:
        """The name with the layer."""
        return self.name if self.layer is None else f"{self.name} [{self.layer}]"


def render(result: Result) -> str:
    """Return the result as text: one line if it passed, the whole story if it did not."""
    if result.skipped is not None:
        return f"skipped {result.label}: {result.skipped}"
    if result.passed:
        return f"passed  {result.label}"
    lines = [f"FAILED  {result.label}: {result.title}", f"  why     {_folded(result.why)}"]
    if result.problem is not None:
        lines.append(f"  problem {_indented(result.problem, 10)}")
    if result.breaks:
        lines.append(f"  breaks  {', '.join(result.breaks)}")
    lines += _block("given", result.given) + _block("when", result.when)
    moment = None
    for finding in result.findings:
        if finding.moment != moment:
            moment = finding.moment
            lines.append(f"  then    {moment}")
        place = "" if finding.line is None else f"  ({result.path}:{finding.line})"
        lines += [
            f"    {finding.mismatch.what}{place}",
            f"      expected  {_indented(finding.mismatch.expected, 16)}",
            f"      got       {_indented(finding.mismatch.got, 16)}",
        ]
    if result.replay:
        lines.append(f"  replay  {result.replay}")
    return "\n".join(lines)


def _block(head: str, lines: list[str]) -> list[str]:
    return [f"  {head if index == 0 else '':<7} {line}" for index, line in enumerate(lines)]


def _folded(text: str) -> str:
    return " ".join(text.split())


def _indented(text: str, columns: int) -> str:
    return text.replace("\n", "\n" + " " * columns)
