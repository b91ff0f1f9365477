"""Which operation is framed how: the table of what daemons send, by name."""

import pytest

from apispy.engine import OPERATIONS, Operation
from apispy.engine.framing import REQUESTS, RESPONSES, request_framing, response_framing
from apispy.engine.operations import CALLABLE, UNKNOWN


def framed(name: str) -> set[str]:
    return {row.id for row in OPERATIONS if response_framing(row).name == name}


@pytest.mark.parametrize(
    ("name", "ids"),
    [
        ("late-json", "ContainerWait"),
        ("records", "SystemEvents"),
        ("samples", "ContainerStats"),
        (
            "progress",
            "ImageBuild ImageCreate ImagePush ImageLoad ImageInsert PluginPull PluginUpgrade PluginPush ModelCreate",
        ),
        ("logs", "ContainerLogs ServiceLogs TaskLogs"),
        ("hijack", "ContainerAttach ExecStart"),
        ("websocket", "ContainerAttachWebsocket"),
        ("h2c", "Session Grpc"),
        ("tar", "ContainerArchive ContainerExport ContainerCopy ImageGet ImageGetAll"),
    ],
)
def test_streams(name: str, ids: str) -> None:
    assert framed(name) == set(ids.split())


def test_archives_that_are_sent() -> None:
    sent = {row.id for row in OPERATIONS if request_framing(row).name == "tar"}
    assert sent == {"ImageBuild", "ImageLoad", "PutContainerArchive", "PluginCreate"}
    assert {row.id for row in OPERATIONS if request_framing(row).name == "import"} == {"ImageCreate"}


@pytest.mark.parametrize("operation", [*OPERATIONS, UNKNOWN], ids=lambda row: row.id)
def test_every_operation_has_framings(operation: Operation) -> None:
    assert request_framing(operation) in REQUESTS.values()
    assert response_framing(operation) in RESPONSES.values()


def test_every_framing_is_used_and_explained() -> None:
    assert set(RESPONSES) == {response_framing(row).name for row in CALLABLE}
    assert set(REQUESTS) == {request_framing(row).name for row in CALLABLE}
    for framing in (*REQUESTS.values(), *RESPONSES.values()):
        assert framing.explanation.endswith(".")


def test_what_comes_when() -> None:
    """Heads that come before their bodies are what a proxy must not wait with."""
    early = {name for name, framing in RESPONSES.items() if framing.head == "at-once"}
    assert early == {"late-json", "records", "samples", "logs"}
    assert [RESPONSES[name].separator for name in ("records", "samples", "progress", "json")] == [
        "\n",
        "\n",
        "\r\n",
        "",
    ]
