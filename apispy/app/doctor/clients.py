"""The docker CLIs on this machine, and the environment variables that they read."""

import shlex
from collections.abc import Iterator
from ipaddress import ip_address, ip_network
from pathlib import Path

from apispy.app.doctor.base import CheckContext, DockerCli, Finding, note, ok, problem
from apispy.endpoints import Endpoint
from apispy.endpoints.contexts import DEFAULT, Store, configured
from apispy.endpoints.files import read_json
from apispy.errors import ApispyError

PROXY_VARIABLES = ("HTTP_PROXY", "http_proxy", "HTTPS_PROXY", "https_proxy", "ALL_PROXY", "all_proxy")


def check_clis(context: CheckContext) -> Iterator[Finding]:
    if not context.clis:
        remedy = "apispy does not need it; other clients work as well. On Debian 13, install docker-cli"
        yield note("there is no docker CLI on PATH", remedy)
    for cli in context.clis:
        yield from _cli(context, cli)
    if len(context.clis) > 1:
        yield note(f"there are {len(context.clis)}; a shell runs {context.clis[0].path}")


def _cli(context: CheckContext, cli: DockerCli) -> Iterator[Finding]:
    others = [other for other in context.clis if other.version and other is not cli]
    if cli.podman:
        text = f"{cli.path} is Podman, which does not use DOCKER_HOST: apispy sees none of its calls"
        remedy = "Use the docker CLI" if others else (
            'Install the docker CLI, or run Podman as a client: CONTAINER_HOST="$DOCKER_HOST" podman --remote ps'
        )  # fmt: skip
        made = problem if cli is context.clis[0] else note
        yield made(text, remedy, _first_on_path(others[0]) if others else "")
    elif cli.version:
        yield ok(f"{cli.path} is version {cli.version}, API up to {cli.api_version}")
    else:
        yield note(f"{cli.path} does not report its version", "Run it to see why", f"{cli.path} version")
    if cli.snap:
        yield from _confinement(context, cli)


def _first_on_path(cli: DockerCli) -> str:
    return f'export PATH={shlex.quote(str(Path(cli.path).parent))}:"$PATH"'


def _confinement(context: CheckContext, cli: DockerCli) -> Iterator[Finding]:
    """Check what a snap cannot read: snapd's interface "home" gives access to files in HOME that are not hidden."""
    needed = context.certs_dir if context.listen.kind == "tcp" else Path(context.listen.path)
    home = str(context.home)
    if needed.is_relative_to(home) and not any(
        part.startswith(".") for part in needed.relative_to(home).parts
    ):
        return
    option = "--certs-dir" if context.listen.kind == "tcp" else "--listen"
    value = f"{home}/apispy-certs" if context.listen.kind == "tcp" else f"unix://{home}/apispy.sock"
    yield problem(
        f"{cli.path} is a snap: of {home} it can read what is not hidden, and no other file, so not {needed}",
        "Let apispy put it where the snap can read it",
        f"apispy {option} {shlex.quote(value)}",
    )


def check_api_versions(context: CheckContext) -> Iterator[Finding]:
    """Compare API versions: a daemon or a CLI may have dropped the versions of an old one."""
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
            yield _too_old(context, cli, here, lowest)
        elif here and there < (least := _least(cli.version)):
            text = f"{cli.path} supports API {_dotted(least)} at least, the daemon {_dotted(there)} at most"
            remedy = "Set the version, which turns the negotiation off, or install an older docker CLI"
            yield problem(text, remedy, f"export DOCKER_API_VERSION={_dotted(there)}")
        elif here:
            yield ok(f"{cli.path} and the daemon would use {_dotted(min(here, there))}")


def _too_old(
    context: CheckContext, cli: DockerCli, here: tuple[int, int], lowest: tuple[int, int]
) -> Finding:
    text = f"{cli.path} supports API {_dotted(here)} at most, the daemon {_dotted(lowest)} at least"
    fitting = [one for one in context.clis if (its := _numbers(one.api_version)) and its >= lowest]
    if cli is not context.clis[0]:
        return note(text, "It cannot be used with this daemon")
    if fitting:
        return problem(text, f"Use {fitting[0].path}", _first_on_path(fitting[0]))
    variable = f"DOCKER_MIN_API_VERSION={_dotted(here)}"
    return problem(
        text, f"Install a newer docker CLI, or start the daemon with {variable} in its environment"
    )


_LEAST = (((29, 3), (1, 40)), ((29, 0), (1, 44)))
"""(first version of the CLI, the lowest API version that it negotiates). Sources: docker/buildx pull request 3684, moby
pull request 51119; earlier ones go down to 1.24, which every daemon of these days has."""


def _least(version: str) -> tuple[int, int]:
    numbers = _numbers(".".join(version.split(".")[:2])) or (0, 0)
    return next((least for since, least in _LEAST if numbers >= since), (1, 24))


def _pinned(cli: DockerCli, pinned: str, lowest: tuple[int, int], highest: tuple[int, int]) -> Finding:
    """What DOCKER_API_VERSION leads to: the CLI uses that version, whatever the two support."""
    version = _numbers(pinned.removeprefix("v"))
    offered = f"the daemon supports {_dotted(lowest)} to {_dotted(highest)}"
    if version is None:
        text = f"{cli.path} would use DOCKER_API_VERSION={pinned}, which is not a version such as 1.41"
        return problem(text, *_UNPIN)
    said = f"{cli.path} would use {_dotted(version)}, because DOCKER_API_VERSION={pinned}"
    if not lowest <= version <= highest:
        return problem(f"{said}; {offered}", *_UNPIN)
    return ok(said)


_UNPIN = "Let docker negotiate the version", "unset DOCKER_API_VERSION"


def _numbers(version: str) -> tuple[int, int] | None:
    major, _, minor = version.partition(".")
    return (int(major), int(minor)) if major.isdecimal() and minor.isdecimal() else None


def _dotted(version: tuple[int, int]) -> str:
    return f"{version[0]}.{version[1]}"


def check_variables(context: CheckContext) -> Iterator[Finding]:
    checks = (_conflicts, _host_without_scheme, _leading_to_apispy, _cert_path, _tls_of_socket, _config)
    found = [finding for check in checks for finding in check(context)]
    yield from found or [ok("no conflicts")]


def _conflicts(context: CheckContext) -> Iterator[Finding]:
    get = context.environ.get
    configured_context = configured(Store.of(context.environ, context.home).config)
    if get("DOCKER_HOST") and get("DOCKER_CONTEXT"):
        text = f"DOCKER_HOST={get('DOCKER_HOST')} and DOCKER_CONTEXT={get('DOCKER_CONTEXT')}: docker uses the first"
        yield note(text, "Remove the one that you do not mean", "unset DOCKER_CONTEXT")
    elif get("DOCKER_HOST") and configured_context not in ("", DEFAULT):
        text = f"DOCKER_HOST={get('DOCKER_HOST')} overrides docker's current context, {configured_context}"
        yield note(text, "If you mean the context", "unset DOCKER_HOST")
    if get("DOCKER_TLS_VERIFY", "").lower() in ("0", "false", "no", "off"):
        text = f"DOCKER_TLS_VERIFY={get('DOCKER_TLS_VERIFY')} turns verification on, as any value does"
        yield note(text, "To turn it off", "unset DOCKER_TLS_VERIFY")
    if get("DOCKER_API_VERSION"):
        text = f"DOCKER_API_VERSION={get('DOCKER_API_VERSION')}: docker does not negotiate the version with the daemon"
        yield note(text, *_UNPIN)


def _host_without_scheme(context: CheckContext) -> Iterator[Finding]:
    host = context.environ.get("DOCKER_HOST", "").strip()
    if host.startswith("/"):
        text = (
            f"DOCKER_HOST={host} is a socket for apispy, but docker takes it for tcp://localhost:2375{host}"
        )
        yield problem(text, "Write the scheme", f"export DOCKER_HOST={shlex.quote(f'unix://{host}')}")


def _tls_of_socket(context: CheckContext) -> Iterator[Finding]:
    """Check the variables that make docker read ca.pem, which it does before it looks at the kind of address."""
    named = [name for name in ("DOCKER_TLS_VERIFY", "DOCKER_TLS") if context.environ.get(name)]
    if context.source not in ("DOCKER_HOST", "default") or not named:
        return
    folder = Path(context.environ.get("DOCKER_CERT_PATH") or Store.of(context.environ, context.home).config)
    is_socket = isinstance(context.endpoint, Endpoint) and context.endpoint.kind == "unix"
    if is_socket and not (folder / "ca.pem").is_file():
        text = (
            f"with {named[0]}, docker reads {folder / 'ca.pem'}, which does not exist, also to use a socket"
        )
        yield problem(text, "A socket needs no TLS", f"unset {' '.join(named)}")


def _leading_to_apispy(context: CheckContext) -> Iterator[Finding]:
    for entry in context.running:
        if str(entry.endpoint) == str(context.endpoint):
            text = f"docker goes through apispy (pid {entry.pid}) in this shell; another apispy would dial that one"
            yield note(text, "Type --upstream, or undo it", 'eval "$(apispy env --unset)"')


def _cert_path(context: CheckContext) -> Iterator[Finding]:
    folder = context.environ.get("DOCKER_CERT_PATH")
    if folder and not Path(folder, "ca.pem").is_file():
        text = f"DOCKER_CERT_PATH={folder} has no ca.pem"
        yield problem(text, "Put ca.pem there, or remove the variable", "unset DOCKER_CERT_PATH")


def _config(context: CheckContext) -> Iterator[Finding]:
    file = Store.of(context.environ, context.home).config / "config.json"
    try:
        read_json(file)
    except FileNotFoundError:
        pass
    except ApispyError:
        where = shlex.quote(str(file))
        text = f"{file} is not JSON: docker ignores its settings"
        yield problem(text, "Fix it, or move it away", f"mv {where} {where}.broken")


def check_proxies(context: CheckContext) -> Iterator[Finding]:
    """Check HTTP proxies. docker (Go) bypasses them for loopback; docker-py and others do not. None does elsewhere."""
    named = [name for name in PROXY_VARIABLES if context.environ.get(name)]
    if not named:
        yield ok("none in the environment")
        return
    hosts = [context.listen.host] if context.listen.kind == "tcp" else []
    if isinstance(context.endpoint, Endpoint) and context.endpoint.kind == "tcp":
        hosts.append(context.endpoint.host)
    lists = [context.environ[name] for name in ("NO_PROXY", "no_proxy") if context.environ.get(name)]
    affected = [
        host
        for host in dict.fromkeys(hosts)
        if not lists or not all(_bypassed(host, exceptions) for exceptions in lists)
    ]
    if affected:
        text = f"{', '.join(named)} would intercept clients of {', '.join(affected)}"
        exceptions = ",".join(dict.fromkeys([*affected, *lists]))
        remedy = "Exempt the address, in both spellings: docker prefers the upper one, Python's clients the lower one"
        yield problem(
            text, remedy, f"export NO_PROXY={shlex.quote(exceptions)} no_proxy={shlex.quote(exceptions)}"
        )
    else:
        yield ok(f"{', '.join(named)}, and NO_PROXY exempts the addresses that docker dials")


def _bypassed(host: str, exceptions: str) -> bool:
    """Whether a NO_PROXY list exempts a host: by its name, a parent domain, an address range, or *."""
    entries = [entry.strip().lstrip(".") for entry in exceptions.split(",") if entry.strip()]
    return any(
        entry == "*" or host == entry or host.endswith(f".{entry}") or _in_range(host, entry)
        for entry in entries
    )


def _in_range(host: str, entry: str) -> bool:
    try:
        return "/" in entry and ip_address(host) in ip_network(entry, strict=False)
    except ValueError:
        return False
