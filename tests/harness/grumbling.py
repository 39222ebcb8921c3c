"""A vendor that repeats in its refusals all that it was told, as some do."""

from app.demo.vendors.base import Asked, FakeVendor, Reply
from tests.harness.canaries import Canary

STATUSES = (200, 302, 400, 401, 403, 404, 409, 413, 422, 500, 503, 429)
"""Whoever is asked for a pause (429) comes back late, so that is the last."""


class Grumbler(FakeVendor):
    """Stands before another fake. While it has a ``status`` it refuses with that whatever comes,
    and says its own ``canary`` besides; ``refused`` counts how often."""

    def __init__(self, vendor: FakeVendor, canary: Canary) -> None:
        super().__init__()
        self.name = vendor.name
        self.vendor = vendor
        self.canary = canary
        self.status: int | None = None
        self.refused = 0

    def reply(self, asked: Asked) -> Reply:
        if self.status is None:
            return self.vendor.reply(asked)
        self.refused += 1
        told = " ".join(
            [
                f"password: {self.canary.needle}",
                f"{asked.path}?{asked.query}",
                *asked.headers.values(),
                asked.body.decode(errors="replace"),
            ]
        )
        body = {
            "ok": False,
            **dict.fromkeys(("error", "error_description", "message", "Message", "code"), told),
            "errors": [{"message": told, "field": told, "code": told}, told],
        }
        return Reply(self.status, body, self._head(asked))

    def _head(self, asked: Asked) -> dict[str, str]:
        needle = self.canary.needle
        return {
            "retry-after": needle,
            "location": f"https://elsewhere.test/{needle}",
            "www-authenticate": f'Basic realm="{needle}"',
            "set-cookie": f"session={needle}",
            "x-error": asked.headers.get("authorization", needle),
        }
