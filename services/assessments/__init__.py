"""What whoever takes a session over begins with, as far as a rule can tell it.

Source: docs/assessment.md.
"""
