"""action.yml, the scripts that it runs, the hook of pre-commit, and the page docs/ci.md."""

import html
import json
import os
import re
import runpy
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest
import yaml

from tests.github_action import ACTION, BASH, STEPS, step_environment

ROOT = Path(__file__).parents[2]
SCRIPTS = ROOT / "packaging/action"
PAGE = (ROOT / "docs/ci.md").read_text()
FIXTURE = ROOT / "samples/fixtures/ps.json"
APISPY = Path(sys.executable).with_name("apispy")

ASK = "curl -sS --fail --unix-socket ${DOCKER_HOST#unix://} http://docker/version"


class Job:
    """A job on a runner of GitHub's, as far as the scripts see one."""

    def __init__(self, place: Path) -> None:
        self.place = place
        (place / "apispy/bin").mkdir(parents=True)
        (place / "apispy/bin/apispy").symlink_to(APISPY)
        (place / "apispy/bin/python").symlink_to(sys.executable)
        self.summary, self.output = place / "summary.md", place / "output"

    def step(self, name: str, *around: str, **inputs: str) -> "subprocess.CompletedProcess[str]":
        """Run the step *name* as action.yml has it, with *inputs*, below the command *around*."""
        about = {"GITHUB_ACTION_PATH": ROOT, "RUNNER_TEMP": self.place, "GITHUB_STEP_SUMMARY": self.summary,
                 "GITHUB_OUTPUT": self.output}  # fmt: skip
        return subprocess.run(
            [*around, *BASH, STEPS[name]["run"]], cwd=self.place,
            env={**os.environ, **{key: str(value) for key, value in about.items()}, **step_environment(name, inputs)},
            stdin=subprocess.DEVNULL, capture_output=True, text=True, timeout=100, check=False,
        )  # fmt: skip

    def outputs(self) -> dict[str, str]:
        return dict(line.split("=", 1) for line in self.output.read_text().splitlines())


@pytest.fixture
def job(tmp_path: Path) -> Job:
    return Job(tmp_path)


def test_replay_needs_no_daemon_and_reports(job: Job) -> None:
    inputs = {"mode": "replay", "fixture": str(FIXTURE), "match": "operation", "run": ASK}
    done = job.step("Run with apispy", **inputs)
    assert done.returncode == 0, done.stderr
    assert '"ApiVersion"' in done.stdout
    assert job.step("Report", **inputs).returncode == 0
    assert job.summary.read_text().startswith("## Docker API: 3 calls, 3 permissions\n")
    found = job.outputs()
    assert found["calls"] == str(FIXTURE)
    assert Path(found["page"]).read_text().startswith("<!doctype html>")
    assert found["new-permissions"] == ""


@pytest.mark.parametrize("fixture", ["", "made.json"])
def test_record_keeps_the_calls(fixture: str, job: Job) -> None:
    daemon = [str(APISPY), "replay", str(FIXTURE), "--match", "operation", "--repeat-last", "--"]
    done = job.step("Run with apispy", *daemon, run=ASK, fixture=fixture)
    assert '"ApiVersion"' in done.stdout, done.stderr
    if fixture:
        assert (job.place / fixture).exists()
        return
    job.step("Report")
    assert "|  | SystemVersion | GET /version |" in job.summary.read_text()
    assert Path(job.outputs()["calls"]).name == "calls.jsonl"


def test_the_exit_code_is_that_of_the_commands_and_the_first_that_fails_ends_them(job: Job) -> None:
    done = job.step("Run with apispy", mode="replay", fixture=str(FIXTURE), run="(exit 7)\ntouch never")
    assert done.returncode == 7
    assert not (job.place / "never").exists()


@pytest.mark.parametrize("inputs", [{"mode": "play"}, {"mode": "replay"}])
def test_wrong_inputs_are_errors_that_say_what_to_write(inputs: dict[str, str], job: Job) -> None:
    done = job.step("Run with apispy", run="touch never", **inputs)
    assert done.returncode == 2
    assert done.stdout.startswith("::error::mode: ")
    assert not (job.place / "never").exists()


def known_without(operation: str, job: Job) -> str:
    """Write the file of known permissions that docs/ci.md says how to make, without one of them."""
    report = subprocess.check_output([APISPY, "permissions", "--json", FIXTURE], text=True, timeout=60)
    known: dict[str, Any] = json.loads(report)
    known["permissions"] = [one for one in known["permissions"] if one["operation"] != operation]
    gone = {
        "operation": "ImagePrune",
        "method": "POST",
        "path": "/images/prune",
        "dangers": [{"reason": "a|b"}],
    }
    known["permissions"].append(gone)
    (job.place / "known.json").write_text(json.dumps(known))
    return "known.json"


@pytest.mark.parametrize(("fail", "code"), [("false", 0), ("true", 1)])
def test_new_and_unused_permissions_are_marked(fail: str, code: int, job: Job) -> None:
    inputs = {"fixture": str(FIXTURE), "permissions": known_without("ContainerInspect", job)}
    done = job.step("Report", **inputs, **{"fail-on-new-permissions": fail})
    assert done.returncode == code, done.stderr
    assert ("::error::permissions that known.json does not have: ContainerInspect." in done.stdout) == bool(
        code
    )
    summary = job.summary.read_text()
    assert "3 permissions, 1 new\n" in summary
    assert "| new | ContainerInspect | GET /containers/{id}/json |" in summary
    assert "| unused | ImagePrune | POST /images/prune | a&#124;b |" in summary
    assert job.outputs()["new-permissions"] == "ContainerInspect"


def test_no_calls_are_a_warning(job: Job) -> None:
    done = job.step("Report")
    assert (done.returncode, done.stdout.split(":")[2]) == (0, "warning")
    assert not job.summary.exists()


def test_recorded_data_is_no_markup(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.setenv("RUNNER_TEMP", str(tmp_path))
    report = runpy.run_path(str(SCRIPTS / "report.py"), run_name="report")
    assert report["cell"]("a|b`c\n<img>") == "a&#124;b&#96;c &lt;img&gt;"
    assert report["block"]("</pre><script>")[1] == html.escape("</pre><script>")


def test_inputs_reach_scripts_only_as_variables() -> None:
    """An expression in a script would be code that a caller of the action, or a branch's name, can write."""
    for name, step in STEPS.items():
        assert "${{" not in step.get("run", ""), name
    for script in SCRIPTS.glob("*.sh"):
        used = set(re.findall(r"\bAPISPY_\w+", script.read_text()))
        assert used <= {key for step in STEPS.values() for key in step.get("env", {})}, script
    if_new = set(re.findall(r'"(APISPY_\w+)"', (SCRIPTS / "report.py").read_text()))
    assert if_new == set(STEPS["Report"]["env"])


def test_the_page_lists_all_inputs_and_outputs() -> None:
    tables = [set(re.findall(r"(?m)^\| `([\w-]+)` \|", part)) for part in PAGE.split("| output |")]
    assert tables == [set(ACTION["inputs"]), set(ACTION["outputs"])]


def test_examples_on_the_page_name_what_exists() -> None:
    examples = [yaml.safe_load(text) for text in re.findall(r"(?ms)^```yaml\n(.*?)^```", PAGE)]
    assert len(examples) == 3
    inputs = examples[0]["jobs"]["integration"]["steps"][-1]["with"]
    assert set(inputs) <= set(ACTION["inputs"])
    hooks = yaml.safe_load((ROOT / ".pre-commit-hooks.yaml").read_text())
    (hook,) = examples[2]["repos"][0]["hooks"]
    assert hook.pop("additional_dependencies") == ["apispy-core"]
    assert hook == {name: value for name, value in hooks[0].items() if name != "description"}


def test_a_placeholder_on_the_page_says_so() -> None:
    blocks = re.findall(r"(?ms)^```\w+\n(.*?)^```", PAGE)
    pasted = [
        line for block in blocks for line in block.splitlines() if re.search(r"\b(OWNER|NAME|TODO)\b", line)
    ]
    assert pasted == ["      - uses: OWNER/apispy@v1 # OWNER is a placeholder"]
    assert "`OWNER/apispy` is a placeholder" in PAGE


@pytest.mark.parametrize("name", ["fixtures/ps.json", "tests/fixtures/up.json"])
def test_the_hook_looks_at_fixtures(name: str) -> None:
    (hook,) = yaml.safe_load((ROOT / ".pre-commit-hooks.yaml").read_text())
    assert re.search(hook["files"], name)
    assert not re.search(hook["files"], "package.json")
