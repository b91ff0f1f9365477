from apispy.model import Body, Chunk
from apispy.outputs import details
from apispy.structs import replace

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
    long = "ü" * 70
    assert body(decoded_call("GET /containers/json", 200, [{"Id": long, "Names": ["/a", "/b"]}])) == [
        "<",
        "< [",
        "<   {",
        f'<     "Id": "{long}",',
        '<     "Names": ["/a", "/b"]',
        "<   }",
        "< ]",
    ]


def test_json_that_fits_takes_one_line() -> None:
    assert body(decoded_call("GET /containers/json", 200, [{"Id": "ü"}])) == ["<", '< [{"Id": "ü"}]']


def test_fields_at_their_defaults_are_counted() -> None:
    asked = decoded_call("POST /v1.41/containers/create", 201, {}, ask={"Image": "x"} | SENT_BY_THE_CLI)
    assert body(asked, "request") == [
        ">",
        '> {"Image": "x", "HostConfig": {"Init": false}}',
        "> (6 fields at their defaults not shown; -vvv shows them)",
    ]
    whole = list(details.body(asked, "request", 1 << 20, whole=True))
    assert '>     "MemorySwappiness": -1,' in whole
    assert not any("defaults" in line for line in whole)


SENT_BY_THE_CLI = {
    "Hostname": "",
    "Tty": False,
    "Entrypoint": None,
    "HostConfig": {"Init": False, "MemorySwappiness": -1, "ConsoleSize": [0, 0], "Binds": None},
}


def test_samples_have_their_figures_above_the_json() -> None:
    sample = {"name": "/web", "memory_stats": {"usage": 1 << 20}}
    shown = body(decoded_call("GET /v1.41/containers/web/stats?stream=0", 200, sample))
    assert shown[1] == "< web: cpu --, memory 1 MiB"
    assert shown[2].startswith("< {")


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
