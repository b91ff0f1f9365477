"""Progress summarized in a few lines."""

import json
from typing import Any

from apispy.outputs import details
from apispy.outputs.stream_text import progress_lines

from .decoded_calls import decoded_call


def shown(*values: Any, whole: bool = False) -> list[str]:
    answer = b"".join(json.dumps(value).encode() + b"\r\n" for value in values)
    pulled = decoded_call("POST /v1.41/images/create?fromImage=x", 200, answer)
    return list(details.body(pulled, "response", 1 << 20, whole=whole))[1:]


def layer(name: str, status: str, total: int = 0) -> dict[str, Any]:
    return {"id": name, "status": status, "progressDetail": {"current": 1, "total": total} if total else {}}


def test_a_layer_is_one_line_with_its_way() -> None:
    values = [
        {"status": "Pulling from library/x", "id": "latest"},
        layer("a1", "Pulling fs layer"),
        layer("b2", "Waiting"),
        layer("a1", "Downloading"),
        *[layer("a1", "Downloading", 2_200_000)] * 50,
        layer("a1", "Downloading"),
        layer("b2", "Already exists"),
        layer("a1", "Pull complete"),
        {"status": "Digest: sha256:1"},
        {"errorDetail": {"message": "late"}, "error": "late"},
    ]
    assert shown(*values) == [
        "< latest: Pulling from library/x",
        "< a1: Pulling fs layer -> Downloading 2.2 MB -> Pull complete",
        "< b2: Waiting -> Already exists",
        "< Digest: sha256:1",
        "< late",
    ]
    whole = shown(*values, whole=True)
    assert whole[:5] == shown(*values)
    assert [line for line in whole if line.startswith('< {"status":')] != []


def test_the_output_of_a_build_is_text() -> None:
    pieces = [
        {"stream": "Step 1/1 : "},
        {"stream": "FROM x\n"},
        {"aux": {"ID": "sha256:" + "a" * 64}},
        {"odd": 1},
    ]
    assert shown(*pieces) == ["< Step 1/1 : FROM x", "< id aaaaaaaaaaaa", '< {"odd": 1}']


def test_no_progress_has_no_rows() -> None:
    assert progress_lines([]) == []
