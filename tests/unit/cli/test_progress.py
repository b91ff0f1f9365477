"""The progress bar: only on a terminal, and never in the middle of the output."""

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


def test_it_is_shown_on_a_terminal_without_output(monkeypatch: pytest.MonkeyPatch) -> None:
    said = bar(monkeypatch, error=True, output=False)
    assert "calls.jsonl" in said
    assert "100%" in said
    assert bar(monkeypatch, error=False, output=False) == ""
    assert bar(monkeypatch, error=True, output=True) == ""


def test_quick_work_has_no_bar(monkeypatch: pytest.MonkeyPatch) -> None:
    assert bar(monkeypatch, error=True, output=False, patience=60.0) == ""
