"""Deterministic simulation: one seeded stage owns time, network, lake, editors and workers; things go wrong."""
