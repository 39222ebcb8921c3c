"""The engine as its callers meet it: requests refused, errors masked, tasks and streams ended."""

import asyncio
import gc
from collections.abc import AsyncGenerator, Iterator
from typing import Any

import orjson
import pytest
import strawberry
from graphql import ExecutionResult, GraphQLError, execute, get_introspection_query, parse
from strawberry.permission import BasePermission

from app.graphql.engine import Engine, RequestError
from tests.harness.garbage import collect_quietly
from tests.harness.streaming import subscribe

# What the engine starts, it ends: nothing left un-awaited, nothing never retrieved.
pytestmark = pytest.mark.filterwarnings("error")


class Members(BasePermission):
    message = "Members only."

    async def has_permission(self, source: Any, info: Any, **kwargs: Any) -> bool:
        await asyncio.sleep(0)
        return bool(info.context.get("member"))


@strawberry.type
class News:
    number: int

    @strawberry.field
    def seen_by(self, info: strawberry.Info) -> int:
        return int(info.context["number"])

    @strawberry.field
    def fragile(self) -> int | None:
        if self.number == 2:
            raise ValueError("two")
        return self.number


@strawberry.type
class Query:
    @strawberry.field
    def n(self) -> int:
        return 1

    @strawberry.field
    def broken(self) -> int | None:
        raise ValueError("a secret of ours")

    @strawberry.field
    async def waiting(self, info: strawberry.Info, name: str = "it") -> str | None:
        info.context["log"].append(f"{name} started")
        try:
            await asyncio.sleep(0.02)
        except asyncio.CancelledError:
            info.context["log"].append(f"{name} cancelled")
            raise
        info.context["log"].append(f"{name} ended")
        return name

    @strawberry.field
    async def soon(self) -> int:
        raise ValueError("soon")

    @strawberry.field
    def cancelled(self) -> int:
        future: asyncio.Future[int] = asyncio.get_running_loop().create_future()
        future.cancel()
        return future  # type: ignore[return-value]

    @strawberry.field
    def now(self) -> int:
        raise ValueError("now")


@strawberry.type
class Mutation:
    @strawberry.mutation
    async def step(self, info: strawberry.Info, name: str) -> str:
        info.context["log"].append(f"{name} starts")
        await asyncio.sleep(0)
        info.context["log"].append(f"{name} ends")
        return name


@strawberry.type
class Subscription:
    @strawberry.subscription
    async def news(self, info: strawberry.Info, count: int = 3) -> AsyncGenerator[News, None]:
        try:
            for number in range(1, count + 1):
                yield News(number=number)
            await asyncio.sleep(60)
        finally:
            await asyncio.sleep(0)
            info.context["log"].append("source closed")

    @strawberry.subscription
    async def failing(self) -> AsyncGenerator[int, None]:
        yield 1
        raise ValueError("lost")

    @strawberry.subscription
    async def refused(self) -> AsyncGenerator[int, None]:
        raise GraphQLError("not now", extensions={"code": "LATER"})
        yield 1

    @strawberry.subscription(permission_classes=[Members])  # type: ignore[untyped-decorator]
    async def closed(self) -> AsyncGenerator[int, None]:
        yield 1

    @strawberry.subscription
    def nothing(self) -> AsyncGenerator[int, None]:
        return 5  # type: ignore[return-value]


SCHEMA = strawberry.Schema(Query, Mutation, Subscription)


@pytest.fixture
def engine() -> Engine:
    return Engine(SCHEMA)


@pytest.fixture
def context() -> dict[str, Any]:
    return {"log": []}


@pytest.fixture(scope="module", autouse=True)
def others_are_done() -> None:
    collect_quietly()


@pytest.fixture(autouse=True)
def nothing_is_left_behind() -> Iterator[None]:
    yield
    gc.collect()


def messages(error: RequestError) -> list[str]:
    return [each.message for each in error.errors]


# ------------------------------------------------------------------------------------- preparing


def test_an_operation_knows_what_it_is(engine: Engine) -> None:
    text = "subscription Watch { ...F } fragment F on Subscription { n: news { number } }"
    operation = engine.prepare(text)
    assert (operation.kind, operation.name) == ("subscription", "Watch")
    assert operation.root_fields == ("news",)
    assert not operation.is_introspection
    assert engine.prepare(text) is operation
    assert engine.prepare(text.replace(" { ", "\n{\n")).printed == operation.printed


def test_of_several_operations_one_must_be_named(engine: Engine) -> None:
    text = "query A { n ...F } query B { b: n ...G } fragment F on Query { f: n }" \
        " fragment G on Query { g: n }"  # fmt: skip
    with pytest.raises(RequestError, match="Must provide operation name"):
        engine.prepare(text)
    with pytest.raises(RequestError, match="Unknown operation named 'C'"):
        engine.prepare(text, "C")
    assert "fragment F" not in engine.prepare(text, "B").printed


def test_a_document_of_fragments_only_has_nothing_to_run() -> None:
    with pytest.raises(RequestError):
        Engine(SCHEMA).prepare("fragment F on Query { n }")


async def test_variables_that_do_not_fit_are_refused_with_their_places(
    engine: Engine, context: dict[str, Any]
) -> None:
    operation = engine.prepare("mutation ($name: String!) { step(name: $name) }")
    with pytest.raises(RequestError) as caught:
        await engine.execute(operation, {"name": 3}, context)
    [location] = caught.value.errors[0].locations or []
    assert location.column == 11
    with pytest.raises(RequestError):
        await engine.execute(operation, None, context)
    assert context["log"] == []


# ------------------------------------------------------------------------------------- executing


async def test_an_answer_encodes_as_it_reads(engine: Engine, context: dict[str, Any]) -> None:
    result = await engine.execute(engine.prepare("{ n broken }"), None, context)
    assert orjson.loads(result.encode()) == {
        "data": {"n": 1, "broken": None},
        "errors": [
            {
                "message": "a secret of ours",
                "locations": [{"line": 1, "column": 5}],
                "path": ["broken"],
            }
        ],
    }
    fine = await engine.execute(engine.prepare("{ n }"), None, context)
    assert fine.encode() == b'{"data":{"n":1}}'


async def test_execution_errors_are_masked_and_keep_what_was_raised(
    context: dict[str, Any],
) -> None:
    seen = []

    def mask(error: GraphQLError) -> GraphQLError:
        seen.append(error.original_error)
        return GraphQLError("masked", error.nodes, path=error.path, original_error=error)

    engine = Engine(SCHEMA, mask=mask)
    result = await engine.execute(engine.prepare("{ broken }"), None, context)
    assert result.payload()["errors"][0]["message"] == "masked"
    assert isinstance(seen[0], ValueError)
    with pytest.raises(RequestError, match="Cannot query field"):
        engine.prepare("{ missing }")


async def test_mutations_run_one_after_the_other(engine: Engine, context: dict[str, Any]) -> None:
    operation = engine.prepare('mutation { a: step(name: "a") b: step(name: "b") }')
    result = await engine.execute(operation, None, context)
    assert list(result.data or {}) == ["a", "b"]
    assert context["log"] == ["a starts", "a ends", "b starts", "b ends"]


async def test_query_fields_run_together(engine: Engine, context: dict[str, Any]) -> None:
    operation = engine.prepare('{ a: waiting(name: "a") b: waiting(name: "b") }')
    await engine.execute(operation, None, context)
    assert context["log"] == ["a started", "b started", "a ended", "b ended"]


@pytest.mark.parametrize("failing", ["soon", "now"])
async def test_when_one_field_fails_the_others_are_still_awaited(
    engine: Engine, context: dict[str, Any], failing: str
) -> None:
    text = f'{{ a: waiting(name: "a") {failing} b: waiting(name: "b") }}'
    result = await engine.execute(engine.prepare(text), None, context)
    assert result.data is None
    assert [error.message for error in result.errors or []] == [failing]
    assert context["log"][-1].endswith("ended")
    assert len(asyncio.all_tasks()) == 1


@pytest.mark.parametrize("text", ["{ waiting }", "{ waiting b: waiting }", "{ n waiting soon }"])
async def test_a_cancelled_execution_cancels_what_it_started(
    engine: Engine, context: dict[str, Any], text: str
) -> None:
    task = asyncio.create_task(engine.execute(engine.prepare(text), None, context))
    await asyncio.sleep(0.005)
    task.cancel()
    with pytest.raises(asyncio.CancelledError):
        await task
    started = [line for line in context["log"] if line.endswith("started")]
    assert len(context["log"]) == 2 * len(started) > 0
    assert context["log"][-1].endswith("cancelled")
    assert len(asyncio.all_tasks()) == 1


async def test_cancelled_before_it_could_await_leaves_nothing(
    engine: Engine, context: dict[str, Any]
) -> None:
    task = asyncio.create_task(engine.execute(engine.prepare("{ waiting }"), None, context))
    task.cancel()
    with pytest.raises(asyncio.CancelledError):
        await task


@pytest.mark.parametrize("fields", ["waiting cancelled", "cancelled waiting", "cancelled"])
async def test_a_cancellation_found_in_a_resolver_ends_the_execution(
    engine: Engine, context: dict[str, Any], fields: str
) -> None:
    with pytest.raises(asyncio.CancelledError):
        await engine.execute(engine.prepare(f"{{ {fields} }}"), None, context)
    assert context["log"] == []
    assert len(asyncio.all_tasks()) == 1


async def test_introspection_is_graphql_cores_and_kept(
    engine: Engine, context: dict[str, Any]
) -> None:
    text = get_introspection_query()
    operation = Engine(SCHEMA).prepare(text)
    assert operation.is_introspection
    engine = Engine(SCHEMA)
    first = await engine.execute(operation, None, context)
    answer = execute(SCHEMA._schema, parse(text))
    assert isinstance(answer, ExecutionResult)
    assert first.data == answer.data
    assert await engine.execute(operation, None, context) is first


async def test_introspection_beside_other_fields_is_not_kept(
    engine: Engine, context: dict[str, Any]
) -> None:
    text = '{ __type(name: "Query") { name } ...F } fragment F on Query { waiting }'
    for _ in range(2):
        result = await engine.execute(engine.prepare(text), None, context)
        assert result.data == {"__type": {"name": "Query"}, "waiting": "it"}
    assert context["log"].count("it ended") == 2


async def test_many_conditions_do_not_make_many_plans(
    engine: Engine, context: dict[str, Any]
) -> None:
    names = [f"v{number}" for number in range(8)]
    text = "query (" + ", ".join(f"${name}: Boolean!" for name in names) + ") { n " + \
        " ".join(f"{name}: n @include(if: ${name})" for name in names) + " }"  # fmt: skip
    operation = engine.prepare(text)
    for number in range(256):
        values = {name: bool(number >> bit & 1) for bit, name in enumerate(names)}
        result = await engine.execute(operation, values, context)
        assert set(result.data or {}) == {"n"} | {name for name in names if values[name]}
    assert len(operation.plan.variants) <= 16


# ------------------------------------------------------------------------------------- subscribing


async def test_each_event_has_a_context_of_its_own(engine: Engine) -> None:
    contexts: list[dict[str, Any]] = []

    def fresh() -> dict[str, Any]:
        contexts.append({"number": len(contexts), "log": []})
        return contexts[-1]

    operation = engine.prepare("subscription { news { number seenBy fragile } }")
    stream = await subscribe(engine, operation, None, fresh)
    results = [await anext(stream) for _ in range(3)]
    news = [(result.data or {})["news"] for result in results]
    assert [each["seenBy"] for each in news] == [1, 2, 3]
    assert [each["fragile"] for each in news] == [1, None, 3]
    assert [error.path for error in results[1].errors or []] == [["news", "fragile"]]
    assert results[2].errors is None
    await stream.aclose()
    assert contexts[0]["log"] == ["source closed"]


async def test_a_cancelled_reader_closes_the_source(
    engine: Engine, context: dict[str, Any]
) -> None:
    stream = await subscribe(
        engine, engine.prepare("subscription { news(count: 0) { number } }"), None, lambda: context
    )
    task = asyncio.create_task(anext(stream))
    await asyncio.sleep(0.005)
    task.cancel()
    with pytest.raises(asyncio.CancelledError):
        await task
    assert context["log"] == ["source closed"]


async def test_a_source_that_fails_ends_the_stream_with_its_error(
    engine: Engine, context: dict[str, Any]
) -> None:
    stream = await subscribe(
        engine, engine.prepare("subscription { failing }"), None, lambda: context
    )
    assert (await anext(stream)).data == {"failing": 1}
    with pytest.raises(RequestError, match="lost") as caught:
        await anext(stream)
    [error] = caught.value.errors
    assert error.path == ["failing"]
    assert isinstance(error.original_error, ValueError)


async def test_a_source_may_refuse_with_a_code(engine: Engine, context: dict[str, Any]) -> None:
    stream = await subscribe(
        engine, engine.prepare("subscription { refused }"), None, lambda: context
    )
    with pytest.raises(RequestError) as caught:
        await anext(stream)
    assert caught.value.errors[0].extensions == {"code": "LATER"}


async def test_a_source_that_is_none_is_refused_at_once(
    engine: Engine, context: dict[str, Any]
) -> None:
    with pytest.raises(RequestError, match="must return AsyncIterable"):
        await subscribe(engine, engine.prepare("subscription { nothing }"), None, lambda: context)


async def test_permissions_guard_a_source(engine: Engine) -> None:
    operation = engine.prepare("subscription { closed }")
    with pytest.raises(RequestError, match="Members only"):
        stream = await subscribe(engine, operation, None, dict)
        await anext(stream)
    stream = await subscribe(engine, operation, None, lambda: {"member": True})
    assert (await anext(stream)).data == {"closed": 1}
    await stream.aclose()


async def test_an_operation_of_the_other_kind_is_refused(
    engine: Engine, context: dict[str, Any]
) -> None:
    with pytest.raises(RequestError):
        await subscribe(engine, engine.prepare("{ n }"), None, lambda: context)
    with pytest.raises(RequestError):
        await engine.execute(engine.prepare("subscription { failing }"), None, context)
