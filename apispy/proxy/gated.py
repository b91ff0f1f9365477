"""The relay where requests may be held, answered or refused: it forwards what may go on.

What passes is verbatim as ever. Half of this is order: an answer of ours must not overtake the daemon's answer to an
earlier request on the same connection, so what is to be done to a request waits until that one is over.
"""

from collections import deque
from collections.abc import Callable
from dataclasses import dataclass

from mitmproxy.connection import Client
from mitmproxy.proxy import commands, context, layer

from apispy.gate import (
    GARBAGE,
    AnswerCut,
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
    json_answer,
)
from apispy.model import Exchange
from apispy.outputs import units
from apispy.proxy.observer import ConnectionObserver
from apispy.proxy.relay import Relay

HELD_LIMIT = 8 << 20
"""Bytes that a client may send ahead, behind a request that waits for the one before it."""


@dataclass
class Delay(commands.StartHook):
    """Asks the handler to wait, and to read nothing meanwhile. Not for addons: this form is what layers pass on."""

    seconds: float
    name = ""


@dataclass
class ResetClient(commands.StartHook):
    """Asks the handler to reset the client's connection."""

    client: Client
    name = ""
    blocking = False


class GatedRelay(Relay):
    """*client* says who is connected, in words; *notice* is told of what belongs to no exchange."""

    def __init__(
        self,
        ctx: context.Context,
        watch: ConnectionObserver,
        gate: Gate,
        client: str,
        clock: Callable[[], float],
        notice: Callable[[str], None],
    ) -> None:
        super().__init__(ctx, watch)
        self._way: RequestForwarder = PassThrough(gate, watch)
        if gate.has_rules:
            self._way = HoldingForwarder(
                gate, watch, lambda asked: Exchange(0, 0, clock(), client, "", asked)
            )
        self._notice = notice
        self._come: deque[bytes] = deque()  # from the client, b"" being its end; not looked at yet
        self._size = 0  # of that
        self._step: ForwarderOutput | None = None  # what waits for an earlier request's end
        self._cut: AnswerCut | None = None
        self._cut_by = ""
        self._over = False  # nothing is passed on any more

    def _from_client(self, data: bytes) -> layer.CommandGenerator[None]:
        if self._over:
            self._watch.from_client(data)
        elif self._way.open and not self._come:
            yield from super()._from_client(data)
        else:
            self._come.append(data)
            self._size += len(data)
            yield from self._work()

    def _client_ended(self) -> layer.CommandGenerator[None]:
        if self._over:
            self._watch.client_eof()
            yield commands.CloseConnection(self.context.client)
        else:
            self._come.append(b"")
            yield from self._work()

    def _from_daemon(self, data: bytes) -> layer.CommandGenerator[None]:
        if self._over:
            return
        allowed, ends = self._cut.feed(data) if self._cut else (data, False)
        if allowed:
            yield from super()._from_daemon(allowed)
        if ends:
            yield from self._end(f"cut by apispy, {self._cut_by}")
        elif self._watch.idle:
            self._cut = None
        if self._step or self._come or self._way.pending:
            yield from self._work()

    def _daemon_ended(self) -> layer.CommandGenerator[None]:
        if not self._over:
            yield from super()._daemon_ended()

    # -- what came from the client --

    def _work(self) -> layer.CommandGenerator[None]:
        """Go on with what came, as far as that may be."""
        while not self._over:
            step = self._step or self._way.next()
            if step is None:
                if not self._may_take:
                    break
                yield from self._take()
            elif step[1].passes:
                yield from super()._from_client(step[0])
            elif self._watch.idle or self._watch.tunnelled:
                self._step = None
                yield from self._act(*step)
            else:
                self._step = step
                break
        if self._size > HELD_LIMIT and not self._over:
            yield from self._end("ended by apispy: the client is too far ahead of the daemon")

    @property
    def _may_take(self) -> bool:
        """There is more, and it may be looked at now. The client's end may pass when nothing is before it."""
        requests = self._way.pending or any(self._come)
        return bool(self._come) and not (requests and self._way.blocked)

    def _take(self) -> layer.CommandGenerator[None]:
        """The next that came; behind the last of it there is only the client's end."""
        data = self._come.popleft()
        self._size -= len(data)
        if data:
            self._way.feed(data)
            return
        if rest := self._way.rest():
            yield from super()._from_client(rest)
        yield from super()._client_ended()

    # -- what is done to a request --

    def _act(self, raw: bytes, decision: Decision) -> layer.CommandGenerator[None]:
        self._watch.from_client(raw)
        if decision.delay:
            self._say(f"held for {units.duration(decision.delay)} by apispy, {decision.why}")
            yield Delay(decision.delay)
        match decision.act:
            case RespondWith() as answer:
                yield from self._answer(answer, decision.why)
            case Reset():
                yield from self._end(f"reset by apispy, {decision.why}", ResetClient(self.context.client))
            case Garbage():
                yield commands.SendData(self.context.client, GARBAGE)
                yield from self._end(f"answered with garbage by apispy, {decision.why}")
            case DropAfter(size):
                self._cut, self._cut_by = AnswerCut(size), decision.why
                yield from self._forward(raw)
            case None:
                yield from self._forward(raw)

    def _answer(self, wanted: RespondWith, why: str) -> layer.CommandGenerator[None]:
        """In the daemon's place. The connection goes on if all of the request is here."""
        more, lasts = self._way.swallow()
        self._watch.from_client(more)
        self._say(f"answered by apispy: {why}")
        lasts = lasts and not wanted.closes
        answer = json_answer(wanted.status, wanted.message, head_only=self._watch.head_only, close=not lasts)
        if lasts:
            yield commands.SendData(self.context.client, answer)
            self._watch.from_server(answer)
        else:
            self._over = True
            yield commands.CloseConnection(self.context.server)  # it may have the beginning of the request
            yield from self._end_with(answer)

    def _end(self, why: str, command: commands.Command | None = None) -> layer.CommandGenerator[None]:
        """End the client's connection; the handler ends the daemon's with it."""
        self._over = True
        if self._watch.idle:
            self._notice(why)
        self._watch.lost(why)
        yield command or commands.CloseConnection(self.context.client)

    def _say(self, text: str) -> None:
        if not self._watch.remark(text):
            self._notice(text)

    def _forward(self, raw: bytes) -> layer.CommandGenerator[None]:
        """What the watch has seen already."""
        if self._refusal is None:
            yield commands.SendData(self.context.server, raw)
        else:
            yield from self._refuse(b"")
