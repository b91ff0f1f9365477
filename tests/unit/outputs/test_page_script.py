"""The parts of the page's script that need no browser, run by node: texts, and JSON with all its digits."""

import json
import os
import shutil
import subprocess
from typing import Any

import pytest

from apispy import units
from apispy.outputs import escaping
from apispy.outputs.page.document import ASSETS

pytestmark = pytest.mark.skipif(
    shutil.which("node") is None and "CI" not in os.environ, reason="no node on this machine"
)

SECONDS = [
    0,
    1e-5,
    0.0007,
    0.0096,
    0.012,
    0.9,
    0.9996,
    1,
    12.346,
    59.99,
    59.997,
    61,
    125,
    3599.7,
    3600,
    90061,
]
SIZES = [0, 1, 999, 1000, 1234, 999_949, 999_951, 10**9, 3 * 10**18]
ODD = "tab\t line\n esc\x1b nul\x00 c1\x9b rtl\u202e zero\u200b tag\U000e0041 sep\u2028 plain é 漢 🐳"

FLOOD = "a" + "\u0301" * 200
LOOK_LIKE_NOTHING = (
    "\u034f\u115f\u1160\u17b4\u180b\u180f\u200c\u200d\u2800\u3164\ufe00\ufe0f\uffa0\U00013430\U0001d173"
)
KEPT = [
    "\u0915\u094d\u200d\u0937",
    "1\ufe0f\u20e3",
    "\u2764\ufe0f",
    "\U0001f468\u200d\U0001f469",
    "x\u0323\u0301",
]


def run(*expressions: str) -> list[Any]:
    """Evaluate JavaScript after the script's parts."""
    parts = "".join(
        (ASSETS / name).read_text("utf-8") for name in ("text.js", "content.js", "waterfall.js", "notices.js")
    )
    script = f"{parts}\nconsole.log(JSON.stringify([{','.join(expressions)}]))"
    done = subprocess.run(["node", "-e", script], capture_output=True, text=True, check=True, timeout=60)
    return json.loads(done.stdout)  # type: ignore[no-any-return]


def test_durations_sizes_and_memory_are_those_of_the_terminal() -> None:
    durations, sizes, memory = run(
        f"{SECONDS}.map(formatDuration)", f"{SIZES}.map(formatSize)", f"{SIZES}.map(formatMemory)"
    )
    assert durations == [units.duration(seconds) for seconds in SECONDS]
    assert sizes == [units.size(size) for size in SIZES]
    assert memory == [units.binary_size(size) for size in SIZES]


def test_what_is_hidden_is_visible_as_in_the_terminal() -> None:
    assert run(f"visible({json.dumps(ODD)})", "visible('\\ud800')") == [escaping.escape(ODD), "\\ud800"]


def test_every_character_is_shown_as_in_the_terminal() -> None:
    texts = ["a" + text for text in LOOK_LIKE_NOTHING] + [
        FLOOD,
        "\u0915" + FLOOD[1:],
        *(f"a{c}" for c in KEPT),
        *KEPT,
    ]
    assert run(f"{json.dumps(texts)}.map(visible)") == [list(map(escaping.escape, texts))]


def test_json_keeps_digits_and_repeated_names() -> None:
    text = '{"a": 12345678901234567890, "b": 1.0, "a": [1e400, -0, true, null, "x\\u0041"], "c": {}}'
    assert run(f"readJson({json.dumps(text)})") == [
        ["object", [
            ["a", ["literal", "12345678901234567890"]], ["b", ["literal", "1.0"]],
            ["a", ["array", [["", ["literal", "1e400"]], ["", ["literal", "-0"]], ["", ["literal", "true"]],
                             ["", ["literal", "null"]], ["", ["string", "xA"]]]]],
            ["c", ["object", []]],
        ]]
    ]  # fmt: skip


def test_deep_json_does_not_overflow() -> None:
    deep = "[" * 5000 + "]" * 5000
    assert run(
        f"(() => {{ try {{ return typeof readJson('{deep}') }} catch (error) {{ return error.name }} }})()"
    ) == [
        "SyntaxError"  # the page shows such a value as text
    ]


def test_an_axis_has_round_steps() -> None:
    spans = [0.001, 1.94, 40, 1000, 86_400, 10 * 86_400]
    steps = run(f"{spans}.map((span) => axisStep(span, 10))")[0]
    assert steps == pytest.approx([0.0001, 0.2, 5, 120, 10_800, 86_400])
    assert run("[0.2, 1.5, 60, 7200].map(formatTick)") == [["200 ms", "1.5 s", "1 min", "2 h"]]


def test_calls_that_overlap_have_rows_of_their_own() -> None:
    calls = [
        {"id": n, "started": start, "duration": 2, "connection": n % 2}
        for n, start in enumerate([0, 0, 1, 2, 5])
    ]
    lanes = run(
        f"layOut({json.dumps(calls)}, 'connection').map((lane) => lane.bars.map(({{call, row}}) => [call.id, row]))"
    )
    assert lanes == [[[[0, 0], [2, 1], [4, 0]], [[1, 0], [3, 0]]]]


def test_notices_are_among_the_calls_in_the_order_of_time() -> None:
    calls = [{"id": 1}, {"id": 2, "started": 5}, {"id": 3, "started": 7}]
    notices = [{"id": "a", "started": 5}, {"id": "b", "started": 6}, {"id": "c", "started": 9}]
    order = run(f"withNotices({json.dumps(calls)}, {json.dumps(notices)}).map((one) => one.id)")
    assert order == [[1, "a", 2, "b", 3, "c"]]
    assert run("withNotices([], []).length", "withNotices([{id: 1}], []).length") == [0, 1]
