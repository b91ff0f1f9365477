"""A stream delivers bytes before a reset, and applies back-pressure."""

import asyncio
import socket

import pytest

from apispy.sockets.stream import LINGER_RESET, READ_AHEAD, Stream


async def pair() -> tuple[Stream, socket.socket]:
    ours, theirs = socket.socketpair()
    _, stream = await asyncio.get_running_loop().create_unix_connection(Stream, sock=ours)
    return stream, theirs


def test_bytes_then_the_end():
    async def scenario():
        stream, peer = await pair()
        peer.sendall(b"abc")
        peer.shutdown(socket.SHUT_WR)
        assert await stream.read() == b"abc"
        assert await stream.read() == b""
        stream.write(b"late")
        stream.write_eof()
        assert await asyncio.to_thread(peer.recv, 10) == b"late"
        stream.close()

    asyncio.run(scenario())


def test_what_came_before_a_reset_is_read_first():
    async def scenario():
        stream, peer = await pair()
        stream.data_received(b"kept")
        stream.connection_lost(ConnectionResetError("gone"))
        assert await stream.read() == b"kept"
        with pytest.raises(ConnectionResetError):
            await stream.read()
        peer.close()

    asyncio.run(scenario())


def test_a_half_close_after_a_reset_that_nobody_has_read_yet_is_no_error():
    """mitmproxy would end the connection after an error, and not report that to its layers."""

    async def scenario():
        with socket.create_server(("127.0.0.1", 0)) as listener:
            port = listener.getsockname()[1]
            _, stream = await asyncio.get_running_loop().create_connection(Stream, "127.0.0.1", port)
            peer, _ = listener.accept()
        peer.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, LINGER_RESET)
        peer.close()
        stream.write_eof()
        with pytest.raises(ConnectionResetError):
            await stream.read()

    asyncio.run(scenario())


def test_it_stops_reading_ahead_and_goes_on():
    async def scenario():
        stream, peer = await pair()
        stream.data_received(b"x" * READ_AHEAD)
        assert not stream.transport.is_reading()
        await stream.read()
        assert stream.transport.is_reading()
        peer.close()

    asyncio.run(scenario())
