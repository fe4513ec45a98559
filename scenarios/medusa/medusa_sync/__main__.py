"""`python -m medusa_sync`: the sync from the command line."""

from medusa_sync.cli import main

main()
