"""As much of JSON Schema as our own schemas use. A keyword it doesn't know fails, unlike in the
standard, so that no part of a schema goes unchecked."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from datetime import datetime
from typing import Any

NOTES = {"$schema", "title", "description"}
TYPES: Mapping[str, Callable[[Any], bool]] = {
    "object": lambda value: isinstance(value, dict),
    "array": lambda value: isinstance(value, list),
    "string": lambda value: isinstance(value, str),
    "boolean": lambda value: isinstance(value, bool),
    "integer": lambda value: isinstance(value, int) and not isinstance(value, bool),
    "null": lambda value: value is None,
}


def mistakes(schema: Mapping[str, Any], value: Any, at: str = "$") -> Iterator[str]:
    """What is wrong with ``value``. A member that isn't described is, too."""
    for keyword, wanted in schema.items():
        match keyword:
            case _ if keyword in NOTES:
                pass
            case "type":
                allowed = [wanted] if isinstance(wanted, str) else wanted
                if not any(TYPES[each](value) for each in allowed):
                    yield f"{at} is no {allowed}"
            case "enum":
                if value not in wanted:
                    yield f"{at} is none of {wanted}"
            case "required":
                if isinstance(value, dict):
                    yield from (f"{at} lacks {name}" for name in wanted if name not in value)
            case "properties":
                yield from _members(wanted, value, at)
            case "items":
                for number, item in enumerate(value if isinstance(value, list) else []):
                    yield from mistakes(wanted, item, f"{at}[{number}]")
            case "minimum":
                if isinstance(value, int) and value < wanted:
                    yield f"{at} is less than {wanted}"
            case "maxItems":
                if isinstance(value, list) and len(value) > wanted:
                    yield f"{at} has more than {wanted}"
            case "maxLength":
                if isinstance(value, str) and len(value) > wanted:
                    yield f"{at} is longer than {wanted}"
            case "format":
                assert wanted == "date-time"
                if datetime.fromisoformat(value).utcoffset() is None:
                    yield f"{at} has no offset"
            case _:
                raise NotImplementedError(keyword)


def _members(wanted: Mapping[str, Any], value: Any, at: str) -> Iterator[str]:
    for name, member in value.items() if isinstance(value, dict) else ():
        if name in wanted:
            yield from mistakes(wanted[name], member, f"{at}.{name}")
        else:
            yield f"{at}.{name} isn't described"
