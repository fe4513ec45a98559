"""What happened to documents and releases, as the Studio's inspector tells it: events read off the log.

Source: content-lake reference, section 6.2, and the Studio's inventory, section 7.
"""

from __future__ import annotations

from lakesim.activity.document_events import document_events
from lakesim.activity.pages import EVENTS_MAX, page_of
from lakesim.activity.release_events import release_events

__all__ = ["EVENTS_MAX", "document_events", "page_of", "release_events"]
