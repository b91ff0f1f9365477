"""A secret is planted in every place of planted.py, and looked for in everything that apispy shows."""

import base64
import json
from collections.abc import Callable, Iterable
from functools import cache
from urllib.parse import quote

import pytest
from planted_secrets import PLACES, RULES, escaped, percent
from sessions import Wire
from test_golden import VIEWS

from apispy.app.export import exporters
from apispy.capture.format import to_json
from apispy.fixtures.tidy import encode_document, tidy
from apispy.model import Chunk, Direction, Item
from apispy.outputs import Console, DecodedCall, JsonLines, Output
from apispy.outputs.exports import Exporter
from apispy.pipeline import Pipeline
from apispy.redaction import Policy, Redactor, parse

CORE = "hunter2planted"
"""What is looked for; the secrets around it differ."""


class Everything(Output):
    """An output that writes down all it is told: more than any other can show."""

    def __init__(self, write: Callable[[str], None]) -> None:
        self._write = write

    def opened(self, reading: DecodedCall) -> None:
        self._write(repr(reading))

    def item(self, reading: DecodedCall, direction: Direction, item: Item) -> None:
        self._write(repr((reading, item)))

    def chunk(self, reading: DecodedCall, direction: Direction, offset: int, chunk: Chunk) -> None:
        self._write(repr((reading, chunk)))

    def write(self, reading: DecodedCall) -> None:
        bodies = [body.data.decode("latin-1") for body in reading.exchange.streams.values()]
        self._write(repr((reading, bodies)))

    def notice(self, text: str, at: float) -> None:
        self._write(text)

    def close(self) -> None:
        pass


ALL: dict[str, Callable[[Callable[[str], None]], Output]] = VIEWS | {
    "json-v": lambda write: JsonLines(write, verbosity=1),
    "json-vvv": lambda write: JsonLines(write, verbosity=3),
    "console-vvv-80": lambda write: Console(write, verbosity=3, columns=lambda: 80),
    "everything": Everything,
}


def codings(text: str) -> list[str]:
    """*text* as it may stand in what is shown: plain, in base64 at three offsets, in hexadecimal, escaped."""
    found = [text, text.encode().hex(), text.encode().hex(" "), quote(text), json.dumps(text)[1:-1]]
    found += [escaped(text), escaped(text).replace("\\", "\\\\"), percent(text), percent(text).lower()]
    for offset in range(3):
        coded = base64.b64encode(b"x" * offset + text.encode()).decode().rstrip("=")
        found += [
            coded[4 if offset else 0 : -2],
            coded[4 if offset else 0 : -2].replace("+", "-").replace("/", "_"),
        ]
    return found


@cache
def wire_of(place: str) -> Wire:
    wire = Wire()
    PLACES[place](wire.connect(), f"s{CORE}{len(place)}")
    return wire


def shown(place: str, policy: Policy, names: Iterable[str] = ALL) -> dict[str, str]:
    """What each output, or each of those *names*, makes of one place."""
    texts: dict[str, list[str]] = {name: [] for name in names}
    pipeline = Pipeline([ALL[name](parts.append) for name, parts in texts.items()], redactor=Redactor(policy))
    for event in wire_of(place).events:
        pipeline.feed(event)
    pipeline.close()
    return {name: "".join(parts) for name, parts in texts.items()}


class Collected(Output):
    """An output that keeps the finished calls."""

    def __init__(self) -> None:
        self.calls: list[DecodedCall] = []

    def write(self, reading: DecodedCall) -> None:
        self.calls.append(reading)

    def notice(self, text: str, at: float) -> None:
        pass

    def close(self) -> None:
        pass


def files(place: str, policy: Policy) -> dict[str, str]:
    """The files that can be made of one place: a capture, a fixture, and each export."""
    collected = Collected()
    pipeline = Pipeline([collected], redactor=Redactor(policy))
    for event in wire_of(place).events:
        pipeline.feed(event)
    pipeline.close()
    exchanges = [call.exchange for call in collected.calls]
    found = {name: written(exporter, collected.calls) for name, exporter in exporters().items()}
    found["capture"] = "".join(json.dumps(to_json(exchange)) for exchange in exchanges)
    found["fixture"] = encode_document(tidy(exchanges, policy=policy)).decode()
    return found


def written(exporter: Exporter, calls: list[DecodedCall]) -> str:
    pieces = exporter.export(calls)
    return "".join(piece.decode("latin-1") if isinstance(piece, bytes) else piece for piece in pieces)


POLICY = Policy(rules=parse(RULES))


def needs_rules(place: str) -> bool:
    return place.startswith("rule, ")


@pytest.mark.parametrize("place", PLACES)
def test_no_secret_is_shown(place: str) -> None:
    policy = POLICY if needs_rules(place) else Policy()
    leaks = {
        (name, coding)
        for name, text in shown(place, policy).items()
        for coding in codings(CORE)
        if coding in text
    }
    assert not leaks


@pytest.mark.parametrize("place", PLACES)
def test_no_secret_is_in_a_file(place: str) -> None:
    made = files(place, POLICY if needs_rules(place) else Policy())
    assert {"curl", "har", "html", "markdown", "pcapng", "csv", "capture", "fixture"} <= made.keys()
    assert not {(name, coding) for name, text in made.items() for coding in codings(CORE) if coding in text}


@pytest.mark.parametrize("grpc", ["gRPC", "native gRPC"])
def test_a_fixture_has_the_rest_of_a_message(grpc: str) -> None:
    """So that a secret beside it would be there too if it was not hidden."""
    fixture = json.loads(files(f"{grpc}, a build argument", Policy())["fixture"])
    assert '"Frontend": "dockerfile.v0", "FrontendAttrs": {"build-arg:A": "<redacted:' in json.dumps(fixture)


@pytest.mark.parametrize("place", PLACES)
def test_with_rules_of_the_user_there_is_no_less_hidden(place: str) -> None:
    assert not [name for name, text in shown(place, POLICY).items() if CORE in text]


@pytest.mark.parametrize("place", PLACES)
def test_it_is_planted(place: str) -> None:
    """The tests above would notice: the secret is on the wire, and shown on demand."""
    said = wire_of(place).said.decode("latin-1")
    assert any(coding in said for coding in codings(CORE))
    everything = shown(place, Policy(show_secrets=True), ["everything"])["everything"]
    assert any(coding in everything for coding in codings(CORE))


@pytest.mark.parametrize("place", PLACES)
def test_it_is_reported(place: str) -> None:
    redactor = Redactor(POLICY)
    pipeline = Pipeline([], redactor=redactor)
    for event in wire_of(place).events:
        pipeline.feed(event)
    assert sum(redactor.report().values()) >= 1


def test_there_are_many() -> None:
    assert len(PLACES) >= 60
