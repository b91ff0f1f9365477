"""Notes on registry credentials in a form that the daemon ignores: it goes on without them, and without an error."""

from collections.abc import Iterator

from apispy.decoders.registry_auth import IGNORED, NO_AUTH_CONFIG, why_ignored
from apispy.learn.notes.finished_call import FinishedCall
from apispy.model import is_redacted

HEADERS = {"x-registry-auth": "X-Registry-Auth", "x-registry-config": "X-Registry-Config"}


def credentials_notes(finished: FinishedCall) -> Iterator[str]:
    hidden = {one.place.lower() for one in finished.exchange.redactions if one.kind == IGNORED}
    for lower, name in HEADERS.items():
        of_hosts = lower == "x-registry-config"
        for value in finished.exchange.request.headers.all(lower):
            if not is_redacted(value.decode("latin-1")):
                why = why_ignored(value, of_hosts=of_hosts)
            else:
                why = _hidden(of_hosts) if f"request.header:{lower}" in hidden else ""
            if why:
                yield f"Docker ignores the credentials in {name}: {why}"


def _hidden(of_hosts: bool) -> str:
    return "not base64url of a JSON object by host" if of_hosts else NO_AUTH_CONFIG
