"""Systems built on the lake and the engine, shown in the terminal step by step: what `bidir demo` runs."""

from bidir.demos.narrator import Narrator
from bidir.demos.registry import DEMO_NAMES, DemoOptions, run_demo
from bidir.demos.stage import Stage, open_stage

__all__ = ["DEMO_NAMES", "DemoOptions", "Narrator", "Stage", "open_stage", "run_demo"]
