"""Text of calls that apispy does not know is withheld if a field in it has the name of a secret; other text stays."""

import time

import pytest

from apispy.model import Body, Chunk, Exchange, Request, Response
from apispy.redaction import body_type, categories
from tests.machine_speed import slowdown

from .test_redactor import redactor


def unheard(text: str, *, status: int = 200, line: str = "GET /v1.41/unheard") -> Exchange:
    method, target = line.split()
    body = Body((Chunk(0.0, text.encode()),), len(text.encode()))
    made = Exchange(1, 1, 0.0, "c", "u", Request(method, target), Response(status), end="complete")
    return made.with_stream("response", body)


MESSAGES = [
    "no basic auth credentials",
    "invalid token",
    "invalid token: too old\n",
    "unauthorized: incorrect username or password",
    "unknown flag: --password-stdin",
    "denied: requested access to the resource is denied, secret is needed",
]


@pytest.mark.parametrize("text", MESSAGES)
@pytest.mark.parametrize(
    "line",
    ["GET /v1.41/unheard", "PUT /libpod/unheard", "POST /containers/web/start", "GET /images/json"],
)
def test_messages_of_errors_stay_readable(text: str, line: str) -> None:
    came = unheard(text, status=401, line=line)
    assert redactor().redact(came) == came


@pytest.mark.parametrize("status", [400, 500])
def test_messages_of_the_daemon_stay_readable_whatever_they_name(status: int) -> None:
    for text in ("password: is required", "secret: not found\n"):
        came = unheard(text, status=status, line="POST /v1.12/images/x/push")
        assert redactor().redact(came) == came


@pytest.mark.parametrize(
    "text",
    [
        "OK",
        "user: ann\nkind: admin\n",
        "the secret is out",
        "tokens, passwords and other things",
        "password:\n",
        "<password/>",
        "<p>token</p>",
        "compass: north\nbypass=1\nauthor: ann\nenvironmental: yes\n",
        'name="user"\r\n\r\nann\r\n',
    ],
)
def test_text_without_a_secret_stays(text: str) -> None:
    came = unheard(text)
    assert redactor().redact(came) == came


def test_text_with_the_field_of_a_secret_is_withheld_and_counted() -> None:
    one = redactor()
    clean = one.redact(unheard("user: ann\npassword: hunter2x\n"))
    assert clean.response
    assert not clean.response.body.shown
    assert [(found.place, found.kind) for found in clean.redactions] == [("response.body", categories.BODY)]


def test_long_text_is_searched_quickly() -> None:
    """128 KiB without a name, of each of the kinds that take longest, in less than 0.5 s together."""
    started = time.process_time()
    for piece in ("a", "pass", "x.", " - ", "<a ", "secret ", "token-"):
        data = (piece * (1 << 17))[: 1 << 17].encode()
        for fields in ("anywhere", "not in sentences"):
            assert not body_type.names_a_field(data, fields)
    assert time.process_time() - started < 0.5 * slowdown()
