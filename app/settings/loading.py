"""Reading the environment, and saying everything that is wrong with it at once."""

import difflib
import os
from collections.abc import Iterator
from typing import Any

from pydantic import ValidationError

from app.settings.checks import conflicts
from app.settings.fields import PREFIX, Settings, env_name
from db.embedded import default_data_dir


class SettingsError(Exception):
    """The service can't start like this. The message says for each problem what to do."""

    def __init__(self, problems: list[str]) -> None:
        lines = "\n".join(f"  - {problem}" for problem in problems)
        super().__init__(
            f"The settings can't be used:\n{lines}\ndocs/configuration.md explains every setting."
        )
        self.problems = tuple(problems)


def load(*, serving: bool = True) -> Settings:
    """The settings of this process, from its environment.

    ``serving=False`` is for commands that answer no requests (``migrate``, ``schema``): they need
    no way to sign in. Raises SettingsError, which never repeats a value.
    """
    problems = list(_unknown_names())
    unreadable: dict[str, Any] = {}
    try:
        settings = Settings()
    except ValidationError as error:
        for field, sentence in _unreadable(error):
            unreadable[field] = _default(field)
            problems.append(sentence)
        settings = Settings(**unreadable)  # the rest, so that all problems are reported together
    problems += [
        conflict.message
        for conflict in conflicts(settings, serving=serving)
        if not conflict.fields & unreadable.keys()
    ]
    if problems:
        raise SettingsError(problems)
    return settings


def _unknown_names() -> Iterator[str]:
    known = [field.upper() for field in Settings.model_fields]
    for given in sorted(os.environ):
        name = given.upper().removeprefix(PREFIX)
        if given.upper().startswith(PREFIX) and name not in known:
            close = difflib.get_close_matches(name, known, n=1)
            advice = f"did you mean {PREFIX}{close[0]}?" if close else "remove it."
            yield f"{given} is not a setting: {advice}"


def _unreadable(error: ValidationError) -> Iterator[tuple[str, str]]:
    seen = set()
    for problem in error.errors(include_url=False, include_input=False):
        field = str(problem["loc"][0])
        # a default that is made from an unreadable setting is no problem of its own
        if field in seen or problem["type"] == "default_factory_not_called":
            continue
        seen.add(field)
        extra: Any = Settings.model_fields[field].json_schema_extra
        if problem["type"] == "value_error":
            yield field, f"{env_name(field)} {problem['ctx']['error']}."
        else:
            yield field, f"{env_name(field)} must be {extra['expects']}."


def _default(field: str) -> Any:
    known = {"host": "127.0.0.1", "port": 8000, "demo": False, "data_dir": default_data_dir()}
    return Settings.model_fields[field].get_default(call_default_factory=True, validated_data=known)
