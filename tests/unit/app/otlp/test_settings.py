"""The value of --otlp, and OpenTelemetry's environment variables."""

import socket

import pytest

from apispy.app.otlp.settings import CA, HEADERS, RESOURCE, SERVICE, Settings, settings_of
from apispy.errors import UsageError

LOCAL = "http://localhost:4318"


@pytest.mark.parametrize(
    ("typed", "wanted"),
    [
        (LOCAL, LOCAL),
        (f"{LOCAL}/", LOCAL),
        ("http://collector", "http://collector:80"),
        ("https://otlp.example/otlp/", "https://otlp.example:443/otlp"),
        ("http://prometheus:9090/api/v1/otlp", "http://prometheus:9090/api/v1/otlp"),
        ("grpc://localhost", "grpc://localhost:4317"),
        ("grpcs://otlp.example:443/", "grpcs://otlp.example:443"),
        ("http://[::1]:4318", "http://[::1]:4318"),
        ("HTTP://Localhost:4318", LOCAL),
    ],
)
def test_an_endpoint(typed: str, wanted: str) -> None:
    assert str(settings_of(typed, {})) == wanted


@pytest.mark.parametrize(
    ("typed", "message"),
    [
        ("localhost:4318", "found 'localhost:4318'. Type --otlp http://localhost:4318, or --otlp grpc://"),
        ("4318", "found '4318'"),
        ("", "found nothing"),
        ("ftp://h", "found 'ftp://h'"),
        ("http://", "found 'http://'"),
        ("ann:hunter2@h:4318", "found '...@h:4318'"),
        ("h:4318?key=hunter2", "found 'h:4318'"),
        ("http://[::1", "this is not an address. Type --otlp http"),
        ("http://h:99999", "this is not an address"),
        ("http://ann:hunter2@h", "Credentials go into OTEL_EXPORTER_OTLP_HEADERS"),
        ("http://h?key=hunter2", "must have no user name, password, query or fragment"),
        ("http://h:4318/v1/traces", "apispy adds /v1/traces and /v1/metrics. Type --otlp http://h:4318"),
        ("http://h:4318/otlp/v1/metrics/", "Type --otlp http://h:4318/otlp"),
        ("grpc://h/x", "the address of a gRPC receiver has no path, found '/x'"),
        ("http://h\n", "expected http://"),
    ],
)
def test_what_is_not_an_endpoint(typed: str, message: str) -> None:
    with pytest.raises(UsageError) as raised:
        settings_of(typed, {})
    assert str(raised.value).startswith("--otlp: ")
    assert message in str(raised.value)
    assert "hunter2" not in str(raised.value)


def test_headers_are_read_and_never_shown() -> None:
    found = settings_of(LOCAL, {HEADERS: "Authorization=Bearer%20hunter2, x-scope = a=b ,"})
    assert found.headers == (("authorization", "Bearer hunter2"), ("x-scope", "a=b"))
    assert "hunter2" not in f"{found} {found!r}"
    assert found.without_secrets("Bearer hunter2 and hunter2: no") == "<redacted> and <redacted>: no"


@pytest.mark.parametrize("value", ["hunter2", "a=b,hunter2", "na me=hunter2", "a=hunter2%0D%0Ab", "=hunter2"])
def test_headers_that_are_wrong(value: str) -> None:
    with pytest.raises(UsageError, match=rf"{HEADERS}: part [12] is not NAME=VALUE") as raised:
        settings_of(LOCAL, {HEADERS: value})
    assert "hunter2" not in str(raised.value)


def test_the_resource() -> None:
    host = ("host.name", socket.gethostname())
    assert settings_of(LOCAL, {}).resource == (host,)
    found = settings_of(LOCAL, {RESOURCE: "deployment.environment.name=ci,team=a%2Cb", SERVICE: "builds"})
    assert found.resource == (host, ("deployment.environment.name", "ci"), ("team", "a,b"))
    assert found.service == "builds"


def test_a_ca_is_for_tls_only() -> None:
    assert str(settings_of("https://h", {CA: "/ca.pem"}).ca) == "/ca.pem"
    assert settings_of(LOCAL, {CA: "/ca.pem"}).ca is None


@pytest.mark.parametrize(
    ("host", "local"), [("localhost", True), ("127.0.0.1", True), ("::1", True), ("collector", False)]
)
def test_what_is_local(host: str, local: bool) -> None:
    assert Settings("http", host, 4318).is_local is local
