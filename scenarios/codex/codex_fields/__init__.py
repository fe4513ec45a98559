"""Reference fields between codices, typed by templates, two-way in the lake; README.md is beside this package."""

from codex_fields.cache import CACHE_SECONDS, ReferenceCache
from codex_fields.definitions import MAX_DEPTH_DEFAULT, ReferenceField, Template
from codex_fields.errors import (
    BadValueError,
    ChainTooDeepError,
    CircularReferenceError,
    CodexError,
    CreateNotAllowedError,
    NotLinkedError,
    ReorderNotAllowedError,
    RequiredFieldError,
    TemplateError,
    TooFewItemsError,
    TooManyItemsError,
    UnknownCodexError,
    UnknownFieldError,
    UnknownTemplateError,
    WrongTemplateError,
)
from codex_fields.feed import RelationshipEvent, RelationshipFeed
from codex_fields.lake_schema import lake_schema, schema_types
from codex_fields.links import Link
from codex_fields.picker import Picker
from codex_fields.problems import Problem
from codex_fields.relationships import CodexSummary, Relationship
from codex_fields.templates import TEMPLATE_FILE, Templates, load_templates
from codex_fields.workspace import CANDIDATES_LIMIT, Workspace

__all__ = [
    "CACHE_SECONDS",
    "CANDIDATES_LIMIT",
    "MAX_DEPTH_DEFAULT",
    "TEMPLATE_FILE",
    "BadValueError",
    "ChainTooDeepError",
    "CircularReferenceError",
    "CodexError",
    "CodexSummary",
    "CreateNotAllowedError",
    "Link",
    "NotLinkedError",
    "Picker",
    "Problem",
    "ReferenceCache",
    "ReferenceField",
    "Relationship",
    "RelationshipEvent",
    "RelationshipFeed",
    "ReorderNotAllowedError",
    "RequiredFieldError",
    "Template",
    "TemplateError",
    "Templates",
    "TooFewItemsError",
    "TooManyItemsError",
    "UnknownCodexError",
    "UnknownFieldError",
    "UnknownTemplateError",
    "Workspace",
    "WrongTemplateError",
    "lake_schema",
    "load_templates",
    "schema_types",
]
