"""Keeps two-way reference fields in step on any Content Lake."""
