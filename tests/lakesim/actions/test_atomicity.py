"""A request is whole: with one refused action nothing of it remains, and nobody sees it half done."""

from concurrent.futures import ThreadPoolExecutor
from typing import Any

import pytest
from hypothesis import given, settings

from lakesim import ActionError, Lake, LakeError
from lakesim.lake import Dataset
from lakesim.testing.action_strategies import Situation, action_lists

SITUATION = Situation(
    present=frozenset({"a", "drafts.b", "versions.r1.a", "_.releases.r1"}),
    states={"r1": "active"},
    times=("2099-01-01T00:00:00Z", "2001-01-01T00:00:00Z"),
)
MISSING = {"actionType": "sanity.action.document.version.discard", "versionId": "drafts.nowhere"}


def action(name: str, **fields: Any) -> dict[str, Any]:
    return {"actionType": f"sanity.action.{name}", **fields}


def furnished() -> Dataset:
    dataset = Lake(seed=0).dataset("production")
    dataset.mutate([{"create": {"_id": key, "_type": "author"}} for key in ("a", "drafts.b", "versions.r1.a")])
    dataset.actions([action("release.create", releaseId="r1")])
    return dataset


@settings(deadline=None)
@given(action_lists(SITUATION))
def test_one_refused_action_takes_all_before_it_along(actions):
    dataset = furnished()
    before, count, now = list(dataset.documents()), len(dataset.log()), dataset.clock.now()
    with pytest.raises(ActionError):
        dataset.actions([*actions, MISSING])
    assert (list(dataset.documents()), len(dataset.log()), dataset.clock.now()) == (before, count, now)


@settings(deadline=None)
@given(action_lists(SITUATION))
def test_a_dry_run_is_the_real_run_without_effect(actions):
    dataset = furnished()
    before, count, now = list(dataset.documents()), len(dataset.log()), dataset.clock.now()
    tried = outcome(dataset, actions, dry_run=True)
    assert (list(dataset.documents()), len(dataset.log()), dataset.clock.now()) == (before, count, now)
    assert outcome(dataset, actions, dry_run=False) == tried


def outcome(dataset: Dataset, actions: list[dict[str, Any]], *, dry_run: bool) -> dict[str, Any]:
    try:
        return dataset.actions(actions, dry_run=dry_run)
    except LakeError as error:
        return error.body()


def test_releases_published_by_several_threads_do_not_mix():
    dataset = Lake(seed=0).dataset("production")
    names = [f"r{number}" for number in range(8)]

    def publish(name: str) -> None:
        version = {"_id": f"versions.{name}.{name}", "_type": "t"}
        making = action("document.version.create", publishedId=name, document=version)
        dataset.actions([action("release.create", releaseId=name), making])
        dataset.actions([action("release.publish", releaseId=name)])

    with ThreadPoolExecutor(max_workers=4) as pool:
        list(pool.map(publish, names))
    assert all(dataset.get(name) is not None for name in names)
    steps = [row.changes[-1].document_id for row in dataset.log() if row.changes[-1].before is not None]
    # Four transactions each, one behind the other: between them the lake lets nobody in.
    assert len(steps) == 4 * len(names)
    assert all(len(set(steps[start : start + 4])) == 1 for start in range(0, len(steps), 4))
