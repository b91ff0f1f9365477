"""A strict checker of trace-event JSON, by its description and the rules of Perfetto's importer.

Source: "Trace Event Format" (Google), and https://perfetto.dev/docs/faq on events that overlap.
"""

import json
from collections import defaultdict
from typing import Any

Event = dict[str, Any]

KEYS = {
    "M": {"ph", "name", "args", "pid"},
    "X": {"ph", "name", "cat", "ts", "dur", "args", "pid", "tid"},
    "i": {"ph", "name", "cat", "ts", "s", "args", "pid", "tid"},
    "s": {"ph", "name", "cat", "ts", "id", "pid", "tid"},
    "f": {"ph", "name", "cat", "ts", "id", "pid", "tid", "bp"},
}
"""The keys that an event of each phase must have. "tid" of metadata and "cname" of a call are optional."""


def checked(data: str | bytes) -> list[Event]:
    """Return the events of a file. Raises AssertionError if a viewer would refuse it or draw it wrongly."""
    events: list[Event] = json.loads(data)["traceEvents"]
    names: dict[tuple[int, int | None], str] = {}
    for event in events:
        assert set(event) - {"tid", "cname"} == KEYS[event["ph"]] - {"tid"}
        assert isinstance(event["name"], str)
        assert event["name"]
        if event["ph"] == "M":
            assert event["name"] == ("thread_name" if "tid" in event else "process_name")
            assert (event["pid"], event.get("tid")) not in names
            names[event["pid"], event.get("tid")] = event["args"]["name"]
        else:
            assert (event["pid"], None) in names
            assert (event["pid"], event["tid"]) in names
            _check_time(event["ts"])
            _check_time(event.get("dur", 0))
    _check_nesting(events)
    _check_arrows(events)
    return events


def _check_time(value: Any) -> None:
    assert type(value) is int
    assert 0 <= value * 1000 < 2**63


def _check_nesting(events: list[Event]) -> None:
    """Check that no two calls of a thread overlap in part."""
    threads: dict[int, list[tuple[int, int]]] = defaultdict(list)
    for event in events:
        if event["ph"] == "X":
            threads[event["tid"]].append((event["ts"], event["ts"] + event["dur"]))
    for calls in threads.values():
        open_until: list[int] = []
        for start, end in sorted(calls, key=lambda call: (call[0], -call[1])):
            while open_until and open_until[-1] <= start:
                open_until.pop()
            assert not open_until or end <= open_until[-1]
            open_until.append(end)


def _check_arrows(events: list[Event]) -> None:
    """Check that every arrow has one start and one end, in this order, each on a call."""
    ends: dict[int, list[Event]] = defaultdict(list)
    for event in events:
        if event["ph"] in "sf":
            ends[event["id"]].append(event)
            assert any(
                call["ph"] == "X"
                and (call["pid"], call["tid"]) == (event["pid"], event["tid"])
                and call["ts"] <= event["ts"] <= call["ts"] + call["dur"]
                for call in events
            )
    for pair in ends.values():
        start, end = pair
        assert (start["ph"], end["ph"]) == ("s", "f")
        assert start["ts"] <= end["ts"]
