"""Vendors to try everything with: they speak the wire formats, and fail when told to."""
