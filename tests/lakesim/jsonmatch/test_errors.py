"""How a malformed path is shown."""

import pytest

from lakesim.jsonmatch import PathError, parse_path


def error_of(text: str) -> PathError:
    with pytest.raises(PathError) as caught:
        parse_path(text)
    return caught.value


@pytest.mark.parametrize("text", ["a[0", "tags[_key=='x']", "x" * 300 + "-y" + "z" * 300, "a\n.\t#"])
def test_caret_stands_under_the_character_refused(text: str) -> None:
    error = error_of(text)
    _, line, caret = str(error).split("\n")
    column = caret.index("^")
    if error.position < len(text):
        assert line[column] == text[error.position]
    else:
        assert column == len(line)


def test_description_is_one_line_with_place_and_remedy() -> None:
    error = error_of("a[0")
    assert error.description == (
        'Malformed path "a[0": the path ends inside brackets at position 3; close the brackets with ]'
    )


def test_a_long_path_is_shown_in_part() -> None:
    assert len(error_of("x" * 4000 + "-").description) < 300


def test_the_field_that_held_the_path_can_be_named() -> None:
    error = error_of("a[").at("patch.unset[0]")
    assert error.description.startswith('patch.unset[0]: Malformed path "a[":')
    assert (error.path, error.position) == ("a[", 2)


def test_the_service_knows_it_as_a_validation_error() -> None:
    assert error_of("a[").error()["type"] == "validationError"
