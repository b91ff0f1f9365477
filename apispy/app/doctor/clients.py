"""The docker CLIs on this machine, and what the environment tells them."""

from collections.abc import Iterator
from pathlib import Path

from apispy.app.doctor.base import Finding, Surroundings, note, ok, problem
from apispy.endpoints import Endpoint
from apispy.endpoints.contexts import Store
from apispy.endpoints.files import read_json
from apispy.errors import ApispyError

PROXIES = ("HTTP_PROXY", "http_proxy", "HTTPS_PROXY", "https_proxy", "ALL_PROXY", "all_proxy")


def check_clis(where: Surroundings) -> Iterator[Finding]:
    if not where.clis:
        yield note("there is no docker on PATH", "apispy does not need it; other clients work as well")
    for cli in where.clis:
        if cli.version:
            yield ok(f"{cli.path} is version {cli.version}, API up to {cli.api_version}")
        else:
            yield note(f"{cli.path} does not say its version", f"Try: {cli.path} version")
    if len(where.clis) > 1:
        yield note(f"there are {len(where.clis)}, and shells take {where.clis[0].path}")


def check_api_versions(where: Surroundings) -> Iterator[Finding]:
    """A daemon may have dropped what an old CLI speaks; a newer CLI speaks as the daemon does."""
    if isinstance(where.answer, ApispyError) or not where.answer.min_api_version:
        return
    lowest, there = _numbers(where.answer.min_api_version), _numbers(where.answer.api_version)
    for cli in where.clis:
        here = _numbers(cli.api_version)
        if not (here and lowest and there):
            continue
        if here < lowest:
            text = f"{cli.path} speaks API {_dotted(here)} at most, the daemon {_dotted(lowest)} at least"
            yield problem(text, "Install a newer docker CLI")
        else:
            yield ok(f"{cli.path} and the daemon would speak {_dotted(min(here, there))}")


def _numbers(version: str) -> tuple[int, int] | None:
    major, _, minor = version.partition(".")
    return (int(major), int(minor)) if major.isdecimal() and minor.isdecimal() else None


def _dotted(version: tuple[int, int]) -> str:
    return f"{version[0]}.{version[1]}"


def check_variables(where: Surroundings) -> Iterator[Finding]:
    found = [*_conflicts(where), *_leading_to_apispy(where), *_cert_path(where), *_config(where)]
    yield from found or [ok("nothing in the environment contradicts itself")]


def _conflicts(where: Surroundings) -> Iterator[Finding]:
    get = where.environ.get
    if get("DOCKER_HOST") and get("DOCKER_CONTEXT"):
        text = f"DOCKER_HOST={get('DOCKER_HOST')} and DOCKER_CONTEXT={get('DOCKER_CONTEXT')}: docker takes the first"
        yield note(text, "unset DOCKER_CONTEXT, or unset DOCKER_HOST")
    if get("DOCKER_TLS_VERIFY", "").lower() in ("0", "false", "no", "off"):
        text = f"DOCKER_TLS_VERIFY={get('DOCKER_TLS_VERIFY')} turns verification on, as any text does"
        yield note(text, "unset DOCKER_TLS_VERIFY")
    if get("DOCKER_API_VERSION"):
        text = (
            f"DOCKER_API_VERSION={get('DOCKER_API_VERSION')}: docker will not ask the daemon what it speaks"
        )
        yield note(text, "unset DOCKER_API_VERSION")


def _leading_to_apispy(where: Surroundings) -> Iterator[Finding]:
    for entry in where.running:
        if str(entry.endpoint) == str(where.endpoint):
            text = f"docker goes through apispy (pid {entry.pid}) in this shell; another apispy would spy on that one"
            yield note(text, 'eval "$(apispy env --unset)", or type --upstream')


def _cert_path(where: Surroundings) -> Iterator[Finding]:
    folder = where.environ.get("DOCKER_CERT_PATH")
    if folder and not Path(folder, "ca.pem").is_file():
        yield problem(
            f"DOCKER_CERT_PATH={folder} holds no ca.pem", "unset DOCKER_CERT_PATH, or put ca.pem there"
        )


def _config(where: Surroundings) -> Iterator[Finding]:
    file = Store.of(where.environ, where.home).config / "config.json"
    try:
        read_json(file)
    except FileNotFoundError:
        pass
    except ApispyError:
        yield problem(f"{file} is no JSON: docker goes on without its settings", "Mend it, or move it away")


def check_proxies(where: Surroundings) -> Iterator[Finding]:
    """docker (Go) spares loopback, but docker-py and others do not; a daemon elsewhere is spared by nobody."""
    named = [name for name in PROXIES if where.environ.get(name)]
    if not named:
        yield ok("none in the environment")
        return
    hosts = [where.listen.host] if where.listen.kind == "tcp" else []
    if isinstance(where.endpoint, Endpoint) and where.endpoint.kind == "tcp":
        hosts.append(where.endpoint.host)
    exceptions = where.environ.get("NO_PROXY") or where.environ.get("no_proxy") or ""
    caught = [host for host in dict.fromkeys(hosts) if not _spared(host, exceptions)]
    if caught:
        text = f"{', '.join(named)} would catch clients of {', '.join(caught)}"
        yield problem(text, f"export NO_PROXY={','.join([*caught, *filter(None, [exceptions])])}")
    else:
        yield ok(f"{', '.join(named)}, and NO_PROXY spares what docker dials")


def _spared(host: str, exceptions: str) -> bool:
    entries = [entry.strip().lstrip(".") for entry in exceptions.split(",") if entry.strip()]
    return any(entry == "*" or host == entry or host.endswith(f".{entry}") for entry in entries)
