"""Workers spoilt on purpose: each is caught by the scenarios that are about its fault."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from pathlib import Path
from typing import Any

import pytest

from bidir.conformance.loading import load_scenario
from bidir.conformance.runner import layers_of, run_scenario
from bidir.engine import Engine
from bidir.errors import RateLimited, Refused
from bidir.following import Follower, Sequencer
from bidir.ports import Backend, Committed
from bidir.relations import Schema

MUSEUM = Path(__file__).parents[3] / "scenarios" / "museum"

Factory = Callable[[Schema, Backend], Engine]


class _Unordered(Sequencer):
    """Takes every event as it comes."""

    def take(self, event: Mapping[str, Any], now: float) -> list[Any]:
        return [self._step(event)]


class TakesEventsAsTheyCome(Engine):
    def follow(self, **options: Any) -> Follower:
        follower = super().follow(**options)
        follower._sequencer = _Unordered()
        return follower


class ForgetsItsPlace(Engine):
    def follow(self, **options: Any) -> Follower:
        return super().follow()


class NeverGivesUp(Engine):
    def follow(self, **options: Any) -> Follower:
        follower = super().follow(**options)
        follower._count_flips = lambda *_: None  # type: ignore[method-assign]
        return follower


class _Repairer(Follower):
    """Looks at what stands there and not at what happened."""

    def settle(self) -> list[Any]:
        return []


class RepairsInsteadOfFollowing(Engine):
    def follow(self, **options: Any) -> Follower:
        return _Repairer(self.carrier)

    def heal(self) -> Any:
        self.repair(dry_run=False)
        return super().heal()


class FailsAsAWhole(Engine):
    """One document that may not be written fails everything that was handled with it."""

    def follow(self, **options: Any) -> Follower:
        follower = super().follow(**options)
        settle = follower.settle

        def all_or_nothing() -> list[Any]:
            done = settle()
            if any(item.reason == "permission" for outcome in done for item in outcome.pending):
                raise Refused("a document may not be written")
            return done

        follower.settle = all_or_nothing  # type: ignore[method-assign]
        return follower


class _Wrapped:
    """A backend with something changed."""

    def __init__(self, inner: Backend) -> None:
        self._inner = inner

    def __getattr__(self, name: str) -> Any:
        return getattr(self._inner, name)


class _Trusting(_Wrapped):
    consistent_queries = True


class _Impatient(_Wrapped):
    def commit(self, mutations: Sequence[Mapping[str, Any]], *, transaction_id: str | None) -> Committed:
        try:
            return self._inner.commit(mutations, transaction_id=transaction_id)
        except RateLimited as error:
            raise Refused(str(error)) from None


class _Anonymous(_Wrapped):
    def commit(self, mutations: Sequence[Mapping[str, Any]], *, transaction_id: str | None) -> Committed:
        return self._inner.commit(mutations, transaction_id=None)


class _Slow(_Wrapped):
    """Answers each commit only after a second."""

    def commit(self, mutations: Sequence[Mapping[str, Any]], *, transaction_id: str | None) -> Committed:
        self._inner.clock.sleep(1)
        return self._inner.commit(mutations, transaction_id=transaction_id)


def on(wrapped: type[_Wrapped]) -> Factory:
    def factory(schema: Schema, backend: Backend) -> Engine:
        return Engine(schema, wrapped(backend))

    return factory


SABOTAGE: dict[str, tuple[Factory, list[str]]] = {
    "events as they come": (
        TakesEventsAsTheyCome,
        ["076-events-out-of-order", "076b-event-lost"],
    ),
    "no cursor": (ForgetsItsPlace, ["076c-worker-away-while-edits-are-made"]),
    "no quarantine": (NeverGivesUp, ["078b-somebody-undoes-every-write"]),
    "state instead of change": (
        RepairsInsteadOfFollowing,
        ["082-half-removed-by-hand"],
    ),
    "all or nothing": (FailsAsAWhole, ["067b-worker-without-permission-on-one-document"]),
    "queries taken for the truth": (
        on(_Trusting),
        ["079-queries-lag-behind", "079b-index-does-not-know-the-new-document-yet"],
    ),
    "a busy lake is an error": (on(_Impatient), ["080-half-a-minute-of-refusals"]),
    "transactions without a name": (on(_Anonymous), ["080-half-a-minute-of-refusals"]),
    "slow": (on(_Slow), ["080-half-a-minute-of-refusals"]),
}


@pytest.mark.parametrize(("factory", "caught_by"), SABOTAGE.values(), ids=SABOTAGE)
def test_a_spoilt_worker_is_caught_by_the_scenarios_about_its_fault(factory: Factory, caught_by: list[str]) -> None:
    failed = []
    for name in caught_by:
        loaded = load_scenario(MUSEUM / f"{name}.yaml")
        results = [run_scenario(loaded, factory, layer=layer) for layer in layers_of(loaded)]
        if not all(result.passed for result in results) and not any(result.problem for result in results):
            failed.append(name)
    assert failed == caught_by
