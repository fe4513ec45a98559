"""Taking over existing data: audit and repair of exports, and of lakes, larger than memory."""

from bidir.adoption.audit import ExportAudit, audit_export, opened
from bidir.adoption.fetching import FetchError, fetch_export
from bidir.adoption.lakes import LakeReport, repair_lake
from bidir.adoption.lines import ExportError
from bidir.adoption.repair import ExportReport, repair_export
from bidir.adoption.tables import TablesError

__all__ = [
    "ExportAudit",
    "ExportError",
    "ExportReport",
    "FetchError",
    "LakeReport",
    "TablesError",
    "audit_export",
    "fetch_export",
    "opened",
    "repair_export",
    "repair_lake",
]
