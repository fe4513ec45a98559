"""The whole dataset: audit what is out of step, repair it in batches, heal what waits."""

from bidir.batches import BATCH_DOCUMENTS_MAX, Progress
from bidir.planning.violations import Violation
from bidir.reconcile.healing import drop_healed, heal, heal_and_tell
from bidir.reconcile.repairing import Report, repair
from bidir.reconcile.scanning import audit, waiting

__all__ = [
    "BATCH_DOCUMENTS_MAX",
    "Progress",
    "Report",
    "Violation",
    "audit",
    "drop_healed",
    "heal",
    "heal_and_tell",
    "repair",
    "waiting",
]
