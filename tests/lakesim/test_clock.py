"""The clock: reproducible when seeded, never backwards for transactions, in the service's formats."""

from datetime import UTC, datetime, timedelta, timezone

import pytest
from freezegun import freeze_time
from hypothesis import given
from hypothesis import strategies as st

from lakesim.clock import (
    LATEST,
    SEEDED_START,
    TRANSACTION_TICK,
    Clock,
    format_micros,
    format_millis,
    format_seconds,
    parse_time,
)

instants = st.datetimes(min_value=datetime(1971, 1, 1), max_value=datetime(2100, 1, 1), timezones=st.just(UTC))


@given(st.integers())
def test_the_same_seed_gives_the_same_times_ids_and_keys(seed: int) -> None:
    def run(clock: Clock) -> list[object]:
        return [clock.now(), clock.generate_id(), clock.tick(), clock.generate_key(), clock.generate_id(), clock.tick()]

    assert run(Clock(seed)) == run(Clock(seed))


def test_generated_ids_look_like_the_service_s() -> None:
    clock = Clock(1)
    made = {clock.generate_id() for _ in range(200)}
    assert len(made) == 200
    assert all(len(text) == 22 and text.isalnum() and text.isascii() for text in made)
    key = clock.generate_key()
    assert len(key) == 12
    assert set(key) <= set("0123456789abcdef")


def test_a_seeded_clock_stands_still_until_told_or_ticked() -> None:
    clock = Clock(0)
    assert clock.is_manual
    assert clock.now() == clock.now() == SEEDED_START
    assert clock.upcoming() == SEEDED_START + TRANSACTION_TICK
    assert clock.now() == SEEDED_START, "looking ahead moved the clock"
    assert clock.tick() == clock.now() == SEEDED_START + TRANSACTION_TICK
    assert clock.advance(60) == SEEDED_START + TRANSACTION_TICK + timedelta(minutes=1)


def test_a_clock_without_seed_follows_the_machine_s_and_still_tells_transactions_apart() -> None:
    with freeze_time("2024-02-29T12:00:00Z"):
        clock = Clock()
        assert not clock.is_manual
        assert clock.now() == datetime(2024, 2, 29, 12, tzinfo=UTC)
        ticks = [clock.tick() for _ in range(5)]
    assert ticks == sorted(set(ticks))
    assert ticks[0] == datetime(2024, 2, 29, 12, tzinfo=UTC)


def test_a_fork_gives_what_the_original_would_have_given_and_leaves_it_alone() -> None:
    clock = Clock(3)
    clock.generate_id()
    clock.tick()
    fork = clock.fork()
    foreseen = (fork.generate_id(), fork.generate_key(), fork.tick())
    assert (clock.generate_id(), clock.generate_key(), clock.tick()) == foreseen


def test_ticking_to_an_earlier_instant_does_not_turn_the_clock_back() -> None:
    clock = Clock(0)
    later = clock.advance(10)
    clock.tick(later - timedelta(seconds=5))
    assert clock.now() == later


def test_setting_stops_a_running_clock() -> None:
    clock = Clock()
    clock.set(datetime(2020, 1, 1, 2, tzinfo=timezone(timedelta(hours=2))))
    assert clock.is_manual
    assert clock.now() == datetime(2020, 1, 1, tzinfo=UTC)


def test_misuse_is_named() -> None:
    with pytest.raises(ValueError, match="time zone"):
        Clock(0).set(datetime(2020, 1, 1))
    with pytest.raises(ValueError, match="forward"):
        Clock(0).advance(-1)
    with pytest.raises(RuntimeError, match="seed"):
        Clock().advance(1)


@given(instants)
def test_the_three_formats_parse_back_to_what_they_keep(instant: datetime) -> None:
    assert parse_time(format_micros(instant)) == instant
    assert parse_time(format_millis(instant)) == instant.replace(microsecond=instant.microsecond // 1000 * 1000)
    assert parse_time(format_seconds(instant)) == instant.replace(microsecond=0)
    assert [len(form(instant)) for form in (format_seconds, format_millis, format_micros)] == [20, 24, 27]


@pytest.mark.parametrize("text", ["", "yesterday", "2026-01-01", "2026-01-01T00:00:00", "2026-13-01T00:00:00Z"])
def test_a_malformed_time_is_refused_with_an_example(text: str) -> None:
    with pytest.raises(ValueError, match="2026-01-01T12:00:00Z"):
        parse_time(text)


def test_years_before_1000_have_four_digits_in_every_form():
    # A clock that was set to the year 239 answered with times that no client could read.
    instant = datetime(239, 5, 31, 14, 16, 15, 456522, tzinfo=UTC)
    assert format_seconds(instant) == "0239-05-31T14:16:15Z"
    assert format_millis(instant) == "0239-05-31T14:16:15.456Z"
    assert format_micros(instant) == "0239-05-31T14:16:15.456522Z"


def test_a_clock_cannot_be_moved_to_where_no_transaction_has_room():
    # Set to the last instant of the year 9999, the next transaction failed with an overflow.
    clock = Clock(0)
    clock.set(LATEST)
    clock.tick()
    for move in (lambda: clock.set(datetime.max.replace(tzinfo=UTC)), lambda: clock.advance(1)):
        with pytest.raises(ValueError, match="the clock goes to 9000-01-01T00:00:00Z"):
            move()


def test_what_waits_for_a_later_time_is_called_once_in_order_when_the_clock_gets_there():
    clock, called = Clock(0), []
    for seconds in (3, 1, 2):
        clock.call_later(seconds, lambda seconds=seconds: called.append(seconds))
    clock.advance(0.5)
    assert called == []
    clock.advance(1.5)
    assert called == [1, 2]
    clock.sleep(10)
    assert called == [1, 2, 3]


def test_a_seed_begins_a_clock_anew():
    clock, other = Clock(), Clock(7)
    clock.generate_id()
    clock.generator("faults").random()
    clock.reseed(7)
    assert (clock.now(), clock.generate_id()) == (other.now(), other.generate_id())
    assert clock.generator("faults").random() == other.generator("faults").random()


def test_generators_of_a_seed_differ_by_purpose_and_take_nothing_from_the_ids():
    clock, other = Clock(7), Clock(7)
    assert clock.generator("a").random() != clock.generator("b").random()
    assert clock.generate_id() == other.generate_id()
