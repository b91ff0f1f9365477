"""TLS with separate ends of the two directions, tested against Python's ssl module."""

import asyncio
import ssl
from pathlib import Path

import pytest

from apispy.endpoints import Endpoint, Listen
from apispy.errors import ApispyError
from apispy.sockets import Stream, TlsStream, dial, listening_context, open_listener
from tests.certificates import CLIENT, SERVER, issue_cert


@pytest.fixture
def certs(tmp_path: Path) -> Path:
    ca = issue_cert("a CA", ca=True)
    issue_cert("server", ca, usages=(SERVER,)).write(tmp_path, "server.pem", "server-key.pem", ca)
    issue_cert("client", ca, usages=(CLIENT,)).write(tmp_path, "cert.pem", "key.pem")
    return tmp_path


def client_context(certs: Path, *, certificate: bool = True) -> ssl.SSLContext:
    context = ssl.create_default_context(cafile=str(certs / "ca.pem"))
    context.verify_flags &= (
        ~ssl.VERIFY_X509_STRICT
    )  # as OpenSSL and Go have it; the forged CA says little of itself
    if certificate:
        context.load_cert_chain(certs / "cert.pem", certs / "key.pem")
    return context


async def pair(certs: Path, *, certificate: bool = True) -> tuple[TlsStream, TlsStream]:
    """Return (server, client) after their handshakes."""
    accepted: asyncio.Future[Stream] = asyncio.get_running_loop().create_future()
    listener = await open_listener(Listen("tcp", "127.0.0.1", 0, ""), accepted.set_result)
    theirs = await dial(Endpoint("tcp", "127.0.0.1", listener.where.port, "", "", None))
    context = listening_context(certs / "ca.pem", certs / "server.pem", certs / "server-key.pem")
    server = TlsStream(await accepted, context)
    client = TlsStream(theirs, client_context(certs, certificate=certificate), "127.0.0.1")
    listener.close()
    await asyncio.gather(server.handshake(), client.handshake())
    return server, client


def test_each_way_ends_for_itself(certs: Path) -> None:
    async def talk() -> list[bytes]:
        server, client = await pair(certs)
        client.write(b"question")
        client.write_eof()
        heard = [await server.read(), await server.read()]
        server.write(b"answer, " * 20_000)
        server.write(b"late")
        server.write_eof()
        said = b""
        while piece := await client.read():
            said += piece
        server.close()
        client.close()
        return [*heard, said]

    assert asyncio.run(talk()) == [b"question", b"", b"answer, " * 20_000 + b"late"]


def test_a_client_without_a_certificate_fails(certs: Path) -> None:
    with pytest.raises(OSError, match=r"(?i)certificate"):
        asyncio.run(pair(certs, certificate=False))


def test_certificates_that_cannot_be_used_are_named(tmp_path: Path) -> None:
    with pytest.raises(ApispyError, match="cannot be used"):
        listening_context(tmp_path / "a", tmp_path / "b", tmp_path / "c")
