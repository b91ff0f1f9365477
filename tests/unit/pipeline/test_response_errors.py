"""The daemon's own words for what went wrong, wherever they stand."""

from itertools import pairwise
from typing import Any

import pytest

from apispy import engine, json_codec
from apispy.capture.exchange_summary import summarize
from apispy.capture.lines import encode_line
from apispy.learn import NameRegistry
from apispy.model import Body, Chunk, Exchange, Item, Request, Response, Tunnel
from apispy.outputs.outcome import outcome
from apispy.pipeline import fast_stats_of, read
from apispy.pipeline.response_errors import error_in, errors_of, marked_errors
from apispy.structs import replace


def item(value: Any, kind: str = "json") -> Item:
    return Item(kind, kind, value, (0, 1))


def answered(status: int, end: Any = "complete") -> Exchange:
    return Exchange(1, 1, 0.0, "c", "u", Request("GET", "/"), Response(status), end=end)


@pytest.mark.parametrize(
    ("value", "said"),
    [
        ({"errorDetail": {"code": 1, "message": "no"}, "error": "no"}, "no"),
        ({"error": "no"}, "no"),
        ({"Error": {"Message": "no"}, "StatusCode": 1}, "no"),
        ({"Error": None, "StatusCode": 0}, ""),
        ({"error": {"odd": 1}}, ""),
        ({"errorDetail": "odd"}, ""),
        (["error"], ""),
        (None, ""),
    ],
)
def test_said_in(value: Any, said: str) -> None:
    assert error_in(item(value)) == said


@pytest.mark.parametrize(
    ("status", "items", "errors"),
    [
        (404, [item({"message": "No such container: x"})], ("No such container: x",)),
        (404, [item("No such ", "text"), item("container\n", "text")], ("No such container",)),
        (500, [item(b"raw \xff", "raw")], ("raw \\xff",)),
        (500, [], ()),
        (200, [item({"status": "ok"}), item({"error": "late"}), item({"error": "late"})], ("late",)),
        (200, [item({"message": "no error here"})], ()),
        (200, [item("ends inside a frame", "problem")], ("ends inside a frame",)),
        (101, [item(b"cannot read logs\n", "systemerr")], ("cannot read logs",)),
    ],
)
def test_errors_of(status: int, items: list[Item], errors: tuple[str, ...]) -> None:
    assert errors_of(answered(status), items) == errors


def test_the_missing_tail_of_a_cut_call_is_no_error_of_its_own() -> None:
    assert errors_of(answered(200, "cut"), [item("ends inside a frame", "problem")]) == ()


ID = "358abedff527f2036c115c651eb7240bf7d4d0d889b4669eadc2c4486473a2e9"
NO_PROGRAM = (
    b'OCI runtime exec failed: exec failed: unable to start container process: exec: "nosuch": executable file not '
    b"found in $PATH\r\n"
)


def framed(text: bytes) -> bytes:
    return b"\x01\0\0\0" + len(text).to_bytes(4, "big") + text


def exec_start(output: bytes, *pieces: int) -> Exchange:
    """An ExecStart with *output*, which arrived in pieces that begin at *pieces*."""
    edges = (0, *pieces, len(output))
    chunks = tuple(Chunk(0.1, output[one:two]) for one, two in pairwise(edges))
    tunnel = Tunnel("tcp", Body(ended_at=0.0), Body(chunks, len(output), ended_at=0.2))
    request = Request("POST", f"/v1.41/exec/{ID}/start")
    return Exchange(1, 1, 0.0, "c", "u", request, Response(101), tunnel, end="complete", duration=0.2)


@pytest.mark.parametrize(
    "text",
    [
        NO_PROGRAM,
        f"exec command {ID} has already run\r\n".encode(),
        f"exec command {ID} is already running\r\n".encode(),
        f"Error: Exec command {ID} has already run\r\n".encode(),
        b"unable to find user nosuch: no matching entries in passwd file\r\n",
    ],
)
@pytest.mark.parametrize("tty", [False, True])
def test_an_exec_that_fails_after_the_101(text: bytes, tty: bool) -> None:
    output = text if tty else framed(text)
    for exchange in (exec_start(output), exec_start(output, 3, 20)):
        found = read(exchange, NameRegistry())
        assert found.errors == (text.decode().strip(),)
        assert found.failed
        assert {item.kind for item in found.items["to_client"]} == {"systemerr"}
        assert fast_stats_of(summarize(json_codec.read(encode_line(exchange)))).failed


@pytest.mark.parametrize(
    "output",
    [
        framed(b"hello\n"),
        framed(NO_PROGRAM.replace(b"\r", b"")),  # as a docker CLI in the container prints it
        framed(NO_PROGRAM) + framed(b"more\n"),
        framed(b"sh: OCI runtime exec failed: x\r\n"),
        framed(NO_PROGRAM).replace(b"\x01", b"\x02", 1),  # stderr
    ],
)
def test_a_program_that_prints_what_looks_like_an_error(output: bytes) -> None:
    exchange = exec_start(output)
    assert not read(exchange, NameRegistry()).failed
    assert not fast_stats_of(summarize(json_codec.read(encode_line(exchange)))).failed


def test_only_exec_has_errors_among_the_output() -> None:
    line = Item("stdout", "stdout", NO_PROGRAM, (0, len(NO_PROGRAM)))
    attach, start = engine.lookup("POST", "/containers/x/attach"), engine.lookup("POST", "/exec/x/start")
    assert marked_errors(attach, (line,), len(NO_PROGRAM)) == (line,)
    assert marked_errors(start, (line,), len(NO_PROGRAM) + 1) == (line,)
    [marked] = marked_errors(start, (line,), len(NO_PROGRAM))
    assert (marked.kind, marked.value, marked.span) == ("systemerr", NO_PROGRAM, line.span)


def test_a_wait_that_its_client_has_left_is_no_failure() -> None:
    """`docker wait`, ended by Ctrl-C: the daemon responds, although nobody reads it."""
    body = b'{"StatusCode":-1,"Error":{"Message":"context canceled"}}\n'
    response = Response(200, body=Body((Chunk(1.0, body),), len(body), ended_at=1.0))
    plain = Exchange(
        1, 1, 0.0, "c", "u", Request("POST", "/v1.41/containers/web/wait"), response, end="complete"
    )
    found = read(plain, NameRegistry())
    assert (found.errors, found.failed) == ((), False)
    assert outcome(found) == "cancelled, because the client left"
    assert not fast_stats_of(summarize(json_codec.read(encode_line(plain)))).failed
    body = b'{"errorDetail":{"message":"context canceled"},"error":"context canceled"}\n'
    response = Response(200, body=Body((Chunk(1.0, body),), len(body), ended_at=1.0))
    pull = replace(plain, request=Request("POST", "/v1.41/images/create?fromImage=a"), response=response)
    found = read(pull, NameRegistry())
    assert (found.errors, outcome(found)) == ((), "cancelled, because the client left")
