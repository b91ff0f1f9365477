"""``apispy replay --report FILE``: which calls of which file were played, for ``apispy fixture``."""

import json
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path

from apispy.errors import ApispyError, UsageError
from apispy.fixtures.prune import REPORT
from apispy.model import Exchange
from apispy.replay import Player


def written_to(report: Path, recorded: Mapping[Path, Sequence[Exchange]]) -> Callable[[Player], None]:
    """Writes the report at the end of a replay of *recorded*. Raises UsageError now if it could not be written."""
    if report.is_dir() or not report.absolute().parent.is_dir():
        raise UsageError(
            f"--report {report}: it cannot be written. Name a file in a directory where you may write."
        )

    def write(player: Player) -> None:
        try:
            report.write_text(_text(player, recorded), "utf-8")
        except OSError as error:
            raise ApispyError(f"--report {report} cannot be written: {error.strerror}") from None

    return write


def _text(player: Player, recorded: Mapping[Path, Sequence[Exchange]]) -> str:
    entries = {id(entry.exchange): entry for entry in player.calls}
    files = [
        {
            "file": str(file),
            "calls": [
                {"number": call.id, "call": entries[id(call)].name, "played": entries[id(call)].times_played}
                for call in sorted(calls, key=lambda one: one.id)
            ],
        }
        for file, calls in recorded.items()
    ]
    report = {"report": REPORT, "files": files, "missed": [miss.name for miss in player.misses]}
    return json.dumps(report, indent=2) + "\n"
