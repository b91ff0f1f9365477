"""The exports of some sessions, compared with the files in exported/ (``make golden`` rewrites them)."""

from collections.abc import Callable
from pathlib import Path

import pytest

import apispy
from apispy.outputs.exports import EXPORTERS
from tests.golden.exported import decoded_calls, exported, without_assets
from tests.golden.sessions import SECRET_PARTS, SESSIONS

EXPECTED = Path(__file__).parent / "exported"

TEXTS = sorted(name for name, one in EXPORTERS.items() if not one.binary)
SHOWN = ("run", "exec", "pull", "login", "http2")


@pytest.mark.parametrize("name", TEXTS)
@pytest.mark.parametrize("session", SHOWN)
def test_golden(
    session: str, name: str, expect: Callable[[Path, str], None], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(apispy, "__version__", "VERSION")
    text = exported(name, decoded_calls(session)).decode()
    expect(EXPECTED / f"{session}.{name}.txt", without_assets(text) if name == "html" else text)


@pytest.mark.parametrize("name", sorted(EXPORTERS))
def test_no_secret_is_exported(name: str) -> None:
    data = exported(name, decoded_calls(*SESSIONS))
    assert not [part for part in SECRET_PARTS if part.encode() in data]


def test_the_secrets_are_planted() -> None:
    """Check that the test above can fail: the secrets are there on request."""
    data = exported("pcapng", decoded_calls(*SESSIONS, show_secrets=True))
    assert [part for part in SECRET_PARTS if part.encode() not in data] == []


def test_no_expected_file_is_left_over() -> None:
    assert {path.name for path in EXPECTED.iterdir()} == {
        f"{one}.{name}.txt" for one in SHOWN for name in TEXTS
    }
