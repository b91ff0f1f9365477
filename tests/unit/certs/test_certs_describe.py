"""Which names a certificate covers, by the rule of Go and OpenSSL."""

import pytest

from apispy.certs.describe import covers
from tests.certificates import issue_cert

CERT = issue_cert(
    "other", sans=("orion", "*.example.com", "xn--bcher-kva.example", "10.0.0.5", "fd00::7")
).cert


@pytest.mark.parametrize(
    "host",
    ["orion", "ORION", "orion.", "a.example.com", "bücher.example", "10.0.0.5", "fd00:0::7", "fd00::7%eth0"],
)
def test_covered(host: str) -> None:
    assert covers(CERT, host)


@pytest.mark.parametrize("host", ["other", "vega", "example.com", "a.b.example.com", "10.0.0.6", "fd00::8"])
def test_not_covered(host: str) -> None:
    assert not covers(CERT, host)


def test_a_wildcard_is_for_names_only() -> None:
    assert not covers(issue_cert("x", sans=("*.0.0.5",)).cert, "10.0.0.5")
