"""Documents, parsed and validated once per text, and kept within bounds."""

from __future__ import annotations

from collections import OrderedDict
from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Any, Final, Generic, TypeVar

import strawberry
from graphql import (
    ASTValidationRule,
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
    """Validation is ``rules`` first, meant for limits: what they refuse never gets to rules whose
    cost grows faster than the document. Then the specified rules and Strawberry's two."""

    def __init__(
        self,
        schema: strawberry.Schema,
        *,
        rules: Sequence[type[ASTValidationRule]] = (),
        max_documents: int = 1000,
        max_bytes: int = MAX_BYTES,
        max_tokens: int = 1000,
    ) -> None:
        self.schema = schema._schema
        self.hide_suggestions = schema.config.disable_field_suggestions
        self.passes = [
            tuple(rules),
            (*specified_rules, MaybeNullValidationRule, OneOfInputValidationRule),
        ]
        self.max_tokens = max_tokens
        self.valid: Recent[Document] = Recent(max_documents, max_bytes)
        self.refused: Recent[RequestError] = Recent(
            max(1, max_documents // REFUSED_SHARE), max_bytes // REFUSED_SHARE
        )

    def get(self, text: str) -> Document:
        """Raises RequestError: syntax, too many tokens or levels, or a rule broken."""
        document = self.valid.get(text)
        if document is not None:
            return document
        refusal = self.refused.get(text)
        if refusal is not None:
            # afresh: a raised one grows a traceback
            raise RequestError(refusal.errors, refusal.code)
        try:
            document = Document(text, self.read(text))
        except RequestError as error:
            errors = [without_nodes(each) for each in error.errors]
            self.refused.put(text, RequestError(errors, error.code))
            raise RequestError(errors, error.code) from None
        self.valid.put(text, document)
        return document

    def read(self, text: str) -> DocumentNode:
        try:
            node = parse(text, max_tokens=self.max_tokens)
            for rules in self.passes:
                errors = validate(self.schema, node, rules, hide_suggestions=self.hide_suggestions)
                if errors:
                    raise RequestError(errors, ErrorCode.VALIDATION_FAILED)
        except GraphQLError as error:
            raise RequestError([error], ErrorCode.SYNTAX_ERROR) from error
        except RecursionError:
            too_deep = GraphQLError("The document is nested too deeply.")
            raise RequestError([too_deep], ErrorCode.VALIDATION_FAILED) from None
        forget_tokens(node)
        return node


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
