"""The relay with a gate, which may delay, answer or refuse requests. Everything else it forwards verbatim.

It also keeps the order of responses: a response of apispy's own must not overtake the daemon's response to an earlier
request on the same connection. So an action waits until the earlier request is over.
"""

from collections import deque
from collections.abc import Callable
from dataclasses import dataclass

from mitmproxy.connection import Client
from mitmproxy.proxy import commands, context, layer

from apispy import units
from apispy.gate import (
    GARBAGE,
    Action,
    AskUser,
    DaemonFrames,
    Decision,
    DropAfter,
    ForwarderOutput,
    Garbage,
    Gate,
    HoldingForwarder,
    PassThrough,
    RequestForwarder,
    Reset,
    RespondWith,
    ResponseTruncator,
    TunnelAnswer,
    error_response,
)
from apispy.model import Exchange
from apispy.proxy.observers import ConnectionObserver
from apispy.proxy.relay import Relay

MAX_QUEUED = 8 << 20
"""Bytes that a client may send after a request that waits for the one before it."""


@dataclass
class Delay(commands.StartHook):
    """Asks the handler to wait, and to read nothing meanwhile.

    It is a hook because layers pass those on; no addon gets it.
    """

    seconds: float
    name = ""


@dataclass
class Question(commands.StartHook):
    """Asks the handler to ask the user, and to read nothing meanwhile. Its answer is ``allowed``."""

    action: AskUser
    allowed: bool = False
    name = ""


@dataclass
class ResetClient(commands.StartHook):
    """Asks the handler to reset the client's connection."""

    client: Client
    name = ""
    blocking = False


class GatedRelay(Relay):
    """*client* describes the client; *notice* takes messages that belong to no exchange."""

    def __init__(
        self,
        ctx: context.Context,
        observer: ConnectionObserver,
        gate: Gate,
        client: str,
        clock: Callable[[], float],
        notice: Callable[[str], None],
    ) -> None:
        super().__init__(ctx, observer)
        self._forwarder: RequestForwarder = PassThrough(gate, observer)
        if gate.holds:
            self._forwarder = HoldingForwarder(
                gate, observer, lambda request: Exchange(0, 0, clock(), client, "", request)
            )
        self._notice = notice
        self._queue: deque[bytes] = deque()  # data from the client that was not fed yet; b"" is its end
        self._queued = 0  # bytes in it
        self._waiting: ForwarderOutput | None = None  # waits for an earlier request's end
        self._truncator: ResponseTruncator | None = None
        self._truncation_reason = ""
        self._frames: DaemonFrames | None = None  # of a tunnel whose calls are decided
        self._ended = False  # nothing more is forwarded

    def _from_client(self, data: bytes) -> layer.CommandGenerator[None]:
        if self._ended:
            self._observer.from_client(data)
        elif self._forwarder.bypassed and not self._queue:
            yield from super()._from_client(data)
        elif self._queue or self._waiting or self._forwarder.blocked:
            self._queue.append(data)
            self._queued += len(data)
            yield from self._work()
        else:
            self._forwarder.feed(data)
            yield from self._work()

    def _client_ended(self) -> layer.CommandGenerator[None]:
        if self._ended:
            self._observer.client_eof()
            yield commands.CloseConnection(self.context.client)
        else:
            self._queue.append(b"")
            yield from self._work()

    def _from_daemon(self, data: bytes) -> layer.CommandGenerator[None]:
        if self._ended:
            return
        allowed, ends = self._truncator.feed(data) if self._truncator else (data, False)
        if self._frames:
            allowed = self._frames.feed(allowed)
        if allowed:
            yield from super()._from_daemon(allowed)
        if ends:
            yield from self._end(f"cut by apispy, {self._truncation_reason}")
        elif self._truncator and self._observer.idle:
            self._truncator = None
        if self._waiting or self._queue or self._forwarder.pending:
            yield from self._work()

    def _daemon_ended(self) -> layer.CommandGenerator[None]:
        if self._ended:
            return
        if self._frames and (rest := self._frames.take_rest()):
            yield from super()._from_daemon(rest)
        yield from super()._daemon_ended()
        if (
            self._waiting or self._queue or self._forwarder.pending
        ):  # they need not wait for a response any more
            yield from self._work()

    # -- data from the client --

    def _work(self) -> layer.CommandGenerator[None]:
        """Process the client's data as far as possible now."""
        while not self._ended:
            output = self._waiting or (self._forwarder.next() if self._forwarder.pending else None)
            if output is None:
                if not self._may_feed:
                    break
                yield from self._feed()
            elif output[1].passes:
                self._note_tunnel(output[1])
                yield from super()._from_client(output[0])
                if output[1].reason:
                    self._annotate(output[1].reason)
            elif self._may_act:
                self._waiting = None
                yield from self._act(*output)
            else:
                self._waiting = output
                break
        if self._queued > MAX_QUEUED and not self._ended:
            yield from self._end("ended by apispy: the client is too far ahead of the daemon")

    @property
    def _may_act(self) -> bool:
        """Whether an action would not overtake the daemon's response to an earlier request."""
        own = self._forwarder.in_body and self._observer.awaits_response
        return own or self._observer.idle or self._observer.tunnelled

    @property
    def _may_feed(self) -> bool:
        """Whether there is queued data that may be fed now. The client's end may be fed if nothing is before it."""
        if not self._queue:
            return False
        requests = self._forwarder.pending or any(self._queue)
        return not (requests and self._forwarder.blocked)

    def _feed(self) -> layer.CommandGenerator[None]:
        """Feed the next queued data; after the last there is only the client's end."""
        data = self._queue.popleft()
        self._queued -= len(data)
        if data:
            self._forwarder.feed(data)
            return
        if rest := self._forwarder.take_rest():
            yield from super()._from_client(rest)
        if undecided := self._forwarder.take_undecided():
            self._observer.from_client(undecided)
            self._annotate("not forwarded by apispy: the client ended before what a rule needs was there")
        yield from super()._client_ended()

    # -- actions --

    def _act(self, raw: bytes, decision: Decision) -> layer.CommandGenerator[None]:
        self._observer.from_client(raw)
        self._note_tunnel(decision)
        if decision.delay:
            self._annotate(f"delayed by apispy for {units.duration(decision.delay)}, {decision.reason}")
            yield Delay(decision.delay)
        yield from self._perform(decision.action, raw, decision.reason)

    def _perform(self, action: Action | None, raw: bytes, reason: str) -> layer.CommandGenerator[None]:
        if isinstance(action, RespondWith | Garbage | TunnelAnswer) and not self._can_respond:
            yield from self._end(
                f"ended by apispy without a response, as the daemon had ended its side; {reason}"
            )
            return
        match action:
            case RespondWith():
                yield from self._respond(action, reason)
            case Reset():
                yield from self._end(f"reset by apispy, {reason}", ResetClient(self.context.client))
            case Garbage():
                yield commands.SendData(self.context.client, GARBAGE)
                yield from self._end(f"answered with garbage by apispy, {reason}")
            case DropAfter(size):
                self._truncator, self._truncation_reason = ResponseTruncator(size), reason
                yield from self._forward(raw)
            case AskUser():
                yield from self._ask(action, raw, reason)
            case TunnelAnswer():
                yield from self._answer(action, reason)
            case None:
                yield from self._forward(raw)

    def _ask(self, asking: AskUser, raw: bytes, reason: str) -> layer.CommandGenerator[None]:
        answer = Question(asking)
        yield answer
        if answer.allowed:
            self._annotate(f"allowed by the user, {reason}")
            yield from self._forward(raw)
        else:
            yield from self._perform(asking.refusal, raw, f"refused by the user, {reason}")

    def _note_tunnel(self, decision: Decision) -> None:
        """Follow the daemon's frames if the request that is forwarded opens a tunnel whose calls are decided."""
        if decision.inside is not None:
            self._frames = DaemonFrames()

    def _answer(self, wanted: TunnelAnswer, reason: str) -> layer.CommandGenerator[None]:
        """Send frames of apispy's own, in a tunnel."""
        if wanted.notes:
            self._annotate(f"answered by apispy: {reason}")
        frames = self._frames.insert(wanted.frames, last=wanted.ends) if self._frames else b""
        if wanted.ends or self._frames is None or self._frames.lost:
            self._ended = True
            yield commands.CloseConnection(self.context.server)
            yield from self._end_with(frames)
        elif frames:
            yield commands.SendData(self.context.client, frames)
            self._observer.from_server(frames)

    def _respond(self, wanted: RespondWith, reason: str) -> layer.CommandGenerator[None]:
        """Respond in place of the daemon. The connection stays open if the whole request was received."""
        more, keep_alive = self._forwarder.take_request()
        self._observer.from_client(more)
        self._annotate(f"answered by apispy: {reason}")
        keep_alive = keep_alive and not wanted.closes
        response = error_response(
            wanted.status, wanted.message, head_only=self._observer.head_only, close=not keep_alive
        )
        if keep_alive:
            yield commands.SendData(self.context.client, response)
            self._observer.from_server(response)
        else:
            self._ended = True
            yield commands.CloseConnection(
                self.context.server
            )  # the daemon may have the beginning of the request
            yield from self._end_with(response)

    def _end(self, reason: str, command: commands.Command | None = None) -> layer.CommandGenerator[None]:
        """End the client's connection. The handler then ends the daemon's."""
        self._ended = True
        if not self._observer.has_open:
            self._notice(reason)
        self._observer.lost(reason)
        yield command or commands.CloseConnection(self.context.client)

    def _annotate(self, text: str) -> None:
        if not self._observer.annotate(text):
            self._notice(text)

    def _forward(self, raw: bytes) -> layer.CommandGenerator[None]:
        """Forward data that the observer has already."""
        if self._refusal is None:
            yield commands.SendData(self.context.server, raw)
        else:
            yield from self._refuse(b"")
