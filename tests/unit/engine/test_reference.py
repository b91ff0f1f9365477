"""Links into Docker's reference of the API."""

import pytest

from apispy.engine import lookup
from apispy.engine.reference import SITE, reference_link


@pytest.mark.parametrize(
    ("line", "version", "link"),
    [
        ("GET /containers/json", "1.41", "/v1.41/#tag/Container/operation/ContainerList"),
        ("GET /containers/json", "1.25", "/v1.25/#tag/Container/operation/ContainerList"),
        ("GET /containers/json", "9.9", "/v1.55/#tag/Container/operation/ContainerList"),
        ("GET /containers/json", "1.24", "/v1.24/"),
        ("GET /containers/a/archive", "1.27", "/v1.27/#tag/Container/operation/ContainerGetArchive"),
        ("GET /containers/a/archive", "1.28", "/v1.28/#tag/Container/operation/ContainerArchive"),
        ("POST /session", "1.39", "/v1.39/#tag/Session-(experimental)/operation/Session"),
        ("POST /session", "1.40", "/v1.40/#tag/Session/operation/Session"),
    ],
)
def test_links(line: str, version: str, link: str) -> None:
    assert reference_link(lookup(*line.split()).operation, version) == SITE + link


@pytest.mark.parametrize(
    ("line", "version"),
    [
        ("GET /containers/json", "1.23"),  # no page
        ("POST /session", "1.30"),  # not yet
        ("GET /plugins/a", "1.25"),  # no more
        ("POST /grpc", "1.41"),  # never documented
        ("GET /libpod/info", "1.41"),
        ("GET /nothing", "1.41"),
    ],
)
def test_no_link(line: str, version: str) -> None:
    assert reference_link(lookup(*line.split()).operation, version) == ""
