"""The plots: added latency by round-trip time against the budget, and histograms, each with its figures in words."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from bidir.conformance.latency import BUDGET_MS, RIVALLED, STREAM, WARM
from bidir.conformance.report_html.markup import Markup, element, number

__all__ = ["Series", "histogram_chart", "latency_chart", "latency_series"]

WIDTH, HEIGHT = 720, 380
LEFT, RIGHT, TOP, BOTTOM = 58, 20, 34, 92
DASHES = ("", "2 4", "9 4", "9 3 2 3")
COLOURS = ("var(--one)", "var(--two)", "var(--three)", "var(--four)")


@dataclass(frozen=True, slots=True)
class Series:
    """One line of a plot: its name, and milliseconds by round-trip time."""

    name: str
    points: Mapping[int, float]


def latency_series(rows: Sequence[Mapping[str, Any]]) -> list[Series]:
    """Return the lines of the latency plot: the dearest intent alone, in an open form, the stream, with a rival."""
    alone: dict[int, float] = {}
    named: dict[str, dict[int, float]] = {}
    for row in rows:
        time = int(row["rtt_ms"])
        if row["intent"] in (WARM, RIVALLED, STREAM):
            named.setdefault(row["intent"], {})[time] = float(row["added_ms_p95"])
        else:
            alone[time] = max(alone.get(time, 0.0), float(row["added_ms_p95"]))
    found = [Series("one intent alone, the dearest", alone)] if alone else []
    words = {WARM: "in an open form", STREAM: "mixed stream, 95 of 100", RIVALLED: "with one rival (not judged)"}
    return found + [Series(words[intent], named[intent]) for intent in words if intent in named]


def latency_chart(rows: Sequence[Mapping[str, Any]]) -> Markup:
    """Return the plot of added milliseconds by round-trip time, with the line of the budget."""
    lines = latency_series(rows)
    times = sorted({time for line in lines for time in line.points})
    most = max([BUDGET_MS * 1.2, *(value for line in lines for value in line.points.values())]) * 1.05
    low, high = min(times), max(times)

    def across(time: float) -> float:
        return LEFT + (WIDTH - LEFT - RIGHT) * ((time - low) / (high - low) if high > low else 0.5)

    def down(value: float) -> float:
        return HEIGHT - BOTTOM - (HEIGHT - TOP - BOTTOM) * value / most

    drawn = [*_scale(times, most, across, down), *_budget(down)]
    for index, line in enumerate(lines):
        drawn += _line(index, line, across, down)
    told = "; ".join(
        f"{line.name}: " + ", ".join(f"{number(value)} at {time}" for time, value in sorted(line.points.items()))
        for line in lines
    )
    title = f"Milliseconds added to a plain write, by round-trip time in milliseconds; the budget is {BUDGET_MS}"
    return _svg("latency", WIDTH, HEIGHT, title, told, drawn, "plot")


def _scale(times: Sequence[int], most: float, across: Any, down: Any) -> list[Markup]:
    drawn = [element("text", "ms added", x=8, y=18, class_="soft")]
    step = next(size for size in (20, 50, 100, 200, 500, 1000, 5000, 10**9) if most / size <= 7)
    for value in range(0, int(most) + 1, step):
        drawn.append(element("path", d=f"M{LEFT} {down(value):.1f}H{WIDTH - RIGHT}", class_="axis"))
        drawn.append(element("text", str(value), x=LEFT - 8, y=down(value) + 4, text_anchor="end", class_="soft"))
    base = HEIGHT - BOTTOM
    for time in times:
        anchor = "end" if time == times[-1] and len(times) > 1 else "middle"
        words = f"{time} ms" if time == times[-1] else str(time)
        drawn.append(element("text", words, x=across(time), y=base + 18, text_anchor=anchor, class_="soft"))
    return drawn


def _budget(down: Any) -> list[Markup]:
    y = down(BUDGET_MS)
    return [
        element("path", d=f"M{LEFT} {y:.1f}H{WIDTH - RIGHT}", class_="budget"),
        element("text", f"budget {BUDGET_MS} ms", x=LEFT + 6, y=y - 6, class_="bad"),
    ]


def _line(index: int, line: Series, across: Any, down: Any) -> list[Markup]:
    colour, dash = COLOURS[index % len(COLOURS)], DASHES[index % len(DASHES)]
    places = [(across(time), down(value)) for time, value in sorted(line.points.items())]
    style = f"fill:none;stroke:{colour};stroke-width:2.5;stroke-dasharray:{dash or 'none'}"
    drawn = [element("polyline", points=" ".join(f"{x:.1f},{y:.1f}" for x, y in places), style=style)]
    drawn += [element("circle", cx=round(x, 1), cy=round(y, 1), r=3.5, style=f"fill:{colour}") for x, y in places]
    # The key, two names in a row.
    x, y = LEFT + (index % 2) * 320, HEIGHT - BOTTOM + 46 + (index // 2) * 24
    drawn.append(element("path", d=f"M{x} {y - 4}h34", style=style))
    drawn.append(element("text", line.name, x=x + 42, y=y))
    return drawn


def histogram_chart(counts: Mapping[int, int], *, name: str, title: str, unit: str) -> Markup:
    """Return bars of how many intents took how much, with the counts above them; `unit` is below the axis."""
    width, height, base, top = 420, 240, 184, 30
    most = max(counts.values(), default=1) or 1
    numbers = range(min(counts, default=0), max(counts, default=0) + 1)
    slot = (width - 20) / len(numbers)
    drawn = [element("path", d=f"M10 {base}H{width - 10}", class_="axis")]
    for index, taken in enumerate(numbers):
        count = counts.get(taken, 0)
        tall = (base - top) * count / most
        x = 10 + index * slot
        thick = min(slot * 0.7, 60)
        if count:
            at = round(x + (slot - thick) / 2, 1)
            tall = max(tall, 1.5)
            drawn.append(
                element(
                    "rect", x=at, y=round(base - tall, 1), width=round(thick, 1), height=round(tall, 1), class_="bar"
                )
            )
        middle = round(x + slot / 2, 1)
        if len(numbers) <= 12:
            drawn.append(element("text", f"{count:,}", x=middle, y=round(base - tall - 6, 1), text_anchor="middle"))
        if len(numbers) <= 24 or index % (len(numbers) // 12) == 0:
            drawn.append(element("text", str(taken), x=middle, y=base + 18, text_anchor="middle", class_="soft"))
    drawn.append(element("text", unit, x=width / 2, y=base + 42, text_anchor="middle", class_="soft"))
    told = ", ".join(f"{taken}: {count:,}" for taken, count in sorted(counts.items()))
    return _svg(name, width, height, title, told, drawn, "bars")


def _svg(name: str, width: int, height: int, title: str, told: str, drawn: Sequence[Markup], class_: str) -> Markup:
    """Return an image with a name and a description for those who do not see it."""
    head = [element("title", title, id=f"{name}-title"), element("desc", told, id=f"{name}-desc")]
    return element(
        "svg",
        [*head, *drawn],
        viewBox=f"0 0 {width} {height}",
        role="img",
        aria_labelledby=f"{name}-title {name}-desc",
        class_=class_,
    )
