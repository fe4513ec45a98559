"""What the engine answers without writing (who points here, what may be chosen, references in bulk), and link edits."""

from bidir.lookups.cache import CACHE_ENTRIES_MAX, CACHE_SECONDS
from bidir.lookups.candidates import CANDIDATES_DEFAULT, CANDIDATES_MAX
from bidir.lookups.linking import Linker, Wish
from bidir.lookups.lookups import Lookups
from bidir.lookups.paging import PAGE_SIZE_DEFAULT, PAGE_SIZE_MAX, Page
from bidir.lookups.references import REFERENCES_MAX
from bidir.lookups.referring import ORDER_DEFAULT

__all__ = [
    "CACHE_ENTRIES_MAX",
    "CACHE_SECONDS",
    "CANDIDATES_DEFAULT",
    "CANDIDATES_MAX",
    "ORDER_DEFAULT",
    "PAGE_SIZE_DEFAULT",
    "PAGE_SIZE_MAX",
    "REFERENCES_MAX",
    "Linker",
    "Lookups",
    "Page",
    "Wish",
]
