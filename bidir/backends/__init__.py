"""Lakes the engine can work on."""

from bidir.backends.lake import LakeBackend

__all__ = ["LakeBackend"]
