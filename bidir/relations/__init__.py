"""The declared relations of a schema: which field of which document type answers which."""

from bidir.relations.model import DocumentType, Field, Relation
from bidir.relations.schema import Schema

__all__ = ["DocumentType", "Field", "Relation", "Schema"]
