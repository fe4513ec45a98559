"""Mutations and patches as values: wire JSON to typed mutations, and their pure application to one document."""

from lakesim.patch.apply import apply_patch
from lakesim.patch.attributes import attributes_of
from lakesim.patch.check import check_document
from lakesim.patch.choices import OPERATION_ORDER, Choices
from lakesim.patch.keys import add_array_keys
from lakesim.patch.model import (
    Create,
    CreateIfNotExists,
    CreateOrReplace,
    Decrement,
    Delete,
    Increment,
    Insert,
    Mutation,
    Operation,
    Patch,
    PatchMutation,
    Selection,
    Set,
    SetIfMissing,
    TextPatch,
    Unset,
)
from lakesim.patch.parse_mutation import parse_mutations
from lakesim.patch.parse_patch import parse_patch
from lakesim.patch.references import Reference, references_in

__all__ = [
    "OPERATION_ORDER",
    "Choices",
    "Create",
    "CreateIfNotExists",
    "CreateOrReplace",
    "Decrement",
    "Delete",
    "Increment",
    "Insert",
    "Mutation",
    "Operation",
    "Patch",
    "PatchMutation",
    "Reference",
    "Selection",
    "Set",
    "SetIfMissing",
    "TextPatch",
    "Unset",
    "add_array_keys",
    "apply_patch",
    "attributes_of",
    "check_document",
    "parse_mutations",
    "parse_patch",
    "references_in",
]
