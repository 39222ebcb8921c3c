"""How long a call for help waits until the first attempt to tell of it has begun.

A real `baton worker`, and vendors on loopback: in calm, beside an account that floods, and beside
one whose vendor fails.
"""
