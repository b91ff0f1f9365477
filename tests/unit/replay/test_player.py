"""The recorded call that is found for a live request."""

import base64
import io
import json
import tarfile
from pathlib import Path
from typing import Any

import pytest

from apispy.errors import UsageError
from apispy.model import Exchange
from apispy.replay import Miss, Options, Player, choose_matchers, parse_speed, report
from apispy.replay.player import MAX_MISSES, MAX_SECRET_BYTES, MAX_SECRETS
from apispy.structs import replace
from apispy.testing import Api
from tests.recorded_calls import STARTED, body, call, headers, hijacked

CREATE = "/v1.41/containers/create"


def live(method: str, target: str, asks: Any = None, **options: Any) -> Exchange:
    return call(1, method, target, asks=asks, **options)


def finds(player: Player, *exchange: Any, **options: Any) -> int:
    """The number of the recorded call, 0 for a miss."""
    found = player.find(live(*exchange, **options))
    return 0 if isinstance(found, Miss) else found.number


def test_equal_requests_are_played_in_recorded_order_and_others_in_any_order() -> None:
    player = Player([call(1, "GET", "/containers/a/json", 1), call(2, "GET", "/containers/b/json", 2),
                     call(3, "GET", "/containers/a/json", 3)])  # fmt: skip
    asked = [finds(player, "GET", f"/containers/{name}/json") for name in "baab"]
    assert asked == [2, 1, 3, 0]


def test_pings_and_resizes_are_played_as_often_as_requested() -> None:
    player = Player([call(1, "HEAD", "/_ping"), call(2, "POST", "/v1.41/exec/x/resize?h=24&w=80")])
    assert [finds(player, "HEAD", "/_ping") for _ in range(3)] == [1, 1, 1]
    assert finds(player, "POST", "/v1.41/exec/x/resize?h=50&w=132") == 2
    assert not player.unplayed


@pytest.mark.parametrize(
    "asks",
    [
        {"HostConfig": {"Memory": 5}, "Image": "busybox"},
        {"Image": "busybox", "HostConfig": {"Memory": 5, "ConsoleSize": [9, 9]}, "Tty": False, "Cmd": None},
    ],
)
def test_equivalent_json_matches(asks: Any) -> None:
    recorded = {"Image": "busybox", "HostConfig": {"Memory": 5, "ConsoleSize": [1, 1], "Binds": []}}
    assert finds(Player([call(1, "POST", CREATE, {"Id": "x"}, asks=recorded)]), "POST", CREATE, asks) == 1


@pytest.mark.parametrize(
    ("target", "asks", "place"),
    [
        (CREATE, {"Image": "busybox", "Memory": 6}, "body $.Memory"),
        (CREATE, {"Image": "busybox", "Memory": "5"}, "body $.Memory"),
        (CREATE, {"Image": "busybox", "Memory": 5, "Tty": True}, "body $.Tty"),
        (CREATE, {"Image": "busybox"}, "body $.Memory"),
        (f"{CREATE}?name=web", {"Image": "busybox", "Memory": 5}, "query name"),
        ("/v1.41/containers/json", None, None),
    ],
)
def test_a_miss_names_the_difference(target: str, asks: Any, place: str | None) -> None:
    player = Player([call(1, "POST", CREATE, {"Id": "x"}, asks={"Image": "busybox", "Memory": 5})])
    miss = player.find(live("POST", target, asks))
    assert isinstance(miss, Miss)
    if place is None:
        assert miss.nearest is None
        return
    assert miss.nearest
    assert place in [one.place for found in miss.nearest.differences.values() for one in found]


def test_zero_differs_from_absent_where_docker_distinguishes_them() -> None:
    player = Player([call(1, "POST", CREATE, asks={"Image": "x", "StopTimeout": 0})])
    assert finds(player, "POST", CREATE, {"Image": "x"}) == 0
    assert finds(player, "POST", CREATE, {"Image": "x", "StopTimeout": 0}) == 1


def test_a_generated_name_is_bound_across_calls() -> None:
    player = Player([
        call(1, "POST", f"{CREATE}?name=web-3f9a1c", {"Id": "c" * 64}, asks={"Image": "x"}, status=201),
        call(2, "POST", f"{CREATE}?name=db-77aa01", {"Id": "d" * 64}, asks={"Image": "x"}, status=201),
        call(3, "POST", "/v1.41/containers/web-3f9a1c/start", status=204),
        call(4, "GET", "/v1.41/containers/db-77aa01/json", {"Name": "/db-77aa01"}),
    ])  # fmt: skip
    assert finds(player, "POST", f"{CREATE}?name=web-aaaaa1", {"Image": "x"}) == 1
    assert finds(player, "POST", f"{CREATE}?name=other-bbbbb2", {"Image": "x"}) == 0
    assert finds(player, "POST", f"{CREATE}?name=db-bbbbb2", {"Image": "x"}) == 2
    assert finds(player, "POST", "/v1.41/containers/web-bbbbb2/start") == 0
    assert finds(player, "POST", "/v1.41/containers/web-aaaaa1/start") == 3
    assert finds(player, "GET", "/v1.41/containers/db-bbbbb2/json") == 4
    assert player.live_texts() == {"3f9a1c": "aaaaa1", "77aa01": "bbbbb2"}


def test_a_name_from_an_earlier_response_is_not_a_generated_name() -> None:
    player = Player([
        call(1, "GET", "/v1.41/containers/json", [{"Names": ["/web-3f9a1c"]}]),
        call(2, "POST", "/v1.41/containers/x/rename?name=web-3f9a1c", status=204),
    ])  # fmt: skip
    assert finds(player, "POST", "/v1.41/containers/x/rename?name=web-aaaaa1") == 0


def test_an_ephemeral_port_is_a_variable_and_a_chosen_port_is_not() -> None:
    def asks(port: str) -> Any:
        return {"HostConfig": {"PortBindings": {"80/tcp": [{"HostPort": port}]}}}

    free = Player([call(1, "POST", CREATE, asks=asks("49153"))])
    assert finds(free, "POST", CREATE, asks("40001")) == 1
    assert finds(Player([call(1, "POST", CREATE, asks=asks("8080"))]), "POST", CREATE, asks("8081")) == 0


def test_times_from_the_clock_may_differ_and_constants_may_not() -> None:
    recorded = f"/v1.41/events?since={STARTED - 5:.9f}"
    assert finds(Player([call(1, "GET", recorded)]), "GET", f"/v1.41/events?since={STARTED - 7:.3f}") == 1
    constant = call(1, "GET", "/v1.41/events?since=1000000000")
    assert finds(Player([constant]), "GET", "/v1.41/events?since=1000000001") == 0
    assert finds(Player([constant]), "GET", f"/v1.41/events?since={STARTED:.0f}") == 0


def auth(password: str) -> tuple[str, str]:
    value = json.dumps({"username": "ann", "password": password}).encode()
    return "X-Registry-Auth", base64.urlsafe_b64encode(value).decode()


def test_a_secret_is_compared_in_redacted_form() -> None:
    pull = "/v1.41/images/create?fromImage=x&tag=1"
    player = Player([call(1, "POST", pull, fields=(auth("hunter22"),))])
    assert finds(player, "POST", pull) == 0
    assert finds(player, "POST", pull, fields=(auth("hunter22"),)) == 1


def test_a_recorded_token_is_bound_to_one_secret_that_responses_contain_again() -> None:
    def env(value: str) -> Any:
        return {"Image": "x", "Env": [f"A={value}"]}

    player = Player([call(1, "POST", CREATE, {"Id": "c"}, asks=env("<redacted:3f2a91c0>"))])
    assert finds(player, "POST", CREATE, env("open sesame")) == 1
    assert player.live_texts() == {"<redacted:3f2a91c0>": "open sesame"}


def test_secrets_of_clients_are_bounded_and_those_in_use_stay() -> None:
    """A replay may run for weeks, with clients that always have new secrets."""
    player = Player([call(1, "POST", CREATE, {"Id": "c"}, asks={"Env": ["A=<redacted:3f2a91c0>"]})])
    assert finds(player, "POST", CREATE, {"Env": ["A=open sesame"]}) == 1
    assert player.live_texts() == {"<redacted:3f2a91c0>": "open sesame"}
    tokens = player._tokens
    newest = [tokens.of(f"secret {number}") for number in range(MAX_SECRETS)][-1]
    assert len(tokens.secrets) == MAX_SECRETS
    assert tokens.secrets[newest] == f"secret {MAX_SECRETS - 1}"
    assert "open sesame" not in tokens.secrets.values()
    assert player.live_texts() == {"<redacted:3f2a91c0>": "open sesame"}
    tokens.of("x" * MAX_SECRET_BYTES)
    assert sum(map(len, tokens.secrets.values())) <= MAX_SECRET_BYTES


def archive(content: bytes, mtime: int) -> bytes:
    out = io.BytesIO()
    with tarfile.open(fileobj=out, mode="w") as tar:
        info = tarfile.TarInfo("Dockerfile")
        info.size, info.mtime = len(content), mtime
        tar.addfile(info, io.BytesIO(content))
    return out.getvalue()


def test_archives_are_compared_by_their_contents() -> None:
    player = Player([call(1, "POST", "/v1.41/build?t=x", asks=archive(b"FROM a", 1))])
    miss = player.find(live("POST", "/v1.41/build?t=x", archive(b"FROM b", 1)))
    assert isinstance(miss, Miss)
    assert "body 'Dockerfile' digest" in miss.message
    assert finds(player, "POST", "/v1.41/build?t=x", archive(b"FROM a", 99)) == 1


def test_another_api_version_matches_if_the_response_is_valid_in_it() -> None:
    player = Player([call(1, "GET", "/v1.41/containers/json?all=1", [])])
    assert finds(player, "GET", "/v1.44/containers/json?all=1") == 1
    gone = Player([call(1, "PUT", "/v1.42/volumes/x?version=1", status=200)])
    miss = gone.find(live("PUT", "/v1.41/volumes/x?version=1"))
    assert isinstance(miss, Miss)
    assert "API 1.41 does not have VolumeUpdate" in "\n".join(text for text, _ in miss.lines())


def test_matchers_are_chosen_by_name() -> None:
    assert [one.name for one in choose_matchers("path,query")] == ["operation", "path", "query"]
    assert "body" not in [one.name for one in choose_matchers("-body")]
    for wrong in ("nonsense", "path,-body", "-operation"):
        with pytest.raises(UsageError):
            choose_matchers(wrong)
    loose = Player([call(1, "POST", CREATE, asks={"Image": "a"})], Options(choose_matchers("-body")))
    assert finds(loose, "POST", CREATE, {"Image": "b"}) == 1


@pytest.mark.parametrize(
    ("recorded", "live", "proposed"),
    [
        (("GET", "/containers/json?all=0"), ("GET", "/containers/json?all=1"), "-query.all"),
        (("GET", '/events?filters={"type":["a"]}'), ("GET", '/events?filters={"type":["b"]}'), "-query.filters"),
        (("GET", "/containers/web/json"), ("GET", "/containers/db/json"), "-path.id"),
        (("POST", CREATE, {"Cmd": ["a", "b"]}), ("POST", CREATE, {"Cmd": ["a", "c"]}), "-body.Cmd"),
        (
            ("POST", CREATE, {"HostConfig": {"Memory": 1, "NanoCpus": 1}, "User": "a"}),
            ("POST", CREATE, {"HostConfig": {"Memory": 2, "NanoCpus": 2}, "User": "a"}),
            "-body.HostConfig.Memory,-body.HostConfig.NanoCpus",
        ),
        (("POST", CREATE, {"Labels": {"a b": "1"}}), ("POST", CREATE, {"Labels": {"a b": "2"}}), "-body.Labels"),
        (("POST", CREATE, {"Labels": {"a.b": "1"}}), ("POST", CREATE, {"Labels": {"a.b": "2"}}), "-body.Labels.a.b"),
        (("PUT", "/containers/x/archive", b"one"), ("PUT", "/containers/x/archive", b"two"), "-body"),
        (
            ("POST", CREATE, dict.fromkeys("abcdef", 1)),
            ("POST", CREATE, dict.fromkeys("abcdef", 2)),
            "-body",
        ),
    ],
)  # fmt: skip
def test_what_a_miss_proposes_is_enough_and_no_more(recorded: Any, live: Any, proposed: str) -> None:
    def player(match: str | None) -> Player:
        asks = recorded[2] if len(recorded) > 2 else None
        return Player([call(1, *recorded[:2], asks=asks)], Options(choose_matchers(match)))

    asked = call(1, *live[:2], asks=live[2] if len(live) > 2 else None)
    miss = player(None).find(asked)
    assert isinstance(miss, Miss)
    assert f"--match={proposed}. Otherwise" in "\n".join(text for text, _ in miss.lines())
    assert not isinstance(player(proposed).find(asked), Miss)
    for word in proposed.split(",") if "," in proposed else ():
        assert isinstance(player(word).find(asked), Miss)


def test_a_part_that_is_left_out_leaves_the_rest_compared() -> None:
    """--match=-query dropped the whole query, so that a wrong fixture passed."""
    options = Options(choose_matchers("-query.all,-body.HostConfig"))
    player = Player([call(1, "GET", "/containers/json?all=0&limit=1"),
                     call(2, "POST", CREATE, asks={"Image": "a", "HostConfig": {"Memory": 1}})], options)  # fmt: skip
    assert finds(player, "GET", "/containers/json?all=1&limit=2") == 0
    assert finds(player, "GET", "/containers/json?limit=1") == 1
    assert finds(player, "POST", CREATE, {"Image": "b", "HostConfig": {"Memory": 2}}) == 0
    assert finds(player, "POST", CREATE, {"Image": "a", "HostConfig": {"Memory": 2}}) == 2


@pytest.mark.parametrize(
    ("text", "says"),
    [
        ("-qery.all", "unknown matcher '-qery.all'. Did you mean 'query'?"),
        ("-stdin.x", "'-stdin.x' has no such part. Parts: path.NAME, query.NAME, headers.NAME, body.NAME."),
        ("-query.", "'-query.' has no such part"),
        ("query.all", "a part can only be left out. Type --match=-query.all"),
    ],
)
def test_parts_that_cannot_be_left_out(text: str, says: str) -> None:
    with pytest.raises(UsageError) as error:
        choose_matchers(text)
    assert says in str(error.value)


def test_speeds() -> None:
    assert [parse_speed(text) for text in ("fast", "real", "2", "0.5")] == [0, 1, 2, 0.5]
    for wrong in ("", "quick", "-1", "0", "nan", "inf"):
        with pytest.raises(UsageError):
            parse_speed(wrong)


def test_a_truncated_response_cannot_be_played() -> None:
    whole = call(1, "GET", "/v1.41/images/x/get", b"tar")
    assert whole.response
    cut = replace(whole, response=replace(whole.response, body=replace(whole.response.body, size=99)))
    [recorded] = Player([cut]).calls
    assert (
        recorded.reason_unplayable
        == "its response is incomplete (kept 3 of 99 bytes); record with a larger --body-limit"
    )


def test_a_form_is_read_as_parameters() -> None:
    form = headers(("Content-Type", "application/x-www-form-urlencoded"))
    rename = call(1, "POST", "/v1.41/containers/x/rename?name=y", status=204)
    asked = live("POST", "/v1.41/containers/x/rename", b"name=y")
    asked = replace(asked, request=replace(asked.request, headers=form))
    assert not isinstance(Player([rename]).find(asked), Miss)


@pytest.mark.parametrize(("target", "playable"), [("/session", True), ("/grpc", False)])
def test_only_buildkits_session_can_be_played_empty(target: str, playable: bool) -> None:
    """On /session the daemon sends the requests, and may send none; on /grpc the client does, and needs responses."""
    withheld = replace(body((0.2, b"secret")), chunks=(), shown=False)
    tunnel = hijacked(1, target, withheld, withheld)
    assert tunnel.tunnel
    [recorded] = Player([replace(tunnel, tunnel=replace(tunnel.tunnel, protocol="h2c"))]).calls
    assert (not recorded.reason_unplayable) == playable


def test_misses_are_all_counted_and_the_first_are_kept() -> None:
    """Each holds its request, and a replay may run for weeks."""
    player = Player([call(1, "GET", "/info", {})])
    for number in range(MAX_MISSES + 3):
        miss = player.find(live("GET", f"/containers/{number}/json"))
        assert isinstance(miss, Miss)
        player.add_miss(miss)
    assert len(player.misses) == MAX_MISSES
    assert player.misses[0].live.target == "/containers/0/json"
    assert f"{MAX_MISSES + 3} requests had no recorded response" in next(report(player))[0]
    texts = Api("", Path("x"), _player=player).misses
    assert len(texts) == MAX_MISSES + 1
    assert texts[-1] == "and 3 more requests without a recorded response"
