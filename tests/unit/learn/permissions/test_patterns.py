"""The semantics of the targets with patterns, as their sources have them."""

import pytest

from apispy.errors import UsageError
from apispy.learn.permissions.paths import Request, without_version
from apispy.learn.permissions.targets import TARGETS


def allows(target: str, text: object, line: str) -> bool:
    method, _, url = line.partition(" ")
    path, _, query = url.partition("?")
    return TARGETS[target].read(text).decide(Request(method, path, without_version(path), query)).allowed


def test_wollomatic_adds_anchors_without_a_group() -> None:
    flags = r"-allowGET=/v1\..{2}/(containers/.*|events)|/_ping"
    assert allows("wollomatic", flags, "GET /v1.44/containers/json?all=1")
    assert allows("wollomatic", flags, "GET /anything/_ping")
    assert allows("wollomatic", flags, "GET /v1.44/eventsX")
    assert not allows("wollomatic", "-allowGET=(/a|/b)", "GET /ab")


def test_wollomatic_needs_a_pattern_for_each_method() -> None:
    assert not allows("wollomatic", "-allowGET=/.*", "HEAD /_ping")
    assert allows("wollomatic", "-allowGET=/a\n-allowGET=/b", "GET /b")


@pytest.mark.parametrize(
    "text",
    [
        "- '-allowGET=/v1[.][0-9]+/info'",
        "      - -allowGET=/v1[.][0-9]+/info  # one",
        "SP_ALLOW_GET=/v1[.][0-9]+/info",
        'SP_ALLOW_GET_2: "/v1[.][0-9]+/info"',
        "socket-proxy.allow.get.1=/v1[.][0-9]+/info",
        "docker run wollomatic/socket-proxy \\\n  -allowGET=/v1[.][0-9]+/info \\",
    ],
)
def test_the_forms_in_which_people_have_patterns(text: str) -> None:
    assert allows("wollomatic", text, "GET /v1.41/info")
    assert not allows("wollomatic", text, "GET /v1x41/info")


def test_a_flag_of_wollomatic_replaces_the_variables_of_its_method() -> None:
    text = "SP_ALLOW_GET=/info\nSP_ALLOW_POST=/build\n-allowGET=/version"
    assert not allows("wollomatic", text, "GET /info")
    assert allows("wollomatic", text, "GET /version")
    assert allows("wollomatic", text, "POST /build")


@pytest.mark.parametrize("pattern", ["(?=/a)/a", r"(/a)\1", "/a++", "(?<!x)/a", "(/a"])
def test_what_go_refuses_is_an_error(pattern: str) -> None:
    with pytest.raises(UsageError, match="line 1"):
        TARGETS["wollomatic"].read(f"-allowGET={pattern}")


def test_cetusguard_has_variables_and_built_in_rules() -> None:
    text = "! lists\nGET %API_PREFIX_CONTAINERS%/%CONTAINER_ID_OR_NAME%/(json|stats)(\\?.*)?\n"
    assert allows("cetusguard", text, "GET /v1.41/containers/web/json?size=1")
    assert allows("cetusguard", text, "GET /containers/0a1b/stats")
    assert not allows("cetusguard", text, "GET /containers/web/logs")
    assert not allows("cetusguard", text, "POST /containers/web/json")
    for line in ("GET /_ping", "HEAD /v1.41/_ping", "GET /version", "GET /info"):
        assert allows("cetusguard", text, line)
    assert not allows("cetusguard", "GET %NOSUCH%", "GET /x")


def test_cetusguard_reports_the_line_that_is_no_rule() -> None:
    with pytest.raises(UsageError, match=r"line 2: expected METHOD PATTERN"):
        TARGETS["cetusguard"].read("GET /a\nget /b")


def rules(*found: tuple[str, str, str]) -> object:
    return {
        "rules": [
            {"match": {"method": method, "path": path}, "action": action} for method, path, action in found
        ]
    }


def test_sockguard_takes_the_first_rule_that_matches_a_clean_path() -> None:
    document = rules(("GET", "/containers/secret/json", "deny"), ("GET,HEAD", "/containers/*/json", "allow"))
    assert allows("sockguard", document, "GET /v1.41/containers/web/json")
    assert not allows("sockguard", document, "GET /containers/secret/json")
    assert allows("sockguard", document, "GET /v1/x/../containers//web/json/")
    assert not allows("sockguard", document, "GET /containers/a/b/json")
    assert not allows("sockguard", document, "GET /Containers/web/json")
    assert not allows("sockguard", rules(("*", "/v1.41/info", "allow")), "GET /v1.41/info")


def test_globs_of_sockguard() -> None:
    document = rules(("*", "/images/**", "allow"), ("GET", "/volumes/*", "allow"))
    for path in ("/images", "/images/json", "/images/a/b/json"):
        assert allows("sockguard", document, f"POST {path}")
    assert not allows("sockguard", document, "GET /imagesX")
    assert allows("sockguard", document, "GET /volumes/") is False
    assert not allows("sockguard", document, "GET /volumes/a/b")


@pytest.mark.parametrize("document", [None, [], {"rules": []}, {"rules": [{"match": "x"}]}, {"rules": [3]}])
def test_a_document_without_rules_is_an_error(document: object) -> None:
    with pytest.raises(UsageError):
        TARGETS["sockguard"].read(document)


def test_any_other_rego_is_refused_with_what_to_run() -> None:
    with pytest.raises(UsageError, match="opa eval"):
        TARGETS["opa"].read("package docker.authz\nallow := true\n")
