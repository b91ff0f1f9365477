"""The gRPC calls of a recording, as a replay compares and plays them.

Two calls are compared like requests with a JSON body: their messages are that body, without sizes and times. The IDs
that the client generates for a build and for its session are variables.
"""

import re
from collections import defaultdict
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from typing import Any

from apispy import engine
from apispy.decoders.build import QUESTION
from apispy.decoders.build_answer import answer_in
from apispy.decoders.grpc import DETAILS, error_details
from apispy.decoders.grpc_messages import MORE, UNKNOWN, messages_of
from apispy.decoders.grpc_schema import MESSAGES, fields_by_name
from apispy.decoders.grpc_stream import PREFIX_SIZE
from apispy.engine.tables.grpc_methods import GRPC_CALL
from apispy.http2 import Fields
from apispy.model import Exchange, Headers, Item, Request, Response, Tunnel
from apispy.redaction import Redactor
from apispy.redaction.redactor import ExchangeRedactor
from apispy.replay.comparable_request import NOT_JSON, BodyContent, ComparableRequest
from apispy.replay.grpc_encoding import encode_message, with_prefix
from apispy.replay.grpc_native import read_connection, read_session
from apispy.replay.grpc_record import CUT, LOST, RESULT_AT_CLIENT, Message, Part, TunnelRecord, read_tunnel
from apispy.replay.recorded_calls import (
    NESTED_SESSION,
    OPAQUE_PROTOCOL,
    REPEATABLE_OPERATIONS,
    SESSION,
    RecordedCall,
)
from apispy.replay.substitute import Substitution, substitution_of
from apispy.structs import replace

CONTROL = "/moby.buildkit.v1.Control/"
SOLVE = f"{CONTROL}Solve"

BUILD_FIELD = b"buildkit-controlapi-buildid"
"""The header field in which the calls of a frontend name their build."""

_ID = re.compile(r"\b[0-9a-z]{25}\b")

NEVER = float("inf")

ANSWER_WITHHELD = "the frontend's answer is not in the recording; record with --show-secrets"

WRITTEN_AT_CLIENT = (
    "its result was written at the client, and is not in the recording; record with --show-secrets"
)

NOT_COMPARED = ("size", "time", "nanoseconds", "id")
"""Types of fields that differ from run to run, or whose content is not decoded."""


class GrpcRequest(ComparableRequest):
    """The request of a gRPC call to *method*, in the form in which matchers compare it.

    *cleaning* removes its secrets; *started* is in Unix seconds.
    """

    def __init__(
        self, cleaning: ExchangeRedactor, method: str, message: Message | None, started: float
    ) -> None:
        self.cleaning = cleaning
        self.started = started
        self.method, self.target = "POST", method
        self.headers = Headers()
        self.media_type = "application/grpc"
        self.body_shown = self.body_complete = True
        self.content = BodyContent(b"", 0, "", whole=True)
        self.call = engine.lookup("POST", method)
        compared = None if self.call.operation.id in REPEATABLE_OPERATIONS else message
        if self.call.operation is GRPC_CALL:  # of a service that no table has: its bytes are compared
            data = message.data if message else b""
            self.body_shown = message is not LOST
            self.content = BodyContent(data, len(data), "", whole=True)
            self.json = NOT_JSON
        else:
            self.json = _comparable_message(cleaning, method, compared) if compared else {}


class RecordedGrpcCall(RecordedCall):
    """One recorded gRPC call on *stream* of *tunnel*. *carrier*: the call that the recording has it in, or as."""

    def __init__(self, tunnel: TunnelRecord, stream: int, redactor: Redactor) -> None:
        self.tunnel, self.carrier = tunnel, tunnel.carrier(stream)
        parts = [part for part in tunnel.parts if part.stream == stream]
        head = next(part for part in parts if part.by_caller and part.kind == "head")
        self.fields: Fields = head.fields
        self.method = tunnel.methods[stream]
        self.first = next((one.message for one in parts if one.by_caller and one.message), None)
        self.parts_played = 0
        self.answers = [part for part in parts if not part.by_caller]
        outer = self.carrier.exchange
        exchange = replace(
            outer,
            started=head.at,
            request=Request("POST", self.method, "2"),
            response=Response(200, version="2"),
            tunnel=None,
        )
        super().__init__(self.carrier.number, exchange, redactor)
        self.request = self.request_beside(cleaning_for(redactor, outer))

    def request_beside(self, cleaning: ExchangeRedactor) -> GrpcRequest:
        """The request without its secrets and without those that *cleaning* knows, of the live call say."""
        return GrpcRequest(cleaning, self.method, self.first, self.exchange.started)

    @property
    def next_at(self) -> float:
        """When the next part that has not been played was sent, or the call was made, in Unix seconds."""
        if not self.times_played:
            return self.requested_at
        return self.answers[self.parts_played].at if self.parts_played < len(self.answers) else NEVER

    @property
    def build(self) -> str:
        """The ID of the build that the call is about; "" if it is about none, or the recording does not have it."""
        return build_of(self.fields, self.first)

    @property
    def value(self) -> dict[str, Any]:
        """The first message of the request; empty if it is not decoded."""
        return (self.first.value if self.first else None) or {}

    @property
    def session_of_build(self) -> str:
        """The session of the build that the call starts; "" if it starts none."""
        return str(self.value.get("Session", "")) if self.method == SOLVE else ""

    @property
    def reason_unplayable(self) -> str:
        if self.name == NESTED_SESSION:
            return ""
        if self.tunnel.problem:
            return self.tunnel.problem
        if QUESTION in self.value.get("FrontendOpt", {}) and any(map(_lacks_answer, self.answers)):
            return ANSWER_WITHHELD
        return CUT if any(part.message is LOST for part in self.answers) else ""


@dataclass
class GrpcCalls:
    """All gRPC calls of a recording: those in its tunnels, and those that were recorded as calls of their own."""

    calls: list[RecordedGrpcCall] = field(
        default_factory=list
    )  # to the daemon, in the order in which they began
    sessions: dict[str, TunnelRecord] = field(default_factory=dict)  # by the name that the client gave them
    _settled: set[int] = field(default_factory=set)  # calls that nothing waits for any more

    def missing_before(self, call: RecordedGrpcCall, at: float) -> list[RecordedGrpcCall]:
        """The other calls of the tunnel or connection that were further at the recording's Unix time *at* than now.

        Calls that were over before *call* began do not count, nor those that were not made again.
        """
        return [
            one
            for one in self.calls
            if one.tunnel is call.tunnel
            and one is not call
            and one.next_at < at
            and (one.times_played or one.requested_at > call.requested_at)
            and not (one.is_repeatable or id(one) in self._settled)
        ]

    def stop_waiting_for(self, calls: list[RecordedGrpcCall]) -> None:
        """Let nothing wait for *calls* any more, because they did not come in time."""
        self._settled.update(id(call) for call in calls)

    def tunnel_of_build(self, build: str) -> TunnelRecord | None:
        """The tunnel in which the recorded build of that ID was started."""
        return next(
            (one.tunnel for one in self.calls if one.method == SOLVE and one.value.get("Ref") == build), None
        )

    def of_tunnel(self, tunnel: RecordedCall) -> list[RecordedGrpcCall]:
        """The calls that were recorded in a tunnel."""
        return [one for one in self.calls if one.tunnel.call is tunnel]

    def reason_unplayable(self, call: RecordedGrpcCall) -> str:
        """Why *call* cannot be played; "" if it can."""
        session = self.sessions.get(call.session_of_build)
        if session is not None and session.is_silent and RESULT_AT_CLIENT in session.methods.values():
            return WRITTEN_AT_CLIENT
        return call.reason_unplayable

    @property
    def generated(self) -> Iterator[str]:
        """The IDs that clients generated for builds and sessions."""
        for call in self.calls:
            if call.method == SOLVE:
                yield from _ids(call.value)


def read_calls(calls: Iterable[RecordedCall], redactor: Redactor) -> GrpcCalls:
    """Read the gRPC calls in the tunnels of *calls*, and those among *calls*."""
    found = GrpcCalls()
    native: defaultdict[int, list[RecordedCall]] = defaultdict(list)  # by connection
    for call in calls:
        tunnel = call.exchange.tunnel
        if call.is_grpc:
            native[call.exchange.connection].append(call)
            if call.name == NESTED_SESSION and call.session_name:
                found.sessions[call.session_name] = read_session(call)
            continue
        if tunnel is None or tunnel.protocol != OPAQUE_PROTOCOL:
            continue
        record = read_tunnel(call)
        if call.call.operation.id == SESSION:
            found.sessions[call.session_name] = record
        else:
            found.calls += [RecordedGrpcCall(record, stream, redactor) for stream in record.methods]
    for group in native.values():
        record = read_connection(group)
        found.calls += [RecordedGrpcCall(record, stream, redactor) for stream in record.methods]
    found.calls.sort(key=lambda call: call.requested_at)
    return found


def cleaning_for(redactor: Redactor, exchange: Exchange) -> ExchangeRedactor:
    """The redactor of the messages of a gRPC call in *exchange*, or, as one in a tunnel, of the call that it is."""
    return redactor.for_exchange(replace(exchange, tunnel=exchange.tunnel or Tunnel(OPAQUE_PROTOCOL)))


def played(part: Part, texts: Mapping[str, str]) -> Part:
    """*part* as it is sent: with the live texts in place of the recorded ones that they are bound to.

    In bytes that were recorded, only texts of the same length are replaced: others would break the message.
    """
    if part.error:
        error = with_texts(part.error, substitution_of(texts))
        code = dict(part.fields).get(b"grpc-status", b"")
        details = error_details(int(code) if code.isdigit() else 0, error, error.get("error_message", ""))
        part = replace(part, fields=[*part.fields, (DETAILS, details)], error={})
    if not texts:
        return part
    same_length = substitution_of({one: other for one, other in texts.items() if len(one) == len(other)})
    message, fields = part.message, part.fields
    if fields:
        substitution = substitution_of(texts)
        assert substitution is not None
        fields = [(name, value if name.endswith(b"-bin") else substitution(value)) for name, value in fields]
    if message is None or message is LOST:
        return replace(part, fields=fields)
    if message.recoded and message.value is not None:
        value = with_texts(message.value, substitution_of(texts))
        message = replace(message, data=with_prefix(encode_message(message.name, value)))
    elif same_length is not None and message.data[:1] == b"\0":
        message = replace(message, data=message.data[:PREFIX_SIZE] + same_length(message.data[PREFIX_SIZE:]))
    return replace(part, fields=fields, message=message)


def with_texts(value: Any, substitution: Substitution | None) -> Any:
    """A JSON value with the live texts in it."""
    if substitution is None:
        return value
    if isinstance(value, str):
        return substitution(value.encode("utf-8", "surrogatepass")).decode("utf-8", "surrogatepass")
    if isinstance(value, list):
        return [with_texts(one, substitution) for one in value]
    if isinstance(value, dict):
        return {with_texts(key, substitution): with_texts(one, substitution) for key, one in value.items()}
    return value


def _lacks_answer(part: Part) -> bool:
    """Whether a response to a question about a Dockerfile was kept without what it says."""
    message = part.message
    return message is not None and message.recoded and not answer_in(message.value or {})


def _ids(value: Any, field: str = "") -> Iterator[str]:
    """The IDs in the texts of a message: of the build, of its session and of others, as in local-sessionid:context.

    25 letters are an ID where one is expected, and a word elsewhere.
    """
    if isinstance(value, str):
        is_expected = field in ("Ref", "Session") or "sessionid" in field
        yield from (found for found in _ID.findall(value) if is_expected or not found.isalpha())
    elif isinstance(value, dict):
        for name, one in value.items():
            yield from _ids(one, name)


def build_of(fields: Fields, message: Message | None) -> str:
    """The ID of the build that a call names in its head or its first message; "" if it names none."""
    named = dict(fields).get(BUILD_FIELD, b"").decode("latin-1")
    value = message.value if message else None
    ref = value.get("Ref") if value and message and message.name == "StatusRequest" else ""
    return named or (ref if isinstance(ref, str) else "")


def _comparable_message(cleaning: ExchangeRedactor, method: str, message: Message) -> Any:
    """The message as a JSON value, without secrets and without what differs from run to run."""
    value = {"stream": 1, "method": method, "part": "request", "message": message.value or {}}
    item = Item("h2c", "DATA", {}, (0, 0), (Item("message", "", value, (0, 0)),))
    cleaning.item("to_server", item)  # a secret may be repeated before the place that shows that it is one
    clean = cleaning.item("to_server", item)
    return next((_compared(message.name, one["message"]) for one in messages_of(clean)), {})


def _compared(name: str, value: dict[str, Any]) -> dict[str, Any]:
    table = fields_by_name(name) if name else {}
    found = {}
    for key, content in value.items():
        kind = table[key].type if key in table else ""
        if key in (UNKNOWN, MORE) or kind in NOT_COMPARED:
            continue
        if kind in MESSAGES and not isinstance(content, int):
            content = (
                [_compared(kind, one) for one in content]
                if isinstance(content, list)
                else _compared(kind, content)
            )
        found[key] = content
    return found
