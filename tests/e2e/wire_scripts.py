"""Scripts of what a client and a daemon do on one connection, and a runner that records what each of them sees.

A script is a list of steps. Each is done only when the effects of the one before it have been seen, so that a script is
deterministic, and it shows whether each piece is forwarded before the next one is sent.
"""

import contextlib
import select
import socket
import time
from collections.abc import Callable
from dataclasses import dataclass, field

from .channels import RESET

QUIET = 0.02
"""Seconds without an event after which the kernel has delivered everything on a direct connection."""

HOLDING = 0.1
"""The same, where apispy may hold what was sent."""

PATIENCE = 3.0
"""Seconds that apispy has for an effect that is immediate on a direct connection."""


@dataclass(frozen=True)
class Step:
    """*kind*: "send" (*data*), "end" (half-close), "close" or "reset". *client*: who does it."""

    client: bool
    kind: str
    data: bytes = b""


def c(data: bytes) -> Step:
    return Step(True, "send", data)


def s(data: bytes) -> Step:
    return Step(False, "send", data)


C_END, S_END = Step(True, "end"), Step(False, "end")
C_CLOSE, S_CLOSE = Step(True, "close"), Step(False, "close")
C_RESET, S_RESET = Step(True, "reset"), Step(False, "reset")


@dataclass
class Side:
    """One end of the connection. ``seen``: the bytes received, and how the other side's direction ended."""

    sock: socket.socket
    seen: bytearray = field(default_factory=bytearray)
    end: str = ""
    open: bool = True

    def collect(self) -> None:
        """Take what has arrived."""
        while self.open and not self.end:
            try:
                data = self.sock.recv(1 << 20)
            except BlockingIOError:
                return
            except ConnectionError as error:
                self.end = type(error).__name__
                return
            self.seen += data
            if not data:
                self.end = "end"

    @property
    def state(self) -> tuple[bytes, str]:
        return bytes(self.seen), self.end


State = tuple[tuple[bytes, str], tuple[bytes, str]]
"""What the client has seen so far, and what the daemon has."""


class Run:
    """A connection on which a script is run."""

    def __init__(self, client: socket.socket, daemon: socket.socket) -> None:
        self.sides = {True: Side(client), False: Side(daemon)}
        for side in self.sides.values():
            side.sock.setblocking(False)
            if side.sock.family != socket.AF_UNIX:
                side.sock.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)

    def do(self, step: Step | tuple[Step, ...]) -> None:
        """Do a step, or several at once. Who has gone is seen by what is received: errors of sending do not matter."""
        if isinstance(step, tuple):
            for one in step:
                self.do(one)
            return
        side = self.sides[step.client]
        match step.kind:
            case "send":
                self._send(side, step.data)
            case "end":
                with contextlib.suppress(OSError):
                    side.sock.shutdown(socket.SHUT_WR)
            case "close":
                side.open = False
                side.sock.close()
            case "reset":
                side.open = False
                side.sock.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, RESET)
                side.sock.close()

    def _send(self, side: Side, data: bytes) -> None:
        rest, deadline = memoryview(data), time.monotonic() + PATIENCE
        while rest and time.monotonic() < deadline:
            try:
                rest = rest[side.sock.send(rest) :]
            except BlockingIOError:
                self.wait(0.01)
            except ConnectionError:
                return

    def wait(self, timeout: float) -> bool:
        """Wait for an event and take it. Return whether there was one."""
        waiting = [side for side in self.sides.values() if side.open and not side.end]
        found = select.select([side.sock for side in waiting], [], [], timeout)[0]
        for side in waiting:
            side.collect()
        return bool(found)

    @property
    def state(self) -> State:
        return self.sides[True].state, self.sides[False].state

    def settle(self) -> State:
        """Wait until nothing more happens."""
        while self.wait(QUIET):
            pass
        return self.state

    def reach(self, expected: State) -> State:
        """Wait until the state is as *expected*, for PATIENCE seconds at most."""
        deadline = time.monotonic() + PATIENCE
        while self.state != expected and (left := deadline - time.monotonic()) > 0:
            self.wait(left)
        return self.state

    def close(self) -> None:
        for side in self.sides.values():
            side.sock.close()


Script = list[Step | tuple[Step, ...]]
"""Steps; those in a tuple are done at once."""

Connect = Callable[[], tuple[socket.socket, socket.socket]]
"""Opens a connection: the client's socket and the daemon's."""


def run_direct(connect: Connect, script: Script) -> list[State]:
    """Return the states after each step."""
    run = Run(*connect())
    states = []
    for step in script:
        run.do(step)
        states.append(run.settle())
    run.close()
    return states


def run_to_the_end(connect: Connect, script: Script, is_done: Callable[[State], bool]) -> State:
    """Run a script whose steps may have their effects later. Return the state once it *is_done*, or the last one."""
    run = Run(*connect())
    for step in script:
        if not isinstance(step, Step) or not step.client:
            while run.wait(HOLDING):
                pass
        run.do(step)
    deadline = time.monotonic() + PATIENCE
    while not is_done(run.state) and (left := deadline - time.monotonic()) > 0:
        run.wait(left)
    run.close()
    return run.state


def run_compared(connect: Connect, script: Script, expected: list[State]) -> list[State]:
    """Run a script until a state is not as *expected*. Return the states."""
    run = Run(*connect())
    states = []
    for step, state in zip(script, expected, strict=True):
        run.do(step)
        states.append(run.reach(state))
        if states[-1] != state:
            break
    else:
        states[-1] = run.settle()  # nothing may follow
    run.close()
    return states
