"""Handoffs: raised, taken, moved on, closed, and read as record and content."""
