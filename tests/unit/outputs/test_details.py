from dataclasses import replace

from apispy.model import Body, Chunk
from apispy.outputs import details

from .decoded_calls import decoded_call, tunnel


def body(reading_, direction="response", limit=1 << 20):  # type: ignore[no-untyped-def]
    return list(details.body(reading_, direction, limit))


def test_the_query_is_decoded() -> None:
    asked = decoded_call("GET /v1.41/containers/json?all=1&filters=%7B%22a%22%3A%5B%22b%22%5D%7D&odd=%7B")
    assert list(details.request_head(asked)) == [
        "> GET /v1.41/containers/json?all=1&filters=%7B%22a%22%3A%5B%22b%22%5D%7D&odd=%7B HTTP/1.1",
        "? all = 1",
        "? filters = a=b",
        "? odd = {",
    ]


def test_json_is_indented() -> None:
    assert body(decoded_call("GET /containers/json", 200, [{"Id": "ü"}])) == [
        "<",
        "< [",
        "<   {",
        '<     "Id": "ü"',
        "<   }",
        "< ]",
    ]


def test_frames_are_shown_by_stream_and_line() -> None:
    frames = b"\x01\0\0\0\0\0\0\x02on" + b"\x01\0\0\0\0\0\0\x02e\n" + b"\x02\0\0\0\0\0\0\x04two\n"
    assert body(decoded_call("GET /containers/x/logs", 200, frames)) == [
        "<",
        "< stdout| one",
        "< stderr| two",
    ]


def test_binary_is_shown_in_hexadecimal() -> None:
    shown = body(decoded_call("GET /no/such", 200, bytes(range(20))))
    assert shown[1].startswith("< 00000000  00 01 02")
    assert len(shown) == 3


def test_the_limit_says_how_much_is_missing() -> None:
    shown = body(decoded_call("GET /_ping", 200, b"x" * 50 + b"\n" + b"y" * 49), limit=60)
    assert shown == [
        "<",
        f"< {'x' * 50}",
        f"< {'y' * 9}",
        "< (40 B more not shown; raise --body-limit to see it)",
    ]


def test_a_cut_body_says_how_much_was_kept() -> None:
    asked = decoded_call("GET /_ping", 200, b"x")
    cut = asked.exchange.with_stream("response", Body((Chunk(0, b"abc"),), 3000))
    assert body(replace(asked, exchange=cut, items={})) == ["<", "< abc", "< (3 B of 3.0 kB kept)"]


def test_a_withheld_body_says_so() -> None:
    assert (
        body(decoded_call("POST /auth", 200, None, ask=b"no json"), "request")[1] == f"> {details.WITHHELD}"
    )


def test_an_empty_body_is_not_mentioned() -> None:
    assert body(decoded_call("GET /_ping", 200, None)) == []


def test_tunnels_have_bodies_too() -> None:
    hijacked = decoded_call("POST /containers/x/attach", 101, None, tunnel=tunnel(b"in\n", b"raw out\n"))
    assert body(hijacked, "to_server") == [">", "> in"]
    assert body(hijacked, "to_client") == ["<", "< raw out"]


def test_a_chunk_is_previewed() -> None:
    line = details.chunk("to_client", 5, 0.0451, b"\x01" + b"x" * 200)
    assert line == f"< to_client 5..206 (201 B) +0.045 s  \\x01{'x' * 95} ...(+105)"
