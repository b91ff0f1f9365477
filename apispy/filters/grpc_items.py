"""What of a build is meant by a filter: gRPC methods by name, steps by name, and the items that have them."""

import re
from collections.abc import Callable, Iterator
from typing import Any

from apispy.decoders.build import build_of_call
from apispy.decoders.grpc_messages import messages_of
from apispy.decoders.grpc_schema import SESSION
from apispy.filters.subject import Subject
from apispy.model import Direction, Item
from apispy.structs import replace

Predicate = Callable[[Any], bool]
Found = Iterator[tuple[Direction, Item]]

OF_STEP = ("vertexes", "statuses", "logs", "warnings")
"""The lists of a StatusResponse. Each of their elements is about a step."""


def method_names(path: str) -> tuple[str, str, str]:
    """The names of a method: "/moby.buildkit.v1.Control/Solve", "Control/Solve", "Solve"."""
    return path, path.rpartition(".")[2], path.rpartition("/")[2]


def is_grpc_call(subject: Subject) -> bool:
    """Whether the call is one of gRPC itself, so that its path is a method."""
    return subject.call.operation.response == "grpc"


def methods(subject: Subject) -> Iterator[str]:
    """The names of the methods that were called."""
    if is_grpc_call(subject):
        yield from method_names(subject.call.path)
    for items in subject.items.values():
        for item in items:
            for path in item.value["calls"] if item.kind == "grpc" else ():
                yield from method_names(path)


def early_method(subject: Subject, matches: Predicate) -> bool | None:
    """Whether the method of an open call matches; None for a tunnel or a session, in which others may be called."""
    if not is_grpc_call(subject):
        return None
    if any(map(matches, method_names(subject.call.path))):
        return True
    return None if subject.call.path == SESSION else False


def items_of_methods(subject: Subject, matches: Predicate) -> Found:
    """The items of the calls of matching methods, call by call, those of the caller first."""
    if is_grpc_call(subject) and any(map(matches, method_names(subject.call.path))):
        yield from ((direction, item) for direction, items in subject.items.items() for item in items)
        return
    by_stream: dict[int, list[tuple[Direction, Item]]] = {}
    callers: dict[int, Direction] = {}
    for direction, items in subject.items.items():
        for item in items:
            stream = item.value.get("stream") if item.kind == "h2c" and isinstance(item.value, dict) else None
            if not isinstance(stream, int):
                continue
            by_stream.setdefault(stream, []).append((direction, item))
            method = item.value.get("method")
            if isinstance(method, str) and any(map(matches, method_names(method))):
                callers[stream] = direction
    for stream, caller in sorted(callers.items()):
        yield from sorted(by_stream[stream], key=lambda pair: pair[0] != caller)


def step_names(name: str) -> tuple[str, str]:
    """The names of a step: "[2/3] RUN make", "RUN make"."""
    return name, re.sub(r"\A\[[^\]]*\] ", "", name)


def steps(subject: Subject) -> Iterator[str]:
    """The names of the steps of a build."""
    for step in build_of_call(subject.exchange, subject.items).steps.values():
        yield from step_names(step.name)


def items_of_steps(subject: Subject, matches: Predicate) -> Found:
    """The items with messages about matching steps, without what the messages say about other steps."""
    known = build_of_call(subject.exchange, subject.items).steps
    digests = {digest for digest, step in known.items() if any(map(matches, step_names(step.name)))}
    for direction, items in subject.items.items():
        for item in items:
            about = {id(value): _about(value["message"], digests) for value in messages_of(item)}
            children = tuple(
                replace(child, value=child.value | {"message": about[id(child.value)]})
                for child in item.children
                if about.get(id(child.value))
            )
            if children:
                yield direction, replace(item, children=children)


def _about(message: dict[str, Any], digests: set[str]) -> dict[str, Any]:
    """The parts of a StatusResponse that are about these steps; {} if there are none, or for another message."""
    parts = {
        name: [
            one for one in message[name] if one.get("digest" if name == "vertexes" else "vertex") in digests
        ]
        for name in OF_STEP
        if isinstance(message.get(name), list)
    }
    return {name: part for name, part in parts.items() if part}
