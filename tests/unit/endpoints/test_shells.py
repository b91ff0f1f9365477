"""What each shell makes of the lines; PowerShell and cmd cannot be run here, theirs go by their documented rules."""

import shutil
import subprocess
import sys
from pathlib import Path

import pytest

from apispy.endpoints import TLS, Endpoint, upstream
from apispy.endpoints.client_environment import ALL_UNSET, NAMES, variables_for
from apispy.endpoints.shells import SHELLS, detect
from apispy.errors import UsageError

AWKWARD = [
    "/plain",
    "/a b/c  d",
    "/it's",
    '/say "x"',
    "/$HOME/`id`",
    "/back\\slash\\",
    "/50% &|;<>()",
    "/!!",
    "/é*?[~{}#",
]

# How each evaluates what a program prints, as the hint says.
EVALUATE = {
    "sh": 'eval "$(cat "$FILE")"',
    "bash": 'eval "$(cat "$FILE")"',
    "zsh": 'eval "$(cat "$FILE")"',
    "fish": 'cat "$FILE" | source',
    "tcsh": 'eval "`cat $FILE`"',
}


def endpoint(folder: str = "/certs", verify: bool = True) -> Endpoint:
    tls = TLS(verify, Path(folder, "ca.pem"), Path(folder, "cert.pem"), Path(folder, "key.pem"))
    return Endpoint("tcp", "::1", 2377, "", "", tls)


def evaluated(shell: str, lines: list[str], environ: dict[str, str], tmp_path: Path) -> dict[str, str]:
    """The docker variables of *shell* after it evaluated *lines*."""
    file, out = tmp_path / "lines", tmp_path / "out"
    file.write_text("\n".join(lines) + "\n")
    script = f'{EVALUATE[shell]}\nenv -0 > "$OUT"\n'
    program = shutil.which(shell)
    assert program, f"these tests need {shell}; on Debian: apt-get install {shell}"
    (tmp_path / "script").write_text(script)
    base = {"PATH": "/usr/bin:/bin:/usr/local/bin", "HOME": str(tmp_path), "FILE": str(file), "OUT": str(out)}
    done = subprocess.run(
        [program, str(tmp_path / "script")],
        env=base | {"LANG": "C.UTF-8"} | environ,
        capture_output=True,
        timeout=30,
        check=True,
    )
    assert (done.stdout, done.stderr) == (b"", b"")
    found = dict(pair.split("=", 1) for pair in out.read_text().split("\0") if pair)
    return {name: value for name, value in found.items() if name in NAMES}


@pytest.mark.parametrize("folder", AWKWARD)
@pytest.mark.parametrize("shell", EVALUATE)
def test_a_real_shell_sets_what_was_meant(shell: str, folder: str, tmp_path: Path) -> None:
    language = SHELLS[shell]
    before = dict.fromkeys(NAMES, "old")
    lines = [*language.commands(variables_for(endpoint(folder))), *language.hint("apispy env 'a b'")]
    found = evaluated(shell, lines, before, tmp_path)
    assert found == {"DOCKER_HOST": "tcp://[::1]:2377", "DOCKER_TLS_VERIFY": "1", "DOCKER_CERT_PATH": folder}


@pytest.mark.parametrize("shell", EVALUATE)
@pytest.mark.parametrize("before", [{}, dict.fromkeys(NAMES, "old")], ids=["unset", "set"])
def test_a_real_shell_takes_them_away(shell: str, before: dict[str, str], tmp_path: Path) -> None:
    assert evaluated(shell, SHELLS[shell].commands(ALL_UNSET), before, tmp_path) == {}


def test_powershell_by_about_quoting_rules() -> None:
    lines = SHELLS["powershell"].commands(variables_for(endpoint("/it's ‘$x‘")))
    assert "$Env:DOCKER_CERT_PATH = '/it''s ‘‘$x‘‘'" in lines
    assert "Remove-Item Env:DOCKER_CONTEXT -ErrorAction SilentlyContinue" in lines


def test_cmd_quotes_the_whole_assignment() -> None:
    lines = SHELLS["cmd"].commands(variables_for(endpoint("/a & b")))
    assert 'SET "DOCKER_CERT_PATH=/a & b"' in lines
    assert 'SET "DOCKER_CONTEXT="' in lines


@pytest.mark.parametrize("shell", SHELLS)
def test_the_hint_says_how(shell: str) -> None:
    assert "apispy env 2377" in SHELLS[shell].hint("apispy env 2377")[1]


@pytest.mark.parametrize(
    ("found", "expected"),
    [
        (
            endpoint(),
            {"DOCKER_HOST": "tcp://[::1]:2377", "DOCKER_TLS_VERIFY": "1", "DOCKER_CERT_PATH": "/certs"},
        ),
        (
            endpoint(verify=False),
            {"DOCKER_HOST": "tcp://[::1]:2377", "DOCKER_TLS": "1", "DOCKER_CERT_PATH": "/certs"},
        ),
        (Endpoint("unix", "", 0, "/s", "", None), {"DOCKER_HOST": "unix:///s"}),
        (
            Endpoint("tcp", "h", 1, "", "", TLS(False, None, None, None)),
            {"DOCKER_HOST": "tcp://h:1", "DOCKER_TLS": "1"},
        ),
    ],
)
def test_variables(found: Endpoint, expected: dict[str, str], tmp_path: Path) -> None:
    assert variables_for(found) == ALL_UNSET | expected


def test_variables_lead_to_the_endpoint(tmp_path: Path) -> None:
    for name in ("ca.pem", "cert.pem", "key.pem"):
        (tmp_path / name).touch()
    for verify in (True, False):
        meant = endpoint(str(tmp_path), verify)
        environ = {name: value for name, value in variables_for(meant).items() if value}
        assert upstream(environ=environ, home=tmp_path / "nobody") == meant


@pytest.mark.parametrize(
    "tls",
    [
        TLS(True, Path("/a/ca.pem"), Path("/b/cert.pem"), Path("/b/key.pem")),
        TLS(True, Path("/a/my-ca.pem"), None, None),
        TLS(True, None, None, None),
    ],
)
def test_files_that_docker_would_not_find(tls: TLS) -> None:
    with pytest.raises(UsageError, match=r"only by the names ca\.pem, cert\.pem and key\.pem"):
        variables_for(Endpoint("tcp", "h", 1, "", "", tls))


def test_what_could_break_out_of_a_line_is_refused() -> None:
    with pytest.raises(UsageError, match=r"'unix:///a\\nrm'"):
        variables_for(Endpoint("unix", "", 0, "/a\nrm", "", None))


@pytest.mark.parametrize(
    ("ancestors", "login", "expected"),
    [
        (["bash"], "/bin/zsh", "bash"),
        (["uv", "make", "-zsh", "bash"], "", "zsh"),
        (["pwsh"], "/bin/bash", "powershell"),
        (["powershell.exe"], "", "powershell"),
        (["dash"], "", "sh"),
        (["csh"], "", "tcsh"),
        (["python3", "sshd"], "/usr/bin/fish", "fish"),
        ([], "/opt/odd", "sh"),
        ([], "", "sh"),
    ],
)
def test_detecting(ancestors: list[str], login: str, expected: str) -> None:
    assert detect({"SHELL": login}, ancestors) == expected


@pytest.mark.parametrize("shell", ["bash", "zsh", "fish", "tcsh"])
def test_detecting_the_real_one(shell: str, tmp_path: Path) -> None:
    (tmp_path / "ask.py").write_text("from apispy.endpoints.shells import detect; print(detect({}))")
    script = f"{sys.executable} {tmp_path}/ask.py; true"
    done = subprocess.run([shell, "-c", script], capture_output=True, text=True, timeout=30, check=True)
    assert done.stdout == f"{shell}\n"
