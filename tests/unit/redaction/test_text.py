"""What is secret in text."""

import pytest

from apispy.redaction.free_text import build_step, clean, mask_chunk
from apispy.redaction.known_secrets import KnownSecrets

from .hiding import replacer, token


@pytest.mark.parametrize(
    ("text", "secret"),
    [
        ("see https://ann:hunter2@r.example/x", "ann:hunter2"),
        ("https://ghp_token@github.com/a/b.git", "ghp_token"),
        ("ssh://ann:hunter2@host", "ann:hunter2"),
        ("https://a:p@ss@r/", "a:p@ss"),
        ("https://ann:pa/ss@host", "ann:pa/ss"),
        ("see https://ann:p?a#s/s@wo@host/x now", "ann:p?a#s/s@wo"),
        ("https://u:p@host/@x", "u:p"),
        ("https://u:p@r.example/a@b", "u:p"),
        ("https://u:p@r.example:5000/@scope/a@b?c=d@e", "u:p"),
        ("https://u:p@host/x?mail=a@b", "u:p"),
        ("http://u:p@[::1]:3128/a@b", "u:p"),
        ("http://u:p@localhost/a@b", "u:p"),
        ("https://u:p@host/npm/pkg@1.2.3", "u:p"),
        (f"https://u:p@host/a@sha256:{'a' * 64}", "u:p"),
        ("mongodb://u:p@a.example,b.example:27017/x@y", "u:p"),
        ("Get https://u:p@git.example/@x: refused", "u:p"),
        ("https://a:p@ss/w@r/", "a:p@ss/w"),
        ("https://a:p@ss.word@host/", "a:p@ss.word"),
        ("https://ann:1234/5@host", "ann:1234/5"),
        ("https://ann:1234/5@r.example/x", "ann:1234/5"),
        ("https://ann:1/2/3#4@host", "ann:1/2/3#4"),
        ("https://ann.lee:70000/5@host", "ann.lee:70000/5"),
        ("https://ann.lee:01234/5@host", "ann.lee:01234/5"),
        ("https://ann:12@host", "ann:12"),
        ("docker swarm join --token SWMTKN-1-abc-def 10.0.0.1:2377", "SWMTKN-1-abc-def"),
        ("SWMKEY-1-abc", "SWMKEY-1-abc"),
        ("x-----BEGIN EC PRIVATE KEY-----\nabc\n", "-----BEGIN EC PRIVATE KEY-----\nabc\n"),
    ],
)
def test_what_can_be_told_from_the_text(text: str, secret: str) -> None:
    assert clean(replacer(), text, "") == text.replace(secret, token(secret))


@pytest.mark.parametrize(
    "text",
    [
        "ssh://git@github.com/a",
        "https://r.example/a@b",
        "https://r.example:5000/a@b",
        f"https://r.example/a@sha256:{'a' * 64}",
        f"https://r.example:5000/a:1@sha256:{'a' * 64}",
        f"docker-image://alpine:3.20@sha256:{'a' * 64}",
        "http://[::1]:8080/a@b",
        "http://localhost:8080/a@b",
        "http://127.0.0.1:8080/u/ann@mail.example",
        "https://registry:5000/a/b",
        "http://registry:4873/@scope/a",
        "http://registry:4873/a@1.2.3",
        "http://docker:2375/v1.41/x?mail=a@b",
        f"http://registry:5000/a@sha256:{'a' * 64}",
        "http://proxy:3128 ann@host",
        "mail ann@example.org",
        "-----BEGIN CERTIFICATE-----",
    ],
)
def test_what_is_no_secret_stays(text: str) -> None:
    assert clean(replacer(), text, "") == text


def test_what_was_hidden_before_is_hidden_where_it_is_quoted() -> None:
    assert clean(replacer(known_secrets={"hunter22"}), "no: hunter22!", "") == f"no: {token('hunter22')}!"


def test_the_patterns_of_the_user() -> None:
    assert clean(replacer("re:corp-[0-9]+"), "at corp-12.", "") == f"at {token('corp-12')}."


@pytest.mark.parametrize(
    ("text", "shown"),
    [
        ("|1 A=b /bin/sh -c true", "|1 A={b} /bin/sh -c true"),
        ("RUN |2 A=b C=d /bin/sh -c x=y # buildkit", "RUN |2 A={b} C={d} /bin/sh -c x=y # buildkit"),
        ("|1 A=b c /bin/sh -c true", "|1 A={b c} /bin/sh -c true"),
        ("|1 A=b X=c /bin/sh -c true", "|1 {A=b X=c} /bin/sh -c true"),  # where does A end?
        ("|1 A=b", "|1 A={b}"),
        ("|1 A=b /bin/c /bin/bash -o pipefail -c x", "|1 A={b /bin/c} /bin/bash -o pipefail -c x"),
        ("|1 A=b cmd /S /C x", "|1 A={b} cmd /S /C x"),
        ("|1 A=b zsh -c true", "|1 A={b zsh -c true}"),
        ("/bin/sh -c #(nop)  ENV A=b C=d", "/bin/sh -c #(nop)  ENV A={b} C={d}"),
        ('ENV A="b c" D=e', 'ENV A={"b c"} D={e}'),
        ("ENV A b c", "ENV A {b c}"),
        ("ARG A=b", "ARG A={b}"),
        ("ENV A=b loose", "ENV A={b} {loose} "),
        ("CMD true", "CMD true"),
        ("/bin/sh -c echo |1", "/bin/sh -c echo |1"),
    ],
)
def test_build_steps(text: str, shown: str) -> None:
    parts = shown.replace("}", "{").split("{")
    expected = "".join(token(part) if number % 2 else part for number, part in enumerate(parts))
    assert build_step(replacer(), text, "") == expected
    assert build_step(replacer(env="none"), text, "") == text


@pytest.mark.parametrize(
    ("chunk", "shown"),
    [
        (b'{"x":"https://a:b@r/"}', b'{"x":"https://***@r/"}'),
        (b'{"x":"https://a:hun', b'{"x":"https://*****'),
        (b'ter2@r/","y":1}', b'****@r/","y":1}'),
        (b'/a:hunter2@r/","y":1}', b'**********@r/","y":1}'),
        (b'"SWMTKN-1-abc"', b'"************"'),
        (b'"|1 A=\\"b /bin/sh"', b'***************"'),
        (b'{"plain": 1}', b'{"plain": 1}'),
        (b'{"x":"https://u:p@host/@x"}', b'{"x":"https://***@host/@x"}'),
        (b'{"x":"https://ann:12/34', b'{"x":"https://*********'),
        (b'{"x":"https://ann:1@a/34', b'{"x":"https://**********'),
        (b'{"x":"https://u:p@r.example/a', b'{"x":"https://***@r.example/a'),
        (b'{"x":"https://r.example:5000/34', b'{"x":"https://r.example:5000/34'),
    ],
)
def test_chunks_keep_their_size(chunk: bytes, shown: bytes) -> None:
    found = mask_chunk(chunk, KnownSecrets())
    assert len(found) == len(chunk)
    assert b"hunter2" not in found
    assert b"a:" not in found
    if len(shown) == len(chunk):
        assert found == shown


def test_chunks_that_quote() -> None:
    assert mask_chunk(b"no: hunter22", KnownSecrets(["hunter22"])) == b"no: ********"


@pytest.mark.parametrize("at", range(1, 8))
def test_a_secret_across_the_edge_of_chunks_is_starred_out(at: int) -> None:
    """But for fewer than 4 bytes at the end of the first, which may be anything."""
    text, secret = b"no: hunter22, hunter22!", "hunter22"
    first, second = text[: 4 + at], text[4 + at :]
    assert mask_chunk(first, KnownSecrets([secret])) == b"no: " + (b"*" * at if at >= 4 else b"hunter22"[:at])
    assert mask_chunk(second, KnownSecrets([secret]), first) == b"*" * (8 - at) + b", ********!"


def test_a_secret_in_many_chunks_is_starred_out() -> None:
    shown, before = b"", b""
    for byte in b"a hunter22 b":
        shown += mask_chunk(bytes([byte]), KnownSecrets(["hunter22"]), before)
        before += bytes([byte])
    assert shown == b"a hun***** b"
