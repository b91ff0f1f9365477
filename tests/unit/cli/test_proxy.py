"""The command line: its help, its errors, and what it does not import."""

import os
import subprocess
import sys
from pathlib import Path

import pytest


def apispy(*words: str) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        [sys.executable, "-m", "apispy", *words], capture_output=True, text=True, timeout=60, check=False
    )


HELP = """
import sys
sys.argv = ["apispy", "--help"]
import apispy.cli
try:
    apispy.cli.main()
finally:
    print([m for m in sys.modules if m.startswith(("mitmproxy", "cryptography", "OpenSSL"))])
"""


def test_help_describes_apispy_and_does_not_import_mitmproxy():
    run = subprocess.run([sys.executable, "-c", HELP], capture_output=True, text=True, timeout=60, check=True)
    assert "without changing the traffic" in run.stdout
    assert run.stdout.endswith("[]\n")


@pytest.mark.parametrize(
    ("words", "says"),
    [
        (["--listen", "nonsense:x"], "expected a port"),
        (["--listen", "0.0.0.0:0", "--listen-plaintext"], "--insecure-allow-remote-plaintext"),
        (["--upstream", "npipe:////x"], "npipe"),
        (["--upstream", "host:99999"], "expected a port"),
        (["--tlsverify", "--tlscacert", "/nosuch", "--upstream", "h:2376"], "/nosuch"),
        (["--listen", "2399", "--upstream", "127.0.0.1:2399"], "it would dial itself"),
        (["--listen", "/tmp/a.sock", "--upstream", "/tmp/a.sock"], "apispy env --unset"),
        (["--body-limit", "huge"], "expected a size"),
        (["--filter", "status:abc"], "expected a number after :"),
        (["--filter", "nosuch:404"], "unknown field nosuch"),
        (["--redact", "X-Foo"], "expected json:, header: or re:, as in json:$.Config.Labels.x"),
        (["--redact", "re:("], "not a valid regular expression"),
        (["--redact", "header:X", "--show-secrets"], "leave one of them out"),
        (["--redact-env", "some"], "'all', 'secret-looking', 'none'"),
        (["--nosuch"], "No such option"),
        (["extra"], "No such command 'extra'"),
    ],
)
def test_errors_say_what_to_type(words, says):
    run = apispy(*words)
    assert run.returncode == 2
    assert says in run.stderr
    assert "Traceback" not in run.stderr
    assert run.stdout == ""


def test_every_message_on_stderr_has_the_prefix():
    sample = Path(__file__).parents[3] / "samples/run.jsonl"
    run = apispy("replay", "-q", str(sample), "--", "true")
    assert run.returncode == 0
    lines = run.stderr.splitlines()
    assert lines
    assert all(line.startswith(("apispy: ", "  ")) for line in lines)


@pytest.mark.parametrize(
    ("text", "size"), [("4096", 4096), ("64k", 65536), ("1MiB", 1 << 20), ("2GB", 2 << 30)]
)
def test_sizes(text, size):
    from apispy.cli.types import Size

    assert Size().convert(text, None, None) == size


@pytest.mark.parametrize("words", ["explain --list", "run -- sh -c 'echo; sleep 0' 2>&1", "demo"])
def test_a_reader_that_has_had_enough_is_no_error(words, tmp_path):
    """Many Unix programs are read by `head`; what it does not read goes nowhere."""
    script = f"{sys.executable} -m apispy {words} | head -1 >/dev/null; echo ${{PIPESTATUS[0]}}"
    environment = os.environ | {"HOME": str(tmp_path), "DOCKER_HOST": f"unix://{tmp_path}/none"}
    run = subprocess.run(
        ["bash", "-c", script], capture_output=True, text=True, timeout=120, env=environment, check=True
    )
    assert (run.stdout, run.stderr) == ("0\n", "")
