"""The bar of what takes long: only for people, and never in the output's way."""

import io

import pytest

from apispy.cli import progress
from apispy.cli.progress import Progress


class Screen(io.StringIO):
    def __init__(self, terminal: bool) -> None:
        super().__init__()
        self._terminal = terminal

    def isatty(self) -> bool:
        return self._terminal


def bar(monkeypatch: pytest.MonkeyPatch, error: bool, output: bool, patience: float = 0.0) -> str:
    screen = Screen(error)
    monkeypatch.setattr(progress.sys, "stderr", screen)
    monkeypatch.setattr(progress, "BAR_DELAY", patience)
    with Progress("calls.jsonl", Screen(output)) as shown:
        for part in (0.0, 0.25, 0.25, 0.5, 1.0):
            shown.reached(part)
    return screen.getvalue()


def test_it_is_for_a_terminal_beside_the_output(monkeypatch: pytest.MonkeyPatch) -> None:
    said = bar(monkeypatch, error=True, output=False)
    assert "calls.jsonl" in said
    assert "100%" in said
    assert bar(monkeypatch, error=False, output=False) == ""
    assert bar(monkeypatch, error=True, output=True) == ""


def test_what_is_quick_has_none(monkeypatch: pytest.MonkeyPatch) -> None:
    assert bar(monkeypatch, error=True, output=False, patience=60.0) == ""
