"""docs/environment.md has the environment variables of the code."""

import ast
import re
from collections.abc import Iterator
from pathlib import Path

import pytest

from apispy.certs import default_dir
from apispy.endpoints import client_environment, instances
from apispy.endpoints.address import TLS, Endpoint
from apispy.endpoints.contexts import Store
from apispy.endpoints.machines import Machines
from apispy.endpoints.saved_names import SavedNames

ROOT = Path(__file__).parents[2]
PAGE = (ROOT / "docs/environment.md").read_text()
NAME = re.compile(r"_?[A-Z][A-Z_]*[A-Z]")
PREFIXES = ("DOCKER_", "XDG_", "MACHINE_", "APISPY_", "NO_", "HTTP_", "HTTPS_", "ALL_", "OTEL_")
LIBRARIES = {"HOME", "TMPDIR", "TZ", "COLUMNS", "_APISPY_COMPLETE"}
"""Variables that Python's standard library and click read for apispy."""


def listed(table: str) -> set[str]:
    rows = PAGE.partition(f"<!-- {table} -->")[2].partition("<!-- end -->")[0]
    first = " ".join(row.split("|")[1] for row in rows.splitlines() if row.startswith("| `"))
    return set(re.findall(r"`([A-Z_]+)`", first))


def names_in(tree: ast.AST) -> Iterator[str]:
    """Strings that look like variables, and whatever is asked of an environment by its name."""
    for node in ast.walk(tree):
        if isinstance(node, ast.Constant) and isinstance(node.value, str):
            if NAME.fullmatch(node.value) and node.value.startswith(PREFIXES):
                yield node.value
        elif isinstance(node, ast.Call | ast.Subscript):
            place, words = (
                (node.func, node.args) if isinstance(node, ast.Call) else (node.value, [node.slice])
            )
            if "environ" in ast.unparse(place):
                asked = [word.value for word in words[:1] if isinstance(word, ast.Constant)]
                yield from (name for name in asked if isinstance(name, str) and NAME.fullmatch(name))


def test_every_variable_that_is_read_is_listed() -> None:
    found = {
        name for path in (ROOT / "apispy").rglob("*.py") for name in names_in(ast.parse(path.read_text()))
    }
    found -= {"NO_ERROR"}  # a name of HTTP/2
    assert {name.upper() for name in found} | LIBRARIES == listed("read")
    assert "also in lower case" in PAGE


def test_every_variable_that_is_set_is_listed() -> None:
    assert listed("set") == set(client_environment.NAMES)
    files = TLS(True, Path("/c/ca.pem"), Path("/c/cert.pem"), Path("/c/key.pem"))
    plain, tls = Endpoint("unix", "", 0, "/s", "", None), Endpoint("tcp", "h", 2376, "", "", files)
    wanted = client_environment.variables_for(plain)
    assert {name for name, value in wanted.items() if value} == {"DOCKER_HOST"}
    wanted = client_environment.variables_for(tls)
    assert {name for name, value in wanted.items() if value} == {
        "DOCKER_HOST",
        "DOCKER_TLS_VERIFY",
        "DOCKER_CERT_PATH",
    }


@pytest.mark.parametrize(
    ("path", "found"),
    [
        ("~/.local/share/apispy/certs/", default_dir({}, Path("~"), "linux")),
        ("~/.config/apispy/endpoints.json", SavedNames.of({}, Path("~")).file),
        ("~/.local/share/apispy/running/", instances.directories({}, Path("~"))[0]),
        ("~/.docker/machine/machines/NAME/", Machines.of({}, Path("~")).directory("NAME")),
        ("~/.docker/config.json", Store.of({}, Path("~")).config / "config.json"),
    ],
)
def test_the_paths_are_right(path: str, found: Path) -> None:
    assert f"`{path}`" in PAGE
    assert found == Path(path)
