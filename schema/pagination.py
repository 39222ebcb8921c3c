"""Pages of lists, in the shape of Relay's connections, by keys that inserts don't shift."""

from collections.abc import Callable
from dataclasses import dataclass
from struct import Struct
from typing import Annotated, Any, Final, Generic, TypeVar
from uuid import UUID

import strawberry
from strawberry import UNSET

from db.database import Columns
from resolvers.cursors import seal, unseal
from resolvers.errors import ClientError
from resolvers.pages import Page
from schema.fields import field

T = TypeVar("T")

First = Annotated[
    int | None, strawberry.argument(description="How many items at most, 1 to 100; 20 if null.")
]
After = Annotated[
    str | None,
    strawberry.argument(
        description="Begin behind the item with this cursor, an `endCursor` for example."
    ),
]


def given(argument: T | None) -> T | None:
    """None for an argument that was left out, as for null."""
    return None if argument is UNSET else argument


@dataclass(frozen=True, slots=True)
class Keys:
    """How one list's places are written as cursors. ``mark`` tells its cursors from others'."""

    mark: bytes
    form: Struct

    def write(self, *key: bytes | int) -> str:
        return seal(self.mark + self.form.pack(*key))

    def read(self, cursor: str, argument: str) -> tuple[Any, ...]:
        """Raises ClientError for what is not a cursor of this list."""
        content = unseal(cursor)
        mark = len(self.mark)
        if content is None or content[:mark] != self.mark or len(content) != mark + self.form.size:
            raise ClientError(
                f"`{argument}` is not a cursor of this list. Use a `cursor` or `endCursor` of it "
                "as it was given to you."
            )
        return self.form.unpack(content[mark:])


@dataclass(frozen=True, slots=True)
class IdKeys:
    """Places in a list that is ordered by age: UUIDv7 ids grow with time."""

    keys: Keys

    def of(self, row: Columns) -> str:
        return self.keys.write(row["id"].bytes)

    def place(self, after: str | None) -> UUID | None:
        return None if after is None else UUID(bytes=self.keys.read(after, "after")[0])


ONE_ID: Final = Struct(">16s")


@strawberry.type(description="Where a page lies in its list.")
class PageInfo:
    has_next_page: bool = strawberry.field(description="Are there items behind this page?")
    has_previous_page: bool = strawberry.field(description="Are there items before this page?")
    start_cursor: str | None = strawberry.field(
        description="Of the first item, for `before` where a list has it; null on an empty page."
    )
    end_cursor: str | None = strawberry.field(
        description="Of the last item, for `after`; null on an empty page."
    )

    @classmethod
    def of(cls, page: Page, cursor_of: Callable[[Columns], str]) -> "PageInfo":
        return cls(
            has_next_page=page.has_next,
            has_previous_page=page.has_previous,
            start_cursor=cursor_of(page.rows[0]) if page.rows else None,
            end_cursor=cursor_of(page.rows[-1]) if page.rows else None,
        )


@strawberry.type(description="An item of a list, and its place there.")
class Edge(Generic[T]):
    node: T = strawberry.field(description="The item itself.")
    cursor: str = strawberry.field(
        description="Its place: opaque, and good as long as the item exists or existed."
    )


@strawberry.type(
    description=(
        "A page of a list. Cursors name items, not positions, so nothing is shown twice or missed "
        "when items are added between two pages."
    )
)
class Connection(Generic[T]):
    nodes: list[T] = strawberry.field(description="The items of this page, in the list's order.")
    page: strawberry.Private[Page]
    cursor_of: strawberry.Private[Callable[[Columns], str]]

    @classmethod
    def of(
        cls, page: Page, make: Callable[[Columns], T], cursor_of: Callable[[Columns], str]
    ) -> "Connection[T]":
        return cls(nodes=page.items(make), page=page, cursor_of=cursor_of)

    @field(description="The same items, each with its cursor.")
    def edges(self) -> list[Edge[T]]:
        return [
            Edge(node=node, cursor=self.cursor_of(row))
            for node, row in zip(self.nodes, self.page.rows, strict=True)
        ]

    @field(description="Whether there is more, and from where to ask for it.")
    def page_info(self) -> PageInfo:
        return PageInfo.of(self.page, self.cursor_of)
