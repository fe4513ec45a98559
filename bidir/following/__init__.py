"""Edits made elsewhere: listen, put events in order, repair in one transaction."""

from bidir.following.follower import DEBOUNCE_SECONDS, Follower
from bidir.following.place import CursorStore
from bidir.following.sequence import Sequencer, Step
from bidir.following.warm import WarmDocuments

__all__ = ["DEBOUNCE_SECONDS", "CursorStore", "Follower", "Sequencer", "Step", "WarmDocuments"]
