"""GraphiQL at /graphql, for browsers. Its sources are in explorer/, and what is built of them here,
in built/, by `make` or with the package: docs/decisions/0015-explorer.md."""

from app.explorer.browsing import is_browsed
from app.explorer.serving import explorer_routes

__all__ = ["explorer_routes", "is_browsed"]
