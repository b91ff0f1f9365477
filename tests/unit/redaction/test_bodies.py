"""Whole bodies: JSON, text, forms, output."""

import json
from typing import Any

import pytest

from apispy.model import Body, Chunk
from apispy.redaction import categories
from apispy.redaction.bodies import Secrets, documents
from apispy.redaction.json_paths import parse
from apispy.redaction.program_output import output

from .hiding import replacer, token


def whole(data: bytes, size: int = 0) -> Body:
    half = len(data) // 2
    return Body((Chunk(0.1, data[:half]), Chunk(0.2, data[half:])), size or len(data))


def secrets(*paths: str) -> Secrets:
    return [(parse(path) if path != "$" else (), categories.OTHER) for path in paths]


def cleaned(value: Any, *paths: str, env: Any = "all") -> Any:
    body = documents(
        replacer(env=env), whole(json.dumps(value).encode()), "x", secrets(*paths), strict=bool(paths)
    )
    assert body.shown
    assert not body.cut
    return json.loads(body.data)


@pytest.mark.parametrize(
    ("path", "value", "shown"),
    [
        ("$.b", {"a": "x", "b": "s"}, {"a": "x", "b": token("s")}),
        ("$.b", {"B": "s"}, {"B": token("s")}),  # Go reads names without case
        ("$.b", {"b": ""}, {"b": ""}),
        ("$.a.b", {"a": {"b": "s", "c": 1}}, {"a": {"b": token("s"), "c": 1}}),
        ("$.a.b", {"a": [{"b": "s"}, {"b": 5}]}, {"a": [{"b": token("s")}, {"b": token("5")}]}),
        ("$.b", [{"b": "s"}], [{"b": token("s")}]),
        ("$.t", {"t": {"Worker": "s", "n": None}}, {"t": {"Worker": token("s"), "n": None}}),
        ("$.b", {"b": False}, {"b": token("false")}),
        ("$.b", "only text", "only text"),
        ("$", ["s", {"x": "t"}], [token("s"), {"x": token("t")}]),
    ],
)
def test_secrets_at_paths(path: str, value: object, shown: object) -> None:
    assert cleaned(value, path) == shown


@pytest.mark.parametrize(
    ("value", "shown"),
    [
        ({"Env": ["A=s", "B", "C=s=t"]}, {"Env": [f"A={token('s')}", token("B"), f"C={token('s=t')}"]}),
        ({"env": {"A": "s", "n": 1, "o": None}}, {"env": {"A": token("s"), "n": token("1"), "o": None}}),
        (
            {"Env": [{"Name": "A", "Value": "s", "Settable": None}]},
            {"Env": [{"Name": "A", "Value": token("s"), "Settable": None}]},
        ),
        ({"x": {"Password": "s"}}, {"x": {"Password": token("s")}}),
        ({"Cmd": ["|1", "A=s", "sh"]}, {"Cmd": ["|1", f"A={token('s')}", "sh"]}),
        ({"auths": {"https://a:b@r/": {}}}, {"auths": {f"https://{token('a:b')}@r/": {}}}),
        (
            {"LogConfig": {"Config": {"x-token": "s", "tag": "t"}}},
            {"LogConfig": {"Config": {"x-token": token("s"), "tag": "t"}}},
        ),
        (
            {"DriverOpts": {"password": "s"}, "x-token": "s"},
            {"DriverOpts": {"password": token("s")}, "x-token": "s"},
        ),
        ({"SecretData": "s"}, {"SecretData": token("s")}),
        ({"Env": None, "Labels": {"a": "b"}}, {"Env": None, "Labels": {"a": "b"}}),
        ({"SecretName": "x", "SecretID": "y"}, {"SecretName": "x", "SecretID": "y"}),
    ],
)
def test_secrets_anywhere(value: object, shown: object) -> None:
    assert cleaned(value) == shown


@pytest.mark.parametrize(
    ("proxy", "shown"),
    [
        ("http://ann:s@proxy:3128", f"http://{token('ann:s')}@proxy:3128"),
        ("ann:s@proxy", f"{token('ann:s')}@proxy"),
        ("http://proxy:3128", "http://proxy:3128"),
        ("", ""),
    ],
)
def test_proxies(proxy: str, shown: str) -> None:
    body = whole(json.dumps({"HttpProxy": proxy}).encode())
    found = documents(replacer(), body, "x", [(("httpproxy",), categories.URL)], strict=True)
    assert json.loads(found.data) == {"HttpProxy": shown}


@pytest.mark.parametrize(("env", "hidden"), [("all", "ab"), ("secret-looking", "b"), ("none", "")])
def test_which_variables(env: Any, hidden: str) -> None:
    a, b = (token(secret) if secret in hidden else secret for secret in "ab")
    assert cleaned({"Env": ["HOME=a", "PASSWORD=b"]}, env=env) == {"Env": [f"HOME={a}", f"PASSWORD={b}"]}
    plugin = [{"Name": "DEBUG", "Value": "a"}, {"Name": "TOKEN", "Value": "b"}]
    shown = cleaned({"Env": plugin}, env=env)
    assert [one["Value"] for one in shown["Env"]] == [a, b]


def test_without_secrets_it_stays_chunk_for_chunk() -> None:
    for data in (b'{ "a" : 1.0 }\n', b"{ not json", b"\xff\xfe", b'{"a": 1}\r\n{"a": 2}\r\n', b"[" * 100):
        assert documents(replacer(), whole(data), "x", [], strict=False) == whole(data)


def test_of_a_repeated_name_none_is_shown() -> None:
    body = documents(replacer(), whole(b'{"b": "one", "b": ""}'), "x", secrets("$.b"), strict=True)
    assert json.loads(body.data) == {"b": ""}


def test_several_values() -> None:
    body = documents(
        replacer(), whole(b'{"b": "s"} {"x": 1}\x1e{"b": "t"}'), "x", secrets("$.b"), strict=True
    )
    assert body.data.decode().split() == [f'{{"b":"{token("s")}"}}', '{"x":1}', f'{{"b":"{token("t")}"}}']


@pytest.mark.parametrize(
    "data",
    [
        b"password=secret",
        b'{"b": "s"',
        b"\xff\xfe{",
        b"[" * 100_000,
        b"[" * 900 + b'{"Env":["A=b"]}' + b"]" * 900,
    ],
    ids=["form", "half", "no text", "deep", "deep, but valid"],
)
def test_what_cannot_be_looked_through_is_withheld(data: bytes) -> None:
    hiding = replacer()
    body = documents(hiding, whole(data), "x", secrets("$.b"), strict=True)
    assert (body.shown, body.data, body.size) == (False, b"", len(data))
    assert [(one.place, one.token) for one in hiding.found] == [("x", "")]


def test_a_deep_body_is_shown_if_the_prefilter_finds_nothing_below_its_top() -> None:
    deep = whole(b"[" * 300 + b"]" * 300)
    assert documents(replacer(), deep, "x", secrets("$.b"), strict=True) is deep


def test_a_cut_body_is_withheld_if_there_may_be_secrets_in_it() -> None:
    cut = whole(b'{"x": "https://a:b@r/"', 1000)
    assert not documents(replacer(), cut, "x", secrets("$.b"), strict=True).shown
    assert not documents(replacer("re:z"), cut, "x", [], strict=False).shown
    shown = documents(replacer(), cut, "x", [], strict=False)
    assert shown.data == f'{{"x": "https://{token("a:b")}@r/"'.encode()
    assert shown.cut


def test_json_that_is_broken_is_withheld_from_rules_with_paths() -> None:
    assert not documents(replacer("json:$.x"), whole(b'{"x": 1'), "x", [], strict=False).shown
    assert documents(replacer("json:$.x"), whole(b"plain text"), "x", [], strict=False).shown


def test_what_gets_shorter_is_padded() -> None:
    body = documents(
        replacer(), whole(json.dumps({"b": "s" * 100}).encode()), "x", secrets("$.b"), strict=True
    )
    assert len(body.data) == body.size
    assert len(body.chunks) == 1


def test_a_stream_of_documents_keeps_its_chunks() -> None:
    came = (Chunk(0.1, b'{"a": 1}\r\n'), Chunk(0.2, b'{"b": "s"}\r\n{"b": "t"}\r\n'))
    body = documents(
        replacer(), Body(came, sum(len(one.data) for one in came)), "x", secrets("$.b"), strict=True
    )
    assert [chunk.at for chunk in body.chunks] == [0.1, 0.2]
    assert json.loads(body.chunks[0].data) == {"a": 1}
    shown = [json.loads(line) for line in body.chunks[1].data.splitlines()]
    assert shown == [{"b": token("s")}, {"b": token("t")}]


def test_values_keep_their_times_wherever_chunks_divide_them() -> None:
    """A value has the time of the chunk that ends it. What separates values stays, for clients that read lines."""
    pieces = [b'{"a": 1}\r\n{"b"', b': "\xc3', b'\xa4"}\r\n', b'{"c": 2}\r', b"\n"]
    came = tuple(Chunk(number / 10, piece) for number, piece in enumerate(pieces))
    made = Body(came, sum(map(len, pieces)))
    body = documents(replacer(), made, "x", secrets("$.b"), strict=True)
    assert [(chunk.at, chunk.data) for chunk in body.chunks] == [
        (0.0, b'{"a":1} \r\n'),
        (0.2, b'{"b":"%b"}\r\n' % token("ä").encode()),
        (0.3, b'{"c":2} \r'),
        (0.4, b"\n"),
    ]
    assert body.size == len(body.data)


def test_no_guess_can_be_tested_with_a_digest() -> None:
    def cut(data: bytes) -> Body:
        return Body((Chunk(0.0, data),), 1000, digest="0" * 64)

    def redacted(data: bytes, *, strict: bool) -> Body:
        return documents(replacer(), cut(data), "x", [], strict=strict)

    assert redacted(b"nothing to hide", strict=False) == cut(b"nothing to hide")
    assert redacted(b'{"password": "s", "a', strict=True) == Body((), 1000, shown=False)
    shown = redacted(b"https://ann:hunter2-in-url@x.example/", strict=False)
    assert b"<redacted:" in shown.data
    assert not shown.digest


def test_lines_keep_their_times() -> None:
    pieces = [b"one\npass", b"word=hunter2-in-line\ntw", b"o\n"]
    came = tuple(Chunk(number / 10, piece) for number, piece in enumerate(pieces))
    body = documents(replacer(), Body(came, sum(map(len, pieces))), "x", [], strict=False)
    hidden = b"password=%b" % token("hunter2-in-line").encode()
    assert [(chunk.at, chunk.data) for chunk in body.chunks] == [
        (0.0, b"one\n"),
        (0.1, hidden + b"\ntw"),
        (0.2, b"o\n"),
    ]


def test_forms() -> None:
    def form(body: Body) -> Body:
        return documents(replacer(), body, "x", [], strict=False, form=True)

    body = form(whole(b"changes=ENV+A%3D" + b"b" * 100))
    assert body.data.rstrip(b"&").endswith(b"%3E")
    assert len(body.data) == body.size
    assert form(whole(b"fromSrc=-&repo=x")).data == b"fromSrc=-&repo=x"
    assert form(whole(b'{"Name": "x", "password": "s"}')).data.startswith(
        b'{"Name":"x","password":"<redacted:'
    )
    assert not form(whole(b'{"password": "s"}&a=b')).shown
    assert not form(whole(b"changes=ENV+A", 99)).shown
    assert not form(whole(b'{"password": "s"', 99)).shown


def frame(text: bytes) -> bytes:
    return b"\x01\0\0\0" + len(text).to_bytes(4) + text


def test_output_is_let_be_without_patterns() -> None:
    assert output(replacer(), whole(b"https://a:b@r/ corp-1"), "x", framed=True) == whole(
        b"https://a:b@r/ corp-1"
    )


def test_patterns_look_into_frames() -> None:
    hiding = replacer("re:corp-[0-9]+")
    body = output(hiding, whole(frame(b"at corp-1\n") + frame(b"ok\n") + b"\x01\0"), "x", framed=True)
    assert body.data == frame(f"at {token('corp-1')}\n".encode()) + frame(b"ok\n") + b"\x01\0"
    assert body.size == len(body.data)


def test_patterns_look_into_plain_output() -> None:
    body = output(replacer("re:corp-[0-9]+"), whole(b"corp-1 \xff"), "x", framed=True)
    assert body.data == token("corp-1").encode() + b" \xff"


def test_archives_with_a_match_and_cut_output_are_withheld() -> None:
    assert not output(replacer("re:corp"), whole(b"corp"), "x", framed=False).shown
    assert output(replacer("re:corp"), whole(b"else"), "x", framed=False) == whole(b"else")
    assert not output(replacer("re:corp"), whole(b"else", 9), "x", framed=True).shown
