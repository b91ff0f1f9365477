"""Notes on what stands between a client and the daemon: proxies that drop an upgrade, addresses that double a slash."""

import re
from collections.abc import Iterator

from apispy.engine.json_fields import field_value
from apispy.learn.notes.finished_call import FinishedCall

UPGRADED = ("ContainerAttach", "ContainerAttachWebsocket", "ExecStart", "Grpc", "Session")
"""Operations that the daemon answers with 101 if the client asks for an upgrade."""

REDIRECTS = (301, 307, 308)
"""Statuses of a router's redirect to the path without double slashes: 301 of gorilla/mux, which dockerd uses."""

_ORIGIN = re.compile(r"^[A-Za-z][A-Za-z0-9+.-]*://[^/]*")  # of an absolute-form target


def middlebox_notes(call: FinishedCall) -> Iterator[str]:
    """Note a lost upgrade and a doubled slash."""
    request = call.exchange.request
    wanted = request.headers.text("upgrade")
    if wanted and call.status == 200 and call.operation in UPGRADED and not _is_detached(call):
        yield (
            f"the client asked for an upgrade to {wanted}, and the response is 200 instead of 101: a proxy before the "
            "daemon dropped the Upgrade header. In nginx, set proxy_http_version 1.1, proxy_set_header Upgrade "
            '$http_upgrade and proxy_set_header Connection "upgrade"'
        )
    if call.status in REDIRECTS and "//" in _ORIGIN.sub("", request.target.partition("?")[0]):
        is_lost = call.status == 301 and request.method not in ("GET", "HEAD")
        method = ", and clients follow a 301 with GET whatever the method was" if is_lost else ""
        yield (
            f"the path has a double slash, so the daemon redirects the client{method}. "
            "Leave out the slash at the end of DOCKER_HOST or of the base URL"
        )


def _is_detached(call: FinishedCall) -> bool:
    """Whether ExecStart leaves the program alone: then the daemon answers with 200, without a stream."""
    return any(field_value(value, "Detach") is True for value in call.requests)
