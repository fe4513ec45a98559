"""The `bidir` command line."""

from bidir.cli.app import app, main

__all__ = ["app", "main"]
