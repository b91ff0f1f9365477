"""CodesWhat/sockguard: YAML rules with globs, of which the first that matches decides, and policies for bodies.

Source: internal/filter/rules.go, internal/glob/glob.go and internal/cmd/rules.go of 52722c8, and its presets. A path is
cleaned, and matched without version; ``*`` stays within a part, ``/**`` is the part before it and everything below.
"""

import posixpath
import re
from collections.abc import Iterable, Iterator, Sequence
from typing import Any

from apispy.errors import UsageError
from apispy.learn.permissions.paths import Parts, Request, compiled
from apispy.learn.permissions.targets.base import Decision, Grant, Target, remark
from apispy.learn.permissions.usage import Bodies, Permission, Usage
from apispy.structs import Struct

EXFILTRATION = frozenset(
    (
        *(
            "ContainerArchive",
            "ContainerExport",
            "ContainerLogs",
            "ContainerAttach",
            "ContainerAttachWebsocket",
        ),
        *("ServiceLogs", "TaskLogs", "ImageGet", "ImageGetAll", "ImagePush", "PluginPush"),
    )
)
"""Operations that need ``insecure_allow_read_exfiltration``."""

BLIND_WRITES = frozenset(("ContainerExec", "ExecStart", "SwarmJoin", "PluginSet"))
"""Operations that need ``insecure_allow_body_blind_writes``, unless a policy lists commands or addresses."""

TUNNELS = frozenset(("Session", "Grpc"))
"""Operations that need ``insecure_accept_opaque_buildkit_tunnels``, unless ``request_body.buildkit`` mediates them."""

HOST_MODES = {
    "NetworkMode": "allow_host_network",
    "PidMode": "allow_host_pid",
    "IpcMode": "allow_host_ipc",
    "UsernsMode": "allow_host_userns",
    "CgroupnsMode": "allow_host_cgroupns",
}
"""By field of HostConfig: the policy of a body that allows the value ``host``."""

_VERSION = re.compile(r"/v[0-9]+(\.[0-9]+){0,2}(?=/|$)")


class GlobRule(Struct, frozen=True):
    """A rule of the file. No *methods* means every method."""

    text: str
    methods: frozenset[str]
    glob: str
    allow: bool

    def matches(self, method: str, path: str) -> bool:
        if self.methods and method not in self.methods:
            return False
        return bool(compiled(_glob_pattern(self.glob)).fullmatch(path))


def _glob_pattern(glob: str) -> str:
    """Return the pattern of a glob."""
    words = {"/**": "(/.*)?", "**": ".*", "*": "[^/]*"}
    found = re.split(r"(/\*\*|\*\*|\*)", glob)
    return "".join(words.get(text) or re.escape(text) for text in found)


class Rules(Struct, frozen=True):
    """The rules of a file, in order."""

    all: tuple[GlobRule, ...]

    @property
    def rules(self) -> Sequence[str]:
        return [rule.text for rule in self.all if rule.allow]

    def decide(self, request: Request) -> Decision:
        path = _clean(request.full_path)
        for rule in self.all:
            if rule.matches(request.method, path):
                if rule.allow:
                    return Decision(True, (self.rules.index(rule.text),))
                return Decision(False, reason=f"the rule {rule.text} denies it")
        return Decision(False, reason="no rule matches")


def _clean(path: str) -> str:
    path = re.sub("^//", "/", posixpath.normpath(path))
    return _VERSION.sub("", path, count=1) or "/" if _VERSION.match(path) else path


def _grant(usage: Usage) -> Grant:
    lines = ["upstream:", "  socket: /var/run/docker.sock"]
    lines += _acknowledgements(usage.permissions)
    body = list(_body_policies(usage.bodies, usage.permissions))
    lines += ["request_body:", *body] if body else []
    lines.append("rules:")
    rules = []
    for permission in usage.permissions:
        lines.append(f"  # {remark(permission)}")
        for glob in _globs(permission.parts, permission.slashes):
            rules.append(_rule(permission.method, glob, allow=True))
            lines += [f"  - {rules[-1].text}", "    action: allow"]
    lines += ['  - match: { method: "*", path: "/**" }', "    action: deny"]
    return Grant(lines, Rules((*rules, _rule("*", "/**", allow=False))))


def _globs(parts: Parts, slashes: Iterable[int]) -> list[str]:
    """Return a glob for each number of slashes: a name of an image may have several parts."""
    found = []
    for count in sorted(slashes):
        more = count - (len(parts) - 1)
        names = [number for number, part in enumerate(parts) if part.name]
        texts = ["*" if part.name else part.text for part in parts]
        if names and more > 0:
            texts[names[0]] = "/".join("*" * (more + 1))
        found.append("/".join(texts))
    return list(dict.fromkeys(found))


def _rule(method: str, glob: str, *, allow: bool) -> GlobRule:
    methods = frozenset() if method == "*" else frozenset(method.replace(" ", "").split(","))
    return GlobRule(f'match: {{ method: "{method}", path: "{glob}" }}', methods, glob, allow)


def _acknowledgements(permissions: Sequence[Permission]) -> Iterator[str]:
    """Yield the settings without which sockguard does not start with these rules."""
    used = {permission.operation.id for permission in permissions}
    for setting, operations in (
        ("insecure_allow_read_exfiltration", EXFILTRATION),
        ("insecure_allow_body_blind_writes", BLIND_WRITES),
        ("insecure_accept_opaque_buildkit_tunnels", TUNNELS),
    ):
        if needing := sorted(used & operations):
            yield f"{setting}: true  # for {', '.join(needing)}"


def _body_policies(bodies: Bodies, permissions: Sequence[Permission]) -> Iterator[str]:
    """Yield policies for what the bodies of the calls contain. By default sockguard refuses all of this."""
    create = [f"    {HOST_MODES[name]}: true" for name in sorted(bodies.host_modes & HOST_MODES.keys())]
    create += ["    allow_privileged: true"] if bodies.privileged else []
    for name, values in (
        ("allowed_bind_mounts", bodies.binds),
        ("allowed_capabilities", bodies.capabilities),
        ("allowed_devices", bodies.devices),
    ):
        if values:
            create += [f"    {name}:", *(f"      - {_quoted(value)}" for value in sorted(values))]
    if create:
        yield from ("  container_create:", *create)
    yield from _flags("exec", allow_root_user=bodies.root_exec, allow_privileged=bodies.privileged_exec)
    yield from _flags(
        "container_remove", allow_force=bodies.force_remove, allow_remove_volumes=bodies.volume_remove
    )
    foreign = sorted(bodies.registries - {"docker.io"})
    if foreign:
        yield from (
            "  image_pull:",
            "    allowed_registries:",
            *(f"      - {_quoted(one)}" for one in foreign),
        )
    builds = any(permission.operation.id == "ImageBuild" for permission in permissions)
    yield from _flags("build", allow_run_instructions=builds)


def _flags(section: str, **flags: bool) -> Iterator[str]:
    """Yield a section with the flags that are set, if one is."""
    if any(flags.values()):
        yield f"  {section}:"
        yield from (f"    {name}: true" for name, value in flags.items() if value)


def _quoted(text: str) -> str:
    """Return *text*, which comes from a call, as a scalar of YAML."""
    printable = "".join(char for char in text if char.isprintable())
    return "'" + printable.replace("'", "''") + "'"


def _read(document: Any) -> Rules:
    """Read the rules of a file as plain values."""
    rules = document.get("rules") if isinstance(document, dict) else None
    if not isinstance(rules, list) or not rules:
        raise UsageError("the file has no list of rules; expected rules: [{match: {method, path}, action}]")
    return Rules(tuple(_read_rule(rule, number) for number, rule in enumerate(rules, 1)))


def _read_rule(rule: Any, number: int) -> GlobRule:
    match = rule.get("match") if isinstance(rule, dict) else None
    if not isinstance(match, dict) or rule.get("action") not in ("allow", "deny"):
        raise UsageError(f"rule {number}: expected match: {{method, path}} and action: allow or deny")
    method, glob = str(match.get("method", "*")), str(match.get("path", "/**"))
    return _rule(method, glob, allow=rule["action"] == "allow")


SOCKGUARD = Target("sockguard", "CodesWhat/sockguard", "#", _grant, _read, reads="yaml")
