"""What is imported before apispy accepts connections: nothing of mitmproxy and of itself that it does not need."""

import subprocess
import sys

import pytest

NEEDLESS = {
    "mitmproxy.addons": "a web framework and an LDAP client",
    "flask": "the same",
    "ldap3": "the same",
    "mitmproxy.proxy.layers.quic": "QUIC",
    "aioquic": "the same",
    "service_identity": "the same",
    "mitmproxy.proxy.layers.http._http3": "HTTP/3",
    "mitmproxy.proxy.layers.http._http1": "HTTP, which apispy's tap reads",
    "mitmproxy.proxy.layers.modes": "modes that apispy does not have",
    "wsproto.events": "WebSockets, which apispy's decoders read",
    "ruamel.yaml.main": "files of mitmproxy's options",
    "apispy.certs": "certificates, which plaintext needs none of",
    "apispy.importers": "files of other programs",
    "yaml": "the same",
    "scapy": "the same",
    "apispy.capture.playback": "captures that are shown",
    "apispy.capture.reader": "the same",
    "apispy.pipeline.count_only": "apispy -q",
    "apispy.outputs.stats": "statistics",
    "apispy.replay": "replays",
    "apispy.fixtures": "fixtures",
}
"""Modules, and what they are for."""


def run(code: str) -> list[str]:
    done = subprocess.run([sys.executable, "-c", code], check=True, capture_output=True, text=True)
    return done.stdout.split()


@pytest.fixture(scope="module")
def loaded() -> set[str]:
    """The modules that the proxy of ``apispy`` imports, as ``apispy.app.proxy`` does it."""
    code = "import sys, apispy.app.proxy, apispy.proxy.service; print(*sys.modules)"
    return set(run(code))


@pytest.mark.parametrize("module", NEEDLESS)
def test_the_proxy_starts_without(module: str, loaded: set[str]) -> None:
    assert module not in loaded
    assert "mitmproxy.proxy.server" in loaded


def test_a_capture_is_shown_without_the_importers() -> None:
    code = (
        "import sys; from pathlib import Path; from apispy.app.input_files import foreign_format; "
        "assert foreign_format(Path('samples/run.jsonl')) is None; print(*sys.modules)"
    )
    assert not {"apispy.importers", "yaml"} & set(run(code))


def test_statistics_of_a_capture_import_nothing_of_daemons() -> None:
    code = "import sys, apispy.app.show, apispy.outputs.stats; print(*sys.modules)"
    assert not {"apispy.endpoints", "http.client", "ssl", "apispy.importers"} & set(run(code))


LAZY = "import apispy.proxy.service, sys; from mitmproxy.proxy import server, mode_servers; "
"""What a program of these tests begins with."""


def test_the_imports_of_the_proxy_take_few_steps() -> None:
    code = (
        "import sys; found = [0]; "
        "sys.setprofile(lambda frame, event, _: event == 'call' and found.__setitem__(0, found[0] + 1)); "
        "import apispy.cli.proxy, apispy.app.proxy, apispy.proxy.service; "
        "sys.setprofile(None); print(found[0], len(sys.modules))"
    )
    calls, modules = map(int, run(code))
    assert (
        calls < 175_000
    )  # 136,000 (Python 3.12: 144,000); 240,000 before some modules and patterns waited for their first use
    assert modules < 690  # 662


def test_a_lazy_package_is_what_it_always_is_once_a_name_in_it_is_used() -> None:
    code = (
        "from mitmproxy.proxy import layers; import mitmproxy.proxy.layers.tls as tls; "
        "assert layers.ServerTLSLayer is tls.ServerTLSLayer; from mitmproxy.proxy.layers import http; "
        "from mitmproxy.proxy.layers.http import HTTPMode, HttpLayer; assert layers.HttpLayer is HttpLayer; "
        "assert server.HTTPMode.transparent is HTTPMode.transparent; assert layers.http is http; "
        "assert layers.__all__ and mode_servers.layers.modes.ReverseProxy and layers.QuicStreamLayer; "
        "print(type(layers).__name__, type(http).__name__)"
    )
    assert run(LAZY + code) == ["module", "module"]


def test_a_module_of_a_lazy_package_is_imported_alone() -> None:
    code = "from mitmproxy.proxy.layers.http._hooks import HttpRequestHook; print(HttpRequestHook.name, *sys.modules)"
    name, *loaded = run(LAZY + code)
    assert name == "request"
    assert not {"aioquic", "mitmproxy.proxy.layers.http._http1"} & set(loaded)


def test_what_a_lazy_package_has_not_is_an_attribute_error() -> None:
    code = (
        "from mitmproxy.proxy import layers; print(hasattr(layers, '__wrapped__'), 'aioquic' in sys.modules, "
        "hasattr(layers, 'Nothing'), 'aioquic' in sys.modules)"
    )
    assert run(LAZY + code) == ["False", "False", "False", "True"]


def test_other_lazy_packages_are_what_they_always_are() -> None:
    code = (
        "import wsproto, ruamel.yaml; from mitmproxy import optmanager; "
        "print(type(wsproto).__name__, type(ruamel.yaml).__name__, optmanager.parse('a: 1')['a'], "
        "type(ruamel.yaml).__name__, wsproto.WSConnection.__name__, type(wsproto).__name__)"
    )
    assert run(LAZY + code) == ["LazyPackage", "LazyPackage", "1", "module", "WSConnection", "module"]


def test_messages_of_websockets_have_their_opcodes_once_there_are_some() -> None:
    code = (
        "import wsproto.frame_protocol as frames; from mitmproxy.websocket import WebSocketMessage as Message; "
        "print(type(frames).__name__); made = Message(1, True, b'x'); print(made.is_text, made.type.name, "
        "type(made.type) is frames.Opcode, type(frames).__name__, Message.from_state(made.get_state()).text)"
    )
    assert run(LAZY + code) == ["LazyPackage", "True", "TEXT", "True", "module", "x"]


def test_packages_that_are_imported_already_stay() -> None:
    code = (
        "import sys; from mitmproxy.proxy import layers; import apispy.proxy.service; "
        "print(sys.modules['mitmproxy.proxy.layers'] is layers, type(layers).__name__)"
    )
    assert run(code) == ["True", "module"]
