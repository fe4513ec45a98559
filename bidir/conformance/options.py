"""What a run of the suite is asked for: which engine, where, how thoroughly, and what part of it."""

from __future__ import annotations

from dataclasses import dataclass, field
from pathlib import Path

from bidir.conformance.engines import OWN_ENGINE
from bidir.conformance.parts import Profile

__all__ = ["MEMORY", "Shard", "SuiteOptions", "scenario_root"]

MEMORY = "memory"
"""The embedded lake, as an option."""


@dataclass(frozen=True, slots=True)
class Shard:
    """Part `number` (from 1) of `count` equal parts of the suite, for several machines."""

    number: int = 1
    count: int = 1

    def takes(self, index: int) -> bool:
        """Whether the unit at `index` (from 0) belongs to this part."""
        return index % self.count == self.number - 1


def scenario_root() -> Path:
    """Return the folder of scenarios: `scenarios` here, else the one beside the package."""
    here = Path("scenarios")
    return here if here.is_dir() else Path(__file__).resolve().parents[2] / "scenarios"


@dataclass(frozen=True, slots=True)
class SuiteOptions:
    """What to judge and how thoroughly; `only` is a pattern on the names of scenarios and parts."""

    engine: str = OWN_ENGINE
    profile: Profile = "default"
    seed: int = 0
    only: str = "*"
    scenarios: Path = field(default_factory=scenario_root)
    lake: str = MEMORY
    """Where to judge it: "memory", or what stands for a served lake on the command line."""
    found_in: Path | None = None
    """The folder that counterexamples are written to; None: `found` among the scenarios."""
    jobs: int = 1
    """Processes that work side by side."""
    shard: Shard = field(default_factory=Shard)
    examples: Path | None = None
    """A folder of failing examples that several processes and machines share."""
    kill_table: bool = False
    """Whether the engines broken on purpose are judged in every profile, not in deep alone."""

    @property
    def found(self) -> Path:
        """The folder that counterexamples are written to."""
        return self.scenarios / "found" if self.found_in is None else self.found_in

    @property
    def replay_options(self) -> str:
        """What a replay command needs beside the file to judge the same engine on the same kind of lake."""
        return self._engine_option + ("" if self.lake == MEMORY else f" --backend {self.lake}")

    @property
    def _engine_option(self) -> str:
        return "" if self.engine == OWN_ENGINE else f" --engine {self.engine}"

    @property
    def judging_options(self) -> str:
        """What `bidir conformance` needs to judge the same engine on the same kind of lake."""
        return self._engine_option + ("" if self.lake == MEMORY else f" --lake {self.lake}")

    def again(self, unit: str) -> str:
        """Return the command that runs one unit of the suite again, for a failure that no file tells."""
        named = f'"{unit}"' if " " in unit else unit
        return f"bidir conformance --only {named} --profile {self.profile} --seed {self.seed}{self.judging_options}"
