"""A gRPC server and a client of grpcio, in processes of their own: grpcio has threads, and the tests fork.

    python -m tests.e2e.grpc_peers serve HOST [CERTS]
    python -m tests.e2e.grpc_peers call HOST [CERTS] < CALLS

The server has services like those of a builder: it runs a build, follows it, asks for files in the session that the
messages of Control/Session carry, and serves a method that no table of apispy has. Messages are made by field number.
CALLS is JSON: a list of {"method", "messages": [hexadecimal], "fields": {}, "cancel": messages}. The client begins all
of them in order before it reads any answer, and prints [[messages], status, error, trailers] of each.
"""

import json
import sys
from collections.abc import Iterator
from concurrent import futures
from pathlib import Path
from threading import Event
from typing import Any

import grpc
from h2.config import H2Configuration
from h2.connection import H2Connection
from h2.events import DataReceived, RequestReceived, StreamEnded

from tests.h2_peer import GRPC, message
from tests.protobuf_writer import mapped, pb

CONTROL, SYNC = "/moby.buildkit.v1.Control/", "/moby.filesync.v1.FileSync/DiffCopy"
SESSION = f"{CONTROL}Session"
UNKNOWN_SERVICE = "/my.own.Service/Do"
FILES = pb({1: 0, 2: {1: "Dockerfile", 5: 20}})


def credentials(certs: Path, *, server: bool) -> Any:
    root, cert, key = ((certs / name).read_bytes() for name in ("ca.pem", "cert.pem", "key.pem"))
    if server:
        return grpc.ssl_server_credentials([(key, cert)], root, require_client_auth=True)
    return grpc.ssl_channel_credentials(root, key, cert)


def target(host: str) -> str:
    return (
        f"unix:{host.removeprefix('unix://')}" if host.startswith("unix://") else host.removeprefix("tcp://")
    )


# -- the server


class Daemon(grpc.GenericRpcHandler):
    """The services. A build gets its result once the session has sent its files."""

    def __init__(self) -> None:
        self._sent = Event()
        self._methods = {
            f"{CONTROL}ListWorkers": grpc.unary_unary_rpc_method_handler(self._workers),
            f"{CONTROL}Solve": grpc.unary_unary_rpc_method_handler(self._solve),
            f"{CONTROL}Status": grpc.unary_stream_rpc_method_handler(self._status),
            SESSION: grpc.stream_stream_rpc_method_handler(self._session),
            UNKNOWN_SERVICE: grpc.unary_unary_rpc_method_handler(lambda asked, _: asked[::-1]),
        }

    def service(self, handler_call_details: Any) -> Any:
        return self._methods.get(handler_call_details.method)

    def _workers(self, _: bytes, __: Any) -> bytes:
        return pb({1: [{1: "worker"}]})

    def _solve(self, asked: bytes, context: Any) -> bytes:
        if b"bad" in asked:
            context.set_trailing_metadata((("x-step", "RUN false"),))
            context.abort(grpc.StatusCode.UNKNOWN, "process did not complete: exit code: 3")
        if b"with-files" in asked:
            self._sent.wait(20)
        return pb({1: mapped({"image.name": f"built-{len(asked)}"})})

    def _status(self, asked: bytes, context: Any) -> Iterator[bytes]:
        yield pb({1: [{1: "v", 3: "RUN one"}]})
        if asked == pb({1: build_id("f")}):  # is followed until the client has enough
            left = Event()
            context.add_callback(left.set)
            left.wait(20)
            return
        yield pb({1: [{1: "v", 3: "RUN two"}]})

    def _session(self, messages: Iterator[bytes], context: Any) -> Iterator[bytes]:
        inner = H2Connection(H2Configuration(client_side=True, header_encoding="utf-8"))
        inner.initiate_connection()
        stream = inner.get_next_available_stream_id()
        head = [(":method", "POST"), (":scheme", "http"), (":path", SYNC), (":authority", "x")]
        inner.send_headers(stream, [*head, *GRPC, ("te", "trailers")])
        inner.send_data(stream, message(pb({1: 1})), end_stream=True)
        yield pb({1: inner.data_to_send()})
        for one in messages:
            for event in inner.receive_data(carried(one)):
                if isinstance(event, StreamEnded):
                    self._sent.set()
            if data := inner.data_to_send():
                yield pb({1: data})


def serve(host: str, certs: Path | None) -> None:
    server = grpc.server(futures.ThreadPoolExecutor(20))
    server.add_generic_rpc_handlers((Daemon(),))
    if certs:
        server.add_secure_port(target(host), credentials(certs, server=True))
    else:
        server.add_insecure_port(target(host))
    server.start()
    print("ready", flush=True)
    server.wait_for_termination()


# -- the client


def build_id(letter: str) -> str:
    """An ID as BuildKit's clients generate it."""
    return letter * 24 + "1"


def carried(one: bytes) -> bytes:
    """The HTTP/2 in a message of a session, {1: bytes}."""
    size = at = 0
    for at, byte in enumerate(one[1:], 1):
        size |= (byte & 0x7F) << 7 * (at - 1)
        if byte < 0x80:
            break
    return one[at + 1 : at + 1 + size]


class Session:
    """A client's session: an iterator of the messages to send, which answers those that come."""

    def __init__(self, channel: Any, name: str) -> None:
        self._inner = H2Connection(H2Configuration(client_side=False, header_encoding="utf-8"))
        self._inner.initiate_connection()
        self._next = [self._inner.data_to_send()]
        self._changed, self._over = Event(), False
        self._changed.set()
        self.asked: list[str] = []
        call = channel.stream_stream(SESSION)
        self._answers = call(self, metadata=(("x-docker-expose-session-uuid", name),), timeout=30)

    def __iter__(self) -> Iterator[bytes]:
        return self

    def __next__(self) -> bytes:
        while not self._next:
            self._changed.wait()
            self._changed.clear()
            if self._over:
                raise StopIteration
        return pb({1: self._next.pop(0)})

    def read(self) -> None:
        """Answer the daemon until the session is over."""
        for one in self._answers:
            for event in self._inner.receive_data(carried(one)):
                if isinstance(event, RequestReceived):
                    self.asked.append(dict(event.headers)[":path"])
                elif isinstance(event, DataReceived):
                    self._inner.acknowledge_received_data(event.flow_controlled_length, event.stream_id)
                elif isinstance(event, StreamEnded):
                    self._inner.send_headers(event.stream_id, [(":status", "200"), *GRPC])
                    self._inner.send_data(event.stream_id, message(FILES))
                    self._inner.send_headers(event.stream_id, [("grpc-status", "0")], end_stream=True)
            if data := self._inner.data_to_send():
                self._next.append(data)
                self._changed.set()

    def end(self) -> None:
        self._over = True
        self._changed.set()


def answer(call: Any, cancel: int | None) -> list[Any]:
    messages: list[str] = []
    try:
        for one in call:
            messages.append(one.hex())
            if cancel == len(messages):
                call.cancel()
    except grpc.RpcError:
        pass
    trailers = [[name, value] for name, value in call.trailing_metadata() or ()]
    return [messages, call.code().name, call.details(), trailers]


def call(host: str, certs: Path | None) -> None:
    channel = (
        grpc.secure_channel(target(host), credentials(certs, server=False))
        if certs
        else grpc.insecure_channel(target(host))
    )
    asked = json.load(sys.stdin)
    session = Session(channel, asked["session"]) if asked["session"] else None
    with futures.ThreadPoolExecutor(1) as pool:
        reading = pool.submit(session.read) if session else None
        begun = [
            channel.unary_stream(one["method"])(bytes.fromhex(one["message"]), timeout=30)
            for one in asked["calls"]
        ]
        found = [answer(one, wanted["cancel"]) for one, wanted in zip(begun, asked["calls"], strict=True)]
        if session and reading:
            session.end()
            reading.result(30)
    print(json.dumps({"answers": found, "asked": session.asked if session else []}))


if __name__ == "__main__":
    mode, where, *more = sys.argv[1:]
    {"serve": serve, "call": call}[mode](where, Path(more[0]) if more else None)
