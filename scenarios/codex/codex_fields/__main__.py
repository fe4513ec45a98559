"""`python -m codex_fields`."""

from codex_fields.cli import main

main()
