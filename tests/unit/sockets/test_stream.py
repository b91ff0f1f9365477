"""A connection's bytes come before its reset, and back-pressure holds."""

import asyncio
import socket

import pytest

from apispy.sockets.stream import READ_AHEAD, Stream


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


def test_it_stops_reading_ahead_and_goes_on():
    async def scenario():
        stream, peer = await pair()
        stream.data_received(b"x" * READ_AHEAD)
        assert not stream.transport.is_reading()
        await stream.read()
        assert stream.transport.is_reading()
        peer.close()

    asyncio.run(scenario())
