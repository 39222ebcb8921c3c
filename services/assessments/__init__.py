"""A handoff's assessment: what a model is asked and what of its answer stands, and what is derived
from the timeline without one.

taking      which assessments are asked for, and by whom
prompting   the question: prompt.md, schema.json and the snapshot as data
judging     what of an answer stands: cited, not contradicted, plain, bounded
finishing   what became of it, written once and announced
attaching   what follows from an answer
deriving    what the timeline says by itself

Source: docs/assessment.md.
"""
