"""An emulator of Sanity's Content Lake, in process and over HTTP."""

from lakesim.errors import (
    ActionError,
    BadRequestError,
    InvalidRequestBodyError,
    ItemError,
    LakeError,
    MutationError,
    NotSupportedError,
    TransactionAlreadyExistsError,
    TransactionError,
)
from lakesim.lake import Dataset, Lake
from lakesim.limits import Limits
from lakesim.store.choices import LakeChoices

__all__ = [
    "ActionError",
    "BadRequestError",
    "Dataset",
    "InvalidRequestBodyError",
    "ItemError",
    "Lake",
    "LakeChoices",
    "LakeError",
    "Limits",
    "MutationError",
    "NotSupportedError",
    "TransactionAlreadyExistsError",
    "TransactionError",
]
