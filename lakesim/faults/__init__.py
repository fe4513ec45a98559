"""Faults on purpose: refusals, delays, lost answers and disturbed event streams, by rules that replay with the seed."""

from lakesim.faults.box import Faults, PlacedRule
from lakesim.faults.effect import Effect
from lakesim.faults.errors import FaultRuleError, InjectedError, LakeUnavailableError
from lakesim.faults.match import Match
from lakesim.faults.rule import FaultRule

__all__ = [
    "Effect",
    "FaultRule",
    "FaultRuleError",
    "Faults",
    "InjectedError",
    "LakeUnavailableError",
    "Match",
    "PlacedRule",
]
