"""Where answers come from: files, which a local server replays, or the model itself."""

from collections.abc import AsyncIterator, Callable, Mapping
from contextlib import asynccontextmanager
from datetime import timedelta
from pathlib import Path
from typing import Final

from app.settings import Settings
from app.worker.asking import Model
from app.worker.model import Anthropic
from tests.harness.messages import said, speaking

FOLDER: Final = Path(__file__).parent / "answers"
PATIENCE: Final = timedelta(minutes=2)

Answering = tuple[Model, Callable[[str], None]]
"""A model, and what is to be called with a session's name before it is asked about."""


def recorded(folder: Path) -> Mapping[str, str]:
    """Answers by the names of their sessions, word for word."""
    return {file.stem: file.read_text("utf-8") for file in sorted(folder.iterdir())}


def save(folder: Path, name: str, answer: str) -> None:
    folder.mkdir(parents=True, exist_ok=True)
    suffix = "json" if answer.lstrip().startswith("{") else "txt"
    (folder / f"{name}.{suffix}").write_text(answer, "utf-8")


@asynccontextmanager
async def replaying(answers: Mapping[str, str]) -> AsyncIterator[Answering]:
    """The real SDK, on a socket, with a server that says what was recorded."""
    async with speaking(said("")) as server:

        def about(name: str) -> None:
            server.replies = [said(answers[name])]

        model = Anthropic("sk-ant-recorded", "recorded", base_url=server.url, patience=PATIENCE)
        yield model, about


@asynccontextmanager
async def live(settings: Settings) -> AsyncIterator[Answering]:
    """The model that the settings name. They must have a key."""
    assert settings.anthropic_api_key is not None
    model = Anthropic(
        settings.anthropic_api_key.get_secret_value(),
        settings.assessment_model,
        base_url=settings.anthropic_base_url,
        patience=PATIENCE,
    )
    yield model, lambda name: None
