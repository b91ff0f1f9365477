"""The packages that `make dist` built: what is in them, and what a user gets who installs them.

`make packages` runs this. uv, pipx and twine are those of the group "packages", on PATH.
"""

import dataclasses
import os
import re
import shutil
import subprocess
import tarfile
import tomllib
import zipfile
from email.parser import HeaderParser
from pathlib import Path

import pytest

from apispy import __version__
from tools.make_dist import core_project

from .conftest import unavailable
from .python_root import python_root, python_version

pytestmark = pytest.mark.timeout(400)  # installations

ROOT = Path(__file__).parents[2]
DIST = ROOT / "dist"
CORE, APISPY = f"apispy_core-{__version__}", f"apispy-{__version__}"
WHEELS = [DIST / f"{name}-py3-none-any.whl" for name in (CORE, APISPY)]
FIXTURE = ROOT / "samples/fixtures/ps.json"
CORE_PROJECT = core_project((ROOT / "pyproject.toml").read_text())
PROJECT = tomllib.loads(CORE_PROJECT)["project"]

ABOUT_WHEEL = {"METADATA", "WHEEL", "RECORD", "entry_points.txt", "top_level.txt", "licenses/LICENSE"}
ABOUT_SDIST = {"LICENSE", "PKG-INFO", "README.md", "pyproject.toml", "setup.cfg"}
EGG_INFO = {
    "PKG-INFO",
    "SOURCES.txt",
    "dependency_links.txt",
    "entry_points.txt",
    "requires.txt",
    "top_level.txt",
}

PROGRAM_FILES = {".py", ".json", ".gz", ".typed"}
"""Suffixes of the files in apispy/. Its other files are docs/*.md, and those of the page for browsers."""


def run(*command: object, **options: object) -> str:
    """Run *command*, which must succeed, outside of the checkout, and return what it prints."""
    where = options.pop("cwd", "/")
    env = {
        key: value
        for key, value in os.environ.items()
        if key not in {"PYTHONPATH", "VIRTUAL_ENV", "PYENV_VERSION"}
    }
    done = subprocess.run(
        [*map(str, command)], cwd=where, env=env | options.pop("env", {}), stdin=subprocess.DEVNULL,
        stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True, timeout=300, check=False,
    )  # fmt: skip
    assert done.returncode == 0, f"{command}: {done.stdout[-4000:]}"
    return done.stdout


# -- What is in them


def program_files() -> set[str]:
    """Return the files that are to be in apispy/ of the wheel and of the sdist."""
    found = {
        str(path.relative_to(ROOT))
        for path in (ROOT / "apispy").rglob("*")
        if path.is_file() and "__pycache__" not in path.parts and "pages" not in path.relative_to(ROOT).parts
    }
    assets = {name for name in found if name.startswith("apispy/outputs/page/assets/")}
    assert {Path(name).suffix for name in found - assets} == PROGRAM_FILES
    return found | {f"apispy/pages/{path.name}" for path in (ROOT / "docs").glob("*.md")}


def shared_files() -> set[str]:
    """Return the files below share/ that the package apispy installs."""
    made = {
        str(path.relative_to(ROOT / "packaging/apispy"))
        for path in (ROOT / "packaging/apispy/share").rglob("*.*")
    }
    return {name for name in made if Path(name).suffix in {".1", ".fish"}} | {
        "share/bash-completion/completions/apispy",
        "share/zsh/site-functions/_apispy",
    }


def names_in_wheel(name: str) -> set[str]:
    return set(zipfile.ZipFile(DIST / f"{name}-py3-none-any.whl").namelist())


def names_in_sdist(name: str) -> set[str]:
    with tarfile.open(DIST / f"{name}.tar.gz") as archive:
        return {one.name.removeprefix(f"{name}/") for one in archive if one.isfile()}


def test_dist_has_two_distributions_and_nothing_else() -> None:
    if not shutil.which("twine"):
        unavailable("needs the tools of `make packages`")
    expected = {f"{name}{suffix}" for name in (CORE, APISPY) for suffix in (".tar.gz", "-py3-none-any.whl")}
    assert {path.name for path in DIST.iterdir()} == expected
    assert run("twine", "check", "--strict", *DIST.iterdir()).count("PASSED") == 4


def test_the_wheel_of_the_code_has_the_code_the_pages_and_the_licence() -> None:
    assert names_in_wheel(CORE) == program_files() | {f"{CORE}.dist-info/{name}" for name in ABOUT_WHEEL}
    assert "apispy/py.typed" in names_in_wheel(CORE)


def test_the_wheel_of_apispy_has_pages_and_completions_and_no_code() -> None:
    shared = {f"{APISPY}.data/data/{name}" for name in shared_files()}
    assert names_in_wheel(APISPY) == shared | {f"{APISPY}.dist-info/{name}" for name in ABOUT_WHEEL}
    assert len(shared) > 30


def test_the_sdists_have_what_their_wheels_are_made_of() -> None:
    egg = {f"apispy_core.egg-info/{name}" for name in EGG_INFO}
    assert names_in_sdist(CORE) == program_files() | ABOUT_SDIST | egg
    egg = {f"apispy.egg-info/{name}" for name in EGG_INFO}
    assert names_in_sdist(APISPY) == shared_files() | ABOUT_SDIST | egg


@pytest.mark.parametrize("name", [CORE, APISPY])
def test_the_metadata(name: str) -> None:
    with zipfile.ZipFile(DIST / f"{name}-py3-none-any.whl") as wheel:
        about = HeaderParser().parsestr(wheel.read(f"{name}.dist-info/METADATA").decode())
        assert wheel.read(f"{name}.dist-info/licenses/LICENSE") == (ROOT / "LICENSE").read_bytes()
    assert (about["Version"], about["License-Expression"]) == (__version__, "MIT")
    assert about["Requires-Python"] == PROJECT["requires-python"]
    needed = [one for one in about.get_all("Requires-Dist") if "extra ==" not in one]
    if name == APISPY:
        assert needed == [f"apispy-core[proxy]=={__version__}"]
        extras = [
            f'apispy-core[{one}]; extra == "{one}"'
            for one in PROJECT["optional-dependencies"]
            if one != "proxy"
        ]
        assert set(about.get_all("Requires-Dist")) == {*needed, *extras}
    else:
        assert len(needed) == len(PROJECT["dependencies"])
        assert not [one for one in needed if re.match("mitmproxy|cryptography|pyopenssl", one, re.I)]


# -- What a user gets


@dataclasses.dataclass(frozen=True)
class Installed:
    """An installation: its programs, and pytest's, if there is a pytest in the same environment."""

    apispy: Path
    pytest: Path | None = None


def check(installed: Installed, place: Path, *, proxy: bool = True) -> None:
    """Do what a user does first. Without *proxy*, what needs it is to name the package that brings it."""
    apispy = installed.apispy
    assert run(apispy, "--version") == f"apispy {__version__}\n"
    assert "ContainerList" in run(apispy, "show", ROOT / "samples/ps-unix.jsonl")
    curl = 'curl -sS --fail --unix-socket "${DOCKER_HOST#unix://}" http://docker/version'
    assert '"ApiVersion"' in run(apispy, "replay", FIXTURE, "--", "sh", "-c", curl)
    if proxy:
        assert "ContainerCreate" in run(apispy, "demo")
    else:
        code, out = subprocess.getstatusoutput(f"cd /; {apispy} run -- touch {place}/never")
        assert code == 1
        assert out.endswith("which apispy-core does not install. Type: pip install apispy")
        assert not (place / "never").exists()
    if installed.pytest:
        (place / "fixtures").mkdir()
        shutil.copy(FIXTURE, place / "fixtures/ps.json")
        (place / "test_it.py").write_text(TEST)
        assert "1 passed" in run(installed.pytest, "-q", place, cwd=place)


TEST = """
import subprocess, pytest

@pytest.mark.docker_fixture("ps.json", match="operation")
def test_version(docker_api):
    socket = docker_api.host.removeprefix("unix://")
    curl = ["curl", "-sS", "--fail", "--unix-socket", socket, "http://docker/version"]
    assert b"ApiVersion" in subprocess.check_output(curl)
"""


def python(version: str) -> str:
    found = run(ROOT / "tools/find-python", version, cwd=ROOT).strip()
    if not found or not run(found, "--version").startswith(f"Python {version}"):
        unavailable(f"needs Python {version}")
    return found


def bounds(resolution: str, version: str, place: Path, *extras: str) -> Path:
    """Return a file with the oldest or newest versions that apispy-core allows."""
    file = place / "bounds.txt"
    project = place / "bounds/pyproject.toml"  # not beside tests: pytest would read it
    project.parent.mkdir()
    project.write_text(CORE_PROJECT)
    options = [word for extra in extras for word in ("--extra", extra)]
    run("uv", "pip", "compile", "-q", "--resolution", resolution, "--python", python(version), *options,
        project, "-o", file)  # fmt: skip
    return file


def found_in_dist(place: Path) -> dict[str, str]:
    """Return variables with which pip and uv find apispy-core in dist/.

    uv gets a cache of its own: in the user's is apispy-core of an earlier build, which has the same version.
    """
    return {"PIP_FIND_LINKS": str(DIST), "UV_FIND_LINKS": str(DIST), "UV_CACHE_DIR": f"{place}/cache"}


@pytest.mark.parametrize(
    ("name", "version", "resolution"),
    [
        ("apispy", "3.12", "lowest-direct"),
        ("apispy", "3.12", "highest"),
        ("apispy", "3.13", "lowest-direct"),
        ("apispy", "3.13", "highest"),
        ("apispy-core", "3.12", "lowest-direct"),
        ("apispy-core", "3.13", "highest"),
    ],
)
def test_uv_pip_with_the_oldest_and_newest_dependencies(
    name: str, version: str, resolution: str, tmp_path: Path
) -> None:
    proxy = name == "apispy"
    where = tmp_path / "env"
    constraints = bounds(resolution, version, tmp_path, *(["proxy"] if proxy else []))
    run("uv", "venv", "-q", "--python", python(version), where)
    wheels = WHEELS if proxy else WHEELS[:1]
    run("uv", "pip", "install", "-q", "--python", where / "bin/python", "-c", constraints, "pytest", *wheels)
    check(Installed(where / "bin/apispy", where / "bin/pytest"), tmp_path, proxy=proxy)
    listed = run("uv", "pip", "list", "-q", "--python", where / "bin/python")
    assert ("mitmproxy " in listed) == ("cryptography " in listed) == proxy
    click = re.search(r"(?m)^click +([0-9.]+)", listed)
    assert click
    assert (click[1].startswith("8.1.")) == (resolution == "lowest-direct")


def test_pip_and_what_it_installs_below_share(tmp_path: Path) -> None:
    where = tmp_path / "env"
    run(python("3.13"), "-m", "venv", where)
    run(where / "bin/pip", "install", "-q", *WHEELS)
    run(where / "bin/pip", "check")
    check(Installed(where / "bin/apispy"), tmp_path)
    found = run("man", "-w", "apispy-run", env={"PATH": f"{where}/bin:{os.environ['PATH']}", "MANPATH": ""})
    assert found.strip() == f"{where}/share/man/man1/apispy-run.1"
    # What docs/install.md says about going back.
    run(where / "bin/pip", "uninstall", "-q", "-y", "apispy")
    run(where / "bin/pip", "install", "-q", "--force-reinstall", "--no-deps", WHEELS[0])
    assert run(where / "bin/apispy", "--version") == f"apispy {__version__}\n"


def test_pipx_links_the_command_and_the_manual_pages(tmp_path: Path) -> None:
    at = {
        "PIPX_HOME": f"{tmp_path}/pipx",
        "PIPX_BIN_DIR": f"{tmp_path}/bin",
        "PIPX_MAN_DIR": f"{tmp_path}/share/man",
    }
    packages = found_in_dist(tmp_path)  # pipx uses uv if there is one
    run("pipx", "install", "-q", "--python", python("3.12"), WHEELS[1], env=at | packages)
    check(Installed(tmp_path / "bin/apispy"), tmp_path)
    found = run(
        "man", "-w", "apispy-run", env={"PATH": f"{tmp_path}/bin:{os.environ['PATH']}", "MANPATH": ""}
    )
    link = tmp_path / "share/man/man1/apispy-run.1"
    assert link.is_symlink()
    assert Path(found.strip()).resolve() == link.resolve()  # man prints the one or the other


def test_uv_tool(tmp_path: Path) -> None:
    at = {"UV_TOOL_DIR": f"{tmp_path}/tools", "UV_TOOL_BIN_DIR": f"{tmp_path}/bin"}
    env = at | found_in_dist(tmp_path)
    run("uv", "tool", "install", "-q", "--python", python("3.13"), WHEELS[1], env=env)
    check(Installed(tmp_path / "bin/apispy"), tmp_path)
    assert (tmp_path / "tools/apispy/share/man/man1/apispy-run.1").exists()


def test_a_checkout_as_the_readme_says(tmp_path: Path) -> None:
    assert "\nuv tool install -p 3.13 ." in (ROOT / "README.md").read_text()
    shutil.copytree(ROOT, tmp_path / "checkout", symlinks=True, ignore=shutil.ignore_patterns(
        ".git", ".venv*", "tests", "samples", "build", "*.egg-info", "dist", ".*_cache", "finds", "corpus"
    ))  # fmt: skip
    at = {"UV_TOOL_DIR": f"{tmp_path}/tools", "UV_TOOL_BIN_DIR": f"{tmp_path}/bin"}
    run("uv", "tool", "install", "-q", "-p", python("3.13"), ".", cwd=tmp_path / "checkout", env=at)
    check(Installed(tmp_path / "bin/apispy"), tmp_path)


def test_python_3_14_of_debian(tmp_path: Path) -> None:
    """Debian sid's Python, run in its root: neither PyPI nor Debian 12 has one of that version."""
    root = python_root()
    if python_version(root) != "3.14":
        pytest.skip(f"Debian sid has Python {python_version(root)} now")
    where = tmp_path / "packages"
    run("uv", "pip", "install", "-q", "--target", where, "--python-version", "3.14", "--python-platform",
        "x86_64-unknown-linux-gnu", "--only-binary", ":all:", *WHEELS)  # fmt: skip
    for name in (FIXTURE, ROOT / "samples/ps-unix.jsonl"):
        shutil.copy(name, tmp_path)
    (tmp_path / "client.py").write_text(CLIENT)

    def inside(*words: str) -> str:
        enter = "mount --bind $1 $2/mnt && mount --bind /proc $2/proc && shift && exec chroot $@"
        env = ["env", "PYTHONPATH=/mnt/packages", "HOME=/tmp", "PATH=/usr/bin"]
        return run("unshare", "--mount", "--propagation", "private", "sh", "-c", enter, "sh", tmp_path, root,
                   *env, "python3", "-B", *words)  # fmt: skip

    assert inside("-m", "apispy", "--version") == f"apispy {__version__}\n"
    assert "ContainerList" in inside("-m", "apispy", "show", "/mnt/ps-unix.jsonl")
    assert "1.41" in inside("-m", "apispy", "replay", "/mnt/ps.json", "--", "python3", "/mnt/client.py")
    assert "ContainerCreate" in inside("-m", "apispy", "demo")


CLIENT = """
import http.client, os, socket
connection = http.client.HTTPConnection("docker")
connection.sock = socket.socket(socket.AF_UNIX)
connection.sock.connect(os.environ["DOCKER_HOST"].removeprefix("unix://"))
connection.request("GET", "/version")
print(connection.getresponse().read().decode())
"""


# -- What CI services and pre-commit read


@pytest.mark.parametrize(
    ("schema", "file"),
    [("github-actions", "action.yml"), ("github-workflows", ".github/workflows/release.yml")],
)
def test_the_files_for_github_are_valid(schema: str, file: str) -> None:
    run("check-jsonschema", "--builtin-schema", f"vendor.{schema}", ROOT / file)


def test_the_examples_on_the_page_are_valid(tmp_path: Path) -> None:
    github, gitlab, hooks = re.findall(r"(?ms)^```yaml\n(.*?)^```", (ROOT / "docs/ci.md").read_text())
    for schema, text in (("github-workflows", f"on: push\n{github}"), ("gitlab-ci", gitlab)):
        (tmp_path / "example.yml").write_text(text)
        run("check-jsonschema", "--builtin-schema", f"vendor.{schema}", tmp_path / "example.yml")
    (tmp_path / "example.yml").write_text(hooks)
    run("pre-commit", "validate-config", tmp_path / "example.yml")
    run("pre-commit", "validate-manifest", ROOT / ".pre-commit-hooks.yaml")


LOCAL = re.findall(r"(?ms)^```yaml\n(.*?)^```", (ROOT / "docs/ci.md").read_text())[2]
REPOSITORY = "repos:\n  - repo: {0}\n    rev: {1}\n    hooks:\n      - id: apispy-fixture-check\n"


@pytest.mark.parametrize(
    "example", [LOCAL.replace("[apispy-core]", "[{0}]"), REPOSITORY], ids=["local", "repository"]
)
def test_pre_commit_installs_the_hook_and_it_finds_a_broken_fixture(tmp_path: Path, example: str) -> None:
    """The example on the page, with this checkout for the package; and what is committed here, as a repository."""
    example = example.replace("{0}", str(ROOT)).replace(
        "{1}", run("git", "rev-parse", "HEAD", cwd=ROOT).strip()
    )
    project = tmp_path / "project"
    (project / "fixtures").mkdir(parents=True)
    (project / ".pre-commit-config.yaml").write_text(example)
    fixture = project / "fixtures/ps.json"
    shutil.copy(FIXTURE, fixture)
    run("git", "init", "-q", project)
    run("git", "add", ".", cwd=project)
    at = {"PRE_COMMIT_HOME": f"{tmp_path}/home"}
    assert "Passed" in run("pre-commit", "run", "--all-files", cwd=project, env=at)
    fixture.write_text(fixture.read_text().replace('"method": "GET"', '"method": 1', 1))
    run("git", "add", ".", cwd=project)
    with pytest.raises(AssertionError, match="Failed"):
        run("pre-commit", "run", "--all-files", cwd=project, env=at)


def test_the_action_installs_apispy_of_its_own_checkout(tmp_path: Path) -> None:
    env = {"APISPY_PYTHON": python("3.13"), "RUNNER_TEMP": str(tmp_path), "GITHUB_ACTION_PATH": str(ROOT)}
    assert run("bash", ROOT / "packaging/action/install.sh", env=env).endswith(f"apispy {__version__}\n")
