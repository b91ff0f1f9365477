"""The fixtures of Compose v2 and buildx in samples/fixtures are those that `apispy fixture tidy` makes of the samples.

``make golden`` rewrites them.
"""

from collections.abc import Callable
from pathlib import Path

import click.testing
import pytest

from apispy.cli.proxy import proxy
from apispy.fixtures import encode_document, tidy
from apispy.fixtures.files import load
from apispy.redaction import Policy

SAMPLES = Path(__file__).parents[2] / "samples"
FIXTURES = sorted(SAMPLES.glob("fixtures/*.json"))


@pytest.mark.parametrize("name", ["compose2", "buildx"])
def test_it_is_made_of_the_sample(name: str, expect: Callable[[Path, str], None]) -> None:
    document = tidy(*load(SAMPLES / f"{name}.jsonl"), Policy())
    expect(SAMPLES / f"fixtures/{name}.json", encode_document(document).decode())


@pytest.mark.parametrize("path", FIXTURES, ids=lambda path: path.stem)
def test_it_is_tidy_and_can_be_played(path: Path) -> None:
    result = click.testing.CliRunner().invoke(proxy, ["fixture", "check", str(path)], standalone_mode=False)
    assert (result.exception, result.return_value) == (None, 0), result.output
