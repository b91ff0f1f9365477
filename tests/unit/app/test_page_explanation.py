"""What a served page gets of `apispy explain`: the explanation of requests, and of nothing else."""

import asyncio
import json
from typing import Any
from urllib.parse import quote

import pytest

from apispy.app.page_explanation import explanation
from apispy.app.web import WebRequest
from apispy.learn.explain import question_page

HOSTILE = "<img src=x onerror=alert(1)>\x1b[31m\u202e"


def ask(line: str | None) -> dict[str, Any]:
    query = "" if line is None else f"request={quote(line)}"
    answer = asyncio.run(explanation(WebRequest("GET", "/explain", query, ())))
    assert (answer.status, answer.content_type) == (200, "application/json; charset=utf-8")
    assert answer.body.isascii()
    found: dict[str, Any] = json.loads(answer.body)
    return found


def test_a_request_is_explained_as_in_the_terminal():
    line = "GET /v1.41/containers/json?all=1&nonsense=2"
    lines = ask(line)["lines"]
    assert [one[0] for one in lines] == [one.text for one in question_page(line, width=110).lines]
    assert any("nonsense" in one[0] for one in lines)


@pytest.mark.parametrize(
    "line",
    [None, "", "docker run -it busybox", "curl --unix-socket /s http://d/info", "restart", "GET", "GET x y",
     "GET /info\nGET /version", "BREW /info", f"GET /{HOSTILE}", "a" * 30 + " /info", "GET /v1.41/nothing"],
)  # fmt: skip
def test_other_words_are_a_problem_in_a_sentence(line: str | None):
    answer = ask(line)
    assert list(answer) == ["problem"]
    assert answer["problem"].strip()


def test_a_request_that_is_given_twice_is_none():
    answer = asyncio.run(
        explanation(WebRequest("GET", "/explain", "request=GET%20/info&request=GET%20/version", ()))
    )
    assert b"problem" in answer.body
