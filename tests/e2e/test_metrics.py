"""`--metrics` with a real daemon: Debian's Prometheus scrapes apispy, and answers the queries of docs/fleet.md.

So it does those of packaging/grafana-dashboard.json.
"""

import json
import re
import shutil
import subprocess
import urllib.error
import urllib.parse
import urllib.request
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from tests.golden.grafana_dashboard import queries as queries_of_the_dashboard

from .apispy_process import Apispy
from .battery_runner import CLIS
from .clients import Client
from .conftest import unavailable
from .daemon import Daemons, free_port
from .wait import until

PAGE = (Path(__file__).parents[2] / "docs/fleet.md").read_text()
PREFIX = "zqmetrics"
CALLS = f"docker ps; docker inspect none; docker volume create {PREFIX}"
"""A read, an error, and a request with a body."""


class Prometheus:
    """A Prometheus on loopback that scrapes *target* once a second, with the configuration of docs/fleet.md."""

    def __init__(self, where: Path, target: str) -> None:
        where.mkdir()
        [config] = re.findall(r"(?s)```yaml\n(scrape_configs.*?)```", PAGE)
        (where / "prometheus.yml").write_text(
            config.replace("127.0.0.1:9464", target).replace("scrape_interval: 15s", "scrape_interval: 1s")
        )
        self.url = f"http://127.0.0.1:{free_port()}"
        self.log = where / "log"
        with self.log.open("wb") as log:
            self.process = subprocess.Popen(
                [
                    "prometheus",
                    f"--config.file={where}/prometheus.yml",
                    f"--storage.tsdb.path={where}/data",
                    f"--web.listen-address={self.url.removeprefix('http://')}",
                ],
                stdin=subprocess.DEVNULL,
                stdout=log,
                stderr=log,
            )

    def query(self, text: str) -> list[dict[str, Any]]:
        """Return the result of a query; none while Prometheus starts."""
        assert self.process.poll() is None, self.log.read_text()
        address = f"{self.url}/api/v1/query?{urllib.parse.urlencode({'query': text})}"
        try:
            with urllib.request.urlopen(address, timeout=10) as response:
                answer = json.load(response)
        except (ConnectionError, urllib.error.URLError) as error:
            if isinstance(error, urllib.error.HTTPError) and error.code == 400:
                raise  # a query that is wrong
            return []
        assert answer["status"] == "success", answer
        result: list[dict[str, Any]] = answer["data"]["result"]
        return result

    def end(self) -> None:
        self.process.terminate()
        self.process.wait(30)


@pytest.fixture
def spy(place: Path, daemons: Daemons) -> Iterator[Apispy]:
    where = place / "metrics"
    listen = ["--listen", f"unix://{where}/s.sock", "--upstream", daemons.plain.unix.host]
    spy = Apispy.start(where, *listen, "--metrics", "0", "-q")
    yield spy
    spy.kill()


@pytest.fixture
def prometheus(place: Path, spy: Apispy) -> Iterator[Prometheus]:
    if not shutil.which("prometheus"):
        unavailable("needs Prometheus; on Debian: apt-get install prometheus")
    found = re.search(r"apispy: metrics for Prometheus: http://(\S+)/metrics\n", spy.err)
    assert found, spy.err
    server = Prometheus(place / "prometheus", found[1])
    yield server
    server.end()


def test_prometheus_scrapes_and_answers_the_queries_of_the_page(
    prometheus: Prometheus, spy: Apispy, place: Path, daemons: Daemons
) -> None:
    client = Client(spy.at, daemons.plain, CLIS[max(CLIS)], PREFIX, place / "metricsc", place / "metricsc")
    until(lambda: prometheus.query("up == 1"), 60, "Prometheus to scrape apispy", every=0.1)
    client.sh(f"docker ps; {CALLS}")
    events = client.popen("docker events")
    counted = 'apispy_calls_total{operation="ContainerList"}'
    [series] = until(lambda: prometheus.query(f"{counted} == 2"), 60, "two calls", every=0.1)
    labels = {key: series["metric"][key] for key in ("operation", "status", "client")}
    assert labels == {"operation": "ContainerList", "status": "2xx", "client": "docker"}
    inspected = 'apispy_calls_total{operation="ContainerInspect"}'
    [failed] = until(lambda: prometheus.query(inspected), 60, "the failed call", every=0.1)
    assert failed["metric"]["status"] == "4xx"

    created = 'apispy_sent_bytes_total{operation="VolumeCreate"}'
    until(lambda: prometheus.query(created), 60, "the request with a body", every=0.1)
    client.sh(CALLS)  # a rate is above 0 once a series that Prometheus knows has grown
    queries = re.findall(r"(?m)^\| .+\? \| `(.+)` \|$", PAGE)
    assert len(queries) >= 6
    for query in queries:  # a rate needs a second scrape
        until(lambda query=query: prometheus.query(query), 60, f"an answer to {query}", every=0.1)  # type: ignore[misc]

    for one in queries_of_the_dashboard():
        until(
            lambda one=one: prometheus.query(one.for_prometheus),  # type: ignore[misc]
            60,
            f"an answer to the dashboard's {one.where}: {one.for_prometheus}",
            every=0.1,
        )

    [opened] = until(lambda: prometheus.query("apispy_open_streams == 1"), 60, "the open stream", every=0.1)
    assert opened["metric"]["operation"] == "SystemEvents"
    events.terminate()
    events.wait(30)
    until(
        lambda: prometheus.query('apispy_open_streams{operation="SystemEvents"} == 0'),
        60,
        "its end",
        every=0.1,
    )
    assert spy.end() == 0, spy.err
