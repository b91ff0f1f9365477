"""Repeats of secrets are found in base64 and behind escapes, in whole texts and in pieces."""

import base64
import itertools
import json
import re
import time
from collections.abc import Callable
from urllib.parse import quote, quote_plus

import pytest
from hypothesis import given
from hypothesis import strategies as st

from apispy.redaction.free_text import hide_repeats, mask_chunk
from apispy.redaction.known_secrets import MAX_OF_SESSION, MAX_SECRET_LENGTH, KnownSecrets
from apispy.redaction.program_output import LiveOutput
from tests.machine_speed import slowdown

from .hiding import replacer, token

Encoder = Callable[[str], str]


def in_base64(before: str, after: str = "", *, url_safe: bool = False) -> Encoder:
    encode = base64.urlsafe_b64encode if url_safe else base64.b64encode
    return lambda secret: encode(f"{before}{secret}{after}".encode()).decode()


def in_json(text: str) -> str:
    return json.dumps(text)[1:-1]


def of_go(text: str) -> str:
    plain = json.dumps(text, ensure_ascii=False)[1:-1]
    return plain.replace("&", "\\u0026").replace("<", "\\u003c").replace(">", "\\u003e")


def lower_percent(text: str) -> str:
    return re.sub("%..", lambda found: found[0].lower(), quote(text, safe=""))


ENCODERS: dict[str, Encoder] = {
    "plain": str,
    "JSON in ASCII": in_json,
    "JSON of Go": of_go,
    "JSON, upper case": lambda text: re.sub(r"\\u....", lambda one: "\\u" + one[0][2:].upper(), in_json(text)),
    "JSON of PHP": lambda text: in_json(text).replace("/", "\\/"),
    "JSON, every character": lambda text: "".join(
        f"\\u{int.from_bytes(bytes(two)):04x}" for two in itertools.batched(text.encode("utf-16-be"), 2)
    ),
    "JSON in JSON": lambda text: in_json(of_go(text)),
    "a URL": lambda text: quote(text, safe=""),
    "a URL, lower case": lower_percent,
    "a URL, every byte": lambda text: "".join(f"%{byte:02X}" for byte in text.encode()),
    "a URL, in part": lambda text: "".join(
        part if at % 2 and part.isascii() else "".join(f"%{byte:02x}" for byte in part.encode())
        for at, part in enumerate(text)
    ),
    "a form": quote_plus,
    "JSON in a URL": lambda text: quote(of_go(text), safe=""),
    "a URL in JSON": lambda text: in_json(quote(text)),
    **{
        f"base64 after {len(before)}, {'url-safe' if url_safe else 'standard'}, {len(after)} behind": in_base64(
            before, after, url_safe=url_safe
        )
        for before in ("", "a", "ab", "ann:")
        for after in ("", "\n", "xy")
        for url_safe in (False, True)
    },
    "base64 of JSON": lambda text: base64.b64encode(json.dumps({"a": text}).encode()).decode(),
    "base64 of JSON of Go": lambda text: base64.b64encode(of_go(text).encode()).decode(),
    "base64 in a URL": lambda text: quote(in_base64("ann:")(text), safe=""),
    "base64 in JSON of PHP": lambda text: in_base64("?>?")(text).replace("/", "\\/"),
}  # fmt: skip

SECRETS = [
    "hunter22",
    "Tr0ub4dor&3",
    "a/b?c=d\u00e4\u00d6+ <x>",
    'qu"o\\te\nx',
    "p\U0001f511ss-w0rd",
    "~~~???>>>:",
]


@pytest.mark.parametrize("secret", SECRETS)
@pytest.mark.parametrize("name", ENCODERS)
def test_a_repeat_is_hidden_in_each_encoding(name: str, secret: str) -> None:
    repeat = ENCODERS[name](secret)
    for before, after in (("no: ", " !"), ('{"a":"', '\\n"}'), ("x=", "&y=%20")):
        hiding = replacer(known_secrets={secret})
        assert hiding.known_secrets.may_be_in(before + repeat + after)
        shown = hide_repeats(hiding, before + repeat + after, "$")
        assert shown.startswith(before)
        assert shown.endswith(after)
        assert token(secret) in shown
        rest = shown.removeprefix(before).removesuffix(after).replace(token(secret), "")
        assert len(rest) <= len(repeat) - len(secret)
        assert len(hiding.found) == 1


@pytest.mark.parametrize("secret", SECRETS)
@pytest.mark.parametrize("name", ENCODERS)
def test_a_repeat_that_two_chunks_divide_is_masked(name: str, secret: str) -> None:
    """Of its beginning at the end of a chunk, fewer than four characters may be shown."""
    known, data = KnownSecrets([secret]), ENCODERS[name](secret).encode()
    whole = mask_chunk(data, known)
    hidden = [at for at, (one, other) in enumerate(zip(whole, data, strict=True)) if one != other]
    assert hidden
    assert whole.count(b"*") >= len(secret)
    for cut in range(1, len(data)):
        first, second = mask_chunk(data[:cut], known), mask_chunk(data[cut:], known, data[:cut])
        shown = [at for at in hidden if (first + second)[at] == data[at] != ord("*")]
        assert len(shown) <= (3 if name == "plain" else MAX_SHOWN)
        assert all(at < cut for at in shown)


MAX_SHOWN = 1 + 3 * 12
"""Bytes: one character beside base64, and three, of which each may be an escaped surrogate pair."""


def test_no_more_than_three_characters_of_base64_are_shown_at_the_end_of_a_piece() -> None:
    data = base64.b64encode(b"ann:hunter2-in-env")
    for cut in range(1, len(data)):
        live = LiveOutput(KnownSecrets(["hunter2-in-env"]))
        hiding = replacer()
        shown = live.piece(hiding, "raw", data[:cut]) + live.piece(hiding, "raw", data[cut:])
        rest = shown.replace(token("hunter2-in-env").encode(), b"*").rstrip(b"*")
        assert rest in [data[:size] for size in range(5, 10)]


@pytest.mark.parametrize(
    "text",
    [
        "hunter2 is not all of it",
        "aHVudGVy cGFzc3dvcmQ= is base64 of other words",
        "100%25 of \\u0068unter and %68unter21",
        '{"message":"no basic auth credentials \\u003cnil\\u003e"}',
        "sha256:" + "9f" * 32,
    ],
)
def test_other_text_stays(text: str) -> None:
    known = KnownSecrets(["hunter22"])
    assert not known.may_be_in(text)
    assert mask_chunk(text.encode(), known) == text.encode()


def test_two_repeats_that_overlap_are_hidden_as_one() -> None:
    hiding = replacer(known_secrets={"abcdefgh12", "12ijklmnop"})
    assert hide_repeats(hiding, "-abcdefgh12ijklmnop-", "$") == f"-{token('abcdefgh12')}-"


@given(
    secret=st.text(min_size=8, max_size=20),
    before=st.text(max_size=5),
    after=st.text(max_size=5),
    ways=st.lists(st.sampled_from(["plain", "json", "url"]), min_size=1, max_size=20),
)
def test_any_mixture_of_one_kind_of_escapes_is_found(
    secret: str, before: str, after: str, ways: list[str]
) -> None:
    data = secret.encode()
    mixed = b"".join(
        b"%%%02x" % byte if way == "url" or byte == 0x25 else bytes([byte])
        for byte, way in zip(data, itertools.cycle(ways))
    )
    known = KnownSecrets([secret])
    assert known.found_in(quote(before).encode() + mixed + quote(after).encode())
    escaped = "".join(
        in_json(one) if way == "json" or one in '"\\' or one < " " else one
        for one, way in zip(secret, itertools.cycle(ways))
    )
    shown = hide_repeats(replacer(known_secrets={secret}), in_json(before) + escaped + in_json(after), "$")
    assert token(secret) in shown


def test_long_secrets_are_prepared_and_searched_quickly() -> None:
    """As many as a session remembers, of the longest kind: less than 0.5 s to prepare, and 0.3 s for a megabyte."""
    secrets = [
        f"secret-{number}-{chr(33 + number % 90) * MAX_SECRET_LENGTH}"[:MAX_SECRET_LENGTH]
        for number in range(MAX_OF_SESSION)
    ]
    started = time.process_time()
    known = KnownSecrets(secrets)
    assert not known.found_in(b"secret-")
    assert known.found_in(b"x" + secrets[7].encode())
    assert time.process_time() - started < 0.5 * slowdown()
    data = (b"secret-1- " + bytes(range(32, 127))) * 10_000
    started = time.process_time()
    assert known.repeats(data) == []
    assert time.process_time() - started < 0.3 * slowdown()
