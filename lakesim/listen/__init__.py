"""Listeners: who is told about which change, and how."""
