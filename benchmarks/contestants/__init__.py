"""The servers that are measured beside each other, each a process of its own.

They take the same request bodies, read and write the same tables as the same database role, and
give the same answers.
"""
