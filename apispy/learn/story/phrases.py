"""What a call did to its object, as the rest of a sentence: "web: started". One row for each operation."""

import re
from collections.abc import Callable
from typing import Any

from apispy.engine import Call
from apispy.engine.json_fields import field_value, value_at
from apispy.learn.wording import count

Phrase = Callable[[Call, Any, list[Any]], str]
"""Takes the call, the JSON of its request, and the JSON values of its response."""


_STEP = re.compile(r"Step \d+/\d+ : ")


def _fixed(text: str) -> Phrase:
    return lambda call, asked, answers: text


def _attached(call: Call, asked: Any, answers: list[Any]) -> str:
    streams = ", ".join(name for name in ("stdin", "stdout", "stderr") if call.flag(name))
    return f"attached to {streams}" if streams else "attached"


def _waited(call: Call, asked: Any, answers: list[Any]) -> str:
    code = next((field_value(one, "StatusCode") for one in answers), None)
    removed = " and was removed" if call.value("condition") == "removed" else ""
    return "waited for its end" if code is None else f"ended with exit code {code}{removed}"


def _inspected(call: Call, asked: Any, answers: list[Any]) -> str:
    return "inspected"


def _killed(call: Call, asked: Any, answers: list[Any]) -> str:
    return f"sent signal {call.value('signal') or 'SIGKILL'}"


def _exec(call: Call, asked: Any, answers: list[Any]) -> str:
    words = field_value(asked, "Cmd")
    text = " ".join(map(str, words)) if isinstance(words, list) else ""
    return f"prepared exec of {text}" if text else "prepared exec"


def _exec_inspected(call: Call, asked: Any, answers: list[Any]) -> str:
    code = next((field_value(one, "ExitCode") for one in answers), None)
    return "exec inspected" if code is None else f"exec ended with exit code {code}"


def _renamed(call: Call, asked: Any, answers: list[Any]) -> str:
    return f"renamed to {call.value('name')}"


def _logs(call: Call, asked: Any, answers: list[Any]) -> str:
    return "logs followed" if call.flag("follow") else "logs read"


def _connected(call: Call, asked: Any, answers: list[Any]) -> str:
    verb = "connected" if call.operation.id == "NetworkConnect" else "disconnected"
    return f"{verb} {field_value(asked, 'Container') or 'a container'}"


def _pulled(call: Call, asked: Any, answers: list[Any]) -> str:
    return "pulled" if call.value("fromImage") else "imported"


def _built(call: Call, asked: Any, answers: list[Any]) -> str:
    lines = [field_value(one, "stream") for one in answers]
    steps = [line for line in lines if isinstance(line, str) and _STEP.match(line)]
    return f"built in {count(len(steps), 'step')}" if steps else "built"


def _tagged(call: Call, asked: Any, answers: list[Any]) -> str:
    tag = call.value("tag")
    return f"tagged {call.value('repo')}{f':{tag}' if tag else ''}"


PHRASES: dict[str, Phrase] = {
    "ContainerCreate": _fixed("created"),
    "ContainerStart": _fixed("started"),
    "ContainerStop": _fixed("stopped"),
    "ContainerRestart": _fixed("restarted"),
    "ContainerKill": _killed,
    "ContainerPause": _fixed("paused"),
    "ContainerUnpause": _fixed("resumed"),
    "ContainerDelete": _fixed("removed"),
    "ContainerRename": _renamed,
    "ContainerUpdate": _fixed("limits changed"),
    "ContainerWait": _waited,
    "ContainerAttach": _attached,
    "ContainerAttachWebsocket": _attached,
    "ContainerResize": _fixed("terminal resized"),
    "ContainerInspect": _inspected,
    "ContainerLogs": _logs,
    "ContainerStats": _fixed("statistics read"),
    "ContainerTop": _fixed("processes listed"),
    "ContainerChanges": _fixed("changes listed"),
    "ContainerExport": _fixed("exported"),
    "ContainerArchive": _fixed("files copied out"),
    "ContainerArchiveInfo": _fixed("file looked up"),
    "PutContainerArchive": _fixed("files copied in"),
    "ContainerExec": _exec,
    "ExecStart": _fixed("exec run"),
    "ExecInspect": _exec_inspected,
    "ExecResize": _fixed("terminal of exec resized"),
    "ImageInspect": _fixed("looked up"),
    "ImageHistory": _fixed("history read"),
    "ImageCreate": _pulled,
    "ImagePush": _fixed("pushed"),
    "ImageTag": _tagged,
    "ImageDelete": _fixed("removed"),
    "ImageGet": _fixed("saved"),
    "ImageBuild": _built,
    "ImageCommit": _fixed("committed"),
    "DistributionInspect": _fixed("looked up in its registry"),
    "Session": _fixed("BuildKit session"),
    "Grpc": _fixed("BuildKit connection"),
    "NetworkCreate": _fixed("created"),
    "NetworkInspect": _fixed("inspected"),
    "NetworkDelete": _fixed("removed"),
    "NetworkConnect": _connected,
    "NetworkDisconnect": _connected,
    "VolumeCreate": _fixed("created"),
    "VolumeInspect": _fixed("inspected"),
    "VolumeUpdate": _fixed("changed"),
    "VolumeDelete": _fixed("removed"),
}
"""By operation. Any other is named by its operation."""

UNCHANGED = {
    "ContainerStart": "was already started",
    "ContainerStop": "was already stopped",
}
"""What status 304 means."""


def phrase(call: Call, asked: Any, answers: list[Any], status: int | None) -> str:
    """Describe a call that did not fail."""
    if status == 304 and call.operation.id in UNCHANGED:
        return UNCHANGED[call.operation.id]
    found = PHRASES.get(call.operation.id)
    return found(call, asked, answers) if found else call.operation.id or "unknown call"


def state_of(answers: list[Any]) -> str:
    """Return the state in the response of ContainerInspect: "running", "running, healthy", "exited, exit code 3"."""
    answer = answers[0] if answers else None
    state, health = value_at(answer, "State.Status"), value_at(answer, "State.Health.Status")
    if not isinstance(state, str):
        return ""
    if state == "exited":
        return f"exited, exit code {value_at(answer, 'State.ExitCode')}"
    return f"{state}, {health}" if isinstance(health, str) and health not in ("", "none") else state
