"""Executes GraphQL: documents by compiled plans, introspection by graphql-core.

The promise is that a plan answers as graphql-core would, data and errors alike
(tests/app/graphql/test_plan*.py compare the two), but for this: when something fails, what was
already started is awaited and not cancelled, so which of several errors below one null is reported
can differ (the spec leaves it open); and a ``resolve_type`` that has to be awaited is an error.
Strawberry schema extensions are not run here; field extensions and permission classes are.
"""

from __future__ import annotations

import asyncio
from collections.abc import AsyncGenerator, AsyncIterable, Awaitable, Callable, Mapping
from inspect import isawaitable
from typing import Any, TypeVar, cast

import strawberry
from graphql import (
    ExecutionResult,
    GraphQLError,
    located_error,
)
from graphql import execute as execute_with_core
from graphql.execution.values import VariableValues
from graphql.pyutils import inspect

from app.graphql.documents import Documents
from app.graphql.limits.bounds import Bounds
from app.graphql.operations import Operation, choose
from app.graphql.plan.fields import Field
from app.graphql.plan.operations import MAX_FIELDS
from app.graphql.plan.run import Run
from app.graphql.results import ArgumentError, RequestError, Result
from app.graphql.trusted import TrustedDocuments

__all__ = ["Engine", "Operation", "RequestError", "Result"]

T = TypeVar("T")


async def or_give_up(execution: Awaitable[T], context: Any) -> T:
    """A context that has ``give_up`` is told when nobody waits for its operation any more: what
    resolvers have begun elsewhere, as loaders do, would run on."""
    try:
        return await execution
    except asyncio.CancelledError:
        give_up = getattr(context, "give_up", None)
        if give_up is not None:
            give_up()
        raise


class Engine:
    """``mask`` is asked about every execution error (``original_error`` is what was raised) and
    answers with the error to show; it never sees a RequestError from ``prepare`` or variables.
    ``trusted`` is what a request may ask for by an id, and whether it may bring its own."""

    def __init__(
        self,
        schema: strawberry.Schema,
        *,
        bounds: Bounds | None = None,
        max_documents: int = 1000,
        mask: Callable[[GraphQLError], GraphQLError] | None = None,
        trusted: TrustedDocuments | None = None,
    ) -> None:
        self.schema = schema
        self.documents = Documents(schema, bounds=bounds, max_documents=max_documents)
        self.mask = mask
        self.trusted = trusted or TrustedDocuments()

    def prepare(self, query: str, operation_name: str | None = None) -> Operation:
        """The operation to run, parsed and validated once per text.

        Raises RequestError: syntax, validation, several operations and no name, or unknown name.
        """
        document = self.documents.get(query)
        operation: Operation | None = document.operations.get(operation_name)
        if operation is None:
            definition = choose(document.node, operation_name)
            operation = Operation(self.schema, document.node, definition)
            document.operations[operation_name] = operation
        return operation

    async def execute(
        self, operation: Operation, variables: Mapping[str, Any] | None, context: Any
    ) -> Result:
        """Run a query or mutation. Raises RequestError for variables that do not fit."""
        if operation.kind == "subscription":
            raise RequestError([GraphQLError("A subscription is subscribed to, not executed.")])
        coerced = operation.variables(variables)
        if operation.is_introspection:
            return await or_give_up(self.introspect(operation, variables, context), context)
        variant = operation.plan.variant(coerced)
        run = Run(variant, coerced, context)
        try:
            selection = variant.root()
        except GraphQLError as error:  # a condition that is null
            return self.result(None, [error])
        serially = operation.kind == "mutation"
        data = await or_give_up(run.execute(selection, None, serially=serially), context)
        if variant.size > MAX_FIELDS:
            operation.plan.variants.clear()
        return self.result(data, run.errors)

    async def introspect(
        self, operation: Operation, variables: Mapping[str, Any] | None, context: Any
    ) -> Result:
        """By graphql-core; kept when the answer depends on nothing but the document."""
        if operation.answer is not None:
            return operation.answer
        outcome: Any = execute_with_core(
            self.schema._schema,
            operation.document,
            context_value=context,
            variable_values=dict(variables or {}),
        )
        answer: ExecutionResult = await outcome if isawaitable(outcome) else outcome
        errors = answer.errors or []
        if operation.only_introspection:  # then nothing but an argument can have been wrong
            errors = [ArgumentError.of(each) for each in errors]
        result = self.result(answer.data, errors)
        if operation.only_introspection and not operation.signatures:
            operation.answer = result
        return result

    async def source(
        self, operation: Operation, variables: VariableValues, context: Any
    ) -> AsyncIterable[Any]:
        """What a subscription's resolver gives: a stream of events, not executed yet.

        Raises RequestError when none could be made, located and masked like execution errors.
        """
        if operation.kind != "subscription":
            raise RequestError([GraphQLError("Only a subscription can be subscribed to.")])
        variant = operation.plan.variant(variables)
        try:
            field, resolve = variant.source()
        except GraphQLError as error:  # a condition that is null
            raise RequestError([error]) from error
        run = Run(variant, variables, context)
        try:
            source = resolve(run, None, (None, field.key, {}, field.position))
            if isawaitable(source):
                source = await source
            if isinstance(source, Exception):
                raise source  # noqa: TRY301  # returned instead of raised: the same to a client
            if not hasattr(source, "__aiter__"):
                raise GraphQLError(  # noqa: TRY301
                    f"Subscription field must return AsyncIterable. Received: {inspect(source)}."
                )
        except Exception as error:
            raise self.stream_error(error, field) from error
        return cast("AsyncIterable[Any]", source)

    async def execute_event(
        self, operation: Operation, variables: VariableValues, event: Any, context: Any
    ) -> Result:
        """The result for one event of a subscription's source."""
        variant = operation.plan.variant(variables)
        field, _ = variant.source()
        run = Run(variant, variables, context)
        data = await or_give_up(run.execute_event(field, event), context)
        return self.result(data, run.errors)

    async def events(
        self,
        operation: Operation,
        variables: VariableValues,
        source: AsyncIterable[Any],
        context_factory: Callable[[], Any],
    ) -> AsyncGenerator[Result, None]:
        """The result for each event of ``source``, in a context of its own. Close it: ``aclose()``.

        An exception that the source raises comes out as a RequestError, and ends it.
        """
        iterator = aiter(source)
        try:
            while True:
                try:
                    event = await anext(iterator)
                except StopAsyncIteration:
                    return
                except Exception as error:
                    raise self.source_error(operation, variables, error) from error
                yield await self.execute_event(operation, variables, event, context_factory())
        finally:
            close = getattr(iterator, "aclose", None)
            if close is not None:
                await close()

    def source_error(
        self, operation: Operation, variables: VariableValues, error: Exception
    ) -> RequestError:
        """What ended a source, as a client is told of it."""
        return self.stream_error(error, operation.plan.variant(variables).source()[0])

    def stream_error(self, error: Exception, field: Field) -> RequestError:
        located = located_error(error, field.nodes, [field.key])
        return RequestError([self.mask(located) if self.mask else located])

    def result(self, data: dict[str, Any] | None, errors: list[GraphQLError]) -> Result:
        if errors and self.mask is not None:
            errors = [self.mask(error) for error in errors]
        return Result(data, errors or None)
