"""Lines of the log in JSON: the same first fields always, one line each, and nothing that drives a terminal."""

import json
import re
from typing import Any

from apispy.outputs import JsonLines
from apispy.outputs.json_log import JsonLog, log_line

from .decoded_calls import decoded_call

KEYS = ["time", "level", "message"]
TIME = r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{6}Z"


def parsed(line: str) -> dict[str, Any]:
    assert re.fullmatch(r"[\x20-\x7e]*\n", line)
    found: dict[str, Any] = json.loads(line)
    assert list(found)[:3] == KEYS
    assert re.fullmatch(TIME, found["time"])
    return found


def test_a_message_is_one_line_whatever_it_says() -> None:
    found = parsed(log_line(1_000_000.5, "error", "two\nlines \x1b[31m\x7f\u2028"))
    assert found == {
        "time": "1970-01-12T13:46:40.500000Z",
        "level": "error",
        "message": "two\nlines \x1b[31m\x7f\u2028",
    }


def test_a_call_has_the_fields_of_json_too() -> None:
    lines: list[str] = []
    plain: list[str] = []
    log, json_lines = JsonLog(lines.append, clock=lambda: 5.0), JsonLines(plain.append)
    good = decoded_call("GET /v1.41/info", 200, {})
    for call in (good, decoded_call("GET /info", 404, {"message": "gone"})):
        log.write(call)
        json_lines.write(call)
    first, second = map(parsed, lines)
    assert (first["level"], second["level"]) == ("info", "warning")
    assert first["message"].startswith("SystemInfo GET /v1.41/info -> 200 ")
    assert second["message"].startswith("SystemInfo GET /info -> 404 gone")
    for found, text in zip((first, second), plain, strict=True):
        fields = json.loads(text)
        assert not set(KEYS) & set(fields)
        assert {name: value for name, value in found.items() if name not in KEYS} == fields
    ended = good.exchange.started + good.exchange.duration
    assert first["time"] == json.loads(log_line(ended, "info", ""))["time"]


def test_notices_and_summaries() -> None:
    lines: list[str] = []
    log = JsonLog(lines.append, clock=lambda: 7.0, calls=False)
    log.notice("connection 3: apispy stops decoding it", 6.0)
    log.write(decoded_call("GET /info", 500))
    log.summarize()
    log.write(decoded_call("GET /info", 200, {}))
    log.close()
    notice, first, last = map(parsed, lines)
    assert (notice["level"], notice["time"]) == ("warning", "1970-01-01T00:00:06.000000Z")
    assert [one["message"] for one in (first, last)] == ["1 call, 1 error", "2 calls, 1 error"]
    assert last["summary"]["total"]["calls"] == 2
    assert last["summary"]["operations"][0]["operation"] == "SystemInfo"
