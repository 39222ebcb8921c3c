"""Messages of graphql-transport-ws: read, refused, written."""

from typing import Any

import orjson
import pytest
from websockets.frames import Frame, Opcode
from websockets.streams import StreamReader

from app.graphql.parameters import Malformed, Parameters
from app.graphql.sockets.protocol import (
    MAX_REASON,
    PONG,
    Complete,
    Frames,
    Init,
    Ping,
    Subscribe,
    pong,
    read,
    reason,
)

ASKED = Parameters("{ me }", "A", {"x": 1})


def said(data: bytes) -> Any:
    """What a client reads of one frame that is a whole message."""
    reader = StreamReader()
    reader.feed_data(data)
    parsing = Frame.parse(reader.read_exact, mask=False)
    with pytest.raises(StopIteration) as done:
        next(parsing)
    frame: Frame = done.value.value
    assert (frame.opcode, frame.fin, reader.buffer) == (Opcode.TEXT, True, b"")
    return orjson.loads(bytes(frame.data))


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ('{"type":"connection_init"}', Init({})),
        ('{"type":"connection_init","payload":null}', Init({})),
        ('{"type":"connection_init","payload":{"token":"x"}}', Init({"token": "x"})),
        ('{"type":"ping"}', Ping(None)),
        ('{"type":"ping","payload":{"at":1}}', Ping({"at": 1})),
        ('{"type":"pong"}', PONG),
        ('{"type":"pong","payload":{}}', PONG),
        ('{"type":"complete","id":"1"}', Complete("1")),
        (
            '{"id":"1","type":"subscribe","payload":'
            '{"query":"{ me }","operationName":"A","variables":{"x":1},"extensions":{}}}',
            Subscribe("1", ASKED),
        ),
    ],
)
def test_a_message_is_read(text: str, message: object) -> None:
    assert read(text) == message


@pytest.mark.parametrize(
    "text",
    [
        "",
        "ping",
        "{",
        "[]",
        "null",
        "5",
        '"ping"',
        "[" * 5000,
        "{}",
        '{"type":null}',
        '{"type":5}',
        '{"type":["ping"]}',
        '{"type":"start"}',
        '{"type":"connection_ack"}',
        '{"type":"next","id":"1","payload":{}}',
        '{"type":"ping","payload":[]}',
        '{"type":"pong","payload":"x"}',
        '{"type":"connection_init","payload":[]}',
        '{"type":"connection_init","payload":"token"}',
        '{"type":"complete"}',
        '{"type":"complete","id":""}',
        '{"type":"complete","id":1}',
        '{"type":"complete","id":null}',
        '{"type":"complete","id":["1"]}',
        '{"type":"subscribe","id":"1"}',
        '{"type":"subscribe","id":"1","payload":null}',
        '{"type":"subscribe","id":"1","payload":"{ me }"}',
        '{"type":"subscribe","id":"1","payload":{}}',
        '{"type":"subscribe","id":"1","payload":{"query":""}}',
        '{"type":"subscribe","id":"1","payload":{"query":5}}',
        '{"type":"subscribe","id":"1","payload":{"query":"{ me }","variables":[]}}',
        '{"type":"subscribe","id":"1","payload":{"query":"{ me }","variables":"{}"}}',
        '{"type":"subscribe","id":"1","payload":{"query":"{ me }","operationName":1}}',
        '{"type":"subscribe","id":"1","payload":{"query":"{ me }","extensions":[]}}',
        '{"type":"subscribe","payload":{"query":"{ me }"}}',
        '{"type":"subscribe","id":"","payload":{"query":"{ me }"}}',
        '{"type":"subscribe","id":7,"payload":{"query":"{ me }"}}',
        '{"type":"subscribe","id":{},"payload":{"query":"{ me }"}}',
    ],
)
def test_what_is_no_message_is_refused_in_few_words(text: str) -> None:
    with pytest.raises(Malformed) as caught:
        read(text)
    assert 0 < len(str(caught.value).encode()) <= MAX_REASON


@pytest.mark.parametrize(
    ("payload", "token"),
    [
        ({"authorization": "Bearer x"}, "x"),
        ({"Authorization": "bearer x"}, "x"),
        ({"token": "x"}, "x"),
        ({}, None),
        ({"token": ""}, None),
        ({"token": 5}, None),
        ({"token": None}, None),
        ({"authorization": "x"}, None),
        ({"authorization": "Basic x"}, None),
        ({"authorization": "Bearer"}, None),
        ({"authorization": ["Bearer x"]}, None),
        ({"authorization": "Basic x", "token": "x"}, None),
    ],
)
def test_the_token_is_found_where_clients_put_it(
    payload: dict[str, object], token: str | None
) -> None:
    assert Init(payload).token() == token


def test_frames_are_json_whatever_the_id() -> None:
    for id_ in ("1", 'a"b\\', "é\n", "x" * 1000, "next", '"type":"next"'):
        frames = Frames(id_)
        assert said(frames.complete) == {"id": id_, "type": "complete"}
        for text in ("", "é" * 50, "x" * 70_000):
            assert said(frames.next(orjson.dumps({"data": text}))) == {
                "id": id_,
                "type": "next",
                "payload": {"data": text},
            }
        assert said(frames.error([{"message": "é"}])) == {
            "id": id_,
            "type": "error",
            "payload": [{"message": "é"}],
        }


def test_a_pong_brings_the_payload_back_if_it_can_be_written() -> None:
    assert said(pong(None)) == {"type": "pong"}
    assert said(pong({"at": 1})) == {"type": "pong", "payload": {"at": 1}}
    deep = read('{"type":"ping","payload":{"x":' + "[" * 900 + "]" * 900 + "}}")
    assert isinstance(deep, Ping)
    assert said(pong(deep.payload)) == {"type": "pong"}


def test_a_reason_fits_its_frame_and_is_whole_utf_8() -> None:
    assert reason("short") == "short"
    assert reason("é" * 100) == "é" * 61
