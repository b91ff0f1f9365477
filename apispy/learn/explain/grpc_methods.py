"""Explains the gRPC services and methods of BuildKit, from the tables of ``decoders``."""

from apispy.decoders.grpc_methods import METHOD_DESCRIPTIONS, SERVICES
from apispy.decoders.grpc_schema import METHODS, fields_of, message_of
from apispy.learn.explain.records import Interpretation, Topic

ALL = "grpc"
"""The word that lists every service."""

SOURCE = "moby/buildkit: the .proto files of api/services/control, frontend/gateway/pb and session"

CALLERS = {
    "client": "The client calls it on POST /grpc, or on HTTP/2 from the first byte.",
    "daemon": "The daemon calls it: it asks the client, on POST /session, or in Control/Session.",
    "both": "Either side calls it.",
}

HIDDEN = {"size": "size only", "secret": "never shown", "options": "build arguments by name"}
"""By the type of a field: what apispy shows of it, where that is not its value."""


def grpc_methods(text: str) -> Interpretation | None:
    """Interpret "grpc", "grpc Control", "grpc Solve", "Control/Solve", or the full name of a service or method."""
    words = text.strip()
    if words == ALL:
        return Interpretation("search", topics=tuple(_service(name) for name in SERVICES))
    named = words.lower().removeprefix(f"{ALL} ").strip().strip("/")
    is_plain = named == words.lower() and "/" not in named and named not in map(str.lower, SERVICES)
    topics = () if is_plain else topics_named(named)
    return Interpretation("search", topics=topics) if topics else None


def topics_named(text: str) -> tuple[Topic, ...]:
    """Return the pages about services and methods with this name, in any case, full or only its last part."""
    name = text.lower().strip("/")
    services = [one for one in SERVICES if name in (one.lower(), one.lower().rpartition(".")[2])]
    methods = [path for path in METHOD_DESCRIPTIONS if name in _names(path.lower())]
    return (*map(_service, services), *map(_method, methods))


def _names(path: str) -> tuple[str, str, str]:
    """The names of a method: "moby.buildkit.v1.Control/Solve", "Control/Solve", "Solve"."""
    return path[1:], path.rpartition(".")[2], path.rpartition("/")[2]


def _service(name: str) -> Topic:
    """A page about a service, with a line for each of its methods."""
    caller, purpose = SERVICES[name]
    methods = {path: does for path, does in METHOD_DESCRIPTIONS.items() if path.startswith(f"/{name}/")}
    listed = "; ".join(f"{path.rpartition('/')[2]}: {does}" for path, does in methods.items())
    return Topic(
        f"gRPC service {name}", (), f"{purpose} {CALLERS[caller]} Methods: {listed}.", SOURCE, _see(caller)
    )


def _method(path: str) -> Topic:
    """A page about a method: who calls it, and the fields that apispy reads."""
    service = path[1:].rpartition("/")[0]
    caller, _ = SERVICES[service]
    does = METHOD_DESCRIPTIONS[path]
    text = f"{does[0].upper()}{does[1:]}. {CALLERS[caller]} "
    if path not in METHODS:
        text += "apispy counts its messages and shows nothing of them."
    else:
        text += f"{_fields(path, request=True)} {_fields(path, request=False)} Other fields are only counted."
    return Topic(f"gRPC method {path}", (), text, SOURCE, _see(caller))


def _fields(path: str, *, request: bool) -> str:
    message = message_of(path, request=request)
    fields = [
        f"{field.name} ({HIDDEN[field.type]})" if field.type in HIDDEN else field.name
        for field in fields_of(message).values()
    ]
    return f"{'Request' if request else 'Response'}: {', '.join(fields) or 'no fields'}."


def _see(caller: str) -> tuple[str, ...]:
    return {"client": ("Grpc",), "daemon": ("Session",)}.get(caller, ("Grpc", "Session"))
