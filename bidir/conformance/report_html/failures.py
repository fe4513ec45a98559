"""A failure on the page: its story, the documents before and after as a graph and as text, and how to play it again."""

from __future__ import annotations

from bidir.conformance.parts import Failure, PartResult
from bidir.conformance.pictures import picture_text
from bidir.conformance.report_html.graph import graph
from bidir.conformance.report_html.markup import Markup, element, identifier

__all__ = ["failure_article", "failures_section"]


def failures_section(parts: list[PartResult]) -> list[Markup]:
    """Return every failure, part by part."""
    out = []
    for part in parts:
        for number, failure in enumerate(part.failures, 1):
            out.append(failure_article(part, failure, identifier("failure", part.name, str(number))))
    return out


def failure_article(part: PartResult, failure: Failure, name: str) -> Markup:
    """Return one failure under its own heading."""
    inside = [element("h3", f"{part.name}: {failure.name}"), element("pre", failure.text, tabindex="0")]
    if failure.picture is not None:
        drawn = graph(failure.picture, name)
        if drawn is not None:
            words = (
                f"The documents of each layer before and after {failure.picture.moment}. Arrows are references, thick "
                "if strong, dashed if nothing points back; a dashed circle is a published document seen from there, "
                "a thick one has changed."
            )
            inside.append(element("figure", [drawn, element("figcaption", words)]))
        inside.append(element("pre", picture_text(failure.picture), tabindex="0"))
    if failure.scenario:
        inside.append(element("p", ["As a scenario: ", element("code", failure.scenario)]))
    if failure.replay:
        inside.append(element("p", ["Play it again: ", element("code", failure.replay)]))
    return element("article", inside, id=name)
