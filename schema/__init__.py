"""What a client can say: types, inputs, results, and the three root types.

``schema.schema`` puts them together. Descriptions here are the documentation that clients read.
"""
