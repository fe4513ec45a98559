"""From a snapshot and an intent to one transaction: pure, total, deterministic."""

from bidir.planning.intent import Step, parse_intent
from bidir.planning.lifecycle import Operation
from bidir.planning.plan import Intent, Plan, plan, plan_aftermath

__all__ = ["Intent", "Operation", "Plan", "Step", "parse_intent", "plan", "plan_aftermath"]
