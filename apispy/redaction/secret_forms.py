"""The encodings in which a repeat of a secret is found: base64, and escapes of JSON and URLs."""

import base64
import json
import re
from bisect import bisect_right
from collections.abc import Iterable, Iterator
from functools import cached_property, lru_cache

from apispy.redaction.word_search import WordSearch
from apispy.structs import Struct

MIN_ENCODED = 8
"""Bytes of the shortest secret that is searched in base64. There it has 10 characters or more."""

MAX_LAYERS = 2
"""How often escapes are decoded, one time in the result of the other: JSON may be in JSON, or in a URL."""

ESCAPED_SIZE = 8
"""Bytes of the longest escape of one byte: ``%5Cu0041``, JSON in a URL."""

MAX_INCOMPLETE = 11
"""Bytes of the longest escape that is not complete, of a surrogate pair."""

_KEY = 8
"""The first bytes of a form, for which all data is searched; the others are compared where these are found."""

MIN_MASKED_PREFIX = 4
"""Bytes of a form at the end of a chunk that are masked before it is known whether the rest follows."""

_HEX = rb"[0-9a-fA-F]"
_HIGH = rb"u[dD][89abAB]%b{2}" % _HEX  # the first half of a surrogate pair
_BEGUN = rb"\\(?:u%b{0,3})?" % _HEX
_UNICODE = rb"(?!%b(?:%b)?\Z)u%b{4}" % (_HIGH, _BEGUN, _HEX)  # but not a half at the end, without the other
_PAIR = rb"%b\\u[dD][c-fC-F]%b{2}" % (_HIGH, _HEX)
_INCOMPLETE = re.compile(rb"(?:\\%b(?:%b)?|%b|%%%b?)\Z" % (_HIGH, _BEGUN, _BEGUN, _HEX))
_NAMED = (
    (b'"', b'"'),
    (b"\\", b"\\"),
    (b"b", b"\b"),
    (b"f", b"\f"),
    (b"n", b"\n"),
    (b"r", b"\r"),
    (b"t", b"\t"),
)
"""The letters of the escapes of JSON that have a name, without the slash, with their characters."""

_IN_BASE64 = frozenset(b"ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/-_")


def encoded(text: str) -> bytes:
    """*text* in UTF-8. Surrogates in it are bytes that were not UTF-8, or else escapes of JSON."""
    try:
        return text.encode("utf-8", "surrogateescape")
    except UnicodeEncodeError:
        return text.encode("utf-8", "surrogatepass")


def changed(text: str, edits: Iterable[tuple[int, int, str]]) -> str:
    """*text* with parts of its ``encoded`` form replaced, given by start, stop and what is there then, in order."""
    data = encoded(text)
    shown, end = b"", 0
    for start, stop, new in edits:
        shown += data[end:start] + new.encode()
        end = stop
    return (shown + data[end:]).decode("utf-8", "surrogateescape")


class Form(Struct, frozen=True):
    """How a secret may be written. *before* and *after*: characters beside the word that hold some of its bits."""

    word: bytes
    secret: str
    before: int = 0
    after: int = 0
    is_plain: bool = False


def forms_of(secret: str) -> Iterator[Form]:
    """The forms that are searched for, apart from escapes: plain, with "+" for spaces, and in base64."""
    plain = encoded(secret)
    yield Form(plain, secret, is_plain=True)
    if b" " in plain:
        yield Form(plain.replace(b" ", b"+"), secret)
    if len(plain) < MIN_ENCODED:
        return
    in_json = json.dumps(secret, ensure_ascii=False)[1:-1]
    of_go = in_json.replace("&", "\\u0026").replace("<", "\\u003c").replace(">", "\\u003e")
    for data in dict.fromkeys((plain, encoded(in_json), encoded(of_go), json.dumps(secret)[1:-1].encode())):
        for offset in range(3):
            yield from _in_base64(data, secret, offset)


def _in_base64(data: bytes, secret: str, offset: int) -> Iterator[Form]:
    """*data* in base64 after *offset* other bytes, without the characters that depend on its neighbours."""
    bits = (offset + len(data)) * 8
    word = base64.b64encode(bytes(offset) + data)[-(-offset * 8 // 6) : bits // 6]
    before, after = int(offset > 0), int(bits % 6 > 0)
    yield Form(word, secret, before, after)
    if b"+" in word or b"/" in word:
        yield Form(word.replace(b"+", b"-").replace(b"/", b"_"), secret, before, after)


class Escapes(Struct, frozen=True):
    """A kind of escapes. Data with escapes that matter has the *mark* and a *sign*; a *run* is one or several."""

    mark: bytes
    sign: re.Pattern[bytes]
    one: re.Pattern[bytes]
    run: re.Pattern[bytes]


_OF_URLS = Escapes(
    b"%",
    re.compile(rb"%%%b{2}" % _HEX),
    re.compile(rb"%%%b{2}" % _HEX),
    re.compile(rb"%%%b{2}(?:%%%b{2})*" % (_HEX, _HEX)),
)


def _of_json(letters: bytes) -> Escapes:
    """The escapes of JSON: by code, and those of *letters* after a backslash."""
    letters = re.escape(letters)
    named = rb"[%b\\]" % letters  # a backslash is one too: what follows it is not
    return Escapes(
        b"\\",
        re.compile(rb"\\[u%b]" % letters),
        re.compile(rb"\\(?:%b|%b|%b)" % (_PAIR, _UNICODE, named)),
        re.compile(rb"\\(?:%b(?:\\%b)*|%b)" % (_UNICODE, _UNICODE, named)),
    )


class Layer:
    """Data, or the data of the layer *below* with *escapes* decoded."""

    def __init__(self, data: bytes, below: "Layer | None" = None, escapes: Escapes | None = None) -> None:
        self.data = data
        self._below, self._escapes = below, escapes

    def decoded(self, escapes: Escapes) -> "Layer":
        return Layer(escapes.run.sub(_characters, self.data), self, escapes)

    def place(self, start: int, stop: int) -> tuple[int, int]:
        """Where the bytes from *start* to *stop*, one or more, are in the original data."""
        if self._below is None:
            return start, stop
        return self._below.place(self._raw(start)[0], self._raw(stop - 1)[1])

    def _raw(self, at: int) -> tuple[int, int]:
        """The start and stop, in the layer below, of what the byte at *at* was decoded from."""
        starts, escapes = self._places
        number = bisect_right(starts, at) - 1
        if number < 0:
            return at, at + 1
        stop, raw_start, raw_stop = escapes[number]
        if at < stop:
            return raw_start, raw_stop
        return raw_stop + at - stop, raw_stop + at - stop + 1

    @cached_property
    def _places(self) -> tuple[list[int], list[tuple[int, int, int]]]:
        """The start of each escape in this layer; its stop there, and its start and stop in the layer below."""
        assert self._below is not None
        assert self._escapes is not None
        starts, places, shorter = [], [], 0
        for found in self._escapes.one.finditer(self._below.data):
            start, size = found.start() - shorter, len(_characters(found))
            starts.append(start)
            places.append((start + size, found.start(), found.end()))
            shorter += len(found[0]) - size
        return starts, places


def _characters(found: re.Match[bytes]) -> bytes:
    run = found[0]
    return (_decoded_cached if len(run) <= MAX_CACHED_LENGTH else _decoded)(run)


def _decoded(run: bytes) -> bytes:
    if run[:1] == b"%":
        return bytes.fromhex(run.replace(b"%", b" ").decode())
    text: str = json.loads(b'"%b"' % run)
    return text.encode("utf-8", "surrogatepass")


MAX_CACHED, MAX_CACHED_LENGTH = 4096, 12
"""The size of the cache of escapes, and the bytes of the longest ones in it."""

_decoded_cached = lru_cache(MAX_CACHED)(_decoded)


class FormSearch:
    """Searches data for the *forms* of some secrets."""

    def __init__(self, forms: Iterable[Form]) -> None:
        self._forms: dict[bytes, Form] = {}
        for form in forms:
            self._forms.setdefault(form.word, form)
        plain = [form.word for form in self._forms.values() if form.is_plain]
        self.lookback = ESCAPED_SIZE * max(map(len, plain), default=0)
        self._longest = max(map(len, self._forms), default=0)
        self._sizes = _sizes(self._forms, _KEY)
        self._keys = WordSearch(self._sizes, changing=True)
        named = [letter for letter, character in _NAMED if any(character in word for word in plain)]
        self._of_json = _of_json(b"/" + b"".join(named))

    def is_in(self, data: bytes) -> bool:
        """Whether one of the secrets is in *data*."""
        return any(next(self._hits(layer.data), None) is not None for layer in self._layers(data))

    def found(self, data: bytes) -> Iterator[tuple[int, int, str]]:
        """The start, stop and secret of each place; those of different forms may overlap."""
        for layer in self._layers(data):
            for start, form in self._hits(layer.data):
                start, stop = _with_neighbours(layer.data, start, form)
                yield (*layer.place(start, stop), form.secret)

    def begun(self, data: bytes) -> int:
        """Where a form begins that may go on after *data*, with MIN_MASKED_PREFIX bytes or more; else the end."""
        skipped = max(0, len(data) - self.lookback - MAX_INCOMPLETE)
        starts = [len(data) - skipped]
        for layer in self._layers(data[skipped:]):
            incomplete = _INCOMPLETE.search(layer.data, max(0, len(layer.data) - MAX_INCOMPLETE))
            for end in (len(layer.data), incomplete.start()) if incomplete else (len(layer.data),):
                at = self._begun_in(layer.data[:end])
                if at < end:
                    starts.append(layer.place(at, end)[0])
        return skipped + min(starts)

    def _begun_in(self, data: bytes) -> int:
        search, forms = self._beginnings
        tail = data[max(0, len(data) - self._longest + 1) :]
        for start, key in sorted(search.places(tail)):
            end = tail[start:]
            for form in forms[key]:
                if len(end) < len(form.word) and form.word.startswith(end):
                    return _with_neighbours(data, len(data) - len(tail) + start, form)[0]
        return len(data)

    @cached_property
    def _beginnings(self) -> tuple[WordSearch, dict[bytes, list[Form]]]:
        found: dict[bytes, list[Form]] = {}
        for word, form in self._forms.items():
            found.setdefault(word[:MIN_MASKED_PREFIX], []).append(form)
        return WordSearch(found, changing=True), found

    def _layers(self, data: bytes) -> Iterator[Layer]:
        """*data*, and what its escapes hide if there are any that may hide a secret."""
        layers = [Layer(data)]
        for _ in range(MAX_LAYERS):
            yield from layers
            layers = [above for layer in layers for above in self._decoded(layer)]
            if not layers:
                return
        yield from layers

    def _decoded(self, layer: Layer) -> Iterator[Layer]:
        for escapes in (self._of_json, _OF_URLS):
            if escapes.mark in layer.data and escapes.sign.search(layer.data):
                yield layer.decoded(escapes)

    def _hits(self, data: bytes) -> Iterator[tuple[int, Form]]:
        for start, key in self._keys.places(data):
            for size in self._sizes[key]:
                form = self._forms.get(data[start : start + size])
                if form is not None:
                    yield start, form
                    break


def _sizes(words: Iterable[bytes], key: int) -> dict[bytes, list[int]]:
    """The sizes of the words by their first *key* bytes, the longest first."""
    found: dict[bytes, set[int]] = {}
    for word in words:
        found.setdefault(word[:key], set()).add(len(word))
    return {begin: sorted(sizes, reverse=True) for begin, sizes in found.items()}


def _with_neighbours(data: bytes, start: int, form: Form) -> tuple[int, int]:
    """The place of a form, with the characters of base64 beside it that hold some of its bits."""
    stop = start + len(form.word)
    before = form.before if start and data[start - 1] in _IN_BASE64 else 0
    after = form.after if stop < len(data) and data[stop] in _IN_BASE64 else 0
    return start - before, stop + after
