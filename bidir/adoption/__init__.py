"""Taking over existing data: audit and repair of exports larger than memory."""

from bidir.adoption.audit import ExportAudit, audit_export, opened
from bidir.adoption.lines import ExportError
from bidir.adoption.repair import ExportReport, repair_export
from bidir.adoption.tables import TablesError

__all__ = ["ExportAudit", "ExportError", "ExportReport", "TablesError", "audit_export", "opened", "repair_export"]
