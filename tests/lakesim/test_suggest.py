"""Did you mean: what is offered for a misspelt name."""

import pytest

from lakesim.suggest import did_you_mean

KNOWN = ("GET", "POST", "PUT", "PATCH", "getAll")


@pytest.mark.parametrize(
    ("name", "said"),
    [
        ("get", ' Did you mean "GET"?'),
        ("Post", ' Did you mean "POST"?'),
        ("PST", ' Did you mean "POST" or "PUT"?'),
        ("PATH", ' Did you mean "PATCH"?'),
        ("delete", ""),
        ("", ""),
    ],
)
def test_the_nearest_names_are_offered_and_case_is_no_distance(name, said):
    assert did_you_mean(name, KNOWN) == said
