"""Settings of all tests: properties are not judged by the clock."""

from __future__ import annotations

from hypothesis import settings

settings.register_profile("lakesim", deadline=None)
settings.load_profile("lakesim")
