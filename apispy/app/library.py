"""The fixtures that are packaged with apispy: listed, and written to files."""

import sys
from pathlib import Path

from apispy.app.messages import info, result
from apispy.app.output_files import STDOUT
from apispy.errors import UsageError
from apispy.fixtures.library import content, fixtures


def print_list() -> None:
    """Print name, engines and session of each fixture."""
    rows = [("NAME", "ENGINES", "SESSION")]
    rows += [(one.name, ", ".join(one.engines), one.description) for one in fixtures()]
    widths = [max(len(row[column]) for row in rows) for column in (0, 1)]
    for name, engines, session in rows:
        result(f"{name:{widths[0]}}  {engines:{widths[1]}}  {session}")


def write(name: str, engine: str | None, output: Path | None, *, force: bool) -> None:
    """Write a fixture to *output*, ``NAME.json`` by default, or STDOUT. Raises ApispyError."""
    data = content(name, engine)
    if output == STDOUT:
        sys.stdout.write(data.decode())
        return
    to = output or Path(f"{name}.json")
    if to.exists() and not force:
        raise UsageError(f"{to}: the file exists. Name another one with -o FILE, or add --force.")
    try:
        to.write_bytes(data)
    except OSError as error:
        raise UsageError(f"{to}: {error.strerror}. Name another file with -o FILE.") from error
    info(f"wrote {to}; to play it: apispy replay {to}")
