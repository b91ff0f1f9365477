"""Rules about real builds: what buildx asks for in its tunnel is refused or passes, and the daemon does not see the rest."""

import json
from pathlib import Path

import pytest

from .battery_runner import CLIS
from .clients import Client
from .daemon import IMAGE, Daemons
from .row import ENGINE, MODERN

pytestmark = pytest.mark.skipif(ENGINE != MODERN, reason="needs buildx")

FILES = f"printf 'FROM {IMAGE}\\nCOPY f /f\\nRUN cat /f\\n' >Dockerfile; echo hello >f; "
BUILD = "docker buildx build $N --no-cache --progress plain"


@pytest.fixture
def client(place: Path, data: Path, daemons: Daemons, request: pytest.FixtureRequest) -> Client:
    """A docker CLI with buildx, a Dockerfile, and `apispy` on its PATH."""
    where = place / f"guard-{abs(hash(request.node.name)) % 10**8}"
    made = Client(daemons.plain.unix, daemons.plain, CLIS[MODERN], "zqguard", where, data)
    made.add_apispy()
    assert made.sh(FILES).code == 0
    return made


def guarded(rules: str, words: str, more: str = "") -> str:
    return f"TMPDIR=$PWD apispy run -o calls --force {rules} {more} -- {words}"


ORDINARY_RULES = "--deny privileged --deny device --deny addhost --deny 'context:*://*' --deny output:push --deny cache:registry"


def test_an_ordinary_build_passes_rules_about_what_it_does_not_ask_for(client: Client) -> None:
    done = client.sh(guarded(ORDINARY_RULES, f"{BUILD} -t $P:built . && docker rmi -f $P:built"))
    assert done.code == 0, done.err.decode()
    assert b"hello" in done.err


@pytest.mark.parametrize(
    ("rules", "words", "why"),
    [
        ("--deny network:host", f"{BUILD} --network host .", "deny network:host"),
        ("--deny privileged", f"{BUILD} --allow security.insecure .", "deny privileged"),
        ("--deny output:local --deny addhost", f"{BUILD} -o out .", "deny output:local"),
        ("--deny effect:build", f"{BUILD} .", "deny effect:build"),  # the session, too
    ],
    ids=lambda text: text.replace(" ", "-") if text.startswith("--") else "",
)
def test_a_build_that_asks_for_what_is_denied_is_refused_and_says_why(
    client: Client, rules: str, words: str, why: str
) -> None:
    done = client.sh(guarded(rules, words))
    assert done.code != 0
    assert f"refused by {why}" in (client.work / "calls").read_text()
    if b"received 403" not in done.err:  # as buildx says of a session that is refused; it drops the reason
        assert b"apispy: refused" in done.err
        assert why.encode() in done.err
    assert b"hello" not in done.err
    assert not (client.work / "out").exists()


def test_read_only_lets_the_build_cache_be_listed_and_not_pruned(client: Client) -> None:
    done = client.sh(guarded("--read-only", "docker buildx du"))
    assert (done.code, b"refused" in done.err) == (0, False), done.err
    assert b"Total:" in done.out
    refused = client.sh(guarded("--read-only", "docker buildx prune -af"))
    assert b"apispy: refused: read-only allows only operations that change nothing" in refused.err


def test_the_rules_of_a_recorded_build_allow_it_again_and_no_other(client: Client) -> None:
    words = f"{BUILD} -t $P:built ."
    assert client.sh(guarded("", words, "--capture made.jsonl")).code == 0
    rules = client.sh("apispy permissions --for apispy made.jsonl | tee policy").out.decode()
    assert "allow op:Control/Solve\n" in rules
    assert "allow op:Grpc\n" not in rules
    again = client.sh(guarded("--policy policy", words))
    assert again.code == 0, again.err.decode()
    assert b"hello" in again.err
    done = client.sh(guarded("--policy policy", f"{BUILD} --network host ."))
    assert done.code != 0
    assert b"apispy: refused by deny network:host" in done.err
    client.sh("docker rmi -f $P:built")


def test_an_audit_builds_and_says_what_it_would_refuse(client: Client) -> None:
    words = f"{BUILD} --network none ."
    done = client.sh(guarded("--deny op:Control/Solve --policy-mode audit", words, "--capture c.jsonl"))
    assert done.code == 0, done.err.decode()
    assert b"hello" in done.err
    calls = [json.loads(line) for line in (client.work / "c.jsonl").read_text().splitlines()]
    problems = [text for call in calls for text in call.get("problems", ())]
    assert "would be refused by deny op:Control/Solve" in problems
