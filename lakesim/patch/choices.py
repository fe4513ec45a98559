"""Every point of the patch language that the references leave open, as one switch each with its default.

Rows are those of section 10 of the content-lake reference.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

__all__ = ["OPERATION_ORDER", "Choices"]

OPERATION_ORDER: tuple[str, ...] = ("setIfMissing", "set", "unset", "diffMatchPatch", "inc", "dec", "insert")
"""Row 18: the order in which one patch applies its operations, whatever their order in the request."""


@dataclass(frozen=True, slots=True)
class Choices:
    """What a patch does where the real service's answer is unsure; the defaults are the reference's best guess."""

    operation_order: tuple[str, ...] = OPERATION_ORDER
    """Row 18: see `OPERATION_ORDER`; the old documentation has `set` first. Read when a patch is parsed."""
    nulls_in_arrays: Literal["accept", "refuse"] = "accept"
    """Row 3: whether an array may hold null."""
    arrays_in_arrays: Literal["accept", "refuse"] = "accept"
    """Row 6: whether an array may hold an array."""
    replace_slices: Literal["from one past the end", "from the end"] = "from one past the end"
    """Row 19: what a negative bound counts from in a slice of `insert.replace`; everywhere else it is the end."""
    before_last: Literal["before the last item", "append"] = "before the last item"
    """Row 20: where `insert.before` of `x[-1]` puts its items."""
    insert_without_array: Literal["ignore", "refuse"] = "ignore"
    """Row 21: `insert` where the array is missing or something else."""
    insert_without_match: Literal["ignore", "refuse"] = "ignore"
    """Row 22: `insert` next to an item that is not there."""
    insert_past_end: Literal["append", "ignore"] = "append"
    """`insert` at an index at or after the end: the mutator appends (section 2.3)."""
    attribute_of_array: Literal["map", "ignore"] = "map"
    """Row 23: an attribute of an array means that attribute of each object in it, or nothing."""
    set_at_length: Literal["ignore", "append"] = "ignore"
    """Row 24: `set` of the item just past the end of an array."""
    null_is_missing: bool = True
    """Row 25: whether `setIfMissing` replaces a null."""
    text_patch_without_target: Literal["ignore", "refuse"] = "ignore"
    """Row 26: `diffMatchPatch` of a path that leads nowhere."""
