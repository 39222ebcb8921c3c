"""The WHERE of a list of which a part is asked for."""

from typing import Any


class Conditions:
    """Only what is asked for, so that a statement is planned once.

    Of one that had them all, each "or is not asked for", PostgreSQL believes every plan too dear
    that was not made for the very values, and makes a new one each time: that costs it more than
    the list does.
    """

    __slots__ = ("_conditions", "values")

    def __init__(self, condition: str, *values: Any) -> None:
        """``condition`` names its values $1 and so on."""
        self._conditions = [condition]
        self.values = list(values)

    def add(self, condition: str, *values: Any) -> None:
        """With braces in the place of each value. Nothing in it may come from a client."""
        self._conditions.append(condition.format(*map(self.place, values)))

    def place(self, value: Any) -> str:
        """The placeholder of one more value."""
        self.values.append(value)
        return f"${len(self.values)}"

    def __str__(self) -> str:
        return " AND ".join(self._conditions)
