"""The steps of exported scripts.

They are the calls in the order in which they began. A step may run in the background, and its IDs may come from a new
response, because another daemon returns other ones.
"""

import math
import re
from collections.abc import Callable, Iterable, Iterator

from apispy.model import REDACTED
from apispy.outputs.base import DecodedCall
from apispy.outputs.curl import SECRET, secret_variable
from apispy.outputs.decoded_values import first_json
from apispy.outputs.escaping import escape
from apispy.outputs.exports.columns import iso_time
from apispy.outputs.outcome import outcome
from apispy.structs import Struct

ID = re.compile(r"(?:sha256:)?[0-9a-f]{64}|[0-9a-z]{25}")
"""An ID as the daemon returns it; the short form is that of swarm."""

_WORD = re.compile(r"(?:sha256:)?[0-9a-z]{12,}")

STREAM_SECONDS = 10
"""Maximum seconds for a stream that the client ended; the extra time allowed for other streams."""


REDACTED_PREFIX = REDACTED.rstrip(">")
"""The start of any text that replaces a secret, with or without a token."""

_VARIABLE = re.compile(rf"{SECRET.pattern}|(?P<word>{_WORD.pattern})")

_PLAIN = re.compile(r"[^\w .:\[\]-]", re.ASCII)


class Secret(Struct, frozen=True):
    """A secret of the requests, which the script takes from the environment variable *name*."""

    name: str  # "SECRET_3f2a91c0"
    place: str  # where it was hidden; letters, digits and the punctuation of places only


class Step(Struct, frozen=True):
    """One call of a script."""

    decoded: DecodedCall
    background: bool  # it waited for an effect of later calls
    time_limit: int  # seconds; 0: none, the call ends by itself
    id_variable: str  # stores the ID of its response; "" for none

    def has_redactions(self, text: str) -> bool:
        """Whether the request has a hidden secret without a variable in *text*, the script's text for this call."""
        exchange = self.decoded.exchange
        in_base64 = any(
            one.place.lower().startswith("request.header:x-registry-") for one in exchange.redactions
        )
        data = exchange.request.body.data
        in_body = REDACTED_PREFIX.encode() in data and not any(
            f"SECRET_{token[1]}" in text for token in SECRET.finditer(data.decode("latin-1"))
        )
        return in_base64 or in_body or REDACTED_PREFIX in text

    @property
    def title(self) -> str:
        """The title: "#2 22:13:20.006 ContainerCreate -> 201 id web (c12250feba24)", on one line."""
        exchange = self.decoded.exchange
        status = exchange.response.status if exchange.response else "no response"
        text = "; ".join(self.decoded.errors) or outcome(self.decoded)
        name = self.decoded.call.operation.id or "?"
        title = f"#{exchange.id} {iso_time(exchange.started)[11:23]} {name} -> {status} {text}".strip()
        return escape(title if exchange.end == "complete" else f"{title}, {exchange.end}")


class Script(Struct, frozen=True):
    """The steps of a script, and the variables for IDs."""

    steps: tuple[Step, ...]
    names: dict[str, str]  # variable name by ID

    def secrets(self, text: str) -> Iterator[Secret]:
        """The secrets that are variables in *text*, the calls of the script."""
        places: dict[str, str] = {}
        for step in self.steps:
            for one in step.decoded.exchange.redactions:
                where = _PLAIN.sub("", f"{one.place} of call {step.decoded.exchange.id}")
                places.setdefault(one.token, where)
        for name in dict.fromkeys(re.findall(r"\bSECRET_[0-9a-f]{8}\b", text)):
            yield Secret(name, places.get(f"<redacted:{name[7:]}>", "a secret"))

    def pieces(self, text: str) -> Iterator[tuple[str, bool]]:
        """Split *text* into (literal text, False) and (variable name for an ID or a secret, True)."""
        at = 0
        for match in _VARIABLE.finditer(text):
            if name := self._name(match["word"]) if match["word"] else secret_variable(match):
                yield text[at : match.start()], False
                yield name, True
                at = match.end()
        yield text[at:], False

    def _name(self, word: str) -> str:
        """Return the variable for a known ID or a prefix of one."""
        if word in self.names:
            return self.names[word]
        word = word.removeprefix("sha256:")
        known = (
            name for identity, name in self.names.items() if identity.removeprefix("sha256:").startswith(word)
        )
        return next(known, "")


def build_script(decoded_calls: Iterable[DecodedCall]) -> Script:
    """Build a script. It needs all calls in memory: only the end shows which of them return an ID that is used."""
    calls = sorted(decoded_calls, key=lambda decoded: (decoded.exchange.started, decoded.exchange.id))
    sources = _id_sources(calls)
    names = {identity: f"id_{count}" for count, identity in enumerate(sources.values(), 1)}
    steps = []
    for index, decoded in enumerate(calls):
        variable = names.get(sources.get(index, ""), "")
        overlapped = index + 1 < len(calls) and calls[index + 1].exchange.started < _end(decoded)
        background = _is_stream(decoded) and overlapped and not variable
        steps.append(Step(decoded, background, _time_limit(decoded), variable))
    return Script(tuple(steps), names)


def _end(decoded: DecodedCall) -> float:
    return decoded.exchange.started + decoded.exchange.duration


def _is_stream(decoded: DecodedCall) -> bool:
    return decoded.call.stays_open or decoded.exchange.tunnel is not None


def _time_limit(decoded: DecodedCall) -> int:
    """Limit streams: they may have no end, or wait for something the script does not do. Transfers have no limit."""
    took = math.ceil(min(decoded.exchange.duration, 1e6))
    if decoded.exchange.end != "complete" and decoded.exchange.response is not None:
        return max(1, min(took, STREAM_SECONDS))
    transfers = decoded.call.operation.response == "progress"
    return took + STREAM_SECONDS if _is_stream(decoded) and not transfers else 0


def _id_sources(calls: list[DecodedCall]) -> dict[int, str]:
    """Map the index of a call to the ID that it was the first to return and that a later call uses."""
    last_use = {start: index for index, decoded in enumerate(calls) for start in _mentioned(decoded)}
    found: dict[int, str] = {}
    for index, decoded in enumerate(calls):
        identity = _returned_id(decoded)
        used = last_use.get(_start(identity), -1) > index and _start(identity) not in _mentioned(decoded)
        if identity and used and identity not in found.values():
            found[index] = identity
    return found


def _returned_id(decoded: DecodedCall) -> str:
    """Return the top-level ID of a successful response."""
    response, value = decoded.exchange.response, first_json(decoded, "response")
    if response is None or response.status >= 300 or not isinstance(value, dict):
        return ""
    identity = value.get("Id") or value.get("ID")
    return identity if isinstance(identity, str) and ID.fullmatch(identity) else ""


def _mentioned(decoded: DecodedCall) -> set[str]:
    """Return the prefixes of possible IDs in a request: in its target, and in its body if that is JSON."""
    request = decoded.exchange.request
    body = request.body.data.decode("latin-1") if decoded.call.operation.request == "json" else ""
    return {_start(word) for text in (request.target, body) for word in _WORD.findall(text)}


def _start(identity: str) -> str:
    """Return the first 12 digits, which users type."""
    return identity.removeprefix("sha256:")[:12]


def with_ids(text: str, names: Script, quote: Callable[[str], str], variable: Callable[[str], str]) -> str:
    """Replace the IDs in *text* by variables: *quote* formats the literal text, *variable* the names."""
    return "".join(
        variable(piece) if is_name else quote(piece) for piece, is_name in names.pieces(text) if piece
    )
