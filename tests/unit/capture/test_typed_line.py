"""How many steps it takes to read a capture, counted in function calls: times depend on what else the machine does."""

import sys
from functools import partial
from pathlib import Path
from typing import Any

from apispy.capture.lines import read_documents, read_line
from apispy.capture.typed_line import MAX_CONTENTS, Contents, TypedBody
from apispy.json_codec import Raw

SAMPLES = sorted((Path(__file__).parents[3] / "samples").glob("*.jsonl"))

MAX_CALLS = 100
"""The bound of function calls, Python's and C's, for a line: 69 for those of the samples, 282 without their types."""


def test_a_line_takes_few_steps() -> None:
    lines = [
        line
        for path in SAMPLES
        for line in path.read_bytes().splitlines(keepends=True)[1:]
        if b'"seen"' not in line
    ]
    calls = 0

    def count(_frame: Any, event: str, _argument: Any) -> None:
        nonlocal calls
        calls += event in ("call", "c_call")

    for read in (read_line, partial(read_documents, contents=Contents())):
        for profile in (None, count):  # first without: what is imported or looked up once does not count
            sys.setprofile(profile)
            try:
                for line in lines:
                    read(line, 1)
            finally:
                sys.setprofile(None)
    assert calls < MAX_CALLS * len(lines) * 2


def test_recent_contents_are_read_once() -> None:
    contents = Contents()

    def body(number: int) -> TypedBody[Raw]:
        return {"size": 9, "ended_at": None, "encoding": "json", "content": Raw(b'{"a":%d}' % number)}

    first = contents.document(body(0))
    assert (first.data, first.value) == (b'{"a":0}', {"a": 0})
    assert contents.document(body(0)) is first
    padded = contents.document({**body(0), "tail": "\n"})
    assert padded.data == b'{"a":0}\n'
    for number in range(1, MAX_CONTENTS + 1):
        contents.document(body(number))
    assert contents.document(body(0)) is not first
