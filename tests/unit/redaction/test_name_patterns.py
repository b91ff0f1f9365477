"""In doubt a name, or a value, looks like a secret."""

import time

import pytest

from apispy.redaction.name_patterns import looks_secret, strong


@pytest.mark.parametrize(
    "name",
    [
        *(
            "PASSWORD",
            "POSTGRES_PASSWORD",
            "MYSQL_PWD",
            "DB_PASS",
            "dbPass",
            "PASSPHRASE",
            "SECRET",
            "CLIENT_SECRET",
        ),
        *(
            "GITHUB_TOKEN",
            "apiKey",
            "API_KEY",
            "SSH_KEY",
            "KEY",
            "AWS_SECRET_ACCESS_KEY",
            "AUTH",
            "BASIC_AUTH",
        ),
        *(
            "CREDENTIALS",
            "CREDS",
            "PRIVATE",
            "TLS_CERT",
            "SENTRY_DSN",
            "CONNECTION_STRING",
            "ConnectionString",
            "PIN",
        ),
    ],
)
def test_names_that_do(name: str) -> None:
    assert looks_secret(name, "x")


@pytest.mark.parametrize(
    "value",
    [
        "postgres://ann:hunter2@db/app",
        "eyJhbGciOiJIUzI1NiJ9.eyJzdWIiOiIxMjM0In0.sig",
        "-----BEGIN OPENSSH PRIVATE KEY-----",
        "AKIAIOSFODNN7EXAMPLE",
        "ghp_16C7e42F292c6912E7710c838347Ae178B4a",
        "Server=db;User=sa;Password=x",
        "SWMTKN-1-49nj1cmql0",
        "9f86d081884c7d659a2feaa0c55ad015a3bf4f1b",
        "wJalrXUtnFEMI/K7MDENG/bPxRfiCYEXAMPLEKEY",
    ],
)
def test_values_that_do(value: str) -> None:
    assert looks_secret("NEUTRAL", value)


@pytest.mark.parametrize(
    "value", ["eyJ" * 3000, "-eyJ" * 2000, "://" * 3000, "a" * 1_000_000, "A1" * 500_000]
)
def test_odd_values_take_no_time(value: str) -> None:
    began = time.process_time()
    looks_secret("NEUTRAL", value)
    assert time.process_time() - began < 1


@pytest.mark.parametrize(
    ("name", "value"),
    [
        ("HOME", "/root"),
        ("LANG", "C.UTF-8"),
        ("PATH", "/usr/local/bin:/usr/bin:/bin"),
        ("DEBUG", "1"),
        ("AUTHOR", "Ann"),
        ("MONKEY", "x"),
        ("DATABASE_URL", "postgres://db/app"),
        ("VERSION", "1.2.3-alpine"),
    ],
)
def test_what_does_not(name: str, value: str) -> None:
    assert not looks_secret(name, value)


def test_strong_names() -> None:
    assert strong("X-Vault-Token")
    assert strong("api_key")
    assert not strong("author")
    assert not strong("Sec-WebSocket-Key")
