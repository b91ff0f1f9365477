"""Captures of tcpdump, dumpcap and Wireshark, pcap and pcapng: Docker's plain HTTP is found in them by its content."""

from collections.abc import Callable
from pathlib import Path

from apispy import engine
from apispy.importers.base import Format, Imported, Settings, register
from apispy.importers.packets import is_capture, segments
from apispy.importers.passive_connection import REQUEST, ImportResultBuilder, PassiveConnection
from apispy.importers.tcp import Conversation, Part, Peer, conversations

DOCKER_PORTS = (2375, 2376, 2377)

SHORT = " (the capture cut its packets: make it with tcpdump -s 0)"

ENCRYPTED = (
    "{client} to {server} is encrypted with TLS, and the file does not hold its keys. Let apispy stand between: "
    "apispy run -- docker ..., or record the plain side, port 2375 or the daemon's socket."
)

TLS = (b"\x16\x03", b"\x17\x03")  # a handshake, and data in the middle of a connection


def read(path: Path, settings: Settings) -> Imported:
    """The calls in a capture. Raises ApispyError when it cannot be read."""
    session = ImportResultBuilder(settings)
    for conversation in conversations(segments(path, session.notice)):
        if not settings.port or settings.port in (peer.port for peer in conversation.peers):
            _read(conversation, session, settings.port)
    if not session.exchanges:
        session.notice(
            f"there is no call of Docker's API in {path.name}. Expected HTTP that is not encrypted, recorded whole: "
            "tcpdump -i lo -s 0 -w FILE port 2375"
        )
    return session.imported()


def _read(conversation: Conversation, session: ImportResultBuilder, port: int) -> None:
    parts = list(conversation.parts())
    client = _client(conversation, parts, port)
    server = next(peer for peer in conversation.peers if peer != client)
    if any(part.data.startswith(TLS) for _, part in parts[:2]):
        if port or server.port in DOCKER_PORTS:
            session.notice(ENCRYPTED.format(client=client, server=server))
        return
    if not any(peer == client and REQUEST.match(part.data) for peer, part in parts):
        return
    overheard = PassiveConnection(
        session, str(client), f"tcp://{server}", from_start=conversation.sides[client].from_start
    )
    for peer, part in parts:
        _tell(overheard, peer == client, part)
    overheard.close()
    calls = overheard.exchanges
    if port or not calls or any(_is_known(call.request.method, call.request.target) for call in calls):
        session.exchanges.extend(calls)
    else:
        session.notice(
            f"{client} to {server}: HTTP, but no call of Docker's; left out. --port {server.port} takes it in."
        )


def _tell(overheard: PassiveConnection, from_client: bool, part: Part) -> None:
    if part.missing:
        overheard.missing(from_client, part.missing, part.at, SHORT if part.short else "")
    elif part.end == "fin":
        overheard.eof(from_client, part.at)
    elif part.end:
        overheard.lost(part.at)
    else:
        overheard.data(from_client, part.data, part.at)


def _client(conversation: Conversation, parts: list[tuple[Peer, Part]], port: int) -> Peer:
    """Who asks: who opened the connection, else who sends requests or is not answering, else not the known port."""
    one, two = conversation.peers
    if conversation.opener is not None:
        return conversation.opener
    for peer, part in parts:
        if REQUEST.match(part.data):
            return peer
        if part.data.startswith(b"HTTP/1."):
            return two if peer == one else one
    known: Callable[[Peer], bool] = lambda peer: peer.port in (port, *DOCKER_PORTS)  # noqa: E731
    return two if known(one) else one


def _is_known(method: str, target: str) -> bool:
    return engine.lookup(method, target).known


register(Format("pcap", "a pcap or pcapng file (tcpdump, Wireshark)", is_capture, read))
