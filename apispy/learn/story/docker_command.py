"""The docker command that would send a ContainerCreate request: the table of flags, read in reverse.

For each flag, an inverse turns the JSON value into texts for the flag. The texts count only if the flag's own
conversion makes the same value of them again; whatever no flag makes is named.
"""

import json
import shlex
from collections.abc import Callable, Iterator
from typing import Any

from apispy.engine.json_fields import field_value, value_at
from apispy.learn.explain import flag_values as to
from apispy.learn.explain.docker_flags import FLAGS, Targets
from apispy.learn.explain.flag_values import Convert
from apispy.learn.notes.schema_check import is_unset
from apispy.model import is_redacted
from apispy.structs import Struct

COMPOSE_LABEL = "com.docker.compose."
"""The beginning of labels that Compose sets, and nobody types."""

SHORT = {
    "--detach": "-d", "--env": "-e", "--interactive": "-i", "--publish": "-p", "--tty": "-t", "--user": "-u",
    "--volume": "-v", "--workdir": "-w",
}  # fmt: skip
"""Flags that people type in their short form."""

FIRST = ("--detach", "--interactive", "--tty", "--rm", "--name")
"""Flags at the beginning of the line, in this order. The others follow by name."""

SWITCHES = frozenset((to.true, to.false, to.nothing_to_check))
"""Conversions of flags without a value."""

NESTED = ("HostConfig", "HostConfig.LogConfig", "Healthcheck", "NetworkingConfig")
"""Objects whose fields are looked at one by one."""

DEFAULTS: dict[str, tuple[Any, ...]] = {
    "HostConfig.NetworkMode": ("default", "bridge"),
    "HostConfig.RestartPolicy": ({"Name": "no"}, {"Name": "no", "MaximumRetryCount": 0}),
    "HostConfig.MemorySwappiness": (-1,),
    "HostConfig.OomKillDisable": (False,),
    "HostConfig.Isolation": ("default",),
    "HostConfig.LogConfig.Type": ("json-file",),
}
"""Values that clients send without being asked, and that change nothing."""

IGNORED = frozenset(
    (
        *(
            "AttachStdin",
            "AttachStdout",
            "AttachStderr",
            "HostConfig.ConsoleSize",
        ),  # these describe the client
        *("Image", "Cmd", "OpenStdin", "StdinOnce"),  # these are in every line that needs them
    )
)
"""Fields that no flag of the table has to set."""

Inverse = Callable[[Any], list[str]]


class DockerLine(Struct, frozen=True):
    """A docker command. *unsaid* are fields of the body that no flag sets; *labels* of Compose are left out."""

    words: tuple[str, ...]
    unsaid: tuple[str, ...] = ()
    labels: int = 0

    @property
    def text(self) -> str:
        """The command as typed into a shell."""
        return shlex.join(self.words)


def docker_line(body: Any, *, name: str = "", platform: str = "", started: bool = True) -> DockerLine:
    """Return the command for a ContainerCreate *body*: `docker run` if the container was *started*.

    An environment variable whose value is hidden has its name only: docker takes the value from the client's
    environment.
    """
    body, labels = _without_compose_labels(body)
    flags: dict[str, list[str]] = {}
    said: set[str] = set()
    for flag, targets in FLAGS["docker container create"][1].items():
        texts = _texts(flag, targets, body)
        if texts:
            flags[flag] = texts
            said.update(path for path, _ in targets)
    flags |= _others(body, name, platform, started)
    image, command = value_at(body, "Image"), value_at(body, "Cmd")
    words = ["docker", "run" if started else "create", *_flag_words(flags)]
    words += [image if isinstance(image, str) and image else "IMAGE", *_words(command)]
    return DockerLine(tuple(words), tuple(_unsaid(body, said)), labels)


def _without_compose_labels(body: Any) -> tuple[Any, int]:
    labels = field_value(body, "Labels")
    if not isinstance(labels, dict):
        return body, 0
    own = {key: value for key, value in labels.items() if not key.startswith(COMPOSE_LABEL)}
    return {**body, "Labels": own}, len(labels) - len(own)


def _others(body: Any, name: str, platform: str, started: bool) -> dict[str, list[str]]:
    """Return the flags that are not in the table, or not by one field."""
    found: dict[str, list[str]] = {}
    if name:
        found["--name"] = [name]
    if platform:
        found["--platform"] = [platform]
    if field_value(body, "OpenStdin") is True:
        found["--interactive"] = ["true"]
    output = [field_value(body, f"Attach{stream}") for stream in ("Stdout", "Stderr")]
    if started and not any(output):
        found["--detach"] = ["true"]
    return found


def _texts(flag: str, targets: Targets, body: Any) -> list[str]:
    """Return the texts of a flag; [] if the flag is not needed, or cannot say what the body has."""
    found = [(path, convert, value_at(body, path)) for path, convert in targets if not path.startswith("?")]
    said = found[:1] if flag == "--publish" else found  # --expose says what is only exposed
    texts = [
        text
        for path, convert, value in said
        if _is_set(path, value)
        for text in _inverted(convert, value, body)
    ]
    if not texts or flag in ("--interactive", "--attach"):
        return []
    if all(_says(convert, texts, value) for _, convert, value in found):
        return list(dict.fromkeys(texts))
    return []


WRONG = (TypeError, ValueError, KeyError, AttributeError, IndexError, ArithmeticError)
"""What the conversions raise for a value of another type than the field has: a body may hold any JSON."""


def _inverted(convert: Convert, value: Any, body: Any) -> list[str]:
    if convert is to.exposed:
        published = _names(value_at(body, "HostConfig.PortBindings"))
        return [port for port in value if port not in published] if isinstance(value, dict) else []
    inverse = INVERSES.get(convert)
    try:
        texts = inverse(value) if inverse else []
    except WRONG:
        return []
    return texts if all(isinstance(text, str) for text in texts) else []


def _says(convert: Convert, texts: list[str], value: Any) -> bool:
    """Whether the flag with these texts sends the value. Names of ports are enough: --publish exposes some too."""
    if convert in UNCHECKED:
        return True
    try:
        made = convert(texts)
        if convert is to.exposed:
            return set(made) <= _names(value)
        if convert is to.capabilities:
            return bool(made == convert(value))
        if convert is to.ulimits:
            value = sorted(value, key=lambda row: str(row["Name"]))
    except WRONG:
        return False
    return bool(_pruned(made) == _pruned(value) or (is_unset(made) and is_unset(value)))


def _names(value: Any) -> set[str]:
    return set(value) if isinstance(value, dict) else set()


def _pruned(value: Any) -> Any:
    """Return a value without what is not set in it."""
    if isinstance(value, dict):
        return {key: _pruned(part) for key, part in value.items() if not is_unset(part)}
    return [_pruned(part) for part in value] if isinstance(value, list) else value


def _is_set(path: str, value: Any) -> bool:
    if path in DEFAULTS and (value in DEFAULTS[path] or _pruned(value) in DEFAULTS[path]):
        return False
    return is_redacted(value) or not is_unset(value) or _is_volumes(path, value)


def _is_volumes(path: str, value: Any) -> bool:
    """Whether a field has names with empty objects, which mean something: ports and volumes."""
    return path in ("Volumes", "ExposedPorts", "HostConfig.Tmpfs") and isinstance(value, dict) and bool(value)


def _unsaid(body: Any, said: set[str]) -> Iterator[str]:
    """Yield the paths of fields that are set and that no flag of the line sets."""
    mode, published = (
        value_at(body, "HostConfig.NetworkMode"),
        _names(value_at(body, "HostConfig.PortBindings")),
    )
    for path, value in _set_fields(body):
        if path in said or path in IGNORED:
            continue
        if path == "ExposedPorts" and _names(value) and _names(value) <= published:
            continue
        if path == "NetworkingConfig.EndpointsConfig" and _only_names(value, mode):
            continue
        yield path


def _only_names(networks: Any, mode: Any) -> bool:
    """Whether the networks are just that of --network, without settings of their own."""
    return isinstance(networks, dict) and set(networks) <= {mode} and all(map(is_unset, networks.values()))


def _set_fields(body: Any, path: str = "") -> Iterator[tuple[str, Any]]:
    for key, value in body.items() if isinstance(body, dict) else ():
        inner = f"{path}.{key}".lstrip(".")
        if inner in NESTED:
            yield from _set_fields(value, inner)
        elif _is_set(inner, value) or (inner == "NetworkingConfig.EndpointsConfig" and value):
            yield inner, value


def _flag_words(flags: dict[str, list[str]]) -> Iterator[str]:
    order = sorted(flags, key=lambda flag: (FIRST.index(flag) if flag in FIRST else len(FIRST), flag))
    switches = {
        flag for flag, targets in FLAGS["docker container run"][1].items() if targets[0][1] in SWITCHES
    }
    for flag in order:
        shown = SHORT.get(flag, flag)
        if flag in switches and flags[flag] == ["true"]:
            yield shown
            continue
        for text in flags[flag]:
            yield from (shown, text)


def _words(command: Any) -> list[str]:
    """Return the words of a Cmd, which may be a string."""
    if isinstance(command, str):
        return [command] if command else []
    return [str(word) for word in command] if isinstance(command, list) else []


# -- inverses --


def _pairs(value: dict[str, Any]) -> list[str]:
    return [f"{key}={part}" for key, part in value.items()]


def _environment(value: list[str]) -> list[str]:
    return [text.partition("=")[0] if is_redacted(text.partition("=")[2]) else text for text in value]


def _size(value: int) -> list[str]:
    for unit, size in (("g", 1 << 30), ("m", 1 << 20), ("k", 1 << 10)):
        if value > 0 and value % size == 0:
            return [f"{value // size}{unit}"]
    return [str(value)]


def _duration(value: int) -> list[str]:
    for unit, size in (("h", 3600 * 10**9), ("m", 60 * 10**9), ("s", 10**9), ("ms", 10**6), ("us", 10**3)):
        if value % size == 0:
            return [f"{value // size}{unit}"]
    return [f"{value}ns"]


def _restart(value: dict[str, Any]) -> list[str]:
    count = value.get("MaximumRetryCount")
    return [f"{value['Name']}:{count}" if count else str(value["Name"])]


def _devices(value: list[dict[str, str]]) -> list[str]:
    return [f"{one['PathOnHost']}:{one['PathInContainer']}:{one['CgroupPermissions']}" for one in value]


def _ports(value: dict[str, list[dict[str, str]]]) -> list[str]:
    return [text for port, bindings in value.items() for text in _bindings(port, bindings)]


def _bindings(port: str, bindings: Any) -> Iterator[str]:
    for one in bindings or [{}]:
        address, outside = one.get("HostIp") or "", one.get("HostPort") or ""
        address = f"[{address}]" if ":" in address else address
        yield ":".join(
            [*([address] if address else []), *([outside] if outside or address else []), port]
        ).removesuffix("/tcp")


def _mounts(value: list[dict[str, Any]]) -> list[str]:
    return [_mount(one) for one in value]


def _mount(one: dict[str, Any]) -> str:
    fields = [f"type={one['Type']}"]
    fields += [f"source={one['Source']}"] if one.get("Source") else []
    fields.append(f"target={one['Target']}")
    fields += ["readonly"] if one.get("ReadOnly") else []
    if propagation := value_at(one, "BindOptions.Propagation"):
        fields.append(f"bind-propagation={propagation}")
    if size := value_at(one, "TmpfsOptions.SizeBytes"):
        fields.append(f"tmpfs-size={size}")
    if mode := value_at(one, "TmpfsOptions.Mode"):
        fields.append(f"tmpfs-mode={mode:o}")
    fields += ["volume-nocopy"] if value_at(one, "VolumeOptions.NoCopy") else []
    if any("," in field or '"' in field for field in fields):
        raise ValueError("quoting in a field")
    return ",".join(fields)


def _gpus(value: list[dict[str, Any]]) -> list[str]:
    return [_gpu(one) for one in value]


def _gpu(one: dict[str, Any]) -> str:
    if one.get("DeviceIDs"):
        ids = ",".join(one["DeviceIDs"])
        return f'"device={ids}"' if "," in ids else f"device={ids}"
    return "all" if one.get("Count") == -1 else str(one["Count"])


def _ulimits(value: list[dict[str, Any]]) -> list[str]:
    return [f"{one['Name']}={one['Soft']}:{one['Hard']}" for one in value]


def _tmpfs(value: dict[str, str]) -> list[str]:
    return [f"{path}:{options}" if options else path for path, options in value.items()]


def _check(value: list[str]) -> list[str]:
    return [value[1]] if value[0] == "CMD-SHELL" and len(value) == 2 else []


def _rates(value: list[dict[str, Any]]) -> list[str]:
    return [f"{one['Path']}:{one['Rate']}" for one in value]


def _weights(value: list[dict[str, Any]]) -> list[str]:
    return [f"{one['Path']}:{one['Weight']}" for one in value]


INVERSES: dict[Convert, Inverse] = {
    to.last: lambda value: [value] if isinstance(value, str) else [],
    to.network_mode: lambda value: [value] if isinstance(value, str) else [],
    to.integer: lambda value: [str(int(value))],
    to.true: lambda value: ["true"] if value is True else [],
    to.size: _size,
    to.cpus: lambda value: [json.dumps(value / 10**9).removesuffix(".0")],
    to.duration: _duration,
    to.restart: _restart,
    to.all_of: list,
    to.binds: list,
    to.one: lambda value: list(value) if len(value) == 1 else [],
    to.capabilities: list,
    to.pairs: _pairs,
    to.hidden_pairs: _pairs,
    to.environment: _environment,
    to.anonymous_volumes: list,
    to.devices: _devices,
    to.port_bindings: _ports,
    to.mounts: _mounts,
    to.gpus: _gpus,
    to.ulimits: _ulimits,
    to.tmpfs: _tmpfs,
    to.shell_check: _check,
    to.nothing_to_check: lambda value: ["true"] if value == ["NONE"] else [],
    to.rates: _rates,
    to.weights: _weights,
}
"""By conversion of a flag: the function from a JSON value to the flag's texts."""

UNCHECKED = frozenset((to.environment, to.hidden_pairs, to.shell_check))
"""Conversions that hide what they convert, because explanations must not repeat secrets."""

__all__ = ["DockerLine", "docker_line"]
