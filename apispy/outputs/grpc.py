"""BuildKit's tunnels in words: which gRPC methods are called there, what they are for, and how the calls ended."""

from collections import Counter
from typing import Any

from apispy.model import Direction, Item
from apispy.outputs import units
from apispy.outputs.base import Reading
from apispy.outputs.details import ARROWS

MEANINGS = {
    "/grpc.health.v1.Health/Check": "are you still there",
    "/grpc.health.v1.Health/Watch": "tell when you are not well",
    "/moby.buildkit.secrets.v1.Secrets/GetSecret": "ask for a secret of the build",
    "/moby.buildkit.v1.Control/DiskUsage": "what the build cache holds",
    "/moby.buildkit.v1.Control/Info": "which BuildKit this is",
    "/moby.buildkit.v1.Control/ListWorkers": "who can build here",
    "/moby.buildkit.v1.Control/ListenBuildHistory": "follow the list of builds",
    "/moby.buildkit.v1.Control/Prune": "empty the build cache",
    "/moby.buildkit.v1.Control/Session": "a session inside this one",
    "/moby.buildkit.v1.Control/Solve": "build",
    "/moby.buildkit.v1.Control/Status": "follow the build",
    "/moby.buildkit.v1.Control/UpdateBuildHistory": "change the list of builds",
    "/moby.buildkit.v1.frontend.LLBBridge/Ping": "what the builder can do",
    "/moby.buildkit.v1.frontend.LLBBridge/ReadFile": "read a file of a build step",
    "/moby.buildkit.v1.frontend.LLBBridge/ResolveImageConfig": "look up a base image",
    "/moby.buildkit.v1.frontend.LLBBridge/Return": "the build's result",
    "/moby.buildkit.v1.frontend.LLBBridge/Solve": "build a part",
    "/moby.filesync.v1.Auth/Credentials": "ask for registry credentials",
    "/moby.filesync.v1.Auth/FetchToken": "ask for a registry token",
    "/moby.filesync.v1.Auth/GetTokenAuthority": "ask for the key of registry tokens",
    "/moby.filesync.v1.Auth/VerifyTokenAuthority": "have that key proved",
    "/moby.filesync.v1.FileSend/DiffCopy": "bring the build's result",
    "/moby.filesync.v1.FileSync/DiffCopy": "send files of the build context",
    "/moby.filesync.v1.FileSync/TarStream": "send the build context as a tar archive",
    "/moby.sshforward.v1.SSH/CheckAgent": "is there an ssh agent",
    "/moby.sshforward.v1.SSH/ForwardAgent": "use the ssh agent",
    "/moby.upload.v1.Upload/Pull": "send what came on standard input",
}
"""What BuildKit's methods are for. In a /session the daemon calls, so "ask" is what the daemon asks of the client."""

STATUSES = (
    *("OK", "CANCELLED", "UNKNOWN", "INVALID_ARGUMENT", "DEADLINE_EXCEEDED", "NOT_FOUND", "ALREADY_EXISTS"),
    *("PERMISSION_DENIED", "RESOURCE_EXHAUSTED", "FAILED_PRECONDITION", "ABORTED", "OUT_OF_RANGE"),
    *("UNIMPLEMENTED", "INTERNAL", "UNAVAILABLE", "DATA_LOSS", "UNAUTHENTICATED"),
)
"""Names of grpc-status. Source: github.com/grpc/grpc/blob/master/doc/statuscodes.md"""

LINE = 64
"""Bytes that a frame's line counts for: what the frame carries is not shown."""

NAMED = 6
"""Methods that the end line counts by name."""


def notable(item: Item) -> bool:
    """Whether a frame tells something even to those who did not ask for frames: a call, its end, a fault."""
    value = item.value
    return (
        "method" in value
        or "grpc_status" in value
        or value.get("status", 200) != 200
        or item.label == "GOAWAY"
        or value.get("error", "NO_ERROR") != "NO_ERROR"
    )


def line(direction: Direction, item: Item, *, whole: bool = False) -> str:
    """ "> stream 1 /moby.filesync.v1.Auth/Credentials (ask for registry credentials)": a frame in words.

    The arrow tells the way, ">" to the daemon. *whole* adds the header fields, those that are not shown by their names.
    """
    value = item.value
    stream = f"stream {value['stream']} " if value.get("stream") else ""
    text = f"{ARROWS[direction]} {stream}{_said(item)}"
    if total := value.get("total"):
        text += f"{', ' if 'grpc_status' in value else '; in all '}{_measures(total)}"
    fields = [name if held is None else f"{name}: {held}" for name, held in value.get("headers", ()) if whole]
    return f"{text} [{'; '.join(fields)}]" if fields else text


def calls(reading: Reading) -> str:
    """ "4 gRPC calls: DiffCopy 3, GetSecret 1": what an ended tunnel was used for; "" if that is not known."""
    methods: Counter[str] = Counter()
    failed: Counter[int] = Counter()
    counts = [item.value for items in reading.items.values() for item in items if item.kind == "grpc"]
    for value in counts:
        for path, number in value["calls"].items():
            methods[path.rpartition("/")[2] or "others"] += number
        failed += Counter({code: number for code, number in value["statuses"].items() if code})
    if not counts:
        return ""
    names = [f"{name} {number}" for name, number in methods.most_common(NAMED)]
    more = len(methods) - NAMED
    names += [f"{more} more methods"] if more > 0 else []
    faults = [f"{number} {status(code)}" for code, number in failed.items()]
    listed = f": {', '.join(names)}" if names else ""
    return "; ".join([units.count(methods.total(), "gRPC calls") + listed, *faults])


def status(code: int) -> str:
    return STATUSES[code] if code < len(STATUSES) else f"status {code}"


def _said(item: Item) -> str:
    value, name = item.value, item.label
    match name:
        case "preface":
            return "begins HTTP/2: this side calls, the other answers"
        case "HEADERS" | "PUSH_PROMISE":
            return _headers(value)
        case "DATA":
            lengths = ", ".join(units.size(length) for length in value.get("messages", ()))
            return f"DATA {units.size(value['size'])}" + (f", messages of {lengths}" if lengths else "")
        case "SETTINGS":
            said = "".join(f" {setting}={number}" for setting, number in value["settings"].items())
            return f"SETTINGS{' seen' if value['ack'] else said}"
        case "PING":
            return "PING answered" if value["ack"] else "PING"
        case "WINDOW_UPDATE":
            return f"WINDOW_UPDATE +{value['increment']}"
        case "RST_STREAM":
            return f"RST_STREAM {value['error']}"
        case "GOAWAY":
            return f"GOAWAY {value['error']}, the last stream was {value['last']}"
    return name


def _headers(value: dict[str, Any]) -> str:
    """Of a call its method, of an answer its status, of trailers both of the answer's."""
    if "method" in value:
        method = value["method"] or "(its path is not that of a gRPC method)"
        return f"{method} ({MEANINGS[method]})" if method in MEANINGS else method
    parts = [str(value["status"])] if "status" in value else []
    if (code := value.get("grpc_status")) is not None:
        parts.append(f"grpc-status {code} ({status(code)})")
    return ", ".join(parts) or "HEADERS"


def _measures(total: dict[str, Any]) -> str:
    messages = "" if total["messages"] is None else f"{units.count(total['messages'], 'messages')}, "
    return messages + units.size(total["size"])
