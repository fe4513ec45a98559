"""What an update of a reference costs in time beside a plain write, by round-trip time, in virtual time."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Final

from bidir.conformance.lakes import EmbeddedLake
from bidir.conformance.latency import ROUND_TRIPS_MS
from bidir.conformance.latency_cases import CASES
from bidir.conformance.latency_play import Player, Sample
from bidir.conformance.playing import EngineFactory

__all__ = ["Added", "measure_added"]

KIND: Final = "one-to-one"
"""The requirement's own pair: one book, one author."""
UPDATES: Final = tuple(case for case in CASES if case.kind == KIND and case.documents > 1)


@dataclass(frozen=True, slots=True)
class Added:
    """Milliseconds added at one round-trip time, the dearest of the pair's updates each.

    `in_a_form` is None for an engine that has no form; `overtaken` is with somebody else faster once. `done` says
    whether the engine carried out every update.
    """

    rtt_ms: int
    in_a_form: float | None
    alone: float
    overtaken: float
    done: bool


def measure_added(engine_factory: EngineFactory) -> list[Added]:
    """Play every update of book and author, set, clear, replaced and taken from others, at every round-trip time."""
    player = Player(engine_factory, EmbeddedLake)
    return [_row(player, time) for time in ROUND_TRIPS_MS]


def _row(player: Player, time: int) -> Added:
    warm = [sample for case in UPDATES if (sample := player.warm(case, "drafts", time)) is not None]
    alone = [player.cold(case, "drafts", time) for case in UPDATES]
    rivalled = [player.cold(case, "drafts", time, rivals=1) for case in UPDATES]
    done = not any(sample.error or not sample.writes for sample in [*warm, *alone])
    return Added(time, _dearest(warm) if warm else None, _dearest(alone), _dearest(rivalled), done)


def _dearest(samples: Sequence[Sample]) -> float:
    return round(max(sample.added_ms for sample in samples), 1)
