"""Laws of the rules that `apispy permissions --for` writes, over all samples and all targets.

They allow every call of their capture; refuse a request that no call made; mean after being read what they meant when
they were written; have no rule that no call needs; and have no pattern that RE2 and Python would read differently.
"""

import re
import re._constants as codes
import re._parser as parser
from functools import cache
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from apispy.app.decoded_calls import read_files
from apispy.engine import lookup
from apispy.importers import yaml_values
from apispy.learn.permissions import TARGETS, Check, Usage, write_rules
from apispy.learn.permissions.paths import Request, compiled, decoded_path, parts_of, pattern_of
from apispy.learn.permissions.targets import Policy, Target
from apispy.outputs import DecodedCall

SAMPLES = sorted(Path(__file__).parents[2].joinpath("samples").glob("*.jsonl"))
EXACT = ("wollomatic", "sockguard", "opa", "apispy")
"""Targets that can say exactly what is needed. CetusGuard's built-in rules open three operations more."""


@cache
def calls_of(sample: Path) -> list[DecodedCall]:
    return [decoded for decoded, _ in read_files((sample,))]


@cache
def usage_of(sample: Path) -> Usage:
    usage = Usage()
    for decoded in calls_of(sample):
        usage.add(decoded)
    return usage


@cache
def all_requests() -> set[Request]:
    """The requests of all samples."""
    return {request_of(decoded) for sample in SAMPLES for decoded in calls_of(sample)}


def policy_of(target: Target, text: str) -> Policy:
    return target.read(yaml_values.load(text) if target.reads == "yaml" else text)


@cache
def written(name: str, sample: Path) -> Policy:
    """The policy of the file that is written, after reading it."""
    return policy_of(TARGETS[name], "\n".join(write_rules(TARGETS[name], usage_of(sample))))


CASES = pytest.mark.parametrize(
    ("name", "sample"),
    [(name, sample) for name in TARGETS for sample in SAMPLES],
    ids=lambda one: getattr(one, "stem", one),
)


@CASES
def test_every_call_of_the_capture_is_allowed(name: str, sample: Path) -> None:
    check = Check(written(name, sample))
    for decoded in calls_of(sample):
        check.add(decoded)
    assert check.calls == usage_of(sample).calls > 0
    assert check.refused == []


@CASES
def test_a_mutated_request_is_refused(name: str, sample: Path) -> None:
    """Another method, and a path that is longer at its beginning or end (names of images may have slashes)."""
    policy = written(name, sample)
    for decoded in calls_of(sample):
        request = request_of(decoded)
        other = Request("PATCH", request.full_path, request.path)
        section = name in ("tecnativa", "linuxserver")
        if not (section and policy.decide(Request("POST", request.full_path, request.path)).allowed):
            assert not policy.decide(other).allowed, request
        if name != "apispy":  # which finds operations under a base path
            longer = Request(request.method, f"/x{request.full_path}", f"/x{request.path}")
            assert not policy.decide(longer).allowed, request
        if not section and name != "apispy" and decoded.call.operation.id != "ImageDelete":
            assert not policy.decide(
                Request(request.method, f"{request.full_path}/x/y", request.path)
            ).allowed


@CASES
def test_a_file_means_after_reading_what_it_meant_when_written(name: str, sample: Path) -> None:
    policy, again = TARGETS[name].grant(usage_of(sample)).policy, written(name, sample)
    assert list(policy.rules) == list(again.rules)
    for request in all_requests():
        assert policy.decide(request) == again.decide(request)


@CASES
def test_no_rule_is_superfluous(name: str, sample: Path) -> None:
    check = Check(written(name, sample))
    for decoded in calls_of(sample):
        check.add(decoded)
    assert [rule for rule in check.unused if not rule.startswith("built in")] == []


@pytest.mark.parametrize("name", EXACT)
@pytest.mark.parametrize("sample", SAMPLES, ids=lambda one: one.stem)
def test_an_exact_target_opens_nothing_else(name: str, sample: Path) -> None:
    text = "\n".join(write_rules(TARGETS[name], usage_of(sample)))
    assert "They open no other operation." in text
    policy = written(name, sample)
    allowed = {one.call.operation.id for one in calls_of(sample)}
    for request in all_requests():
        if lookup(request.method, request.full_path).operation.id not in allowed:
            assert not policy.decide(request).allowed


def request_of(decoded: DecodedCall) -> Request:
    return Request.of_call(decoded.call, decoded.exchange.request.method, decoded.exchange.request.target)


# -- patterns --

ALLOWED = {
    codes.LITERAL, codes.NOT_LITERAL, codes.IN, codes.RANGE, codes.NEGATE, codes.SUBPATTERN, codes.MAX_REPEAT,
    codes.BRANCH, codes.ANY,
}  # fmt: skip
"""Elements that RE2 (github.com/google/re2/wiki/Syntax) and Python read alike, if no flag is set.

Excluded are classes such as \\d, which are ASCII in RE2 and Unicode in Python; look-arounds, backreferences, atomic
groups and possessive quantifiers, which RE2 does not have; and lazy quantifiers, which nothing needs.
"""


def elements(pattern: str) -> set[Any]:
    return set(_elements(parser.parse(pattern)))


def _elements(tree: Any) -> Any:
    for operator, argument in tree:
        yield operator
        parts = argument if isinstance(argument, list | tuple) else [argument]
        for part in parts:
            if isinstance(part, parser.SubPattern):
                yield from _elements(part)
            elif operator is codes.BRANCH and isinstance(part, list):
                for branch in part:
                    yield from _elements(branch)
            elif operator is codes.IN:
                yield part[0]


@pytest.mark.parametrize("sample", SAMPLES, ids=lambda one: one.stem)
def test_patterns_are_read_alike_by_re2_and_python(sample: Path) -> None:
    for permission in usage_of(sample).permissions:
        pattern = pattern_of(permission.parts)
        assert elements(pattern) <= ALLOWED, pattern
        assert pattern.isascii()
        assert not set(pattern) & set("\\$^ '\"{}\n") - {"^"}, pattern  # quoting; ^ only begins a class
        assert "^" not in pattern.replace("[^", ""), pattern


def test_the_test_of_patterns_would_notice() -> None:
    for pattern in (r"\d+", "(?=a)b", "a++", "(?>a)", r"(a)\1", "a*?", r"\bword"):
        assert not elements(pattern) <= ALLOWED, pattern


PATHS = st.text(st.sampled_from("/ab1.-_:@%20$^*\\'\"{}[]()+?\n\x00é"), max_size=30)


@given(PATHS)
def test_every_path_has_a_pattern_that_matches_it(path: str) -> None:
    call = lookup("GET", f"/{path.replace('?', '')}")
    pattern = pattern_of(parts_of(call))
    assert compiled(pattern).fullmatch(decoded_path(call))
    assert elements(pattern) <= ALLOWED
    assert not set(pattern) & set("\\$'\"{}\n"), pattern


@given(
    PATHS, st.sampled_from(["/containers/{}/json", "/images/{}/json", "/networks/{}", "/v1.41/volumes/{}"])
)
def test_every_name_is_allowed_by_the_rules_for_it(name: str, template: str) -> None:
    call = lookup("GET", template.format(name.replace("?", "") or "x"))
    pattern = pattern_of(parts_of(call))
    assert re.compile(pattern).fullmatch(decoded_path(call))
