"""The course of one run as data: who does what when, in which weather; drawn from a seed, and smaller on request."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from random import Random
from typing import Any, Literal, TypeAlias

from bidir.conformance.machines_kinds import Kind
from bidir.conformance.simulation.chaos import DIALS, Dials, Fault
from bidir.conformance.simulation.kinds import KIND_NAMES, POLICY_KIND_NAMES, is_live, kind_named
from bidir.conformance.simulation.network import Window
from bidir.refs import DRAFTS, PUBLISHED

__all__ = ["LENGTHS", "RELEASE", "Act", "Course", "Length", "Move", "draw_course"]

Move: TypeAlias = Literal[
    "set",
    "unset",
    "add",
    "remove",
    "text",
    "create",
    "publish",
    "unpublish",
    "discard",
    "delete",
    "create_version",
    "publish_release",
]

RELEASE = "r1"
"""The one release of a run that has one."""

_EDITS: tuple[Move, ...] = ("set", "set", "set", "set", "unset", "text")
_LIST_EDITS: tuple[Move, ...] = ("add", "add", "add", "remove", "remove", "text")
_LIFE: tuple[Move, ...] = ("publish", "publish", "publish", "discard", "unpublish", "delete", "create")
_RELEASE_LIFE: tuple[Move, ...] = ("create_version", "discard", "publish_release")


POLICY_SHARE = 0.25
"""How many of the courses are about a kind in which halves may have to wait."""


@dataclass(frozen=True, slots=True)
class Length:
    """How much happens in one run; `seconds` is the virtual time in which the acts begin."""

    acts: int
    seconds: float


LENGTHS: dict[str, Length] = {"short": Length(10, 3.0), "long": Length(30, 20.0)}


@dataclass(frozen=True, slots=True)
class Act:
    """One thing that somebody does.

    `number` names it for good; `at` is the virtual second it begins (or later, if its actor is busy); `actor` an editor
    ("editor 1"), who goes through an engine, or "script", who does not; `form`: in an open form; `live`: what it is
    about is edited live.
    """

    number: int
    actor: str
    at: float
    move: Move
    group: str
    layer: str = "drafts"
    field: str = ""
    target: str = ""
    form: bool = False
    live: bool = False

    @property
    def home(self) -> str:
        """The layer that is written: a document edited live has no draft (E8.17)."""
        return PUBLISHED if self.live and self.layer == DRAFTS else self.layer

    def told(self) -> str:
        """Return the act in words."""
        if self.move in ("set", "add"):
            what = f"{self.group}.{self.field} {':=' if self.move == 'set' else '+='} {self.target}"
        elif self.move in ("unset", "remove"):
            what = f"{self.group}.{self.field} {':= nothing' if self.move == 'unset' else f'-= {self.target}'}"
        elif self.move == "text":
            what = f"a text of {self.group}"
        elif self.move == "publish_release":
            return f"publish_release({RELEASE})"
        else:
            what = f"{self.move} {self.group}"
        return f"{what} in {self.layer}{' (in a form)' if self.form else ''}"


@dataclass(frozen=True, slots=True)
class Course:
    """Everything that decides a run; `faults` None: whatever the seed brings, else exactly these.

    `given` lists the stored ids that exist at the start; `old_worker`: the last worker has an older configuration.
    """

    seed: str
    kind: str
    weather: str
    given: tuple[str, ...]
    acts: tuple[Act, ...]
    windows: tuple[Window, ...] = ()
    workers: int = 2
    restarts: tuple[tuple[str, float], ...] = ()
    old_worker: bool = False
    faults: frozenset[Fault] | None = None

    @property
    def dials(self) -> Dials:
        """How rough the run is."""
        return DIALS[self.weather]

    @property
    def seconds(self) -> float:
        """When the last act begins."""
        return max((act.at for act in self.acts), default=0.0)

    @property
    def editors(self) -> tuple[str, ...]:
        """The editors, in order."""
        return tuple(sorted({act.actor for act in self.acts} - {"script"}))


def draw_course(
    seed: str,
    *,
    abilities: frozenset[str],
    length: str = "short",
    kind: str | None = None,
    weather: str | None = None,
    policy_share: float = POLICY_SHARE,
) -> Course:
    """Draw a course from `seed`; what the engine has no ability for ("follow", "publish", …) is left out.

    `policy_share` of the courses are about a kind in which halves may have to wait, unless `kind` names one.
    """
    chance = Random(seed)
    found = kind_named(kind or _draw_kind(chance, seed, policy_share))
    drawn_weather = weather or chance.choice(tuple(DIALS))
    releases = "create_version" in abilities and chance.random() < 0.25
    layers = ["drafts"] * 5 + ["published"] * 4 + ([RELEASE] * 4 if releases else [])
    follows = "follow" in abilities
    editors = [f"editor {number}" for number in range(1, chance.choice((2, 2, 3)) + 1)]
    actors = editors * 3 + (["script"] * 2 if follows else [])
    size = LENGTHS[length]
    moments = sorted(chance.random() * size.seconds for _ in range(size.acts))
    acts = [
        _draw_act(chance, number, moment, chance.choice(actors), found, layers, abilities)
        for number, moment in enumerate(moments, 1)
    ]
    workers = chance.choice((1, 2, 2)) if follows else 0
    return Course(
        seed,
        found.name,
        drawn_weather,
        _draw_given(chance, found),
        tuple(acts),
        _draw_windows(chance, found, [*editors, "worker 1"], size.seconds),
        workers,
        tuple(
            (f"worker {number}", chance.random() * size.seconds)
            for number in range(1, workers + 1)
            if chance.random() < 0.3
        ),
        old_worker=workers == 2 and found.name == "one-to-one" and chance.random() < 0.2,
    )


def _draw_kind(chance: Random, seed: str, policy_share: float) -> str:
    """Draw the kind; whether it is one with policies changes nothing else that the seed decides."""
    plain = chance.choice(KIND_NAMES)
    other = Random(f"{seed}/kind")
    return other.choice(POLICY_KIND_NAMES) if other.random() < policy_share else plain


def _draw_act(
    chance: Random,
    number: int,
    moment: float,
    actor: str,
    kind: Kind,
    layers: Sequence[str],
    abilities: frozenset[str],
) -> Act:
    groups = list(kind.type_of)
    group, layer = chance.choice(groups), chance.choice(layers)
    fields = [end for relation in kind.relations for end in (relation.left, relation.right)]
    field = chance.choice(sorted({name for owner, name in fields if owner == kind.type_of[group]}))
    target = chance.choice(sorted(_targets(kind, group, field)))
    life: tuple[Move, ...] = _LIFE if layer in ("drafts", "published") else _RELEASE_LIFE
    life = tuple(move for move in life if move in abilities or move == "create")
    if actor == "script":
        life = tuple(move for move in life if move not in ("create_version", "publish_release"))
    moves: Sequence[Move] = _LIST_EDITS if _many(kind, group, field) else _EDITS
    if life and chance.random() < 0.3:
        moves = life
    move = chance.choice(list(moves))
    form = actor != "script" and "form" in abilities and move in (*_EDITS, *_LIST_EDITS) and chance.random() < 0.25
    if move in ("publish", "discard") and layer == "published":
        layer = "drafts"
    if move in ("unpublish", "delete"):
        layer = "published"
    live = is_live(kind, group)
    if live and actor == "script":
        # To take it offline is to delete it, and a script that gives it a draft does not know the Studio.
        layer, move = PUBLISHED, {"publish": "text", "unpublish": "delete", "discard": "text"}.get(move, move)  # type: ignore[assignment]
    return Act(number, actor, round(moment, 3), move, group, layer, field, target, form, live)


def _draw_given(chance: Random, kind: Kind) -> tuple[str, ...]:
    given: list[str] = []
    for group in kind.type_of:
        drawn = chance.choice(([group], [group], [f"drafts.{group}"], [group, f"drafts.{group}"]))
        given += [group] if is_live(kind, group) else drawn
    return tuple(given)


def _draw_windows(chance: Random, kind: Kind, actors: Sequence[str], seconds: float) -> tuple[Window, ...]:
    """Let some of the actors lose the right to write some of the documents for a while, in some of the runs."""
    if chance.random() > 0.25:
        return ()
    windows = []
    for _ in range(chance.choice((1, 2))):
        start = chance.random() * seconds
        length = chance.random() * seconds
        windows.append(Window(chance.choice(list(actors)), chance.choice(list(kind.type_of)), start, start + length))
    return tuple(windows)


def _targets(kind: Kind, group: str, field: str) -> tuple[str, ...]:
    for relation in kind.relations:
        for end, other in ((relation.left, relation.right), (relation.right, relation.left)):
            if end == (kind.type_of[group], field):
                return kind.groups[other[0]]
    raise KeyError(field)


def _many(kind: Kind, group: str, field: str) -> bool:
    end = (kind.type_of[group], field)
    return any(
        (relation.left == end and relation.left_many) or (relation.right == end and relation.right_many)
        for relation in kind.relations
    )


def without(course: Course, **changes: Any) -> Course:
    """Return the course with other parts (`acts=…`, `faults=…`)."""
    return replace(course, **changes)


def given_documents(course: Course) -> list[Mapping[str, Any]]:
    """Return the documents that exist at the start, without links."""
    kind = kind_named(course.kind)
    out: list[Mapping[str, Any]] = []
    for stored in course.given:
        group = stored.removeprefix("drafts.")
        out.append({"_id": stored, "_type": kind.type_of[group], "title": f"{stored} as given"})
    return out
