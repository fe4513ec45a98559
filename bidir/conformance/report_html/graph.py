"""A small graph of a failure: every layer's documents on a line, references as arcs, one graph before, one after.

References that point there and back make a leaf; one that nothing answers stands out, dashed.
"""

from __future__ import annotations

from collections.abc import Mapping

from bidir.conformance.pictures import Picture, Pointer, same_document
from bidir.conformance.report_html.markup import Markup, element

__all__ = ["graph"]

STEP, BAND, MARGIN, RADIUS = 104, 144, 66, 24
HEAD = 34
"""Pixels: between two documents, per layer, at the sides, of a document, above the first layer."""
LEAST = 0.75
"""How much smaller than drawn it may become before it scrolls instead."""
GROUPS_MAX = 8
"""Documents that a graph can show; a picture with more is text only."""


def graph(picture: Picture, name: str) -> Markup | None:
    """Return the graph before and the one after, None for a picture with nothing in it or too much."""
    if not 0 < len(picture.groups) <= GROUPS_MAX:
        return None
    return element("div", [_side(picture, name, late=late) for late in (False, True)], class_="side")


def _side(picture: Picture, name: str, *, late: bool) -> Markup:
    width = 2 * MARGIN + STEP * (len(picture.groups) - 1)
    height = HEAD + BAND * len(picture.layers)
    words = "after" if late else "before"
    name = f"{name}-{words}"
    drawn = [
        element("title", f"Documents {words} {picture.moment}", id=f"{name}-title"),
        element("desc", _told(picture, late=late), id=f"{name}-desc"),
        element("text", words, x=width / 2, y=16, text_anchor="middle", class_="soft"),
    ]
    for row, layer in enumerate(picture.layers):
        middle = HEAD + BAND * row + BAND / 2 + 6
        places = {group: MARGIN + STEP * column for column, group in enumerate(picture.groups)}
        drawn += _band(picture, layer, places, middle, late=late)
    image = element(
        "svg",
        drawn,
        viewBox=f"0 0 {width} {height}",
        role="img",
        aria_labelledby=f"{name}-title {name}-desc",
        style=f"max-width:{width * 1.2:.0f}px;min-width:{width * LEAST:.0f}px",
    )
    return element("div", image, class_="wide", tabindex="0", role="region", aria_label=f"Documents {words}")


def _told(picture: Picture, *, late: bool) -> str:
    """Return what the graph shows, in words."""
    said = []
    for layer in picture.layers:
        stored = ", ".join(picture.documents(layer, after=late)) or "nothing"
        pointers = picture.pointers(layer, after=late)
        arrows = ", ".join(
            f"{one.source} points at {one.target}{'' if one.mutual else ', which does not point back'}"
            for one in pointers
        )
        said.append(f"{layer}: {stored}{f'; {arrows}' if arrows else ''}")
    return ". ".join(said)


def _band(picture: Picture, layer: str, places: Mapping[str, float], middle: float, *, late: bool) -> list[Markup]:
    drawn = [element("text", layer, x=6, y=middle - BAND / 2 + 14, class_="soft")]
    stored, other = (picture.documents(layer, after=after) for after in (late, not late))
    published = picture.documents("published", after=late)
    for pointer in picture.pointers(layer, after=late):
        if pointer.source in places and pointer.target in places:
            drawn += _arc(pointer, places[pointer.source], places[pointer.target], middle)
    for group, x in places.items():
        if group in stored or group in published:
            kind = "node" if group in stored else "node inherited"
            if late and group in stored and not same_document(stored[group], other.get(group)):
                kind += " changed"
            drawn.append(element("circle", cx=x, cy=middle, r=RADIUS, class_=kind))
            drawn.append(element("text", _short(group), x=x, y=middle + 4.5, text_anchor="middle"))
        elif any(pointer.target == group for pointer in picture.pointers(layer, after=late)):
            drawn.append(
                element("text", f"no {_short(group)}", x=x, y=middle + 4.5, text_anchor="middle", class_="bad")
            )
    return drawn


def _arc(pointer: Pointer, start: float, end: float, middle: float) -> list[Markup]:
    """Draw a reference: above the line to the right, below it to the left, so that a pair makes a leaf."""
    kind = "" if pointer.mutual or pointer.source == pointer.target else " lonely"
    strong = "" if pointer.weak else " strong"
    if start == end:
        path = f"M{start - 10} {middle - RADIUS + 2}c-20 -36 40 -36 20 0"
        return [
            element("path", d=path, class_=f"arrow{strong}{kind}"),
            _tip(start + 10, middle - RADIUS + 2, 0, 1, kind),
        ]
    side = -1 if end > start else 1
    bow = min(BAND / 2 - 22, 26 + 0.14 * abs(end - start)) * side
    lean = 12 if end > start else -12
    x1, x2 = start + lean, end - lean
    y = middle + side * (RADIUS - 3)
    path = f"M{x1:.1f} {y:.1f}Q{(x1 + x2) / 2:.1f} {y + 2 * bow * 0.62:.1f} {x2:.1f} {y:.1f}"
    down, along = -side * 0.62 * 2 * abs(bow), (x2 - x1) / 2
    return [element("path", d=path, class_=f"arrow{strong}{kind}"), _tip(x2, y, along, down, kind)]


def _tip(x: float, y: float, along: float, down: float, kind: str) -> Markup:
    """Draw the head of an arrow that arrives at (x, y) in direction (along, down)."""
    length = (along * along + down * down) ** 0.5
    ux, uy = along / length, down / length
    points = [
        (x, y),
        (x - 10 * ux - 4.5 * uy, y - 10 * uy + 4.5 * ux),
        (x - 10 * ux + 4.5 * uy, y - 10 * uy - 4.5 * ux),
    ]
    said = "L".join(f"{px:.1f} {py:.1f}" for px, py in points)
    return element("path", d=f"M{said}Z", class_=f"tip{kind}")


def _short(group: str) -> str:
    return group if len(group) <= 8 else f"{group[:7]}…"
