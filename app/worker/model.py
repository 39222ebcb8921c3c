"""Asking the language model: one question, one answer, no authority.

Source: docs/assessment.md, "Asking".
"""

import asyncio
from datetime import timedelta
from http import HTTPStatus
from typing import Final

import anthropic
from anthropic.types import Message

from app.worker.asking import PAUSE, Answer, NoAnswer, TryAgain
from db.models.vocabulary import AssessmentReason
from services.assessments.prompting import SCHEMA, SYSTEM

VENDOR: Final = "https://api.anthropic.com"
LONGEST_ANSWER: Final = 4096  # tokens


class Anthropic:
    """The real one, through the vendor's SDK."""

    def __init__(
        self, key: str, name: str, *, base_url: str | None = None, patience: timedelta
    ) -> None:
        self.name = name
        # nothing is read from the environment, and nobody is redirected: the key goes to one place
        self._client = anthropic.AsyncAnthropic(
            api_key=key,
            base_url=base_url or VENDOR,
            max_retries=0,
            timeout=patience.total_seconds(),
            http_client=anthropic.DefaultAsyncHttpxClient(trust_env=False, follow_redirects=False),
        )

    async def aclose(self) -> None:
        await self._client.close()

    async def ask(self, question: str, until: float) -> Answer:
        try:
            return await self._once(question)
        except TryAgain as failure:
            if asyncio.get_running_loop().time() + failure.after >= until:
                raise
            await asyncio.sleep(failure.after)
        return await self._once(question)

    async def _once(self, question: str) -> Answer:
        try:
            message = await self._client.messages.create(
                model=self.name,
                max_tokens=LONGEST_ANSWER,
                system=SYSTEM,
                messages=[{"role": "user", "content": question}],
                output_config={"format": {"type": "json_schema", "schema": SCHEMA}},
            )
        except anthropic.APIConnectionError:
            raise TryAgain(AssessmentReason.UNREACHABLE) from None
        except anthropic.APIStatusError as error:
            raise _refused(error) from None
        except (anthropic.AnthropicError, ValueError):
            raise NoAnswer(AssessmentReason.MALFORMED) from None
        return _read(message)


def _refused(error: anthropic.APIStatusError) -> NoAnswer:
    if error.status_code == HTTPStatus.TOO_MANY_REQUESTS:
        return TryAgain(AssessmentReason.RATE_LIMITED, _after(error))
    if error.status_code >= HTTPStatus.INTERNAL_SERVER_ERROR:
        return TryAgain(AssessmentReason.OVERLOADED, _after(error))
    return NoAnswer(AssessmentReason.REJECTED)


def _after(error: anthropic.APIStatusError) -> float:
    said = error.response.headers.get("retry-after", "")
    return max(PAUSE, float(said)) if said.isascii() and said.isdigit() else PAUSE


def _read(message: Message) -> Answer:
    """The SDK believes what it is sent: whatever is not as promised is malformed."""
    try:
        stopped = message.stop_reason
        if stopped == "refusal":
            raise NoAnswer(AssessmentReason.REFUSED)
        if stopped in {"max_tokens", "model_context_window_exceeded"}:
            raise NoAnswer(AssessmentReason.TRUNCATED)
        text = "".join(block.text for block in message.content if block.type == "text")
        return Answer(
            text,
            "".join(each for each in message.model[:200] if each.isprintable()),
            _count(message.usage.input_tokens),
            _count(message.usage.output_tokens),
        )
    except (AttributeError, TypeError):
        raise NoAnswer(AssessmentReason.MALFORMED) from None


def _count(tokens: object) -> int:
    return tokens if isinstance(tokens, int) and 0 <= tokens < 2**31 else 0
