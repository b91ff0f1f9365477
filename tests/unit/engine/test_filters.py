"""What the daemon makes of a ``filters`` parameter. The statuses are those of dockerd 20.10.24 and 28.5.2."""

import json

import pytest

from apispy.engine.filters import FILTERS, filter_problems
from apispy.engine.operations import BY_ID
from apispy.engine.parameters import parameters

ACCEPTED = (
    *("", "null", "{}", '{"status":["running"]}', '{"status":{"running":true}}', '{"status":[]}'),
    *('{"status":null}', '{"status":{}}', ' {"name":["x"]}\n', '{"name":["x",null]}', '{"name":{"x":null}}'),
    *('{"name":["a"],"name":["x"]}', '{"label":["a=b"],"is-task":["false"]}'),
)


@pytest.mark.parametrize("text", ACCEPTED)
def test_what_the_daemon_accepts_is_no_problem(text):
    assert filter_problems("ContainerList", text) == ()


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ('{"status":"running"}', 'must have a list of text for each name, such as {"status":["running"]}'),
        ('{"status":["running",1]}', "must have only text in their lists"),
        ('{"status":[true]}', "must have only text in their lists"),
        ('{"status":{"running":"true"}}', "must have only true in their objects"),
        ('{"name":{"x":1}}', "must have only true in their objects"),
        ('["status=running"]', "must be a JSON object of lists"),
        ('""', "must be a JSON object of lists"),
        ("1", "must be a JSON object of lists"),
        (
            "status=running",
            'are not JSON; the form NAME=VALUE is the CLI\'s, the API takes {"status":["VALUE"]}',
        ),
        ('{"status":["running"]', "are not JSON, such as"),
        ('{"name":[NaN]}', "are not JSON"),
        ('{"name":["x"],"status":{"running":true}}', "mix lists and objects"),
        ('{"statsu":["running"]}', "no filter 'statsu', so the daemon refuses it; did you mean status?"),
        ('{"status":["Running"]}', "takes created, restarting, running"),
        ('{"is-task":["maybe"]}', "takes true, false, 1, 0"),
    ],
)
def test_what_the_daemon_refuses_is_said(text, said):
    [problem] = filter_problems("ContainerList", text)
    assert problem.kind == "refused"
    assert said in problem.text


def test_a_misspelt_filter_of_events_is_ignored_by_the_daemon():
    [problem] = filter_problems("SystemEvents", '{"even":["die"]}')
    assert (problem.kind, problem.text) == (
        "ignored",
        "SystemEvents has no filter 'even', so Docker ignores it; did you mean event?",
    )


def test_false_is_no_negation():
    [problem] = filter_problems("ImageList", '{"reference":{"busybox":false}}')
    assert problem.kind == "not negated"


def test_a_filter_of_a_newer_version():
    assert filter_problems("ImageList", '{"until":["1h"]}', "1.51") == ()
    [problem] = filter_problems("ImageList", '{"until":["1h"]}', "1.41")
    assert problem.text == "the filter until of ImageList is available since API 1.44"


@pytest.mark.parametrize(
    "text", ['{"planted-value-%s":["planted"]}' % ("x" * 40), '{"a b\\u001b":["planted"]}', "planted\x1b=x"]
)
def test_no_problem_quotes_a_value_or_what_is_no_name(text):
    for operation in ("ContainerList", "SystemEvents", "NoSuch"):
        assert not any(
            "planted" in problem.text or "\x1b" in problem.text
            for problem in filter_problems(operation, text)
        )


def test_every_operation_with_filters_has_a_row():
    takes = {
        id for id in BY_ID if any(row.name == "filters" and row.last == "1.55" for row in parameters(id))
    }
    assert takes == set(FILTERS)


@pytest.mark.parametrize("depth", [1, 5000, 200_000])
def test_deep_nesting_is_no_trouble(depth):
    filter_problems("ContainerList", "[" * depth)
    filter_problems("ContainerList", json.dumps({"status": ["x" * depth]}))
