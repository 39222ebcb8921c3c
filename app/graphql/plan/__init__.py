"""Compiled plans: a validated operation turned into tables that are walked for every request.

graphql-core decides everything again for every field of every request. A plan decides it once per
document: which fields there are, in which order, under which name, who resolves them and what a
null does. What is left for the request is getattr, a type test and a dict assignment.

    operations   the plan of one operation, one variant per value of its @skip/@include variables
    selections   the fields of one object, in order, and what each type makes of a value
    fields       how one field gets its value: attribute, resolver, or Strawberry's own wrapper
    arguments    literals once, variables once per run, python values as Strawberry converts
    inputs       that conversion, with names and types looked up once
    joining      a list read with what belongs to its items, and answered straight from the rows
    positions    places in the answer: completing a value there, and what a failure there nulls
    run          one execution: what is still awaited, errors, null propagation
"""
