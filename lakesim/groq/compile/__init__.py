"""Turns a tree into Python source: one function per query, with filters as comprehensions and scopes as variables."""

__all__: list[str] = []
