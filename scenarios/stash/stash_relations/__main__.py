"""`python -m stash_relations`."""

from stash_relations.cli import main

main()
