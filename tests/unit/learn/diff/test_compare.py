"""Which differences between two captures count."""

import time
from typing import Any

import pytest

from apispy.learn.diff import CaptureDifference, compare_captures
from apispy.model import Headers
from apispy.outputs import DecodedCall
from apispy.structs import replace
from tests.unit.outputs.decoded_calls import WEB, decoded_call, tunnel

DB = "d1" * 32


def changes(a: DecodedCall, b: DecodedCall, **options: bool) -> list[tuple[str, str, str | None, str | None]]:
    (pair,) = compare_captures([a], [b], **options).changed or [None]
    return [] if pair is None else [(one.kind, one.place, one.a, one.b) for one in pair.changes]


def create(query: str = "", ask: Any = None, answer: Any = None) -> DecodedCall:
    return decoded_call(f"POST /v1.41/containers/create{query}", 201, answer or {"Id": WEB}, ask=ask)


SAME: dict[str, tuple[DecodedCall, DecodedCall]] = {
    "ids": (
        decoded_call(f"POST /containers/{WEB}/start", 204),
        decoded_call(f"POST /containers/{DB}/start", 204),
    ),
    "names that docker made up": (
        decoded_call("POST /containers/focused_curie/start", 204),
        decoded_call("POST /containers/happy_bohr2/start", 204),
    ),
    "names that a client made up": (create("?name=test-3f9a1c"), create("?name=test-77b0e2")),
    "times": (
        decoded_call("GET /events?since=1700000000&until=2023-11-14T22:13:20Z"),
        decoded_call("GET /events?since=1711111111.5&until=2024-01-01T00:00:00.123Z"),
    ),
    "the terminal's size": (
        decoded_call("POST /exec/x/resize?h=24&w=80"),
        decoded_call("POST /exec/x/resize?h=50&w=200"),
    ),
    "the order of a query and its JSON": (
        decoded_call("GET /containers/json?all=1&filters={%22a%22:1,%22b%22:2}"),
        decoded_call("GET /containers/json?filters={%22b%22:2,%22a%22:1}&all=1"),
    ),
    "what is empty and left out": (
        create("?platform=", {"Image": "x", "Tty": False, "Labels": None, "HostConfig": {"Binds": []}}),
        create("", {"Image": "x"}),
    ),
    "values of answers": (
        decoded_call("GET /info", 200, {"Containers": 1, "Name": "a"}),
        decoded_call("GET /info", 200, {"Containers": 7, "Name": "b"}),
    ),
    "lengths of lists": (
        decoded_call("GET /containers/json", 200, [{"Id": WEB}, {"Id": DB}]),
        decoded_call("GET /containers/json", 200, [{"Id": WEB}]),
    ),
    "what an empty list would hold": (
        decoded_call("GET /containers/json", 200, [{"Id": WEB, "Mounts": [{"Type": "bind"}]}]),
        decoded_call("GET /containers/json", 200, [{"Id": WEB, "Mounts": []}]),
    ),
    "the names in a map": (
        decoded_call("GET /v1.41/containers/x/json", 200, {"Config": {"Labels": {"a": "1"}}}),
        decoded_call("GET /v1.41/containers/x/json", 200, {"Config": {"Labels": {"b": "1", "c": "2"}}}),
    ),
}


@pytest.mark.parametrize("what", SAME)
def test_what_is_no_difference(what: str) -> None:
    a, b = SAME[what]
    assert not compare_captures([a], [b])
    assert not compare_captures([b], [a])


DIFFERENT: dict[str, tuple[DecodedCall, DecodedCall, list[tuple[str, str, str | None, str | None]]]] = {
    "a parameter": (
        decoded_call("GET /containers/json?all=1"),
        decoded_call("GET /containers/json?all=0&size=1"),
        [("query", "all", "1", "0"), ("query", "size", None, "1")],
    ),
    "a field of the body": (
        create(ask={"Image": "x", "HostConfig": {"AutoRemove": True}, "Cmd": ["a", "b"]}),
        create(ask={"Image": "y", "HostConfig": {"NetworkMode": "host"}, "Cmd": ["a"]}),
        [
            ("body", "Cmd", '["a", "b"]', '["a"]'),
            ("body", "HostConfig.AutoRemove", "true", None),
            ("body", "HostConfig.NetworkMode", None, '"host"'),
            ("body", "Image", '"x"', '"y"'),
        ],
    ),
    "a path argument": (
        decoded_call("GET /containers/web/json"), decoded_call("GET /containers/db/json"),
        [("path", "id", "web", "db")],
    ),
    "the status": (
        decoded_call("POST /containers/x/start", 204),
        decoded_call("POST /containers/x/start", 404, {"message": "no"}),
        [("status", "", "204", "404"), ("answer header", "content-type", None, "application/json")],
    ),
    "no answer": (
        decoded_call("POST /containers/x/start", 204),
        decoded_call("POST /containers/x/start", None),
        [("status", "", "204", "no answer")],
    ),
    "the shape of the answer": (
        decoded_call("GET /info", 200, {"A": None, "B": [1], "C": {"D": "x"}, "E": 1}),
        decoded_call("GET /info", 200, {"A": [], "B": ["x"], "C": {"F": 1.5}, "E": 2.5}),
        [
            ("answer", "A", "null", "array"),
            ("answer", "B[]", "number", "string"),
            ("answer", "C.D", "string", None),
            ("answer", "C.F", None, "number"),
        ],
    ),
    "what a tunnel carries": (
        decoded_call("POST /containers/x/attach", 101, b"", tunnel=tunnel(to_client=b"\1\0\0\0\0\0\0\1a")),
        decoded_call("POST /containers/x/attach", 101, b"", tunnel=tunnel(to_client=b"\2\0\0\0\0\0\0\1a")),
        [("stream", "to_client", "stdout", "stderr")],
    ),
}  # fmt: skip


@pytest.mark.parametrize("what", DIFFERENT)
def test_what_is_a_difference(what: str) -> None:
    a, b, expected = DIFFERENT[what]
    assert sorted(changes(a, b), key=str) == sorted(expected, key=str)


def test_values_are_compared_when_asked_for() -> None:
    a = decoded_call("GET /info", 200, {"Containers": 1, "ID": WEB})
    b = decoded_call("GET /info", 200, {"Containers": 7, "ID": DB})
    assert changes(a, b, values=True) == [("value", "Containers", "1", "7")]


def test_of_credentials_only_that_they_are_given() -> None:
    plain = decoded_call("POST /images/create?fromImage=x")
    request = replace(plain.exchange.request, headers=Headers(((b"X-Registry-Auth", b"hunter2"),)))
    given = replace(plain, exchange=replace(plain.exchange, request=request))
    assert changes(plain, given) == [("header", "x-registry-auth", None, "given")]


def test_an_id_goes_by_the_name_that_a_client_gave() -> None:
    made = create("?name=web")
    found = compare_captures(
        [made, decoded_call(f"POST /containers/{WEB}/start", 204)],
        [made, decoded_call("POST /containers/web/start", 204)],
    )
    assert not found


def test_versions_are_told_once() -> None:
    a = [decoded_call("GET /v1.41/info"), decoded_call("GET /v1.41/version")]
    b = [decoded_call("GET /v1.47/info"), decoded_call("GET /v1.47/version")]
    found = compare_captures(a, b)
    assert found
    assert found.versions_differ
    assert (found.changed, found.same) == ((), 2)


def calls(*lines: str) -> list[DecodedCall]:
    made = [decoded_call(line) for line in lines]
    return [replace(one, exchange=replace(one.exchange, id=at)) for at, one in enumerate(made, 1)]


def summary(found: CaptureDifference) -> tuple[list[int], list[int], list[tuple[int, int]]]:
    return (
        [call.number for call in found.only_a],
        [call.number for call in found.only_b],
        [(pair.a.number, pair.b.number) for pair in found.changed],
    )


def test_calls_of_only_one_side() -> None:
    a = calls("GET /info", "GET /_ping", "GET /images/json", "GET /_ping")
    b = calls("GET /_ping", "GET /info", "GET /version")
    assert summary(compare_captures(a, b)) == ([3, 4], [3], [])


def test_order_does_not_matter_and_the_most_alike_belong_together() -> None:
    a = calls("GET /containers/a/json?size=1", "GET /containers/b/json", "GET /containers/c/json")
    b = calls("GET /containers/c/json", "GET /containers/a/json", "GET /containers/d/json")
    assert summary(compare_captures(a, b)) == ([], [], [(1, 2), (2, 3)])


def test_calls_that_are_not_known_are_compared_too() -> None:
    assert summary(
        compare_captures(calls("GET /no/such", "GET /more"), calls("GET /no/such", "GET /other"))
    ) == (
        [2],
        [2],
        [],
    )


def test_three_thousand_calls_take_seconds() -> None:
    one, other = (
        decoded_call("GET /containers/json?all=1", 200, [{"Id": WEB}]),
        decoded_call("GET /info", 200, {"A": 1}),
    )
    began = time.process_time()
    found = compare_captures([one] * 3_000, [one, other] * 1_500)
    assert time.process_time() - began < 10
    assert (len(found.only_a), len(found.only_b), found.same) == (1_500, 1_500, 1_500)
