"""Edits made elsewhere: listen, put events in order, repair in one transaction."""

from bidir.following.follower import Follower
from bidir.following.sequence import Sequencer, Step

__all__ = ["Follower", "Sequencer", "Step"]
