"""Taking over existing data: audit of exports larger than memory."""

from bidir.adoption.audit import ExportAudit, audit_export, opened
from bidir.adoption.lines import ExportError
from bidir.adoption.tables import TablesError

__all__ = ["ExportAudit", "ExportError", "TablesError", "audit_export", "opened"]
