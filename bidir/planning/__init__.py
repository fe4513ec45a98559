"""From a snapshot and an intent to one transaction: pure, total, deterministic."""

from bidir.planning.intent import Step, parse_intent
from bidir.planning.plan import Intent, Plan, plan

__all__ = ["Intent", "Plan", "Step", "parse_intent", "plan"]
