"""Text patches: how hunks are read, where they land, and what happens when they fit nowhere."""

from typing import Any
from urllib.parse import quote

import pytest
from freezegun import freeze_time
from hypothesis import example, given
from hypothesis import strategies as st

from lakesim.errors import InvalidValueError
from lakesim.patch.text import DIFF_CELLS_MAX, KEPT_CHARACTERS_MAX, LINES_MAX, Hunk, apply_hunks, parse_hunks

SAFE = "!~*'();/?:@&=+$,# "
WORDS = st.sampled_from(["a", "dog ", "é", "日本", "🎈", "%", "\n", "x" * 20])
TEXTS = st.lists(WORDS, max_size=12).map("".join)


def hunk(before: str, at: int, old: str, new: str, *, context: int = 4, shift: int = 0) -> str:
    """The text of a patch that replaces `old` at `at` by `new`, counted in UTF-8 bytes as the service does.

    `shift` is by how many bytes earlier hunks have moved the place.
    """
    head, tail = before[max(0, at - context) : at], before[at + len(old) : at + len(old) + context]
    start = len(before[: at - len(head)].encode()) + shift
    lines = [(" ", head), ("-", old), ("+", new), (" ", tail)]
    sides = []
    for part in (old, new):
        size = len((head + part + tail).encode())
        sides.append(f"{start + 1 if size else start},{size}")
    body = "".join(f"{sign}{quote(text, safe=SAFE)}\n" for sign, text in lines if text)
    return f"@@ -{sides[0]} +{sides[1]} @@\n{body}"


def applied(patch: str, text: str) -> str:
    return apply_hunks(parse_hunks(patch), text)


def test_hunks_are_read() -> None:
    patch = "@@ -1,4 +1,5 @@\n The \n+x\n@@ -10 +11,0 @@\n-%C3%A9\n"
    assert parse_hunks(patch) == (Hunk(0, ((0, "The "), (1, "x"))), Hunk(11, ((-1, "é"),)))


@pytest.mark.parametrize(
    ("patch", "line", "says"),
    [
        ("foo", 1, 'lines start with "@@"'),
        ("+foo", 1, "starts with a header"),
        ("@@ -1,4 @@", 1, "a header reads"),
        ("@@ -1,4 +1,5 @@ extra", 1, "a header reads"),
        (f"@@ -{'9' * 5000},1 +1,1 @@", 1, "a header reads"),
        ("@@ -1,1 +1,1 @@\n-a\n*b", 3, 'lines start with "@@"'),
        ("@@ -1,1 +1,1 @@\n-a%zz", 2, "written %25"),
        ("@@ -1,1 +1,1 @@\n-a%", 2, "written %25"),
        ("@@ -1,1 +1,1 @@\n-%FF", 2, "spell UTF-8"),
        ("@@ -1,1 +1,1 @@\n-%ED%A0%80", 2, "spell UTF-8"),
    ],
)
def test_malformed_text_is_refused_with_line_and_remedy(patch: str, line: int, says: str) -> None:
    with pytest.raises(InvalidValueError, match=f"malformed text patch at line {line}: ") as caught:
        parse_hunks(patch)
    assert says in caught.value.description
    assert len(caught.value.description) < 250


@given(
    st.text(max_size=60)
    | st.lists(st.sampled_from(["@@ -1,2 +3,4 @@", "\n", "+a", "-b", " c", "%41", "%"])).map("".join)
)
def test_any_text_gives_hunks_or_one_clear_error(text: str) -> None:
    try:
        hunks = parse_hunks(text)
    except InvalidValueError as error:
        hunks = ()
        assert "malformed text patch at line" in error.description  # noqa: PT017
    assert isinstance(apply_hunks(hunks, "some text"), str)


@given(TEXTS, st.data())
def test_a_hunk_lands_where_its_bytes_say(text: str, data: Any) -> None:
    at = data.draw(st.integers(0, len(text)))
    old = text[at : at + data.draw(st.integers(0, 5))]
    new = data.draw(TEXTS)
    # As much context as the text has leaves one place only.
    assert applied(hunk(text, at, old, new, context=40), text) == text[:at] + new + text[at + len(old) :]


@given(st.lists(st.sampled_from(["🎈", "é", "日"]), max_size=30).map("".join), st.integers(0, 5))
@example("🎈" * 20, 1)
def test_multibyte_text_before_a_repeated_word_does_not_move_the_place(before: str, which: int) -> None:
    """Byte offsets taken for character offsets once changed a later one of several equal words."""
    text = before + "the dog. " * 6
    at = len(before) + 9 * which + 4
    patch = hunk(text, at, "dog", "cat")
    assert applied(patch, text) == text[:at] + "cat" + text[at + 3 :]


def test_a_second_hunk_is_placed_in_the_text_that_the_first_one_left() -> None:
    """The position of a second hunk counts what the first one added, in bytes: four for a balloon."""
    text = "a dog a dog a dog a dog a dog a dog a dog "
    first = hunk(text, 0, "a", "🎈🎈🎈🎈🎈🎈")
    second = hunk(text, 32, "dog", "cat", shift=23)
    assert applied(first + second, text) == "🎈🎈🎈🎈🎈🎈" + text[1:32] + "cat" + text[35:]


def test_a_hunk_follows_its_context_when_the_text_has_moved() -> None:
    text = "one two three four"
    patch = hunk(text, 8, "three", "3")
    assert applied(patch, "ZERO " + text) == "ZERO one two 3 four"


def test_a_hunk_that_fits_nowhere_is_dropped_and_the_others_apply() -> None:
    text = "one two three four"
    foreign = hunk("completely different words here", 11, "different", "same", context=8)
    assert applied(foreign + hunk(text, 8, "three", "3"), text) == "one two 3 four"


def test_a_position_behind_a_final_deletion_is_not_a_deleted_one() -> None:
    """The patch library's own mapping of positions stops one short: it once left the "x" of a changed text in place."""
    patch = "@@ -1,5 +1,12 @@\n %25\n+and then \n  %25\n- x\n"
    assert applied(patch, "% % x") == "%and then  %"
    assert applied(patch, "% % x% ") == "%and then  %% "


def test_every_long_hunk_is_split_not_the_first_one_only() -> None:
    """The patch library loses count behind the first hunk it splits: the second was once matched whole, inexactly."""
    first = "@@ -5,39 +5,8 @@\n d th\n-en the xdog xand then xthe rabi\n d an\n"
    second = "@@ -29,37 +29,7 @@\n abid\n- d\n og \n-and then rabid dog and then \n"
    changed = "xxand then the xdog xand then xthe rabid and then dog the rabid dog and then rabid dog and therabid n "
    assert applied(first + second, changed) == "xxand thd and then dog the rabidog n "


@pytest.mark.parametrize("start", [0, 5, 10**11])
def test_a_position_outside_the_text_is_no_error(start: int) -> None:
    assert applied(f"@@ -{start},3 +{start},3 @@\n-dog\n+cat\n", "dog") in ("dog", "cat")


def test_no_hunks_leave_the_text() -> None:
    assert applied("", "é") == "é"
    assert applied("\n\n", "é") == "é"


def test_a_long_inexact_deletion_is_dropped_instead_of_compared_for_minutes() -> None:
    """Comparing two long texts has no deadline here (a deadline would read the clock), so it has a size."""
    length = int(DIFF_CELLS_MAX**0.5) + 200
    old = "".join(chr(0x61 + number * 7 % 26) for number in range(length))
    patch = f"@@ -1,{length} +0,0 @@\n-{old}\n"
    text = old[:40] + old[40:-40][::-1] + old[-40:]
    assert applied(patch, text) == text
    assert applied(patch, old) == ""


@pytest.mark.parametrize(
    ("patch", "says"),
    [
        ("\n" * LINES_MAX, f"{LINES_MAX} at most"),
        (f"@@ -1,1 +1,1 @@\n {'x' * (KEPT_CHARACTERS_MAX + 1)}\n+y\n", "characters of context"),
    ],
)
def test_hostile_size_is_refused(patch: str, says: str) -> None:
    with pytest.raises(InvalidValueError, match=says):
        parse_hunks(patch)
    parse_hunks(patch[1:] if patch[0] == "\n" else patch.replace("x", "", 1))


def test_comparisons_have_one_budget_for_all_hunks() -> None:
    """Each hunk once had a budget of its own, so that many bad ones in one patch took minutes."""
    length = int(DIFF_CELLS_MAX**0.5) - 200
    first, second = ("".join(chr(start + number * 7 % 26) for number in range(length)) for start in (0x61, 0x41))
    patch = f"@@ -1,{length} +0,0 @@\n-{first}\n@@ -1,{length + 6} +1,6 @@\n  keep \n-{second}\n"
    worn_first, worn_second = (f"{text[:50]}#{text[51:]}" for text in (first, second))
    assert applied(patch, first + " keep " + second) == " keep "
    assert applied(patch, worn_first + " keep " + second) == " keep "
    assert applied(patch, first + " keep " + worn_second) == " keep "
    assert applied(patch, worn_first + " keep " + worn_second) == " keep " + worn_second


def test_the_order_of_deleting_and_inserting_is_irrelevant() -> None:
    assert parse_hunks("@@ -1,5 +1,5 @@\n a\n+x\n-b\n+y\n-c\n d\n e\n") == (
        Hunk(0, ((0, "a"), (-1, "bc"), (1, "xy"), (0, "d"), (0, "e"))),
    )


def test_the_clock_has_no_say() -> None:
    text = "the rabid dog " * 10
    patch = hunk(text, 4, "rabid", "nice") + hunk(text, 32, "rabid", "calm")
    worn = text.replace("dog", "dgo")
    outcomes = set()
    for moment in ("1970-01-01", "2026-01-01", "2100-01-01"):
        with freeze_time(moment, auto_tick_seconds=3600):
            outcomes.add(applied(patch, worn))
    assert len(outcomes) == 1
