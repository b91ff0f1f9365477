"""What an error about an optional package says to type."""

import sys
from pathlib import Path

import pytest

from apispy.errors import MissingExtra


@pytest.mark.parametrize(
    ("file", "command"),
    [
        ("pipx_metadata.json", "pipx inject apispy scapy"),
        ("uv-receipt.toml", "uv pip install --python '/my tools/bin/python' scapy"),
        ("pyvenv.cfg", "pip install 'apispy[pcap]'"),
    ],
)
def test_the_command_is_that_of_the_tool_that_made_the_environment(
    file: str, command: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (tmp_path / file).touch()
    monkeypatch.setattr(sys, "prefix", str(tmp_path))
    monkeypatch.setattr(sys, "executable", "/my tools/bin/python")
    expected = f"apispy needs Scapy to import a file, and it is not installed. Type: {command}"
    assert str(MissingExtra("Scapy", "to import a file", "pcap")) == expected
