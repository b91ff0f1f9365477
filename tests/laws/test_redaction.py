"""No secret passes redaction, whatever else is in the body, and whatever the secret looks like."""

import base64
import itertools
import json
import re
from collections.abc import Callable
from typing import Any
from urllib.parse import quote, quote_plus

from hypothesis import given
from hypothesis import strategies as st
from stream_strategies import JSON

from apispy.engine import OPERATIONS
from apispy.model import Body, Chunk, Direction, Exchange, Request, Response
from apispy.redaction import Policy, Redactor, bodies, free_text, json_values, parse, query
from apispy.redaction.command_forms import TEXTS
from apispy.redaction.known_secrets import KnownSecrets
from apispy.redaction.prefilter import SIGNS, StreamPrefilter, may_hold_secret
from apispy.redaction.tokens import SecretReplacer, Tokens

SECRETS = st.text(st.characters(codec="utf-8", exclude_characters="="), min_size=1, max_size=8).map(
    lambda text: f"h7{text}u7nt3r"
)
"""Any text between two ends that nothing else has."""

PLACES = sorted(
    {(row.id, secret) for row in OPERATIONS for secret in row.secrets if "createdby" not in secret.lower()}
)
BY_ID = {row.id: row for row in OPERATIONS}


def codings(secret: str) -> list[str]:
    """How *secret* may stand in text. Of base64 what does not depend on its neighbours, at each of three offsets."""
    data = secret.encode()
    found = [secret, data.hex(), quote(secret), quote_plus(secret), json.dumps(secret)[1:-1]]
    for offset in range(3):
        coded = base64.b64encode(b"x" * offset + data).decode().rstrip("=")
        found.append(coded[4 if offset else 0 : -1])
    return found


def long_s_and_kelvin(name: str) -> str:
    """*name* as Go's encoding/json takes it for the same: with characters that are not ASCII."""
    return name.replace("s", "\u017f").replace("k", "\u212a").replace("K", "\u212a")


SPELLINGS = st.sampled_from([str, str.upper, str.lower, long_s_and_kelvin])


def planted(path: list[str], secret: str, around: Any, spelled: Callable[[str], str] = str) -> Any:
    """*secret* at *path*, every object on the way with more in it, a list now and then; its names are *spelled*."""
    if not path:
        return secret
    inner = planted(path[1:], secret, around, spelled)
    if path in (["Env"], ["env"]):
        inner = [f"NAME={secret}"]
    if path[0].endswith("Proxy"):  # of the address of a proxy only the user is a secret
        inner = f"http://ann:{secret}@proxy:3128"
    value = (around if isinstance(around, dict) else {}) | {spelled(path[0]): inner}
    return [value, value] if len(path) == 2 else value


def exchange_of(operation_id: str, secret_path: str, value: Any, *, ascii_only: bool = True) -> Exchange:
    row = BY_ID[operation_id]
    direction: Direction = "request" if secret_path.startswith("request") else "response"
    data = json.dumps(value, ensure_ascii=ascii_only).encode("utf-8", "surrogatepass")
    asked = Request(row.method, row.path.replace("{", "").replace("}", ""))
    made = Exchange(1, 1, 0.0, "c", "u", asked, Response(200), end="complete")
    return made.with_stream(direction, Body((Chunk(0.1, data),), len(data)))


@given(
    place=st.sampled_from(PLACES), secret=SECRETS, around=JSON, spelled=SPELLINGS, ascii_only=st.booleans()
)
def test_no_secret_passes(
    place: tuple[str, str], secret: str, around: Any, spelled: Callable[[str], str], ascii_only: bool
) -> None:
    value = planted(place[1].split(".")[1:], secret, around, spelled)
    made = exchange_of(*place, value, ascii_only=ascii_only)
    clean = Redactor().redact(made)
    shown = repr(clean) + "".join(body.data.decode() for body in clean.streams.values())
    assert not [coding for coding in codings(secret) if coding in shown]


@given(place=st.sampled_from(PLACES), secret=SECRETS, around=JSON)
def test_redacting_again_changes_nothing(place: tuple[str, str], secret: str, around: Any) -> None:
    once = Redactor().redact(exchange_of(*place, planted(place[1].split(".")[1:], secret, around)))
    assert Redactor(tokens=Tokens(b"of another session")).redact(once) == once


SECRET_PARAMETER_HINTS = st.sampled_from([
    "https://a:b@h/", "://@", "://a:12/3@h", "http://a:7/3#4", "://a@b/c@d",
    "http://h/", "SWMTKN-1-a-b", "SWMKEY-1-c", "Env", "A=b", "|1 A=b /bin/sh -c x",
    "environment", "|1",
    "/bin/sh -c #(nop)  ENV A=b", "CreatedBy", "-----BEGIN PRIVATE KEY-----\nx", "password", "Options", "api-key",
    "Config", "access_key", "opts", "UnlockKey", "JoinToken", "name", "Value", "x",
    "Cmd", "Entrypoint", "Args", "Path", "Command", "Labels", "Action", "Processes", "basicauth.users", "my.pwd",
    "-pass", "--pwd=x", "-psecret", "-u", "a:b", "mysql", "curl", "sh -c \"curl -u a:b\"", "docker login -p x",
    "identified by 'x'", "Cookie: a=b", "ghp_0123456789abcdefghij", "Authorization: Basic eA==", "x-auth: y",
    "echo a:b | chpasswd",
    "pa\u017f\u017fword", "My\u017fecret", "to\u212aen",
    "echo x | sudo -S id", "masterauth", "ldapwhoami -w x", "rabbitmqctl add_user a b",
])  # fmt: skip
VALUES = st.recursive(
    st.none() | st.integers() | SECRET_PARAMETER_HINTS | st.text(max_size=5),
    lambda inner: (
        st.lists(inner, max_size=3)
        | st.dictionaries(SECRET_PARAMETER_HINTS | st.text(max_size=5), inner, max_size=3)
    ),
    max_leaves=8,
)


@given(value=VALUES, ascii_only=st.booleans(), cuts=st.lists(st.integers(0, 400), max_size=3))
def test_what_is_not_suspect_has_nothing_to_hide(value: Any, ascii_only: bool, cuts: list[int]) -> None:
    data = json.dumps(value, ensure_ascii=ascii_only).encode("utf-8", "surrogatepass")
    replacer = SecretReplacer(Policy(), Tokens(), KnownSecrets())
    bodies.document(replacer, json.loads(data), "$", [])
    watch = StreamPrefilter(KnownSecrets())
    edges = [0, *sorted(min(cut, len(data)) for cut in cuts), len(data)]
    for start, stop in itertools.pairwise(edges):
        watch.inspect(data[start:stop])
    assert may_hold_secret(data) or not replacer.found
    assert watch.suspect or not replacer.found


@given(value=VALUES, known=st.sampled_from([(), ("ghp_0123456789abcdefghij",), ("x",)]))
def test_parts_that_the_prefilter_rules_out_have_nothing_to_hide(value: Any, known: tuple[str, ...]) -> None:
    """They are skipped in a body whose other parts are searched."""

    def redacted(*, skipping: bool) -> tuple[object, list[object]]:
        replacer = SecretReplacer(Policy(), Tokens(b"k"), KnownSecrets(known))
        with replacer.skipping(bodies._is_plain_part if skipping else never):
            return bodies.document(replacer, value, "$", []), list(replacer.found)

    assert redacted(skipping=True) == redacted(skipping=False)


def never(replacer: SecretReplacer, name: str, value: Any) -> bool:
    return False


KEY_NAME = re.compile(rb"(?:api|access|private|secret|auth|account)[-_.]?key")
PARTS = st.sampled_from([
    *(sign.decode() for sign in SIGNS), "api", "access", "account", "key", "-", ".", "_", "://", "u:p@", "/", " ", '"',
    "\\u0041", "\\u003c", "\\/", "x", "PASS", "pas", "K\u212aey",
])  # fmt: skip


@given(st.lists(PARTS, max_size=6).map(lambda parts: " ".join(parts) if len(parts) % 2 else "".join(parts)))
def test_every_sign_makes_data_suspect(text: str) -> None:
    """The prefilter searches for all signs at once; this searches for one after the other."""
    data = text.encode()
    lower = data.lower()
    if any(mark in lower for mark in b' "\\') and (
        any(sign in lower for sign in SIGNS) or KEY_NAME.search(lower)
    ):
        assert may_hold_secret(data)
    if b"://u:p@" in lower:
        assert may_hold_secret(data)


@given(
    st.lists(PARTS | SECRET_PARAMETER_HINTS | st.text(max_size=4), max_size=5).map(" ".join)
    | SECRET_PARAMETER_HINTS
)
def test_a_plain_text_has_nothing_to_hide(text: str) -> None:
    """The full search skips texts that are plain; this searches them."""
    replacer = SecretReplacer(Policy(), Tokens(), KnownSecrets())
    shown = text
    for form in TEXTS:
        shown = form.pattern.sub("", shown)
    changed = shown != text or free_text.KNOWN.search(text) or text.startswith("|") or "#(nop)" in text
    assert not (changed and json_values._is_plain(text))
    if json_values._is_plain(text):
        assert json_values.plain_text(replacer, text, "$") == text
        assert not replacer.found


@given(secret=SECRETS, name=st.sampled_from(["buildargs", "changes", "remote", "x_token", "run"]))
def test_no_secret_passes_in_a_query(secret: str, name: str) -> None:
    values = {
        "buildargs": json.dumps({"A": secret}),
        "changes": f"ENV A {json.dumps(secret)}",
        "remote": f"https://{quote(secret, safe='')}@r/",
        "x_token": secret,
        "run": json.dumps({"Env": [f"A={secret}"]}),
    }
    target = f"/build?q=1&{name}={quote(values[name], safe='')}"
    shown = Redactor().redact(Exchange(1, 1, 0.0, "c", "u", Request("POST", target))).request.target
    assert not [coding for coding in codings(secret) if coding in shown]
    assert shown.isascii()
    assert " " not in shown


PIECES = SECRET_PARAMETER_HINTS | st.text(max_size=3) | st.sampled_from(list("/?#&=;@:%+"))


@given(st.lists(st.tuples(PIECES, st.integers(0, 3)), max_size=6), st.sampled_from(["/", "", "http://d/"]))
def test_a_target_that_is_not_suspect_has_nothing_to_hide(pieces: list[tuple[str, int]], begin: str) -> None:
    text = begin
    for piece, times in pieces:
        for _ in range(times):
            piece = quote(piece, safe="", errors="surrogatepass")
        text += piece
    replacer = SecretReplacer(Policy(rules=parse(["re:nowhere"])), Tokens(), KnownSecrets())  # searches all
    shown = query.target(replacer, text)
    assert bool(replacer.found) == (shown != text)
    assert not (replacer.found and query.has_no_secret(text))


@given(
    data=st.binary(max_size=200) | JSON.map(lambda value: json.dumps(value).encode()),
    target=st.text(max_size=30),
)
def test_anything_can_be_redacted(data: bytes, target: str) -> None:
    made = Exchange(1, 1, 0.0, "c", "u", Request("POST", target, body=Body((Chunk(0.1, data),), len(data))))
    clean = Redactor().redact(made)
    assert clean.request.body.kept >= len(data) or not clean.request.body.shown
