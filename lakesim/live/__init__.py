"""Live content: which answers a change may alter, told by opaque tags (content-lake reference, 4.6 and 5.6)."""

from __future__ import annotations

from lakesim.live.feed import LiveFeed, OnLiveEvent, Subscription
from lakesim.live.reads import Reads

__all__ = ["LiveFeed", "OnLiveEvent", "Reads", "Subscription"]
