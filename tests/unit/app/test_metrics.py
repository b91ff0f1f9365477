"""--metrics: what Prometheus gets, who may scrape, and what the command says."""

import asyncio
import dataclasses
import http.client
import io
import subprocess
import sys
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from urllib.parse import urlsplit

import click
import click.testing
import pytest
from prometheus_client import generate_latest
from prometheus_client.openmetrics.parser import text_string_to_metric_families as read_openmetrics
from prometheus_client.parser import text_string_to_metric_families as read_text

from apispy.app.metrics import MetricsServer
from apispy.app.proxy import ProxySession
from apispy.app.view import View
from apispy.app.web import OpenAccess
from apispy.app.web.access import WebRequest
from apispy.cli.options import metrics_option
from apispy.cli.proxy import proxy
from apispy.endpoints import Endpoint, Listen
from apispy.errors import ApispyError, UsageError
from apispy.filters import Filter
from apispy.outputs.metrics import Metrics
from apispy.pipeline import CountOnlyPipeline
from apispy.structs import replace
from tests.unit.outputs.decoded_calls import decoded_call, exchange
from tests.unit.outputs.test_metrics import HOSTILE, by

LOOPBACK = Listen("tcp", "127.0.0.1", 0, "")
PORT = 9464


@contextmanager
def serving(metrics: Metrics, where: Listen = LOOPBACK) -> Iterator[MetricsServer]:
    """Run the server in a thread of its own."""
    server, loop = MetricsServer(metrics, where), asyncio.new_event_loop()
    thread = threading.Thread(target=loop.run_forever)
    thread.start()
    try:
        asyncio.run_coroutine_threadsafe(server.start(), loop).result(30)
        yield server
        asyncio.run_coroutine_threadsafe(server.stop(), loop).result(30)
        asyncio.run_coroutine_threadsafe(loop.shutdown_default_executor(), loop).result(30)
    finally:
        loop.call_soon_threadsafe(loop.stop)
        thread.join(30)
        loop.close()


def scrape(
    server: MetricsServer, method: str = "GET", path: str = "/metrics", **fields: str
) -> tuple[int, str, str]:
    """Return the status, media type and body."""
    connection = http.client.HTTPConnection("127.0.0.1", urlsplit(server.url).port, timeout=30)
    connection.request(method, path, headers=fields)
    response = connection.getresponse()
    return response.status, response.getheader("Content-Type") or "", response.read().decode()


def samples(text: str) -> dict[tuple[str, ...], float]:
    """Return the values by name and the values of the labels."""
    return {
        (sample.name, *(value for _, value in sorted(sample.labels.items()))): sample.value
        for family in read_text(text)
        for sample in family.samples
    }


def test_prometheus_gets_all_counts() -> None:
    metrics = Metrics()
    metrics.write(by("Docker-Client/28.2.2 (linux)"))
    metrics.write(decoded_call("GET /v1.41/info", 500, duration=400.0))
    metrics.opened(decoded_call("GET /v1.41/events", id=9))
    with serving(metrics) as server:
        status, _, text = scrape(server)
    found = samples(text)
    assert status == 200
    assert found["apispy_calls_total", "docker", "SystemInfo", "2xx"] == 1
    assert found["apispy_calls_total", "other", "SystemInfo", "5xx"] == 1
    assert found["apispy_call_errors_total", "docker", "SystemInfo"] == 0
    assert found["apispy_call_errors_total", "other", "SystemInfo"] == 1
    assert found["apispy_open_streams", "SystemEvents"] == 1
    assert found["apispy_call_duration_seconds_bucket", "0.05", "SystemInfo"] == 1
    assert found["apispy_call_duration_seconds_bucket", "300.0", "SystemInfo"] == 1
    assert found["apispy_call_duration_seconds_bucket", "+Inf", "SystemInfo"] == 2
    assert found["apispy_call_duration_seconds_count", "SystemInfo"] == 2
    assert found["apispy_call_duration_seconds_sum", "SystemInfo"] == pytest.approx(400.045)
    assert found["apispy_redactions_total",] == 0


def test_the_format_is_the_one_that_the_client_accepts() -> None:
    metrics = Metrics()
    metrics.write(decoded_call("GET /v1.41/info"))
    with serving(metrics) as server:
        _, plain, text = scrape(server)
        _, open_type, open_text = scrape(
            server, Accept="application/openmetrics-text;version=1.0.0,text/plain;q=0.5"
        )
        _, unknown, _ = scrape(server, Accept="image/png")
    assert plain.startswith("text/plain; version=0.0.4")
    assert unknown == plain
    assert open_type.startswith("application/openmetrics-text; version=1.0.0")
    assert open_text.endswith("# EOF\n")
    names = {family.name for family in read_openmetrics(open_text)}
    assert names == {family.name for family in read_text(text)} - {"apispy_info"} | {"apispy"}


@pytest.mark.parametrize(
    "accept",
    [
        "application/openmetrics-text; version=x",
        'application/openmetrics-text; version="1',
        ";;,=",
        "\xff",
        "a," * 5000,
    ],
)
def test_no_accept_header_breaks_the_server(accept: str) -> None:
    with serving(Metrics()) as server:
        assert scrape(server, Accept=accept)[:2] == scrape(server)[:2]


def test_hostile_user_agents_add_no_series() -> None:
    metrics = Metrics()
    for agent in HOSTILE:
        metrics.write(by(agent))
    with serving(metrics) as server:
        found = samples(scrape(server)[2])
    assert [key for key in found if key[0] == "apispy_calls_total"] == [
        ("apispy_calls_total", "docker", "SystemInfo", "2xx"),
        ("apispy_calls_total", "other", "SystemInfo", "2xx"),
    ]
    assert not [key for key in found if any("evil" in part or "agent" in part for part in key)]


def test_a_web_page_and_other_methods_are_refused() -> None:
    with serving(Metrics()) as server:
        assert scrape(server, Host="evil.example")[0] == 403
        assert scrape(server, Origin="http://evil.example")[0] == 403
        assert scrape(server, **{"Sec-Fetch-Site": "cross-site"})[0] == 403
        assert scrape(server, "POST")[0] == 405
        assert scrape(server, path="/other")[0] == 404
        assert scrape(server, path="/")[2] == "apispy: the metrics are at /metrics\n"
        assert scrape(server, Host=f"localhost:{urlsplit(server.url).port}")[0] == 200
        assert scrape(server, "HEAD")[0::2] == (200, "")


def status_for(host: str, access: OpenAccess) -> int | None:
    answer = access.refusal(WebRequest("GET", "/metrics", "", ((b"host", host.encode()),)))
    return answer and answer.status


def test_only_on_loopback_the_host_is_checked() -> None:
    local, remote = OpenAccess("::1", PORT, checks_host=True), OpenAccess("0.0.0.0", PORT, checks_host=False)
    assert [status_for(host, local) for host in (f"[::1]:{PORT}", f"build7:{PORT}")] == [None, 403]
    assert [status_for(host, remote) for host in (f"[::1]:{PORT}", f"build7:{PORT}")] == [None, None]
    assert local.url == f"http://[::1]:{PORT}"


@pytest.mark.parametrize("host", ["127.0.0.1", "::1", "localhost"])
def test_on_loopback_there_is_no_warning(host: str) -> None:
    assert len(MetricsServer(Metrics(), Listen("tcp", host, PORT, "")).announcement()) == 1


@pytest.mark.parametrize("host", ["0.0.0.0", "::", "192.0.2.1", "build7"])
def test_on_another_address_there_is_a_warning(host: str) -> None:
    shown = MetricsServer(Metrics(), Listen("tcp", host, PORT, "")).announcement()
    assert shown[1].startswith("metrics: PLAINTEXT AND REMOTE: anyone who can reach this port can read")


def test_a_port_that_is_taken_names_the_option() -> None:
    with serving(Metrics()) as server:
        taken = replace(LOOPBACK, port=urlsplit(server.url).port or 0)
        wanted = rf"--metrics: cannot listen on 127.0.0.1 port {taken.port}: .*name another port, or 0"
        with pytest.raises(ApispyError, match=wanted):
            asyncio.run(MetricsServer(Metrics(), taken).start())


@metrics_option
def parsed(metrics: Listen | None) -> Listen | None:
    return metrics


@pytest.mark.parametrize(
    ("typed", "host"), [("9464", "127.0.0.1"), ("127.0.0.1:9464", "127.0.0.1"), ("0.0.0.0:9464", "0.0.0.0")]
)
def test_the_address_is_on_loopback_unless_another_is_typed(typed: str, host: str) -> None:
    assert parsed(metrics=typed) == Listen("tcp", host, 9464, "")
    assert parsed(metrics=None) is None


def test_a_socket_cannot_be_scraped() -> None:
    with pytest.raises(
        UsageError, match=r"--metrics unix:///x: expected a TCP address, .*Type --metrics 9464"
    ):
        parsed(metrics="unix:///x")


def test_an_error_names_the_option() -> None:
    done = click.testing.CliRunner().invoke(
        proxy, ["--metrics", "here", "--listen", "0"], standalone_mode=False
    )
    assert "--metrics: Address 'here'" in str(done.exception)


def test_without_prometheus_client_the_error_says_what_to_type(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(sys.modules, "prometheus_client", None)
    with pytest.raises(
        ApispyError, match=r"--metrics.*not installed. Type: pip install 'apispy\[prometheus\]'"
    ):
        MetricsServer(Metrics(), LOOPBACK)


@pytest.mark.parametrize(
    "view",
    [
        View(quiet=True),
        View(filter=Filter.parse_typed("op:ContainerList")),
        View(reports=("story",)),
        View(as_json=True),
    ],
    ids=["quiet", "filtered", "reports", "json"],
)
def test_all_calls_are_counted_whatever_is_shown(view: View) -> None:
    daemon = Endpoint("tcp", "127.0.0.1", 2375, "", "", None)
    session = ProxySession(LOOPBACK, daemon, None, dataclasses.replace(view, metrics=LOOPBACK), io.StringIO())
    session.pipeline.feed(exchange("GET /v1.41/info"))
    session.close()
    assert session._metrics is not None
    found = samples(generate_latest(session._metrics._registry).decode())
    assert found["apispy_calls_total", "other", "SystemInfo", "2xx"] == 1


@pytest.mark.parametrize(
    ("view", "counts_only"),
    [
        (View(quiet=True), True),
        (View(quiet=True, web=0), False),
        (View(quiet=True, filter=Filter.parse("path:/no*")), False),
        (View(), False),
    ],
    ids=["quiet", "page", "filter", "shown"],
)
def test_when_no_call_is_shown_only_heads_are_read(view: View, counts_only: bool) -> None:
    daemon = Endpoint("tcp", "127.0.0.1", 2375, "", "", None)
    session = ProxySession(LOOPBACK, daemon, None, dataclasses.replace(view, metrics=LOOPBACK), io.StringIO())
    assert isinstance(session.pipeline, CountOnlyPipeline) is counts_only
    session.close()


PROGRAM = """
import atexit, sys
from apispy.cli import main
atexit.register(lambda: print(*sys.modules))
sys.argv = ["apispy", "run", "--upstream", "unix:///nowhere", "--", "true"]
main()
"""


def test_a_session_without_metrics_loads_nothing_for_them() -> None:
    done = subprocess.run([sys.executable, "-c", PROGRAM], capture_output=True, text=True, timeout=60)
    loaded = set(done.stdout.split())
    assert "apispy.app.session" in loaded
    assert not loaded & {
        "apispy.app.metrics",
        "apispy.app.otlp",
        "apispy.app.web",
        "apispy.outputs.exports",
        "apispy.outputs.metrics",
        "prometheus_client",
    }
