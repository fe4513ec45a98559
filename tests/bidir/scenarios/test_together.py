"""Several editors at once: all read first, then they commit in order, and every run is the same."""

from __future__ import annotations

from collections.abc import Callable

import pytest

from bidir.conformance.together import play_together


@pytest.mark.parametrize("count", [1, 2, 50])
def test_all_come_to_their_pause_before_the_first_goes_on(count: int) -> None:
    seen: list[tuple[str, int]] = []

    def act_of(number: int) -> Callable[[Callable[[], None]], None]:
        def act(pause: Callable[[], None]) -> None:
            seen.append(("read", number))
            pause()
            seen.append(("commit", number))

        return act

    play_together([act_of(number) for number in range(count)])
    assert seen == [("read", number) for number in range(count)] + [("commit", number) for number in range(count)]


def test_one_that_never_pauses_holds_up_nobody() -> None:
    seen: list[str] = []

    def pausing(pause: Callable[[], None]) -> None:
        pause()
        seen.append("second")

    play_together([lambda pause: seen.append("first"), pausing])
    assert seen == ["first", "second"]


@pytest.mark.parametrize("late", [False, True])
def test_what_one_raises_comes_out_when_all_are_done(late: bool) -> None:
    seen: list[str] = []

    def failing(pause: Callable[[], None]) -> None:
        if late:
            pause()
        raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        play_together([failing, lambda pause: seen.append("other")])
    assert seen == ["other"]
