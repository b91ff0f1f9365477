"""The browser guard refuses requests from web pages, and no others."""

import pytest

from apispy.gate import BrowserGuard


def refusal(*fields: tuple[str, str], names: tuple[str, ...] = ()) -> str | None:
    raw = [(name.encode("latin-1"), value.encode("latin-1")) for name, value in fields]
    return BrowserGuard(names).refusal(raw)


REAL = [
    "127.0.0.1:2377", "localhost:2377", "LOCALHOST", "localhost.:2377", "api.moby.localhost", "docker", "d",
    "docker:2377", "docker.example.com", "[::1]:2377", "[fe80::1%25eth0]:2377", "192.168.1.7:2377", "10.0.0.1",
    "2130706433", "0x7f.1", "host.docker.internal:2377", "host.containers.internal:2377", "", "/var/run/docker.sock",
    "%2Fvar%2Frun%2Fdocker.sock",
]  # fmt: skip


@pytest.mark.parametrize("host", REAL)
def test_what_real_clients_call_it_passes(host: str):
    assert refusal(("Host", host)) is None


def test_without_a_host_it_passes():
    assert refusal() is None


@pytest.mark.parametrize(
    "host",
    ["evil.example", "evil.example:2377", "localhost.evil.example", "127.0.0.1.evil.example", "evil-localhost",
     "docker.evil.example", "xn--lcalhost-54a", "127.0.0.1@evil.example", "d.example"],
)  # fmt: skip
def test_other_names_are_refused(host: str):
    why = refusal(("Host", host))
    assert why is not None
    assert host in why
    assert f"--allow-host {host.removesuffix(':2377')}" in why


def test_every_host_counts():
    assert refusal(("Host", "127.0.0.1"), ("hOST", "evil.example"))


def test_names_that_are_allowed():
    assert refusal(("Host", "Build.Example:2377"), names=("build.example",)) is None


@pytest.mark.parametrize(
    "origin",
    ["https://evil.example", "null", "http://127.0.0.1:8080", "http://127.0.0.1:2377.evil.example", "x", ""],
)
def test_a_page_is_refused(origin: str):
    assert "web page" in str(refusal(("Host", "127.0.0.1:2377"), ("Origin", origin)))


def test_what_a_websocket_library_says_passes_in_any_order():
    assert refusal(("Host", "127.0.0.1:2377"), ("Origin", "http://127.0.0.1:2377")) is None
    assert refusal(("Origin", "http://127.0.0.1:2377"), ("Host", "127.0.0.1:2377")) is None
    assert refusal(("Origin", "http://evil.example"))


def test_what_a_browser_says_of_where_a_request_comes_from():
    for site, refused in {"cross-site": True, "same-site": True, "same-origin": False, "none": False}.items():
        assert bool(refusal(("Host", "localhost:2377"), ("Sec-Fetch-Site", site))) is refused


def test_lines_of_what_is_no_request_count_too():
    guard = BrowserGuard()
    assert guard.refusal_of_bytes(b"GET / HTTP/1.1\n host : evil.example\n\n")
    assert guard.refusal_of_bytes(b"\x16\x03\x01\x00\xa5host\x00") is None


def test_a_long_host_is_cut_in_the_refusal():
    assert len(str(refusal(("Host", "x" * 100_000 + ".example")))) < 1000
