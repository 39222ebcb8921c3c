"""What the engine and the schema agree on, so that a list need not be walked field by field.

A field that is declared to list a table's rows is read with all that belongs to its items by one
statement, and answered straight from the rows, if everything that is asked of the items is found in
``services.joined``. What it says of a table is what the type's resolvers would give.
"""

import logging
from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from typing import Any, Final, TypeVar

from services.joined import Joined, Table

logger = logging.getLogger(__name__)

P = TypeVar("P")
T = TypeVar("T")

LISTS: Final = "lists"
"""Where it stands in a field's metadata."""


@dataclass(frozen=True, slots=True)
class Lists:
    """A page of rows of ``table``, each an item of the GraphQL type ``item``.

    The field's resolver has it read by ``wanted``.
    """

    table: Table
    item: str


class Made(dict[str, Any]):
    """An object of the answer that is complete: the engine takes it as it is."""


class NotMadeError(Exception):
    """A row holds what the engine does not know: a word, say, of a newer release."""


async def wanted(
    info: Any, read: Callable[[Joined | None], Awaitable[P]], make: Callable[[P], T]
) -> T:
    """What ``make`` makes of the page that ``read`` reads as the engine wants it.

    Of whole rows, which every executor can answer from, when it wants nothing, and when it could
    not make the answer after all: then each field says for itself what is wrong.
    """
    joined: Joined | None = getattr(info, "joined", None)
    if joined is not None:
        try:
            return make(await read(joined))
        except NotMadeError as what:
            logger.warning("A list is read again, by whole rows: it holds %s", what)
    return make(await read(None))
