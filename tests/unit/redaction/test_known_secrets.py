"""What a session remembers of the secrets that it has hidden, and what it does not."""

import base64
import json
import time

import pytest

from apispy.redaction.known_secrets import (
    MAX_OF_SESSION,
    KnownSecrets,
    Repeat,
    is_distinctive,
    parts_of,
)
from tests.machine_speed import slowdown

from .hiding import TOKENS
from .test_redactor import exchange, redactor


@pytest.mark.parametrize(
    "secret",
    [
        "hunter22",
        "Tr0ub4dor&3",
        "correct-horse-battery-staple",
        "0123456789",
        "p@ssw0rd",
        "9f" * 32,
        "/ab+cd==",
    ],
)
def test_what_is_remembered(secret: str) -> None:
    assert is_distinctive(secret)


@pytest.mark.parametrize(
    "secret",
    [
        "production",
        "postgres",
        "my-database",
        "20261129",
        "/run/secrets/db",
        "https://auth.example.com/x",
        "auth.example.com:8080",
    ],
)
def test_what_may_be_anything_else_is_not(secret: str) -> None:
    assert not is_distinctive(secret)


def test_an_id_is_remembered_only_under_the_name_of_a_secret() -> None:
    assert is_distinctive("9f" * 32)
    assert not is_distinctive("9f" * 32, named=False)


def test_parts_of_secrets_are_remembered_too() -> None:
    assert "hunter22" in parts_of("postgres://ann:hunter22@db/x")
    assert "hunter22" in parts_of("postgres://ann:hunter22@db.example/x@y")
    assert "hunt/er22" in parts_of("postgres://ann:hunt/er22@db/x")
    assert "1234/hunter22" in parts_of("://ann:1234/hunter22@")
    assert "hunter22" in parts_of("Bearer hunter22")
    assert "hunter22" in parts_of("username=ann,password=hunter22,vers=3")
    assert "hunter22" in parts_of(base64.b64encode(b"ann:hunter22").decode())
    assert "hunter22" in parts_of("Basic " + base64.b64encode(b"ann:hunter22").decode())
    assert "a whole file" in parts_of(base64.b64encode(b"a whole file\n").decode())


def test_it_is_bounded_and_the_oldest_goes_first() -> None:
    session = KnownSecrets(limit=MAX_OF_SESSION)
    one = KnownSecrets(session=session)
    for number in range(MAX_OF_SESSION + 5):
        one.add(f"secret-{number}", lasting=True)
    one.add("x" * 5000, lasting=True)
    one.add("short", lasting=True)
    assert len(session) == MAX_OF_SESSION
    assert not session.found_in(b"secret-4")
    assert one.found_in(b"secret-5")


def test_the_longest_is_found_first() -> None:
    known = KnownSecrets(["hunter22", "hunter22-longer"])
    assert known.repeats(b"a hunter22-longer hunter22") == [
        Repeat(2, 17, "hunter22-longer"),
        Repeat(18, 26, "hunter22"),
    ]


@pytest.mark.parametrize("secret", ['qu"ote\\x', "am&p<er>sand", "n\u00e4chst\u00e9s"])
def test_secrets_are_found_in_json_however_it_escapes_them(secret: str) -> None:
    known = KnownSecrets([secret])
    plain = json.dumps(secret, ensure_ascii=False)
    go = plain.replace("&", "\\u0026").replace("<", "\\u003c").replace(">", "\\u003e")
    assert all(known.found_in(text.encode()) for text in (plain, go, json.dumps(secret)))


def test_a_later_call_knows_the_secrets_of_an_earlier_one_and_another_session_does_not() -> None:
    one = redactor()
    one.redact(exchange("POST /containers/create", b'{"Env": ["DB_PASSWORD=hunter2-x", "MODE=production"]}'))
    later = exchange("GET /containers/json", response=b'[{"Image": "hunter2-x", "State": "production"}]')
    clean = one.redact(later)
    assert clean.response
    assert json.loads(clean.response.body.data) == [{"Image": TOKENS.of("hunter2-x"), "State": "production"}]
    assert redactor().redact(later) == later


def test_a_secret_of_the_body_is_hidden_in_the_target_of_the_same_call() -> None:
    clean = redactor().redact(
        exchange("POST /containers/create?name=hunter2-x", b'{"Env": ["DB_PASSWORD=hunter2-x"]}')
    )
    assert "hunter2-x" not in repr(clean)


def test_program_output_is_searched_quickly() -> None:
    """A megabyte for 50 secrets takes less than 0.2 s on a machine of usual speed."""
    known = KnownSecrets([f"secret-number-{number}" for number in range(50)])
    data = bytes(range(32, 127)) * 11_000
    started = time.process_time()
    assert known.repeats(data) == []
    assert time.process_time() - started < 0.2 * slowdown()
