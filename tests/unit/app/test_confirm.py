"""Questions on a terminal: what is an answer, what is not, and what they show."""

import asyncio
import os
import threading
from collections.abc import Iterator
from pathlib import Path

import pytest

from apispy.app.confirm import TerminalQuestions
from apispy.errors import UsageError


@pytest.fixture
def terminal() -> Iterator[tuple[int, Path]]:
    """The far end of a terminal, and its path."""
    far, near = os.openpty()
    yield far, Path(os.ttyname(near))
    os.close(far)
    os.close(near)


def asked(
    terminal: tuple[int, Path], answer: bytes, *question: str, patience: float = 60
) -> tuple[bool, str]:
    """Ask, and type the answer once the question has been shown; return what was decided, and what was shown."""
    far, path = terminal
    shown = b""

    def type_answer() -> None:
        nonlocal shown
        while b"or n: " not in shown:
            shown += os.read(far, 4096)
        if answer:
            os.write(far, answer)

    typist = threading.Thread(target=type_answer)
    typist.start()
    allowed = asyncio.run(TerminalQuestions(patience, path).ask(question))
    typist.join()
    return allowed, shown.decode()


@pytest.mark.parametrize(
    ("answer", "allowed"),
    [(b"y\n", True), (b"YES\n", True), (b" y \n", True), (b"n\n", False), (b"\n", False), (b"yesterday\n", False),
     (b"\xff\n", False)],
)  # fmt: skip
def test_only_yes_is_yes(terminal: tuple[int, Path], answer: bytes, allowed: bool) -> None:
    assert asked(terminal, answer, "apispy")[0] is allowed


def test_no_answer_in_time_is_no(terminal: tuple[int, Path]) -> None:
    assert asked(terminal, b"", "apispy", patience=0.05)[0] is False


def test_what_was_typed_before_is_no_answer(terminal: tuple[int, Path]) -> None:
    os.write(terminal[0], b"y\n")
    assert asked(terminal, b"", "apispy", patience=0.05)[0] is False


def test_the_wire_does_not_drive_the_terminal(terminal: tuple[int, Path]) -> None:
    shown = asked(terminal, b"n\n", "GET /\x1b[2J\u202e", "apispy")[1]
    assert "\x1b" not in shown
    assert "\u202e" not in shown
    assert "apispy: let it pass? Type y within 60 s, or n: " in shown


def test_without_a_terminal_there_is_an_error(tmp_path: Path) -> None:
    with pytest.raises(
        UsageError, match=r"--confirm asks on a terminal, and there is none .*; use --deny instead"
    ):
        TerminalQuestions(1, tmp_path / "none")
