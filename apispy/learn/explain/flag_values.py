"""Conversions of docker flags: from the texts that a flag was given to the JSON value that the CLI sends.

Each takes the texts of all occurrences of the flag, in order, and raises ValueError for a text that the CLI refuses or
that needs what only the client has (a file, an environment variable). Compared with what docker 28.5 sends, see
tests/unit/learn/explain/test_docker_flags.py.
"""

import re
from collections.abc import Callable
from datetime import datetime
from typing import Any

HIDDEN = "(not shown)"
"""What stands for a value that may be a secret."""

_BYTES = re.compile(r"(-?\d+(?:\.\d+)?) ?([kmgtp]?)i?b?", re.IGNORECASE)
_DURATION = re.compile(r"(\d+(?:\.\d+)?)(ns|us|µs|ms|s|m|h)")
_UNITS = {"ns": 1, "us": 10**3, "µs": 10**3, "ms": 10**6, "s": 10**9, "m": 60 * 10**9, "h": 3600 * 10**9}
_PORT = re.compile(
    r"(?:(?P<ip>\[[^]]*\]|[\d.]*\.[\d.]*):)?(?:(?P<host>[\d-]*):)?(?P<port>[\d-]+)(?:/(?P<protocol>tcp|udp|sctp))?"
)

Texts = list[str]
Convert = Callable[[Texts], Any]


def shell_words(line: str) -> list[str]:
    """Split a command line as a shell does; one with an open quote at its spaces."""
    import shlex

    try:
        return shlex.split(line)
    except ValueError:
        return line.split()


def last(texts: Texts) -> str:
    return texts[-1]


def all_of(texts: Texts) -> list[str]:
    return texts


def split(texts: Texts) -> list[str]:
    """The values of a flag that takes several, separated by commas."""
    return [part for text in texts for part in text.split(",")]


def integer(texts: Texts) -> int:
    return int(texts[-1])


def number(texts: Texts) -> float:
    return float(texts[-1])


def true(texts: Texts) -> bool:
    return texts[-1] not in ("false", "0", "f", "F", "FALSE", "False")


def false(texts: Texts) -> bool:
    return not true(texts)


def size(texts: Texts) -> int:
    """Bytes: "64m" is 67108864."""
    found = _BYTES.fullmatch(texts[-1])
    if not found:
        raise ValueError("expected a size such as 64m")
    return int(float(found[1]) * 1024 ** "_kmgtp".index(found[2].lower() or "_"))


def cpus(texts: Texts) -> int:
    """Billionths of a CPU: "1.5" is 1500000000."""
    return round(float(texts[-1]) * 10**9)


def duration(texts: Texts) -> int:
    """Nanoseconds: "1m30s" is 90000000000."""
    parts = _DURATION.findall(texts[-1])
    if not parts or "".join(map("".join, parts)) != texts[-1]:
        raise ValueError("expected a duration such as 1m30s")
    return round(sum(float(amount) * _UNITS[unit] for amount, unit in parts))


def pairs(texts: Texts) -> dict[str, str]:
    """``a=b`` as ``{"a": "b"}``."""
    return {name: value for name, _, value in (text.partition("=") for text in texts)}


def hidden_pairs(texts: Texts) -> dict[str, str]:
    return dict.fromkeys(pairs(texts), HIDDEN)


def environment(texts: Texts) -> list[str]:
    """Variables without their values, which may be secrets."""
    return [f"{name}={HIDDEN}" if equals else name
            for name, equals, _ in (text.partition("=") for text in texts)]  # fmt: skip


def capabilities(texts: Texts) -> list[str]:
    """With the prefix that the CLI adds: "NET_ADMIN" is CAP_NET_ADMIN."""
    names = [text.upper() for text in texts]
    return sorted(name if name == "ALL" or name.startswith("CAP_") else f"CAP_{name}" for name in names)


def attached(stream: str) -> Convert:
    """Of ``--attach``: true for stdin if it is named, false for an output that is not."""

    def convert(texts: Texts) -> bool | None:
        named = stream in [text.lower() for text in texts]
        return named if named == (stream == "stdin") else None

    return convert


def one(texts: Texts) -> list[str]:
    return [texts[-1]]


def command(texts: Texts) -> list[str]:
    """A command, without its arguments, which may be secrets."""
    return [texts[0], *([HIDDEN] if len(texts) > 1 else [])]


def shell_check(texts: Texts) -> list[str]:
    return ["CMD-SHELL", texts[-1].split(" ")[0] + (f" {HIDDEN}" if " " in texts[-1] else "")]


def nothing_to_check(texts: Texts) -> list[str]:
    return ["NONE"]


def exposed(texts: Texts) -> dict[str, Any]:
    return {port: {} for text in texts for port, _ in _published(text)}


def port_bindings(texts: Texts) -> dict[str, list[dict[str, str]]]:
    """``80:8080/udp`` as ``{"8080/udp": [{"HostIp": "", "HostPort": "80"}]}``."""
    found: dict[str, list[dict[str, str]]] = {}
    for text in texts:
        for port, binding in _published(text):
            found.setdefault(port, []).append(binding)
    return found


def _published(text: str) -> list[tuple[str, dict[str, str]]]:
    found = _PORT.fullmatch(text)
    if not found:
        raise ValueError("expected [IP:][HOST-PORT:]PORT[/PROTOCOL]")
    protocol, ip = found["protocol"] or "tcp", (found["ip"] or "").strip("[]")
    inside, outside = _span(found["port"]), _span(found["host"] or "")
    if outside and len(inside) == 1 < len(outside):
        return [(f"{inside[0]}/{protocol}", {"HostIp": ip, "HostPort": found["host"]})]
    if outside and len(outside) != len(inside):
        raise ValueError("expected as many ports of the host as of the container")
    return [(f"{port}/{protocol}", {"HostIp": ip, "HostPort": host})
            for port, host in zip(inside, outside or [""] * len(inside), strict=True)]  # fmt: skip


def _span(text: str) -> list[str]:
    first, dash, last_port = text.partition("-")
    return [str(port) for port in range(int(first), int(last_port) + 1)] if dash else [text] if text else []


def service_ports(texts: Texts) -> list[dict[str, Any]]:
    found = []
    for text in texts:
        if "=" in text:
            fields = pairs(text.split(","))
            port = {"Protocol": fields.get("protocol", "tcp"), "TargetPort": int(fields["target"])}
            port |= {"PublishedPort": int(fields["published"])} if "published" in fields else {}
            found.append({**port, "PublishMode": fields.get("mode", "ingress")})
            continue
        for inside, outside in _published(text):
            number_of_port, _, protocol = inside.partition("/")
            port = {"Protocol": protocol, "TargetPort": int(number_of_port)}
            port |= {"PublishedPort": int(outside["HostPort"])} if outside["HostPort"] else {}
            found.append({**port, "PublishMode": "ingress"})
    return found


def binds(texts: Texts) -> list[str]:
    """The volumes with a source; the client replaces a relative path (``./data``) by an absolute one."""
    return [text for text in texts if ":" in text]


def anonymous_volumes(texts: Texts) -> dict[str, Any]:
    return {text: {} for text in texts if ":" not in text}


def devices(texts: Texts) -> list[dict[str, str]]:
    found = []
    for text in texts:
        host, _, rest = text.partition(":")
        inside, _, permissions = rest.partition(":")
        if inside and set(inside) <= set("rwm"):
            inside, permissions = "", inside
        entry = {"PathOnHost": host, "PathInContainer": inside or host}
        found.append({**entry, "CgroupPermissions": permissions or "rwm"})
    return found


def _fields(text: str) -> list[str]:
    """Split fields separated by commas, of which some may be quoted."""
    import csv  # few flags need it: the others start faster

    return next(csv.reader([text]))


def gpus(texts: Texts) -> list[dict[str, Any]]:
    """Device requests, as docker has them: Count -1 is all."""
    return [_gpu(text) for text in texts]


def _gpu(text: str) -> dict[str, Any]:
    request: dict[str, Any] = {
        "Driver": "",
        "Count": 0,
        "DeviceIDs": None,
        "Capabilities": [["gpu"]],
        "Options": {},
    }
    for field in _fields(text):
        name, equals, value = field.partition("=")
        if not equals:
            name, value = "count", field
        match name:
            case "count":
                request["Count"] = -1 if value == "all" else int(value)
            case "driver":
                request["Driver"] = value
            case "device":
                request["DeviceIDs"] = value.split(",")
            case "capabilities":
                request["Capabilities"] = [[*value.split(","), "gpu"]]
            case "options":
                request["Options"] = pairs(value.split(","))
            case _:
                raise ValueError(f"no field {name!r}")
    if request["DeviceIDs"] is None and not request["Count"]:
        request["Count"] = 1
    return request


MOUNT_FIELDS = {
    "source": "Source", "src": "Source", "target": "Target", "dst": "Target", "destination": "Target", "dest": "Target",
}  # fmt: skip


def mounts(texts: Texts) -> list[dict[str, Any]]:
    return [_mount(text) for text in texts]


def _mount(text: str) -> dict[str, Any]:
    mount: dict[str, Any] = {"Type": "volume"}
    for field in _fields(text):
        name, _, value = field.partition("=")
        match name.lower():
            case "type":
                mount["Type"] = value
            case "readonly" | "ro":
                mount["ReadOnly"] = value in ("", "true", "1")
            case "bind-propagation":
                mount["BindOptions"] = {"Propagation": value}
            case "tmpfs-size":
                mount.setdefault("TmpfsOptions", {})["SizeBytes"] = size([value])
            case "tmpfs-mode":
                mount.setdefault("TmpfsOptions", {})["Mode"] = int(value, 8)
            case "volume-nocopy":
                mount.setdefault("VolumeOptions", {"DriverConfig": {}})["NoCopy"] = value in ("", "true", "1")
            case "volume-subpath":
                mount.setdefault("VolumeOptions", {"DriverConfig": {}})["Subpath"] = value
            case name if name in MOUNT_FIELDS:
                mount[MOUNT_FIELDS[name]] = value
            case _:
                raise ValueError(f"field {name!r} is not translated")
    return mount


def tmpfs(texts: Texts) -> dict[str, str]:
    return {path: options for path, _, options in (text.partition(":") for text in texts)}


def restart(texts: Texts) -> dict[str, Any]:
    name, colon, count = texts[-1].partition(":")
    return {"Name": name, **({"MaximumRetryCount": int(count)} if colon else {})}


def ulimits(texts: Texts) -> list[dict[str, Any]]:
    found = []
    for text in sorted(texts):
        name, _, limits = text.partition("=")
        soft, _, hard = limits.partition(":")
        found.append({"Name": name, "Hard": int(hard or soft), "Soft": int(soft)})
    return found


def rates(texts: Texts) -> list[dict[str, Any]]:
    """``/dev/sda:1mb`` as a device's path and rate."""
    return [{"Path": text.rpartition(":")[0], "Rate": size([text.rpartition(":")[2]])} for text in texts]


def weights(texts: Texts) -> list[dict[str, Any]]:
    return [{"Path": text.rpartition(":")[0], "Weight": int(text.rpartition(":")[2])} for text in texts]


def network_mode(texts: Texts) -> str:
    return _network_name(texts[0])


def _network_name(text: str) -> str:
    return pairs(text.split(","))["name"] if text.startswith("name=") else text


def health(texts: Texts) -> Any:
    return shell_check(texts)


def attached_networks(texts: Texts) -> list[dict[str, Any]]:
    """The CLI looks the IDs up."""
    return [{"Target": f"(ID of {_network_name(text)})"} for text in texts]


def hosts_lines(texts: Texts) -> list[str]:
    """``name:address`` as in /etc/hosts."""
    return [f"{text.partition(':')[2]} {text.partition(':')[0]}" for text in texts]


def preferences(texts: Texts) -> list[dict[str, Any]]:
    return [{"Spread": {"SpreadDescriptor": text.partition("=")[2]}} for text in texts]


def constraints(texts: Texts) -> list[str]:
    return texts


def subnets(texts: Texts) -> list[dict[str, str]]:
    return [{"Subnet": text} for text in split(texts)]


def filters(texts: Texts) -> dict[str, dict[str, bool]]:
    """``status=exited`` as ``{"status": {"exited": true}}``."""
    found: dict[str, dict[str, bool]] = {}
    for text in texts:
        name, equals, value = text.partition("=")
        if not equals:
            raise ValueError("expected NAME=VALUE")
        found.setdefault(name.strip().lower(), {})[value.strip()] = True
    return found


def each(texts: Texts) -> list[str]:
    """The values of a query parameter that is repeated."""
    return texts


def platform(texts: Texts) -> dict[str, str]:
    """``linux/arm64`` as ``{"architecture": "arm64", "os": "linux"}``."""
    system, _, machine = texts[-1].partition("/")
    machine, _, variant = machine.partition("/")
    return {"architecture": machine, "os": system, **({"variant": variant} if variant else {})}


def moment(texts: Texts) -> str:
    """A time as the CLI sends it: seconds since 1970, or for "10m" the time of 10 minutes ago."""
    text = texts[-1]
    if re.fullmatch(r"\d+(\.\d+)?", text):
        return text
    if _DURATION.match(text):
        duration([text])
        return f"(now - {text})"
    parsed = datetime.fromisoformat(text)
    if parsed.tzinfo is None:
        return text  # in the time zone of the client
    return f"{parsed.timestamp():.9f}"


def joined(texts: Texts) -> str:
    return " ".join(texts)
