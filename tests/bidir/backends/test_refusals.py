"""Faults placed in an embedded lake reach the engine as the errors that the same faults are over HTTP."""

import pytest

from bidir.backends import LakeBackend
from bidir.errors import RateLimited, Refused, Unavailable, UnknownOutcome
from lakesim import Lake


@pytest.mark.parametrize(
    ("effect", "error"),
    [
        ({"status": 429, "retryAfter": 7}, RateLimited),
        ({"status": 500}, Unavailable),
        ({"status": 503}, Unavailable),
        ({"drop": "before"}, UnknownOutcome),
        ({"drop": "after"}, UnknownOutcome),
        ({"status": 400}, Refused),
    ],
)
def test_an_outage_is_no_refusal(effect, error):
    """An injected 503 was `Refused`, so that nobody tried again."""
    lake = Lake(seed=0)
    backend = LakeBackend(lake.dataset("production"))
    lake.faults.add({"effect": effect})
    with pytest.raises(error) as raised:
        backend.commit([{"create": {"_type": "book"}}], transaction_id=None)
    assert type(raised.value) is error
    assert getattr(raised.value, "retry_after", 7) == 7
