"""Places in the answer: completing a value there, and what a failure there means."""

from __future__ import annotations

from collections.abc import Callable
from types import GeneratorType, NoneType
from typing import TYPE_CHECKING, Any, Final

from graphql import Undefined, located_error
from graphql.pyutils import is_awaitable

from app.graphql.plan.run import Node, Run, path_of

if TYPE_CHECKING:
    from app.graphql.plan.fields import Field

Complete = Callable[[Run, Any, Node], Any]

PLAIN: Final = 1
AWAITABLE: Final = 2
SPECIAL: Final = 3  # None, Undefined, a returned exception, a generator: looked at one by one

# What a value is, is a property of its class: asked once per class, not once per value.
_KINDS: dict[type, int] = {NoneType: SPECIAL, type(Undefined): SPECIAL}


def kind_of(cls: type) -> int:
    if hasattr(cls, "__await__"):
        kind = AWAITABLE
    elif issubclass(cls, Exception | GeneratorType):
        kind = SPECIAL
    else:
        kind = PLAIN
    _KINDS[cls] = kind
    return kind


class Position:
    """The rules of one place: a field of an object, or the items of a list.

    ``exact`` and ``also`` are classes whose instances need no completing (``str`` for String,
    ``NoneType`` where null is allowed), so that the walk can take them as they are.
    """

    __slots__ = ("also", "complete", "exact", "field", "nullable", "typename")

    def __init__(
        self,
        field: Field,
        complete: Complete,
        *,
        nullable: bool,
        exact: type | None = None,
        typename: str | None = None,
    ) -> None:
        self.field = field
        self.complete = complete
        self.nullable = nullable
        self.exact = exact
        self.also = NoneType if nullable else exact
        self.typename = typename  # of the parent object; None for list items

    def settle(self, run: Run, value: Any, node: Node) -> Any:
        """The completed value; None, holding the place, when it still has to be awaited.

        Raises GraphQLError, located, when this place can not be null.
        """
        kind = _KINDS.get(type(value)) or kind_of(type(value))
        if kind == PLAIN:
            try:
                return self.complete(run, value, node)
            except Exception as error:
                return self.fail(run, error, node)
        if kind == AWAITABLE or (isinstance(value, GeneratorType) and is_awaitable(value)):
            return run.wait(value, node)
        return self.finish(run, value, node)

    def finish(self, run: Run, value: Any, node: Node) -> Any:
        """As ``settle``, for a value that is not awaited any more."""
        try:
            if value is None or value is Undefined:
                if self.nullable:
                    return None
                raise TypeError(  # noqa: TRY301
                    f"Cannot return null for non-nullable field {self.field}."
                )
            if isinstance(value, Exception):
                raise value  # noqa: TRY301
            return self.complete(run, value, node)
        except Exception as error:
            return self.fail(run, error, node)

    def fail(self, run: Run, error: Exception, node: Node) -> None:
        path = path_of(node)
        located = located_error(error, self.field.nodes, list(path))
        if not self.nullable:
            raise located
        run.record(located, path)
