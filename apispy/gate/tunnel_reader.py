"""Reads a client's side of BuildKit's tunnel, and lets each gRPC call pass only once it is decided. Sans-IO.

Frames are forwarded as they came, in their order. A call waits until its method is allowed and, if a rule needs it,
until its message is there; everything after it waits too. A refused call is answered in the daemon's place, and the
daemon never sees its frames. After that no other call passes in the same tunnel, because HTTP/2 compresses headers by
those before them, and the daemon does not have those of the refused call; calls that were allowed before go on. All
that Docker's clients do not send is refused, and ends the tunnel.
"""

import re
from collections import deque
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any

from hyperframe.exceptions import HyperframeError
from hyperframe.frame import ContinuationFrame, Frame, HeadersFrame

from apispy.decoders.grpc_stream import PREFIX_SIZE
from apispy.engine import lookup
from apispy.engine.requested_builds import SOLVES
from apispy.engine.tables.grpc_methods import GRPC_CALL
from apispy.gate.actions import PASS, AskUser, Decision, RespondWith, TunnelAnswer
from apispy.gate.solve_message import read_solve
from apispy.gate.strict_request import Doubt
from apispy.gate.tunnel_answers import goodbye, refused_call, window_update
from apispy.http2 import END_HEADERS, HEADER_SIZE, PREFACE, Fields, HeaderBlocks, Http2Error
from apispy.model import Headers, Request
from apispy.structs import Struct, replace

MAX_HELD = 48 << 10
"""Bytes of DATA that wait for a decision. A client may send 64 KiB before it must hear from the daemon, which may owe
it a quarter of that for earlier data: so it can always send what is waited for."""

MAX_QUEUED = 1 << 20
"""Bytes of frames that wait for a decision."""

MAX_FRAME = 1 << 20
"""Bytes of a frame's payload. A daemon allows its clients between 16 KiB and 1 MiB."""

MAX_CALLS = 1000
"""Calls of one tunnel that are open, or refused."""

DATA, HEADERS, RST_STREAM, SETTINGS, PING, GOAWAY, WINDOW_UPDATE, CONTINUATION = 0, 1, 3, 4, 6, 7, 8, 9
END_STREAM = ACK = 1

FLAGS = {
    DATA: END_STREAM,
    HEADERS: END_STREAM | END_HEADERS,
    SETTINGS: ACK,
    PING: ACK,
    CONTINUATION: END_HEADERS,
}
"""The flags that a client may set, by type of frame: no padding and no priorities."""

SIZES = {RST_STREAM: 4, PING: 8, WINDOW_UPDATE: 4}
"""Bytes of frames of a fixed size."""

OF_CONNECTION = (SETTINGS, PING, GOAWAY)
"""Frames that belong to no stream. A WINDOW_UPDATE may belong to one or to none, all others belong to one."""

_PATH = re.compile(rb"/(?:[A-Za-z0-9_]{1,100}\.){1,10}[A-Za-z0-9_]{1,100}/[A-Za-z0-9_]{1,100}")
_NAME = re.compile(rb"[a-z0-9_.-]+")
_VALUE = re.compile(rb"[ -~]*")

PSEUDO = (b":method", b":scheme", b":path")
OF_HTTP1 = frozenset(
    (b"connection", b"transfer-encoding", b"upgrade", b"keep-alive", b"content-length", b"host")
)
CONTENT_TYPES = (b"application/grpc", b"application/grpc+proto")

LATER = "an earlier call in this tunnel, after which none passes"

Decide = Callable[[Request, dict[str, Any] | None], Decision | None]
"""Decides about a call; None if its message is needed. Raises Doubt."""

Refuse = Callable[[str], Decision]
"""Makes, and counts, the decision about what cannot be read for sure, for the reason given."""


@dataclass
class Call:
    """A call of the client's. ``decision`` is None until it is decided, and ``passed`` is set when it is forwarded."""

    stream: int
    request: Request
    decision: Decision | None = None
    message: bytearray = field(default_factory=bytearray)  # with its prefix, if a rule needs it
    complete: bool = False  # its message was read, and no other may follow
    ended: bool = False  # the client has ended it
    refused: bool = False
    passed: bool = False


class Held(Struct, frozen=True):
    """A frame, or the frames of a header block, of a *call*; those of the connection have none."""

    raw: bytes
    call: Call | None = None
    opens: bool = False
    size: int = 0  # of DATA


TunnelOutput = tuple[bytes, Decision]


class TunnelReader:
    """Takes the client's bytes with ``feed``, and returns those that are decided, with their decision.

    After a decision that ends the tunnel, nothing more is returned. *audit*: what would be refused passes.
    """

    def __init__(self, decide: Decide, refuse: Refuse, *, audit: bool = False) -> None:
        self._decide, self._refuse, self._audit = decide, refuse, audit
        self._pending = bytearray()
        self._begun = False  # the preface was read
        self._settings = False  # the first frame was read
        self._blocks = HeaderBlocks()
        self._block = b""  # the frames of the open header block
        self._last = 0  # the highest stream so far
        self._calls: dict[int, Call] = {}
        self._queue: deque[Held] = deque()
        self._size = self._held = 0  # bytes in it, and bytes of DATA in it
        self._reading = b""  # the frames that are being read
        self._refused = ""  # why the first call was refused
        self._over = False
        self._unread = False  # in an audit, what follows cannot be read
        self._outputs: list[TunnelOutput] = []

    def feed(self, data: bytes) -> list[TunnelOutput]:
        """Take the next bytes. Never raises."""
        if self._over:
            return []
        if self._unread:
            return [(data, PASS)] if data else []
        self._pending += data
        try:
            while self._step():
                self._release()
                if self._size > MAX_QUEUED:
                    raise Doubt("too much follows a call that is not decided")
        except Doubt as doubt:
            self._give_up(str(doubt))
        except Http2Error as error:
            self._give_up(str(error))
        except Exception as error:  # fail closed
            self._give_up(f"an internal error in apispy: {error!r}")
        found, self._outputs = self._outputs, []
        return found

    def take_rest(self) -> bytes:
        """Return the bytes that may still pass when the client has ended: none, but for an audit."""
        return self._all_held() if self._audit else b""

    def _all_held(self) -> bytes:
        """Return what is not forwarded, in order."""
        parts = [one.raw for one in self._queue]
        return b"".join([*parts, self._block, self._reading, bytes(self._pending)])

    # -- frames --

    def _step(self) -> bool:
        """Read the preface or a frame, if it is complete."""
        if not self._begun:
            return self._preface()
        if len(self._pending) < HEADER_SIZE:
            return False
        size, kind, flags = int.from_bytes(self._pending[:3]), self._pending[3], self._pending[4]
        stream = int.from_bytes(self._pending[5:HEADER_SIZE])
        self._check_frame(kind, flags, size, stream)
        if len(self._pending) < HEADER_SIZE + size:
            return False
        raw = bytes(self._pending[: HEADER_SIZE + size])
        del self._pending[: HEADER_SIZE + size]
        self._settings, self._reading = True, raw
        if kind in (HEADERS, CONTINUATION):
            self._add_to_block(raw)
        elif kind == DATA:
            self._data(raw, stream, ends=bool(flags & END_STREAM))
        elif not stream:
            self._hold(Held(raw))
        else:
            self._about_stream(raw, stream, resets=kind == RST_STREAM)
        return True

    def _preface(self) -> bool:
        head = bytes(self._pending[: len(PREFACE)])
        if head != PREFACE[: len(head)]:
            raise Doubt("the tunnel does not begin with HTTP/2")
        if len(head) < len(PREFACE):
            return False
        del self._pending[: len(PREFACE)]
        self._begun = True
        self._hold(Held(PREFACE))
        return True

    def _check_frame(self, kind: int, flags: int, size: int, stream: int) -> None:
        """Check a frame's first bytes, before it is complete. Raises Doubt."""
        if not self._settings and (kind != SETTINGS or flags):
            raise Doubt("its first frame is not SETTINGS")
        if kind not in (*FLAGS, *SIZES, GOAWAY):
            raise Doubt(f"it has a frame of the type {kind}, which Docker's clients do not send")
        if flags & ~FLAGS.get(kind, 0):
            raise Doubt("it has a frame with padding, a priority or unknown flags")
        if (
            size > MAX_FRAME
            or size != SIZES.get(kind, size)
            or (kind == SETTINGS and (size % 6 or (flags and size)))
        ):
            raise Doubt("it has a frame of a size that it may not have")
        if kind != WINDOW_UPDATE and bool(stream) is (kind in OF_CONNECTION):
            raise Doubt("it has a frame of a stream that it may not have")
        if stream >> 31:
            raise Doubt("it has a frame with a reserved bit")
        if (self._blocks.opener is not None) is not (kind == CONTINUATION):
            raise Doubt("it has a header block that is not continued, or is continued without a beginning")

    # -- calls --

    def _add_to_block(self, raw: bytes) -> None:
        self._block, self._reading = self._block + raw, b""
        frame, _ = Frame.parse_frame_header(memoryview(raw[:HEADER_SIZE]))
        try:
            frame.parse_body(memoryview(raw[HEADER_SIZE:]))
        except HyperframeError:
            raise Doubt("it has a malformed header block") from None
        assert isinstance(frame, HeadersFrame | ContinuationFrame)
        if (block := self._blocks.add(frame)) is None:
            return
        opener, fields = block
        raw = self._reading = self._block
        self._block = b""
        self._open(raw, opener.stream_id, fields, ends="END_STREAM" in opener.flags)

    def _open(self, raw: bytes, stream: int, fields: Fields, *, ends: bool) -> None:
        if stream <= self._last or not stream % 2:
            raise Doubt("it has a header block that begins no new call")
        self._last = stream
        call = self._calls[stream] = Call(stream, Request("POST", "/", "2"), ended=ends)
        if len(self._calls) > MAX_CALLS:
            raise Doubt(f"it has more than {MAX_CALLS} calls at a time")
        self._hold(Held(raw, call, opens=True))
        try:
            call.request = request_of(fields)
            call.decision = self._decide(call.request, None)
            if call.decision is None and ends:
                raise Doubt("a rule needs its message, and it has none")
        except Doubt as doubt:
            call.decision = self._refuse(f"refused: {doubt}")

    def _data(self, raw: bytes, stream: int, *, ends: bool) -> None:
        call = self._calls.get(stream)
        if call is None or call.ended:
            raise Doubt("it has data of no open call")
        call.ended = ends
        data = raw[HEADER_SIZE:]
        self._hold(Held(raw, call, size=len(data)))
        try:
            self._read_message(call, data)
            if call.decision is None and self._held > MAX_HELD:
                raise Doubt(
                    f"a rule needs its message, which is over {MAX_HELD >> 10} KiB with what came with it"
                )
        except Doubt as doubt:
            if call.passed or call.complete:
                raise
            call.decision = self._refuse(f"refused: {doubt}")

    def _read_message(self, call: Call, data: bytes) -> None:
        """Read a piece of the message of a call that waits for it, and decide when it is complete. Raises Doubt."""
        if call.complete and data:
            raise Doubt("a call has more than one message")
        if call.decision is not None:
            return
        call.message += data
        content = message_in(call.message)
        if content is None:
            if call.ended:
                raise Doubt("it ends in its message")
            return
        operation = lookup("POST", call.request.target).operation.id
        if operation not in SOLVES:
            raise Doubt("a rule needs its message, which apispy does not read")
        call.decision = self._decide(call.request, read_solve(operation, content))
        call.complete = True
        call.message.clear()
        if call.decision is None:
            raise Doubt("a rule needs more than its message")

    def _about_stream(self, raw: bytes, stream: int, *, resets: bool) -> None:
        """Take RST_STREAM, or WINDOW_UPDATE of one stream."""
        if stream > self._last or not stream % 2:
            raise Doubt("it has a frame of a call that has not begun")
        call = self._calls.get(stream)
        self._hold(Held(raw, call))
        if resets and call is not None:
            call.ended = True
            if call.decision is None:
                call.decision = self._refuse(
                    "refused: it was reset before a rule could be applied to its message"
                )

    # -- what is decided --

    def _hold(self, held: Held) -> None:
        self._reading = b""
        self._queue.append(held)
        self._held += held.size
        self._size += len(held.raw)

    def _release(self) -> None:
        """Forward the frames up to the first call that is not decided."""
        passed: list[bytes] = []
        while self._queue and not self._over:
            held = self._queue[0]
            call = held.call
            if call is not None and held.opens and call.decision is None:
                break
            self._queue.popleft()
            self._held -= held.size
            self._size -= len(held.raw)
            if call is not None and held.opens:
                self._begin(passed, held, call)
            elif call is not None and call.refused:
                self._drop(passed, held)
            else:
                passed.append(held.raw)
            if (
                call is not None
                and call.ended
                and not call.refused
                and not any(one.call is call for one in self._queue)
            ):
                self._calls.pop(call.stream, None)
        self._flush(passed)

    def _begin(self, passed: list[bytes], held: Held, call: Call) -> None:
        """Forward the beginning of a call, or answer it."""
        decision = call.decision
        assert decision is not None
        if self._refused or isinstance(decision.action, RespondWith):
            self._answer(passed, held, call, decision)
            return
        call.passed = True
        if decision == PASS:
            passed.append(held.raw)
            return
        if isinstance(asking := decision.action, AskUser):
            assert isinstance(asking.refusal, RespondWith)
            message = asking.refusal.message
            frames = refused_call(call.stream, message) + goodbye(self._last, message)
            decision = replace(decision, action=replace(asking, refusal=TunnelAnswer(frames, ends=True)))
        self._flush(passed)
        self._outputs.append((held.raw, decision))

    def _answer(self, passed: list[bytes], held: Held, call: Call, decision: Decision) -> None:
        if not isinstance(decision.action, RespondWith):
            decision = self._refuse(f"{self._refused}: {LATER}")
        action = decision.action
        assert isinstance(action, RespondWith)
        call.refused, self._refused = True, self._refused or decision.reason
        self._flush(passed)
        answer = TunnelAnswer(refused_call(call.stream, action.message))
        self._outputs.append((held.raw, replace(decision, action=answer)))

    def _drop(self, passed: list[bytes], held: Held) -> None:
        """Drop a frame of a refused call. The room that its data takes is given back, which the daemon cannot do."""
        self._flush(passed)
        answer = TunnelAnswer(window_update(held.size) if held.size else b"", notes=False)
        self._outputs.append((held.raw, Decision(answer)))

    def _flush(self, passed: list[bytes]) -> None:
        if not passed:
            return
        before = self._outputs.pop()[0] if self._outputs and self._outputs[-1][1] is PASS else b""
        self._outputs.append((before + b"".join(passed), PASS))
        passed.clear()

    def _give_up(self, why: str) -> None:
        """End the tunnel; in an audit, forward all that follows."""
        decision = self._refuse(f"refused: {why}")
        self._release()
        rest = self._all_held()
        self._queue.clear()
        self._pending.clear()
        self._block = self._reading = b""
        if isinstance(decision.action, RespondWith):
            self._over = True
            answer = TunnelAnswer(goodbye(self._last, decision.action.message), ends=True)
            decision = replace(decision, action=answer)
        else:
            self._unread = True
        self._outputs.append((rest, decision))


def is_method(path: bytes) -> bool:
    """Whether *path* is that of a method, and not that of another request of the API, such as "/v1.41/info"."""
    return _PATH.fullmatch(path) is not None and lookup("POST", path.decode()).operation.tag == GRPC_CALL.tag


def request_of(fields: Fields) -> Request:
    """Return the request of a gRPC call. Raises Doubt if it is not one that gRPC's clients send."""
    names = [name for name, _ in fields]
    pseudo = [name for name in names if name.startswith(b":")]
    if names[: len(pseudo)] != pseudo or not set(PSEUDO) <= set(pseudo) <= {*PSEUDO, b":authority"}:
        raise Doubt("its pseudo-header fields are not those of a call")
    given = dict(fields)
    single = (*pseudo, b"content-type", b"grpc-encoding")
    if any(names.count(name) > 1 for name in single):
        raise Doubt("it has a header field twice")
    for name, value in fields[len(pseudo) :]:
        if not _NAME.fullmatch(name) or not _VALUE.fullmatch(value) or name in OF_HTTP1:
            raise Doubt("it has a header field that a call must not have")
    path = given[b":path"]
    if given[b":method"] != b"POST" or not is_method(path):
        raise Doubt("its method or path is not that of a call")
    if given.get(b"content-type") not in CONTENT_TYPES:
        raise Doubt("it is not declared as gRPC with protobuf")
    if given.get(b"grpc-encoding", b"identity") != b"identity":
        raise Doubt("its messages are compressed")
    others = tuple((name, value) for name, value in fields[len(pseudo) :])
    return Request("POST", path.decode(), "2", Headers(others))


def message_in(data: bytes | bytearray) -> bytes | None:
    """Return the message that *data*, all of a call so far, consists of; None if it is not complete. Raises Doubt."""
    if data[:1] and data[0]:
        raise Doubt("its message is compressed")
    if len(data) < PREFIX_SIZE:
        return None
    end = PREFIX_SIZE + int.from_bytes(data[1:PREFIX_SIZE])
    if end > MAX_HELD:
        raise Doubt(f"a rule needs its message, which is over {MAX_HELD >> 10} KiB")
    if len(data) > end:
        raise Doubt("it has more than one message")
    return bytes(data[PREFIX_SIZE:end]) if len(data) == end else None
