"""Captures of tcpdump, dumpcap and Wireshark, pcap and pcapng. Docker's plain HTTP is found by its content."""

from pathlib import Path

from apispy import engine
from apispy.importers.formats import Format, Imported, Settings, register
from apispy.importers.packets import is_pcap, segments
from apispy.importers.passive_connection import REQUEST, ImportResultBuilder, PassiveConnection
from apispy.importers.tcp import Conversation, Part, Peer, conversations
from apispy.tap import CLIENT_RESET, DAEMON_RESET

DOCKER_PORTS = (2375, 2376, 2377)

TRUNCATED = " (the capture truncated its packets: record it with tcpdump -s 0)"

ENCRYPTED = (
    "{client} to {server} is encrypted with TLS, and the file does not contain its keys. Record through apispy "
    "instead: apispy run -- docker ..., or record the plaintext side: port 2375 or the daemon's socket."
)

TLS_RECORDS = (b"\x16\x03", b"\x17\x03")
"""The first bytes of a handshake, and of data in the middle of a connection."""


def read(path: Path, settings: Settings) -> Imported:
    """The calls in a capture. Raises ApispyError if it cannot be read."""
    result = ImportResultBuilder(settings)
    for conversation in conversations(segments(path, result.notice)):
        if not settings.port or settings.port in (peer.port for peer in conversation.peers):
            _read(conversation, result, settings.port)
    if not result.exchanges:
        result.notice(
            f"{path.name} contains no calls of Docker's API. Expected unencrypted HTTP, recorded completely: "
            "tcpdump -i lo -s 0 -w FILE port 2375"
        )
    return result.imported()


def _read(conversation: Conversation, result: ImportResultBuilder, port: int) -> None:
    parts = list(conversation.parts())
    client = _client(conversation, parts, port)
    server = next(peer for peer in conversation.peers if peer != client)
    if any(part.data.startswith(TLS_RECORDS) for _, part in parts[:2]):
        if port or server.port in DOCKER_PORTS:
            result.notice(ENCRYPTED.format(client=client, server=server))
        return
    if not any(peer == client and REQUEST.match(part.data) for peer, part in parts):
        return
    connection = PassiveConnection(
        result, str(client), f"tcp://{server}", from_start=conversation.sides[client].from_start
    )
    for peer, part in parts:
        _feed(connection, peer == client, part)
    connection.close()
    calls = connection.exchanges
    if port or not calls or any(_is_known(call.request.method, call.request.target) for call in calls):
        result.exchanges.extend(calls)
    else:
        result.notice(
            f"skipped {client} to {server}: it is HTTP without any call of Docker's API. "
            f"To import it, use --port {server.port}."
        )


def _feed(connection: PassiveConnection, from_client: bool, part: Part) -> None:
    if part.missing:
        connection.gap(from_client, part.missing, part.at, TRUNCATED if part.truncated else "")
    elif part.end == "fin":
        connection.eof(from_client, part.at)
    elif part.end:
        connection.lost(part.at, CLIENT_RESET if from_client else DAEMON_RESET)
    else:
        connection.data(from_client, part.data, part.at)


def _client(conversation: Conversation, parts: list[tuple[Peer, Part]], port: int) -> Peer:
    """The client: the peer that opened the connection; else the one that sends the requests or receives the responses;
    else the one whose port is not a known daemon's."""
    one, two = conversation.peers
    if conversation.opener is not None:
        return conversation.opener
    for peer, part in parts:
        if REQUEST.match(part.data):
            return peer
        if part.data.startswith(b"HTTP/1."):
            return two if peer == one else one
    return two if one.port in (port, *DOCKER_PORTS) else one


def _is_known(method: str, target: str) -> bool:
    return engine.lookup(method, target).known


register(Format("pcap", "a pcap or pcapng file (tcpdump, Wireshark)", is_pcap, read))
