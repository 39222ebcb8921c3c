"""Proofs of the promises: a model of the whole life, and a judge of concurrent histories."""
