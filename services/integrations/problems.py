"""Refusals about integrations."""

from typing import Any

from services.problems import Problem


class IntegrationNotFound(Problem):
    def __init__(self) -> None:
        super().__init__("There is no such integration in your account.")


class IntegrationChanged(Problem):
    """``integration`` is its row as it is now, without its secrets."""

    def __init__(self, integration: Any) -> None:
        super().__init__("This integration has changed since you saw it. Look again first.")
        self.integration = integration


class VaultLocked(Problem):
    """Secrets can't be kept, or not be read again. The message says what the operator does."""
