"""Targets and forms: what is no secret stays byte for byte."""

from typing import Any
from urllib.parse import parse_qsl, quote, urlsplit

import pytest

from apispy.redaction.query import pairs, parameter, target

from .hiding import replacer, token


@pytest.mark.parametrize(
    ("name", "value", "shown"),
    [
        ("buildargs", '{"A":"b","C":null}', '{"A":"T(b)","C":null}'),
        ("buildargs", '{"A":"b","\\ud800":null}', '{"A":"T(b)","\\ud800":null}'),
        ("buildargs", "b", "T(b)"),
        ("buildargs", "{}", "{}"),
        ("changes", "CMD true\nENV A=b", "CMD true\nENV A=T(b)"),
        ("setenv", "A=b", "A=T(b)"),
        ("remote", "https://a:b@r/x.git", "https://T(a:b)@r/x.git"),
        ("api_token", "b", "T(b)"),
        ("credentials", "b", "T(b)"),
        ("rotateWorkerToken", "1", "1"),
        ("rotateWorkerToken", "true", "true"),
        ("run", '{"Env":["A=b"]}', '{"Env":["A=T(b)"]}'),
        ("filters", '{"label": {"a=b": true}}', '{"label": {"a=b": true}}'),
        ("t", "app:latest", "app:latest"),
        ("x", "{broken", "{broken"),
        ("x", "[" * 100_000, "[" * 100_000),
    ],
)
def test_one_parameter(name: str, value: str, shown: str) -> None:
    for secret in ("a:b", "b"):
        shown = shown.replace(f"T({secret})", token(secret))
    assert parameter(replacer(), name, value, "") == shown


@pytest.mark.parametrize(
    "text",
    [
        "/v1.41/build?t=a%2fb&q=1&&x&y=&buildargs=%7b%7D",
        "/v1.41/images/a%2Fb/json",
        "http://docker/info",
        "*",
        "/x?filters=%7B%22a%22%3A%5B%22b%22%5D%7D",
        "/containers/x/attach?stdin=1;x=2",
        "/v1.41/images/deploy-token:latest/json",
        "/images/r.example:5000/a/x-auth:1/json?x=100%25&y=a%252Fb#top",
        f"/images/a%40sha256:{'a' * 64}/json",
        "/x#/y?z=1",
        "docker:443",
    ],
)
def test_without_secrets_it_stays(text: str) -> None:
    assert target(replacer("json:$.x", "re:nowhere"), text) == text


def test_with_secrets_it_is_still_a_target() -> None:
    hiding = replacer("re:corp-[0-9]+")
    text = "http://a:b@docker/images/corp-1/json?x=corp-2&corp-3=1&t=a%2Fb"
    shown = target(hiding, text)
    assert not set(shown) & set(' <>"')
    assert urlsplit(shown).path == f"/images/{quote(token('corp-1'), safe=':')}/json"
    assert parse_qsl(urlsplit(shown).query) == [("x", token("corp-2")), (token("corp-3"), "1"), ("t", "a/b")]
    assert shown.endswith("&t=a%2Fb")
    assert "request.query:x" in [one.place for one in hiding.found]


@pytest.mark.parametrize(
    ("text", "secret"),
    [
        ("ann:hunter2@docker:443", "ann:hunter2"),
        ("ann:hun/ter?2#@docker:443", "ann:hun/ter?2#"),
        ("hunter2@docker", "hunter2"),
        ("http://ann:hun?ter#2@docker/info?x=a@b", "ann:hun?ter#2"),
        ("/info#access_token=hunter2", "hunter2"),
        ("/info#x=1&auth=hunter2", "hunter2"),
        ("/info?x=1#auth=hunter2", "hunter2"),
        ("/info;password=hunter2", "hunter2"),
        ("/info%23password%3Dhunter2", "hunter2"),
        ("/images/https%253A%252F%252Fann%253Ahunter2%2540r/json", "ann:hunter2"),
        ("/x?password%3Dhunter2", "hunter2"),
        ("/x?password%253Dhunter2", "hunter2"),
        ("/x?a=password%25253Dhunter2", "hunter2"),
        ("/x?%2570assword=hunter2", "hunter2"),
        ("/x?authconfig%255Bauth%255D=hunter2", "hunter2"),
        ("/x?authconfig%5Bauth%5D%3Dhunter2", "hunter2"),
        ("/x?to=https%3A%2F%2Fr%2Fcb%3Fa%3D1%26auth%3Dhunter2", "hunter2"),
        (f"/x?a={'%' + '25' * 7 + '41'}hunter2", f"{'%' + '25' * 6 + '41'}hunter2"),
    ],
)
def test_secrets_in_any_form_of_a_target(text: str, secret: str) -> None:
    hiding = replacer()
    shown = target(hiding, text)
    assert "hunter2" not in shown
    assert "hun" not in shown
    assert shown.isascii()
    assert not set(shown) & set(' <>"')
    assert quote(token(secret), safe=":") in shown.replace("%3A", ":")
    again = replacer()
    assert target(again, shown) == shown
    assert not again.found


def test_the_rest_of_a_target_stays() -> None:
    hidden = quote(token("ann:hunter2"), safe=":")
    assert target(replacer(), "ann:hunter2@docker:443") == f"{hidden}@docker:443"
    assert (
        target(replacer(), "/x%2Fy/a;password=s?z=%2f")
        == f"/x%2Fy/a;password={quote(token('s'), safe=':')}?z=%2f"
    )


def test_a_form() -> None:
    assert (
        pairs(replacer(), "a=1&changes=ENV+A%3Db", "x")
        == f"a=1&changes={quote(f'ENV A={token("b")}', safe='')}"
    )


@pytest.mark.parametrize(("env", "hidden"), [("all", "ab"), ("secret-looking", "b"), ("none", "")])
def test_which_variables(env: Any, hidden: str) -> None:
    shown = parameter(replacer(env=env), "buildargs", '{"HOME":"a","PASSWORD":"b"}', "")
    assert [token(secret) in shown for secret in "ab"] == [secret in hidden for secret in "ab"]
    shown = parameter(replacer(env=env), "changes", "ENV HOME=a PASSWORD=b", "")
    assert [token(secret) in shown for secret in "ab"] == [secret in hidden for secret in "ab"]
