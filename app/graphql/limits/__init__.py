"""What one request may ask, and one caller in a minute; the same over HTTP, streams and sockets.

    bounds      the numbers
    shape       what a document may look like: counted before it is validated
    pricing     what an operation costs, as a formula: made once for each operation
    selections  how: over the operation's selection sets
    sizes       what counts how much; introspection: how much of the schema there is
    amounts     such formulas
    rates       what is left for an engineer and an account
    gate        where all transports ask

Nothing here takes longer than a walk over the document, each fragment once: limits that can be made
to work are an attack themselves. Why it is done so: docs/decisions/0014-limits.md.
"""
