"""The importer of mitmproxy's flow files (``mitmdump -w FILE``)."""

from collections.abc import Iterator
from pathlib import Path
from typing import Any

from mitmproxy import flow, http, tcp
from mitmproxy.exceptions import FlowReadException
from mitmproxy.io import FlowReader

from apispy.errors import ApispyError
from apispy.importers import FORMATS, Imported, Settings, register
from apispy.importers.files import open_unpacked
from apispy.importers.formats import END_OF_TIME
from apispy.importers.messages import http_version
from apispy.importers.passive_connection import ImportResultBuilder
from apispy.model import Body, Chunk, Exchange, Headers, Request, Response, Tunnel
from apispy.proxy.flows import SIZES
from apispy.structs import replace

MAX_FILE_SIZE = 512 << 20

ADVICE = "Make a smaller one: mitmdump -nr FILE -w SMALLER FILTER"


def read(path: Path, settings: Settings) -> Imported:
    """Import the calls of a flow file. Raises ApispyError if the file is too large, or broken before its first flow."""
    session = ImportResultBuilder(settings)
    tunnels: dict[str, tcp.TCPFlow] = {}
    calls: list[http.HTTPFlow] = []
    for found in _flows(path, session):
        if isinstance(found, http.HTTPFlow):
            calls.append(found)
        elif isinstance(found, tcp.TCPFlow):
            tunnels[found.id] = found
    connections: dict[str, int] = {}
    for call in calls:
        if not 0 <= call.request.timestamp_start < END_OF_TIME:
            session.notice(f"a flow of {path.name} has an impossible start time. It is skipped.")
            continue
        number = connections.setdefault(call.client_conn.id, len(connections) + 1)
        tunnel = tunnels.get(str(call.metadata.get("docker_tcp_flow")))
        exchange = exchange_of(call, tunnel, session.limit)
        session.exchanges.append(replace(exchange, id=next(session.exchange_numbers), connection=number))
    return session.imported()


def _flows(path: Path, session: ImportResultBuilder) -> Iterator[flow.Flow]:
    count = 0
    try:
        with open_unpacked(path, MAX_FILE_SIZE, ADVICE) as file:
            for found in FlowReader(file).stream():
                count += 1
                yield found
    except ApispyError:
        raise
    except Exception as error:  # on a damaged file mitmproxy raises FlowReadException, and others too
        reason = str(error) if isinstance(error, FlowReadException) else type(error).__name__
        message = f"{path} cannot be read after flow {count}: {reason}."
        if not count:
            raise ApispyError(
                f"{message} Expected a file written by mitmdump -w or by mitmproxy's :save.file."
            ) from None
        session.notice(message)


def exchange_of(call: http.HTTPFlow, tunnel: tcp.TCPFlow | None, limit: int) -> Exchange:
    """Make the exchange of an HTTP flow, and of the TCP flow of its hijacked connection if there is one.

    At most *limit* bytes of each body are kept. The numbers of the exchange and of its connection are 1.
    """
    request, response = call.request, call.response
    sizes = call.metadata.get(SIZES)
    sizes = sizes if isinstance(sizes, dict) else {}
    started = request.timestamp_start
    end = max((started, *_moments(call, tunnel)))
    exchange = Exchange(
        id=1,
        connection=1,
        started=started,
        client=_client(call),
        upstream=f"{'https' if request.scheme == 'https' else 'tcp'}://{request.host}:{request.port}",
        request=Request(
            method=request.method,
            target=request.path,
            version=http_version(request.http_version),
            headers=Headers(tuple(request.headers.fields)),
            body=_body(request, started, limit, sizes.get("request")),
        ),
        response=_response(response, started, limit, sizes.get("response")) if response else None,
        end="complete" if response and not call.error else "cut",
        duration=end - started,
        problems=(call.error.msg,) if call.error else (),
    )
    return exchange if tunnel is None else replace(exchange, tunnel=_tunnel(exchange, tunnel, limit))


def _moments(call: http.HTTPFlow, tunnel: tcp.TCPFlow | None) -> list[float]:
    found = [call.request.timestamp_end, call.response and call.response.timestamp_end]
    found += [message.timestamp for message in tunnel.messages] if tunnel else []
    return [moment for moment in found if moment and moment < END_OF_TIME]


def _response(response: http.Response, started: float, limit: int, size: object) -> Response:
    return Response(
        status=response.status_code,
        reason=response.reason,
        version=http_version(response.http_version),
        headers=Headers(tuple(response.headers.fields)),
        body=_body(response, started, limit, size),
        at=max(0.0, (response.timestamp_start or started) - started),
    )


def _body(message: http.Message, started: float, limit: int, size: object) -> Body:
    """Return at most *limit* bytes of a body. *size*: its bytes on the wire if the file says so, else None."""
    data = message.raw_content or b""
    size = max(size, len(data)) if isinstance(size, int) else len(data)
    at = max(0.0, (message.timestamp_end or started) - started)
    trailers = Headers(tuple(message.trailers.fields)) if message.trailers else Headers()
    return Body((Chunk(at, data[:limit]),) if data else (), size, trailers, at)


def _tunnel(exchange: Exchange, tunnel: tcp.TCPFlow, limit: int) -> Tunnel:
    protocol = exchange.response.headers.text("upgrade", "raw").lower() if exchange.response else "raw"
    return Tunnel(
        protocol,
        _side([m for m in tunnel.messages if m.from_client], exchange, limit),
        _side([m for m in tunnel.messages if not m.from_client], exchange, limit),
    )


def _side(messages: list[tcp.TCPMessage], exchange: Exchange, limit: int) -> Body:
    chunks, size = [], 0
    for message in messages:
        if kept := message.content[: max(0, limit - size)]:
            chunks.append(Chunk(max(0.0, message.timestamp - exchange.started), kept))
        size += len(message.content)
    return Body(tuple(chunks), size, ended_at=exchange.duration)


def _client(call: http.HTTPFlow) -> str:
    address: Any = call.client_conn.peername
    return f"{address[0]}:{address[1]}" if address and len(address) > 1 else "a flow file's client"


register(replace(FORMATS["flows"], read=read))
