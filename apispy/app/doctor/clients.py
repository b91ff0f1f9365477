"""The docker CLIs on this machine, and the environment variables that they read."""

from collections.abc import Iterator
from pathlib import Path

from apispy.app.doctor.base import CheckContext, DockerCli, Finding, note, ok, problem
from apispy.endpoints import Endpoint
from apispy.endpoints.contexts import Store
from apispy.endpoints.files import read_json
from apispy.errors import ApispyError

PROXY_VARIABLES = ("HTTP_PROXY", "http_proxy", "HTTPS_PROXY", "https_proxy", "ALL_PROXY", "all_proxy")


def check_clis(context: CheckContext) -> Iterator[Finding]:
    if not context.clis:
        remedy = "apispy does not need it; other clients work as well. On Debian 13, install docker-cli"
        yield note("there is no docker CLI on PATH", remedy)
    for cli in context.clis:
        if cli.version:
            yield ok(f"{cli.path} is version {cli.version}, API up to {cli.api_version}")
        else:
            yield note(f"{cli.path} does not report its version", f"Try: {cli.path} version")
    if len(context.clis) > 1:
        yield note(f"there are {len(context.clis)}; a shell runs {context.clis[0].path}")


def check_api_versions(context: CheckContext) -> Iterator[Finding]:
    """Compare API versions: a daemon may have dropped those of an old CLI; a newer CLI adapts to the daemon."""
    if isinstance(context.probed, ApispyError) or not context.probed.min_api_version:
        return
    lowest, there = _numbers(context.probed.min_api_version), _numbers(context.probed.api_version)
    pinned = context.environ.get("DOCKER_API_VERSION", "")
    for cli in context.clis:
        here = _numbers(cli.api_version)
        if not (lowest and there):
            continue
        if pinned:
            yield _pinned(cli, pinned, lowest, there)
        elif here and here < lowest:
            text = f"{cli.path} supports API {_dotted(here)} at most, the daemon {_dotted(lowest)} at least"
            yield problem(text, "Install a newer docker CLI")
        elif here:
            yield ok(f"{cli.path} and the daemon would use {_dotted(min(here, there))}")


def _pinned(cli: DockerCli, pinned: str, lowest: tuple[int, int], highest: tuple[int, int]) -> Finding:
    """What DOCKER_API_VERSION leads to: the CLI uses that version, whatever the two support."""
    version = _numbers(pinned.removeprefix("v"))
    offered = f"the daemon supports {_dotted(lowest)} to {_dotted(highest)}"
    if version is None:
        text = f"{cli.path} would use DOCKER_API_VERSION={pinned}, which is not a version such as 1.41"
        return problem(text, "unset DOCKER_API_VERSION")
    said = f"{cli.path} would use {_dotted(version)}, because DOCKER_API_VERSION={pinned}"
    if not lowest <= version <= highest:
        return problem(f"{said}; {offered}", "unset DOCKER_API_VERSION")
    return ok(said)


def _numbers(version: str) -> tuple[int, int] | None:
    major, _, minor = version.partition(".")
    return (int(major), int(minor)) if major.isdecimal() and minor.isdecimal() else None


def _dotted(version: tuple[int, int]) -> str:
    return f"{version[0]}.{version[1]}"


def check_variables(context: CheckContext) -> Iterator[Finding]:
    found = [*_conflicts(context), *_leading_to_apispy(context), *_cert_path(context), *_config(context)]
    yield from found or [ok("no conflicts")]


def _conflicts(context: CheckContext) -> Iterator[Finding]:
    get = context.environ.get
    if get("DOCKER_HOST") and get("DOCKER_CONTEXT"):
        text = f"DOCKER_HOST={get('DOCKER_HOST')} and DOCKER_CONTEXT={get('DOCKER_CONTEXT')}: docker uses the first"
        yield note(text, "unset DOCKER_CONTEXT, or unset DOCKER_HOST")
    if get("DOCKER_TLS_VERIFY", "").lower() in ("0", "false", "no", "off"):
        text = f"DOCKER_TLS_VERIFY={get('DOCKER_TLS_VERIFY')} turns verification on, as any value does"
        yield note(text, "unset DOCKER_TLS_VERIFY")
    if get("DOCKER_API_VERSION"):
        text = f"DOCKER_API_VERSION={get('DOCKER_API_VERSION')}: docker does not negotiate the version with the daemon"
        yield note(text, "unset DOCKER_API_VERSION")


def _leading_to_apispy(context: CheckContext) -> Iterator[Finding]:
    for entry in context.running:
        if str(entry.endpoint) == str(context.endpoint):
            text = f"docker goes through apispy (pid {entry.pid}) in this shell; another apispy would dial that one"
            yield note(text, 'eval "$(apispy env --unset)", or type --upstream')


def _cert_path(context: CheckContext) -> Iterator[Finding]:
    folder = context.environ.get("DOCKER_CERT_PATH")
    if folder and not Path(folder, "ca.pem").is_file():
        yield problem(
            f"DOCKER_CERT_PATH={folder} has no ca.pem", "unset DOCKER_CERT_PATH, or put ca.pem there"
        )


def _config(context: CheckContext) -> Iterator[Finding]:
    file = Store.of(context.environ, context.home).config / "config.json"
    try:
        read_json(file)
    except FileNotFoundError:
        pass
    except ApispyError:
        yield problem(f"{file} is not JSON: docker ignores its settings", "Fix it, or move it away")


def check_proxies(context: CheckContext) -> Iterator[Finding]:
    """Check HTTP proxies. docker (Go) bypasses them for loopback; docker-py and others do not. None does elsewhere."""
    named = [name for name in PROXY_VARIABLES if context.environ.get(name)]
    if not named:
        yield ok("none in the environment")
        return
    hosts = [context.listen.host] if context.listen.kind == "tcp" else []
    if isinstance(context.endpoint, Endpoint) and context.endpoint.kind == "tcp":
        hosts.append(context.endpoint.host)
    exceptions = context.environ.get("NO_PROXY") or context.environ.get("no_proxy") or ""
    affected = [host for host in dict.fromkeys(hosts) if not _bypassed(host, exceptions)]
    if affected:
        text = f"{', '.join(named)} would intercept clients of {', '.join(affected)}"
        yield problem(text, f"export NO_PROXY={','.join([*affected, *filter(None, [exceptions])])}")
    else:
        yield ok(f"{', '.join(named)}, and NO_PROXY exempts the addresses that docker dials")


def _bypassed(host: str, exceptions: str) -> bool:
    entries = [entry.strip().lstrip(".") for entry in exceptions.split(",") if entry.strip()]
    return any(entry == "*" or host == entry or host.endswith(f".{entry}") for entry in entries)
