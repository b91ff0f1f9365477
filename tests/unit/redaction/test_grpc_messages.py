"""BuildKit's messages: what stays, what is hidden, and what is remembered."""

from typing import Any

import pytest

from apispy.decoders.grpc_stream import MAX_MESSAGE_SIZE
from apispy.model import REDACTED, Exchange, Item, Request, Response, Tunnel
from apispy.redaction import Policy, Redactor, parse
from apispy.redaction.grpc_messages import MAX_ARGUMENTS
from apispy.redaction.known_secrets import MAX_SECRET_LENGTH
from apispy.redaction.redactor import MAX_CONNECTIONS, ExchangeRedactor
from apispy.redaction.tokens import Tokens
from apispy.structs import replace

SOLVE, STATUS = "/moby.buildkit.v1.Control/Solve", "/moby.buildkit.v1.Control/Status"
SECRETS = "/moby.buildkit.secrets.v1.Secrets/GetSecret"
SECRET = "correct-horse-4711"
EXCHANGE = Exchange(
    1, 1, 0.0, "c", "u", Request("POST", "/grpc"), Response(101), tunnel=Tunnel("h2c"), end="complete"
)


def redactor(policy: Policy | None = None) -> Redactor:
    return Redactor(policy, Tokens(b"key"))


def clean(
    of: ExchangeRedactor, method: str, message: dict[str, Any], part: str = "request"
) -> dict[str, Any]:
    value = {"stream": 1, "method": method, "part": part, "message": message}
    item = Item("h2c", "DATA", {"stream": 1}, (0, 1), (Item("message", "", value, (0, 1)),))
    found: dict[str, Any] = of.item("to_server", item).children[0].value["message"]
    return found


def options(given: dict[str, str], policy: Policy | None = None) -> dict[str, str]:
    of = redactor(policy).for_exchange(EXCHANGE)
    found: dict[str, str] = clean(of, SOLVE, {"FrontendAttrs": given})["FrontendAttrs"]
    return found


def token(secret: str) -> str:
    return Tokens(b"key").of(secret)


def test_options() -> None:
    assert options(
        {
            "target": "final",
            "platform": "linux/arm64",
            "build-arg:A": "plain",
            "label:org.x": "y",
            "label:db.password": SECRET,
            "context": f"https://ann:{SECRET}@r.x/a.git",
            "unheard": "x",
        }
    ) == {
        "target": "final",
        "platform": "linux/arm64",
        "build-arg:A": token("plain"),
        "label:org.x": "y",
        "label:db.password": token(SECRET),
        "context": f"https://{token(f'ann:{SECRET}')}@r.x/a.git",
        "unheard": REDACTED,
    }


def test_the_policy_decides_about_build_arguments() -> None:
    given = {"build-arg:A": "plain", "build-arg:TOKEN": SECRET}
    some = options(given, Policy(env="secret-looking"))
    assert some == {"build-arg:A": "plain", "build-arg:TOKEN": token(SECRET)}
    assert options(given, Policy(env="none")) == given


def test_build_arguments_are_hidden_in_the_names_of_steps() -> None:
    """BuildKit writes `RUN echo $WHO` with the value; one that is too short for a repeat is hidden as a word."""
    of = redactor().for_exchange(EXCHANGE)
    clean(of, SOLVE, {"FrontendAttrs": {"build-arg:WHO": "ann", "build-arg:N": "1"}})
    vertex = {"name": "[1/1] RUN echo ann joann 1", "error": 'process "echo ann" failed'}
    assert clean(of, STATUS, {"vertexes": [vertex]}, "response") == {
        "vertexes": [
            {
                "name": f"[1/1] RUN echo {token('ann')} joann 1",
                "error": f'process "echo {token("ann")}" failed',
            }
        ]
    }


STEPS = {"vertexes": [{"name": "[build 2/3] RUN make ann", "error": 'process "make ann" failed'}]}
WITHHELD = {"vertexes": [{"name": f"[build 2/3] RUN {REDACTED}", "error": REDACTED}]}


@pytest.mark.parametrize(
    "given",
    [
        {f"build-arg:N{number}": f"value-{number}" for number in range(MAX_ARGUMENTS + 1)},
        {"build-arg:LONG": "x" * (MAX_SECRET_LENGTH + 1)},
    ],
    ids=["many", "long"],
)
def test_steps_are_withheld_if_not_all_arguments_are_remembered(given: dict[str, str]) -> None:
    of = redactor().for_exchange(EXCHANGE)
    clean(of, SOLVE, {"FrontendAttrs": given})
    assert clean(of, STATUS, STEPS, "response") == WITHHELD


@pytest.mark.parametrize(
    "value",
    [
        {"stream": 3, "messages": [MAX_MESSAGE_SIZE + 1]},
        {"stream": 3, "messages": [9], "total": {"messages": 1, "size": 14, "undecoded": 1}},
        {"size": 9, "undecoded": True},
    ],
)
def test_steps_are_withheld_after_a_request_that_was_not_decoded(value: dict[str, Any]) -> None:
    """It may have the arguments; an undecoded message of the daemon cannot."""
    of = redactor().for_exchange(EXCHANGE)
    of.item("to_client", Item("h2c", "DATA", value, (0, 1)))
    assert clean(of, STATUS, STEPS, "response") == STEPS
    of.item("to_server", Item("h2c", "DATA", value, (0, 1)))
    assert clean(of, STATUS, STEPS, "response") == WITHHELD
    shows = redactor(Policy(env="none")).for_exchange(EXCHANGE)
    shows.item("to_server", Item("h2c", "DATA", value, (0, 1)))
    assert clean(shows, STATUS, STEPS, "response") == STEPS


@pytest.mark.parametrize(("method", "shown"), [(SOLVE, WITHHELD), (STATUS, STEPS)])
def test_of_calls_of_their_own_only_a_solve_has_arguments(method: str, shown: dict[str, Any]) -> None:
    session = redactor()
    request = replace(EXCHANGE.request, target=method)
    call = session.for_exchange(replace(EXCHANGE, request=request, response=None, tunnel=None))
    call.item("request", Item("grpc-message", "", {"size": 9, "undecoded": True}, (0, 1)))
    assert clean(session.for_exchange(EXCHANGE), STATUS, STEPS, "response") == shown


def test_connections_without_builds_take_nothing() -> None:
    session = redactor()
    clean(session.for_exchange(EXCHANGE), SOLVE, {"FrontendAttrs": {"build-arg:WHO": "you"}})
    for connection in range(2, MAX_CONNECTIONS + 2):
        ping = replace(EXCHANGE, connection=connection, request=Request("GET", "/_ping"), tunnel=None)
        session.redact(ping)
    assert clean(session.for_exchange(EXCHANGE), STATUS, STEPS, "response") == STEPS


def test_steps_are_withheld_on_a_connection_whose_arguments_were_dropped() -> None:
    session = redactor()
    clean(session.for_exchange(EXCHANGE), SOLVE, {"FrontendAttrs": {"build-arg:WHO": "ann"}})
    for connection in range(2, MAX_CONNECTIONS + 2):
        clean(session.for_exchange(replace(EXCHANGE, connection=connection)), STATUS, STEPS, "response")
    assert clean(session.for_exchange(EXCHANGE), STATUS, STEPS, "response") == WITHHELD


def test_a_secret_that_was_handed_out_is_hidden_where_a_step_prints_it() -> None:
    session = redactor()
    handed = clean(
        session.for_exchange(EXCHANGE), SECRETS, {"data": f"{SECRET}\nsecond-line-5\n"}, "response"
    )
    assert handed == {"data": token(f"{SECRET}\nsecond-line-5\n")}
    build = session.for_exchange(EXCHANGE)
    logs = [
        {"vertex": "a", "stream": 1, "msg": text} for text in (f"x {SECRET[:9]}", f"{SECRET[9:]}!\n", SECRET)
    ]
    other = {"vertex": "b", "stream": 1, "msg": "second-line-5"}
    shown = clean(build, STATUS, {"logs": [*logs, other]}, "response")["logs"]
    assert [log["msg"] for log in shown] == [
        "x *********",
        "*********!\n",
        token(SECRET),
        token("second-line-5"),
    ]


def test_output_is_not_hidden_otherwise_but_by_rules_of_the_user() -> None:
    log = {"logs": [{"vertex": "a", "msg": "corp-1 --password=x\n"}]}
    assert clean(redactor().for_exchange(EXCHANGE), STATUS, log, "response") == log
    ruled = redactor(Policy(rules=parse(["re:corp-\\d"]))).for_exchange(EXCHANGE)
    assert clean(ruled, STATUS, log, "response")["logs"][0]["msg"] == f"{token('corp-1')} --password=x\n"


@pytest.mark.parametrize(
    ("name", "shown"),
    [
        (f"[2/3] RUN mysql -uroot -p{SECRET}", f"[2/3] RUN mysql -uroot -p{token(SECRET)}"),
        ("[build 2/3] ENV A=b", f"[build 2/3] ENV A={token('b')}"),
        ("[internal] load build context", "[internal] load build context"),
        (f"from exec /bin/sh -c curl -u a:{SECRET} x", f"from exec /bin/sh -c curl -u a:{token(SECRET)} x"),
    ],
)  # fmt: skip
def test_names_of_steps(name: str, shown: str) -> None:
    of = redactor().for_exchange(EXCHANGE)
    assert clean(of, STATUS, {"vertexes": [{"name": name}]}, "response") == {"vertexes": [{"name": shown}]}


def test_an_error_is_searched_too() -> None:
    value = {"stream": 1, "error_message": f'process "curl -u a:{SECRET} x" failed', "grpc_status": 2}
    item = redactor().for_exchange(EXCHANGE).item("to_client", Item("h2c", "HEADERS", value, (0, 1)))
    assert item.value["error_message"] == f'process "curl -u a:{token(SECRET)} x" failed'


def test_what_was_hidden_is_reported_once() -> None:
    of = redactor().for_exchange(EXCHANGE)
    for _ in range(3):
        clean(of, SOLVE, {"FrontendAttrs": {"build-arg:A": "plain"}})
    [one] = of.exchange(EXCHANGE).redactions
    assert (one.place, one.kind) == ("SolveRequest.FrontendAttrs.build-arg:A", "build arguments")


def test_an_earlier_message_is_searched_again_for_later_secrets() -> None:
    of = redactor().for_exchange(EXCHANGE)
    log = {"stream": 1, "method": STATUS, "part": "response", "message": {"logs": [{"msg": SECRET}]}}
    item = of.item("to_client", Item("h2c", "DATA", {}, (0, 1), (Item("message", "", log, (0, 1)),)))
    assert SECRET in repr(item)
    clean(of, SECRETS, {"data": SECRET}, "response")
    assert SECRET not in repr(of.again("to_client", (item,)))


def test_with_secrets_shown_nothing_is_changed() -> None:
    of = redactor(Policy(show_secrets=True)).for_exchange(EXCHANGE)
    assert clean(of, SECRETS, {"data": SECRET}, "response") == {"data": SECRET}


def test_many_steps_are_not_remembered_for_ever() -> None:
    session = redactor()
    clean(session.for_exchange(EXCHANGE), SECRETS, {"data": SECRET}, "response")
    build = session.for_exchange(EXCHANGE)
    logs = [{"vertex": str(number), "stream": 1, "msg": "x"} for number in range(3000)]
    clean(build, STATUS, {"logs": logs}, "response")
    assert len(build._messages._writers) <= 1000
    assert len(build._messages._outputs._before) <= 1000
