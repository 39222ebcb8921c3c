"""Handoffs: raised, claimed, and read as record and content."""
