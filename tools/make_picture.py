"""`make picture`: the terminal session in the README, as an SVG for light pages and one for dark pages.

The session is real: `apispy show` prints docs/images/session.jsonl into a pseudo-terminal, and this script draws the
bytes that arrive. The capture was recorded once, with docker CLI 28.2.2 and dockerd 20.10.24:

    apispy run --capture session.jsonl -- sh -c 'echo hi |
        docker run --rm -i --name web --network none -e PASSWORD=hunter2 busybox cat; docker start web'

tests/golden/test_picture.py compares the committed pictures with what this script draws.
"""

import fcntl
import os
import pty
import re
import struct
import subprocess
import sys
import termios
from collections.abc import Iterator
from dataclasses import dataclass
from html import escape
from pathlib import Path

IMAGES = Path(__file__).parents[1] / "docs/images"
COMMAND = ("apispy", "show", "session.jsonl")
COLUMNS, ROWS = 120, 40
CELL, LINE, FONT = 7.2, 18, 12
"""Width of a character, height of a line and size of the font, in pixels."""

LEFT, TOP, BOTTOM = 20, 60, 6
SGR = re.compile(r"\x1b\[(\d*)m")
STYLES = {"": "", "0": "", "1": "bold", "2": "dim", "31": "red", "32": "green", "33": "yellow"}


@dataclass(frozen=True)
class Theme:
    """The colors of a terminal."""

    background: str
    border: str
    text: str
    dim: str
    red: str
    green: str
    yellow: str


THEMES = {
    "light": Theme("#ffffff", "#d0d7de", "#1f2328", "#636c76", "#cf222e", "#1a7f37", "#9a6700"),
    "dark": Theme("#0d1117", "#3d444d", "#e6edf3", "#8d96a0", "#f85149", "#3fb950", "#d29922"),
}


def session() -> str:
    """The output of COMMAND in a terminal of COLUMNS columns, with its escape sequences."""
    terminal, other = pty.openpty()
    fcntl.ioctl(other, termios.TIOCSWINSZ, struct.pack("HHHH", ROWS, COLUMNS, 0, 0))
    env = {name: value for name, value in os.environ.items() if name not in ("NO_COLOR", "COLUMNS", "LINES")}
    process = subprocess.Popen(
        [sys.executable, "-m", *COMMAND], cwd=IMAGES, env=env | {"TZ": "UTC"},
        stdin=subprocess.DEVNULL, stdout=other, stderr=subprocess.PIPE,
    )  # fmt: skip
    os.close(other)
    output = b"".join(_until_closed(terminal))
    os.close(terminal)
    _, errors = process.communicate()
    if process.returncode or errors:
        raise SystemExit(errors.decode())
    return output.decode().replace("\r\n", "\n")


def _until_closed(terminal: int) -> Iterator[bytes]:
    while True:
        try:
            data = os.read(terminal, 1 << 16)
        except OSError:  # Linux reports EIO when the last process has closed its side
            return
        if not data:
            return
        yield data


def runs(line: str) -> Iterator[tuple[int, str, str]]:
    """The column, text and style of each run of characters in one style."""
    column, style = 0, ""
    for at, part in enumerate(SGR.split(line)):  # text, code, text, code, ...
        if at % 2:
            style = STYLES[part]
        elif part:
            yield column, part, style
            column += len(part)


def svg(output: str, theme: Theme) -> str:
    """The picture of a window that shows the command and its *output*."""
    lines = [f"\x1b[32m$\x1b[0m \x1b[1m{' '.join(COMMAND)}\x1b[0m", *output.splitlines()]
    width, height = round(2 * LEFT + COLUMNS * CELL), TOP + LINE * len(lines) + BOTTOM
    rows = "\n".join(_row(line, TOP + LINE * number) for number, line in enumerate(lines) if line)
    dots = "".join(
        f'<circle cx="{LEFT + 6 + 20 * n}" cy="22" r="6" fill="{theme.border}"/>' for n in range(3)
    )
    colors = "".join(f".{name}{{fill:{getattr(theme, name)}}}" for name in ("dim", "red", "green", "yellow"))
    return f"""\
<svg xmlns="http://www.w3.org/2000/svg" width="{width}" height="{height}" viewBox="0 0 {width} {height}" role="img">
<title>{" ".join(COMMAND)} in a terminal</title>
<style>text{{font:{FONT}px ui-monospace,SFMono-Regular,Menlo,Consolas,"DejaVu Sans Mono","Liberation Mono",monospace;\
fill:{theme.text};white-space:pre}}.bold{{font-weight:700}}{colors}</style>
<rect x=".5" y=".5" width="{width - 1}" height="{height - 1}" rx="8" fill="{theme.background}" \
stroke="{theme.border}"/>
{dots}
{rows}
</svg>
"""


def _row(line: str, y: int) -> str:
    """Each run has its place and its width, so that columns line up in whatever font the reader has."""
    found = []
    for column, text, style in runs(line):
        shown = text.strip()
        if shown:
            x = LEFT + CELL * (column + len(text) - len(text.lstrip()))
            name = f' class="{style}"' if style else ""
            length = f'textLength="{CELL * len(shown):g}" lengthAdjust="spacingAndGlyphs"'
            found.append(f'<text x="{x:g}" y="{y}" {length}{name}>{escape(shown, quote=False)}</text>')
    return "\n".join(found)


def main() -> None:
    output = session()
    for name, theme in THEMES.items():
        (IMAGES / f"session-{name}.svg").write_text(svg(output, theme))


if __name__ == "__main__":
    main()
