"""What is to be said at the end of a replay."""

from collections.abc import Iterator

from apispy.replay.player import Player
from apispy.replay.words import line_of

SHOWN = 10
"""Calls that are named."""


def report(player: Player) -> Iterator[tuple[str, str]]:
    """(text, style) of each line: what was played, what was not, what was missed. Not escaped."""
    unplayed, total = player.unplayed, len(player.entries)
    misses = len(player.misses)
    told = f"replay: {total - len(unplayed)} of {total} recorded calls were played"
    if misses:
        yield f"{told}, {misses} {'request' if misses == 1 else 'requests'} had no recorded answer", "bad"
    else:
        yield f"{told}, every request had its answer", ""
    if player.forwarded:
        yield f"  {player.forwarded} asked of the daemon, for they had no recorded answer", ""
    for entry in unplayed[:SHOWN]:
        yield f"  not played: #{entry.number} {entry.name} {line_of(entry.asked)}", "dim"
    if len(unplayed) > SHOWN:
        yield f"  not played: {len(unplayed) - SHOWN} more", "dim"
