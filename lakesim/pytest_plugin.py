"""Pytest fixtures for code that talks to Sanity."""
