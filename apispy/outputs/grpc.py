"""Descriptions of BuildKit's gRPC tunnels: the methods called, their purpose, and how the calls ended."""

from collections import Counter
from typing import Any

from apispy import units
from apispy.decoders.grpc_body import grpc_status
from apispy.decoders.grpc_methods import METHOD_DESCRIPTIONS
from apispy.model import Direction, Item
from apispy.outputs.base import DecodedCall
from apispy.outputs.build_lines import place
from apispy.outputs.details import ARROWS

STATUSES = (
    *("OK", "CANCELLED", "UNKNOWN", "INVALID_ARGUMENT", "DEADLINE_EXCEEDED", "NOT_FOUND", "ALREADY_EXISTS"),
    *("PERMISSION_DENIED", "RESOURCE_EXHAUSTED", "FAILED_PRECONDITION", "ABORTED", "OUT_OF_RANGE"),
    *("UNIMPLEMENTED", "INTERNAL", "UNAVAILABLE", "DATA_LOSS", "UNAUTHENTICATED"),
)
"""Names of grpc-status. Source: github.com/grpc/grpc/blob/master/doc/statuscodes.md"""

FRAME_LINE_SIZE = 64
"""Bytes that the line of a frame counts for; the payload of the frame is not shown."""

MAX_NAMED_METHODS = 6
"""Methods that the final line counts by name."""


def is_notable(item: Item) -> bool:
    """Whether to show a frame at any verbosity: it begins a call, ends one, or reports an error."""
    value = item.value
    return (
        "method" in value
        or "grpc_status" in value
        or value.get("status", 200) != 200
        or item.label == "GOAWAY"
        or value.get("error", "NO_ERROR") != "NO_ERROR"
    )


def frame_line(direction: Direction, item: Item, *, whole: bool = False) -> str:
    """Describe a frame: "> stream 1 /moby.filesync.v1.Auth/Credentials (request registry credentials)".

    The arrow is the direction, ">" to the daemon. *whole* adds the header fields; withheld ones by name only.
    """
    value = item.value
    stream = f"stream {value['stream']} " if value.get("stream") else ""
    text = f"{ARROWS[direction]} {stream}{_frame_text(item)}"
    if total := value.get("total"):
        text += f"{', ' if 'grpc_status' in value else '; in total '}{_measures(total)}"
    fields = [name if text is None else f"{name}: {text}" for name, text in value.get("headers", ()) if whole]
    return f"{text} [{'; '.join(fields)}]" if fields else text


def call_summary(decoded: DecodedCall) -> str:
    """Summarize an ended tunnel or session: "4 gRPC calls: DiffCopy 3, GetSecret 1; 7 steps, 2 cached".

    "" if nothing is known.
    """
    methods: Counter[str] = Counter()
    failed: Counter[int] = Counter()
    counts = [item.value for items in decoded.items.values() for item in items if item.kind == "grpc"]
    for value in counts:
        for path, number in value["calls"].items():
            methods[path.rpartition("/")[2] or "others"] += number
        failed += Counter({code: number for code, number in value["statuses"].items() if code})
    if not counts:
        return ""
    names = [f"{name} {number}" for name, number in methods.most_common(MAX_NAMED_METHODS)]
    more = len(methods) - MAX_NAMED_METHODS
    names += [f"{more} more methods"] if more > 0 else []
    faults = [f"{number} {status_name(code)}" for code, number in failed.items()]
    listed = f": {', '.join(names)}" if names else ""
    return "; ".join([units.count(methods.total(), "gRPC calls") + listed, *faults, *_steps(decoded)])


def _steps(decoded: DecodedCall) -> list[str]:
    """Count the steps of a build: "7 steps, 2 cached"."""
    steps = decoded.build.steps.values()
    cached = sum(step.cached for step in steps)
    return [units.count(len(steps), "steps") + (f", {cached} cached" if cached else "")] if steps else []


def goaway_summary(decoded: DecodedCall) -> str:
    """Say which sides announced the end of a tunnel or session, and why: "GOAWAY NO_ERROR from both sides", or "".

    A side may send GOAWAY twice, to end its streams first; the last one counts (RFC 9113, section 6.8).
    """
    last: dict[str, str] = {}
    for direction, items in decoded.items.items():
        side = "the client" if ARROWS[direction] == ">" else "the daemon"
        for item in items:
            if item.kind == "h2c" and item.label == "GOAWAY":
                last[side] = item.value["error"]
    if len(last) == 2 and len(set(last.values())) == 1:
        last = {"both sides": last["the client"]}
    return " and ".join(f"GOAWAY {error} from {side}" for side, error in last.items())


def message_line(direction: Direction, item: Item) -> str:
    """Describe a message of a gRPC call: "> message of 1.2 kB", with the arrow of its direction."""
    compressed = ", compressed" if item.value["compressed"] else ""
    unread = ", not read: too large or malformed" if item.value.get("undecoded") else ""
    return f"{ARROWS[direction]} message of {units.size(item.value['size'])}{compressed}{unread}"


def outcome_of_call(decoded: DecodedCall) -> str:
    """Say how a gRPC call that is an HTTP request of its own ended, its purpose, and what it did.

    For example "OK: follow build progress; 7 steps, 2 cached".
    """
    code = grpc_status(decoded.exchange)
    parts = ["" if code is None else status_name(code), METHOD_DESCRIPTIONS.get(decoded.call.path, "")]
    done = call_summary(decoded) or "; ".join(_steps(decoded))
    return "; ".join(filter(None, (": ".join(filter(None, parts)), done)))


def status_name(code: int) -> str:
    return STATUSES[code] if code < len(STATUSES) else f"status {code}"


def _frame_text(item: Item) -> str:
    value, name = item.value, item.label
    match name:
        case "preface":
            return "starts HTTP/2: this side calls, the other responds"
        case "HEADERS" | "PUSH_PROMISE":
            return _headers(value)
        case "DATA":
            lengths = ", ".join(units.size(length) for length in value.get("messages", ()))
            return f"DATA {units.size(value['size'])}" + (f", messages of {lengths}" if lengths else "")
        case "SETTINGS":
            settings = "".join(f" {setting}={number}" for setting, number in value["settings"].items())
            return f"SETTINGS{' acknowledged' if value['ack'] else settings}"
        case "PING":
            return "PING reply" if value["ack"] else "PING"
        case "WINDOW_UPDATE":
            return f"WINDOW_UPDATE +{value['increment']}"
        case "RST_STREAM":
            return f"RST_STREAM {value['error']}"
        case "GOAWAY":
            return f"GOAWAY {value['error']}, last stream {value['last']}"
    return name


def _headers(value: dict[str, Any]) -> str:
    """Describe HEADERS: the method of a call, the status of a response, or the gRPC status in trailers."""
    if "method" in value:
        method = value["method"] or "(not a gRPC method path)"
        return f"{method} ({METHOD_DESCRIPTIONS[method]})" if method in METHOD_DESCRIPTIONS else method
    parts = [str(value["status"])] if "status" in value else []
    if (code := value.get("grpc_status")) is not None:
        error = f": {value['error_message']}" if value.get("error_message") else ""
        parts.append(f"grpc-status {code} ({status_name(code)}){error}{place(value.get('source', {}))}")
    return ", ".join(parts) or "HEADERS"


def _measures(total: dict[str, Any]) -> str:
    messages = "" if total["messages"] is None else f"{units.count(total['messages'], 'messages')}, "
    return messages + units.size(total["size"])
