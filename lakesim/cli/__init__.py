"""The command line `lakesim`: ask a dataset, and (as they come) serve, run inside, import and export."""

from lakesim.cli.app import app, main

__all__ = ["app", "main"]
