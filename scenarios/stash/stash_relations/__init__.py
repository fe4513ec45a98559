"""Relationships of a media library, two-way in the lake, with helpers made from its schema; README.md is beside it."""

from stash_relations.client import StashClient
from stash_relations.entity import Entity, Found
from stash_relations.errors import (
    BadValueError,
    MetadataError,
    StashError,
    UnknownIdError,
    UnknownNameError,
    WrongTypeError,
)
from stash_relations.generated import Gallery, Group, GroupDescription, Performer, Scene, Stash, Studio, Tag
from stash_relations.helpers import load_helpers
from stash_relations.library import SCHEMA_FILE, Library
from stash_relations.metadata import (
    RelationshipMetadata,
    check_relationships,
    read_relationships,
    relationship_metadata,
)
from stash_relations.module_text import module_text
from stash_relations.writing import Bulk

__all__ = [
    "SCHEMA_FILE",
    "BadValueError",
    "Bulk",
    "Entity",
    "Found",
    "Gallery",
    "Group",
    "GroupDescription",
    "Library",
    "MetadataError",
    "Performer",
    "RelationshipMetadata",
    "Scene",
    "Stash",
    "StashClient",
    "StashError",
    "Studio",
    "Tag",
    "UnknownIdError",
    "UnknownNameError",
    "WrongTypeError",
    "check_relationships",
    "load_helpers",
    "module_text",
    "read_relationships",
    "relationship_metadata",
]
