"""``apispy fixture`` and the errors of ``apispy record``: what they print, write and return."""

import json
import shutil
from pathlib import Path

import click.testing
import pytest

from apispy.cli.proxy import proxy
from apispy.errors import ApispyError

SAMPLES = Path(__file__).parents[3] / "samples"


@pytest.fixture
def fixture(tmp_path: Path) -> Path:
    return Path(shutil.copy(SAMPLES / "fixtures/run.json", tmp_path / "run.json"))


def run(*words: str | Path) -> tuple[str, object]:
    """What is printed, and the exit code, or the message of the error."""
    result = click.testing.CliRunner().invoke(proxy, [str(word) for word in words], standalone_mode=False)
    if isinstance(result.exception, ApispyError):
        return result.output, str(result.exception)
    if result.exception:
        raise result.exception
    return result.output, result.return_value


def changed(file: Path, change) -> None:
    document = json.loads(file.read_text())
    change(document)
    file.write_text(json.dumps(document))


def report(file: Path, *played: int) -> Path:
    calls = [{"number": number, "call": "x", "played": int(number in played)} for number in range(1, 6)]
    found = file.with_name("played.json")
    found.write_text(json.dumps({"report": "apispy replay", "files": [{"file": str(file), "calls": calls}]}))
    return found


def test_a_capture_becomes_a_fixture(tmp_path):
    out = tmp_path / "out.json"
    assert run("fixture", "tidy", SAMPLES / "run.jsonl", "-o", out) == (
        f"apispy: wrote 17 calls to {out}\n",
        0,
    )
    text, code = run("fixture", "check", out)
    assert code == 0
    assert text.endswith(f"{out}: 17 calls, in order\n")
    assert "the file exists" in str(run("fixture", "tidy", SAMPLES / "run.jsonl", "-o", out)[1])
    assert "is not replaced by one" in str(run("fixture", "tidy", SAMPLES / "run.jsonl")[1])


def test_an_edited_fixture_is_tidied(fixture):
    text = fixture.read_bytes()
    changed(fixture, lambda document: None)
    said, code = run("fixture", "check", fixture)
    assert (said, code) == (f"{fixture}: is not tidy; run `apispy fixture tidy`\n", 1)
    assert run("fixture", "tidy", fixture)[1] == 0
    assert fixture.read_bytes() == text


def secret(document):
    document["exchanges"][1]["request"]["json"]["Env"] = ["PASSWORD=hunter2"]


def slip(document):
    document["exchanges"][0]["request"]["mehtod"] = "GET"


def cut(document):
    answer = document["exchanges"][1]["response"]
    answer |= {"size": 9000, "sha256": "0" * 64}


def withheld(document):
    document["exchanges"][1]["response"]["withheld"] = True


@pytest.mark.parametrize(
    ("change", "says"),
    [
        (secret, "ContainerCreate: request.body:$.Env[0] contains a secret (environment values)"),
        (slip, "SystemPingHead: request.mehtod: unknown field"),
        (cut, "ContainerCreate: cannot be played: only 88 of 9000 bytes of its response were kept"),
        (withheld, "ContainerCreate: cannot be played: its response was withheld"),
        (
            lambda document: document.update(format=2),
            "reads fixtures up to format 1, found 2; please upgrade",
        ),
        (
            lambda document: document["exchanges"][1].pop("request"),
            "exchanges[1].request: expected an object",
        ),
        (lambda document: document["exchanges"][1].update(call="SystemPingHead"), "two with the same"),
    ],
)
def test_problems_are_reported(fixture, change, says):
    changed(fixture, change)
    said, code = run("fixture", "check", fixture)
    assert code == 1
    assert says in said


def test_duplicate_calls_are_reported_but_not_a_problem(fixture):
    changed(
        fixture, lambda found: found["exchanges"].append(found["exchanges"][0] | {"call": "SystemPingHead#2"})
    )
    run("fixture", "tidy", fixture)
    said, code = run("fixture", "check", fixture)
    assert (said, code) == (
        f"{fixture}, SystemPingHead: note: appears 2 times with the same response\n{fixture}: 6 calls, in order\n",
        0,
    )


def test_unplayed_calls_are_reported_and_dropped(fixture):
    played = report(fixture, 2, 3, 4, 5)
    said, code = run("fixture", "check", fixture, "--played", played)
    assert (said, code) == (
        f"{fixture}, SystemPingHead: was not played; `apispy fixture prune` removes it\n",
        1,
    )
    said, code = run("fixture", "prune", fixture, "--played", played)
    assert (said, code) == (f"dropped SystemPingHead\napispy: kept 4 of 5 calls in {fixture}\n", 0)
    assert [one["call"] for one in json.loads(fixture.read_text())["exchanges"]] == [
        *("ContainerCreate", "ContainerAttach", "ContainerWait", "ContainerStart"),
    ]


def test_a_fixture_is_never_pruned_to_nothing(fixture):
    text = fixture.read_bytes()
    assert "is unchanged: none of its calls was played" in str(
        run("fixture", "prune", fixture, "--played", report(fixture))[1]
    )
    assert fixture.read_bytes() == text


@pytest.mark.parametrize(
    "text", ["", "[]", "{}", '{"report": "x"}', '{"report": "apispy replay", "files": 1}', "[" * 9999]
)
def test_an_invalid_report_is_refused(fixture, text):
    (fixture.parent / "r.json").write_text(text)
    assert str(run("fixture", "prune", fixture, "--played", fixture.parent / "r.json")[1]).startswith(
        f"--played: {fixture.parent}/r.json: "
    )


def test_a_file_that_is_not_a_fixture_is_refused():
    assert "expected a fixture" in run("fixture", "check", SAMPLES / "run.jsonl")[0]
    assert "No such file" in run("fixture", "check", SAMPLES / "no.json")[0]
    assert "is not a fixture, so it is not replaced" in str(run("fixture", "tidy", SAMPLES / "run.jsonl")[1])
    for output in ([], ["-o", "out.json"]):  # not "is not a fixture": there is no such file
        said = str(run("fixture", "tidy", SAMPLES / "no.json", *output)[1])
        assert said.startswith(f"{SAMPLES}/no.json cannot be read: No such file or directory.")
    assert "Is a directory" in str(run("fixture", "tidy", SAMPLES)[1])


def test_a_fixture_is_never_overwritten_without_force(fixture):
    assert "the file exists" in str(run("record", "-o", fixture, "--", "true")[1])
    assert "cannot be written" in str(run("record", "-o", fixture.parent / "no/x.json", "--", "true")[1])


def test_commands_that_read_captures_read_fixtures(fixture):
    assert "ContainerStart" in run("show", fixture)[0]
    assert run("diff", fixture, fixture)[1] == 0
    assert "curl" in run("export", fixture, "--to", "curl")[0]
