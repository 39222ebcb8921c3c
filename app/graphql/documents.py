"""Documents, parsed and validated once per text, and kept within bounds."""

from __future__ import annotations

from collections import OrderedDict
from dataclasses import dataclass, field
from typing import Any, Final, Generic, TypeVar

import strawberry
from graphql import (
    DocumentNode,
    GraphQLError,
    Node,
    Visitor,
    parse,
    specified_rules,
    validate,
    visit,
)
from graphql.validation.rules import overlapping_fields_can_be_merged
from strawberry.schema.validation_rules.maybe_null import MaybeNullValidationRule
from strawberry.schema.validation_rules.one_of import OneOfInputValidationRule

from app.graphql.limits.bounds import Bounds, exceeded
from app.graphql.limits.shape import beyond
from app.graphql.results import RequestError
from resolvers.errors import ErrorCode

# Of document text, all kept documents together. Parsed and planned, a document takes 120 to 290
# times its text (measured with tracemalloc): 75 MB if clients do their worst.
MAX_BYTES: Final = 256 * 1024
# A knob of graphql-core's: at its default of 500,000 a document of 2 kB that repeats one field 240
# times holds the event loop for 150 ms; a realistic one needs a few thousand.
overlapping_fields_can_be_merged.MAX_COMPLEXITY_BUDGET = 100_000
# Refused documents are remembered too, or a client repeating a mistake costs a validation each
# time; in a small store of their own, so that they never push out a good one.
REFUSED_SHARE: Final = 10
MOST_ERRORS: Final = 10
"""Of one document. Some messages quote the value that they are about, and there is one for each of
its mistakes: a hundred of them, the default, made 2 kB take 200 ms."""
RULES: Final = (*specified_rules, MaybeNullValidationRule, OneOfInputValidationRule)


@dataclass(slots=True, eq=False)
class Document:
    """A valid document. ``operations`` is room for what is prepared from it: it lives as long."""

    text: str
    node: DocumentNode
    operations: dict[str | None, Any] = field(default_factory=dict)


T = TypeVar("T")


class Recent(Generic[T]):
    """The most recently used values by text, at most ``max_count`` and ``max_bytes`` of text."""

    def __init__(self, max_count: int, max_bytes: int) -> None:
        self.max_count = max_count
        self.max_bytes = max_bytes
        self.bytes = 0
        self.values: OrderedDict[str, T] = OrderedDict()

    def __len__(self) -> int:
        return len(self.values)

    def get(self, text: str) -> T | None:
        value = self.values.get(text)
        if value is not None:
            self.values.move_to_end(text)
        return value

    def put(self, text: str, value: T) -> None:
        """A text that alone is larger than the whole bound is not kept."""
        size = len(text.encode(errors="surrogatepass"))
        if size > self.max_bytes or text in self.values:
            return
        self.values[text] = value
        self.bytes += size
        while self.bytes > self.max_bytes or len(self.values) > self.max_count:
            oldest, _ = self.values.popitem(last=False)
            self.bytes -= len(oldest.encode(errors="surrogatepass"))


class Documents:
    """``bounds`` come first: what is beyond them never gets to rules whose cost grows faster than
    the document. Then the specified rules and Strawberry's two."""

    def __init__(
        self,
        schema: strawberry.Schema,
        *,
        bounds: Bounds | None = None,
        max_documents: int = 1000,
        max_bytes: int = MAX_BYTES,
    ) -> None:
        self.schema = schema._schema
        self.hide_suggestions = schema.config.disable_field_suggestions
        self.bounds = bounds or Bounds()
        self.bytes_read = 0  # of texts that were not known
        self.valid: Recent[Document] = Recent(max_documents, max_bytes)
        self.refused: Recent[RequestError] = Recent(
            max(1, max_documents // REFUSED_SHARE), max_bytes // REFUSED_SHARE
        )

    def get(self, text: str) -> Document:
        """Raises RequestError: syntax, beyond a bound, or a rule broken."""
        document = self.valid.get(text)
        if document is not None:
            return document
        refusal = self.refused.get(text)
        if refusal is not None:
            # afresh: a raised one grows a traceback
            raise RequestError(refusal.errors, refusal.code)
        self.bytes_read += len(text.encode(errors="surrogatepass"))
        try:
            document = Document(text, self.read(text))
        except RequestError as error:
            errors = [without_nodes(each) for each in error.errors]
            self.refused.put(text, RequestError(errors, error.code))
            raise RequestError(errors, error.code) from None
        self.valid.put(text, document)
        return document

    def read(self, text: str) -> DocumentNode:
        self.check_size(text)
        try:
            node = self.parse(text)
            errors = list(beyond(node, self.bounds)) or validate(
                self.schema,
                node,
                RULES,
                max_errors=MOST_ERRORS,
                hide_suggestions=self.hide_suggestions,
            )
        except RecursionError:
            too_deep = GraphQLError("The document is nested too deeply.")
            raise RequestError([too_deep], ErrorCode.VALIDATION_FAILED) from None
        if errors:
            raise RequestError(errors, ErrorCode.VALIDATION_FAILED)
        forget_tokens(node)
        return node

    def check_size(self, text: str) -> None:
        allowed = self.bounds.document_bytes
        if len(text) * 4 > allowed:  # no character has more than four bytes
            size = len(text.encode(errors="surrogatepass"))
            if size > allowed:
                message = f"The document has {size} bytes; {allowed} are allowed."
                raise RequestError([exceeded(message, "documentBytes", allowed, size)])

    def parse(self, text: str) -> DocumentNode:
        allowed = self.bounds.tokens
        try:
            return parse(text, max_lexical_tokens=allowed)
        except GraphQLError as error:
            if f"more than {allowed} tokens" in error.message:
                message = f"The document has more than {allowed} tokens, which is what is allowed."
                raise RequestError([exceeded(message, "tokens", allowed, None)]) from None
            raise RequestError([error], ErrorCode.SYNTAX_ERROR) from error


def forget_tokens(document: DocumentNode) -> None:
    """Tokens are a quarter of a document's memory, and only the parser needs them: errors are
    located by offset and source, which stay."""

    class Forgetting(Visitor):
        def enter(self, node: Node, *_: Any) -> None:
            if node.loc is not None:
                node.loc.start_token = node.loc.end_token = None  # type: ignore[assignment]

    visit(document, Forgetting())


def without_nodes(error: GraphQLError) -> GraphQLError:
    """The same error without the document it came from."""
    return GraphQLError(
        error.message,
        source=error.source,
        positions=error.positions,
        extensions=error.extensions,
        original_error=error.original_error,
    )
