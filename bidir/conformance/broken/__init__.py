"""Engines broken on purpose, each in one way: what they show is whether the conformance suite has teeth.

Every one is a factory and can be judged like any other engine: `--engine bidir.conformance.broken:no_eviction`.
`bidir.conformance.broken.catalogue` says of each what is wrong and what catches it.
"""

from bidir.conformance.broken.closing import (
    eviction_from_one_end,
    no_clear_of_old_partner,
    no_eviction,
    shared_loop_flag,
)
from bidir.conformance.broken.crude import clears_everything, does_nothing, one_sided
from bidir.conformance.broken.layers import (
    no_co_publish,
    no_follow,
    no_resync,
    no_upward_reconcile,
    self_only_erase,
    whole_document_co_publish,
    write_through_to_live,
)
from bidir.conformance.broken.lists import (
    inverse_items_first,
    random_item_key,
    retry_sends_absolute_lists,
    whole_array_set,
)
from bidir.conformance.broken.locking import (
    create_if_not_exists,
    create_or_replace,
    lock_source_only,
    no_locks,
    two_requests,
)
from bidir.conformance.broken.refusals import (
    busy_is_an_error,
    nameless_transactions,
    slow,
    swallows_403_on_the_source,
    trusts_queries,
)
from bidir.conformance.broken.repairing import repair_with_union
from bidir.conformance.broken.workers import (
    all_or_nothing,
    events_as_they_come,
    forgets_its_place,
    never_gives_up,
    repairs_for_following,
)
from bidir.conformance.broken.writing_too_much import needless_writes, overwrites_text, strong_inverse

__all__ = [
    "all_or_nothing",
    "busy_is_an_error",
    "clears_everything",
    "create_if_not_exists",
    "create_or_replace",
    "does_nothing",
    "events_as_they_come",
    "eviction_from_one_end",
    "forgets_its_place",
    "inverse_items_first",
    "lock_source_only",
    "nameless_transactions",
    "needless_writes",
    "never_gives_up",
    "no_clear_of_old_partner",
    "no_co_publish",
    "no_eviction",
    "no_follow",
    "no_locks",
    "no_resync",
    "no_upward_reconcile",
    "one_sided",
    "overwrites_text",
    "random_item_key",
    "repair_with_union",
    "repairs_for_following",
    "retry_sends_absolute_lists",
    "self_only_erase",
    "shared_loop_flag",
    "slow",
    "strong_inverse",
    "swallows_403_on_the_source",
    "trusts_queries",
    "two_requests",
    "whole_array_set",
    "whole_document_co_publish",
    "write_through_to_live",
]
