"""--filter and --fault are one language, and a misspelt operation in either gets a suggestion."""

from pathlib import Path

import click.testing
import pytest

from apispy.cli.proxy import proxy
from apispy.errors import UsageError
from apispy.filters import Filter
from apispy.gate import parse

SAMPLE = Path(__file__).parents[3] / "samples/run.jsonl"


def said(*words: str) -> str:
    result = click.testing.CliRunner().invoke(proxy, list(words))
    assert isinstance(result.exception, UsageError), result.output
    return str(result.exception)


@pytest.mark.parametrize(
    ("test", "expected"),
    [
        ("op:Kontainer*", "no op of Docker's API matches Kontainer*; did you mean op:Container"),
        (
            "op:ContainerSatrt",
            "no op of Docker's API matches ContainerSatrt; did you mean op:ContainerStart?",
        ),
        ("tag:Kontainer", "no tag of Docker's API matches Kontainer; did you mean tag:Container?"),
        ("op:qqqq", "no op of Docker's API matches qqqq; as in op:Container*"),
    ],
)
def test_a_misspelt_operation_is_an_error(test: str, expected: str) -> None:
    assert expected in said("show", str(SAMPLE), "--filter", f"not ({test}) or status>=400")
    assert expected in said("run", "--fault", f"{test} reset", "--", "true")


@pytest.mark.parametrize(
    "text", ["op:?", "op:container*", "op:*", "op:ContainerList", "tag:image", 'op:"Exec*"']
)
def test_what_exists_is_accepted(text: str) -> None:
    assert not Filter.parse_typed(text).problem()


def test_an_equals_sign_is_the_same_as_a_colon() -> None:
    assert Filter.parse("status=404 op=Container* method==GET") == Filter.parse(
        "status:404 op:Container* method:GET"
    )
    assert parse("op=ContainerStart status=500").filter == Filter.parse("op:ContainerStart")
