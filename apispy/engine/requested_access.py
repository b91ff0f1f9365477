"""What a request asks for beyond a container of its own: paths, namespaces, capabilities and devices of the host.

Each function takes a call and the JSON of its request's body, None or of any shape, and returns texts; none raises.
Fields are found regardless of case, as Go finds them. Source: Docker's reference of ContainerCreate, ContainerExec,
ServiceCreate, ServiceUpdate, VolumeCreate, ImageBuild and NetworkConnect; before API 1.24, ContainerStart took a
HostConfig too.
"""

import posixpath
from collections.abc import Iterator
from typing import Any

from apispy.engine.json_fields import as_dict, as_list, field_value, value_at
from apispy.engine.operation import Call
from apispy.engine.requested_builds import build_of, host_and_address

SERVICES = ("ServiceCreate", "ServiceUpdate")

NAMESPACES = {
    "network": "NetworkMode",
    "pid": "PidMode",
    "ipc": "IpcMode",
    "uts": "UTSMode",
    "userns": "UsernsMode",
    "cgroupns": "CgroupnsMode",
}
"""The field of HostConfig that selects each namespace."""

SOCKETS = ("docker.sock", "podman.sock", "containerd.sock")
"""Ends of the paths of sockets that control all containers."""

SOCKET_DIRECTORIES = (
    "/",
    "/run",
    "/var",
    "/run/docker",
    "/run/containerd",
    "/run/podman",
    "/run/user",
)
"""Directories in which such a socket is on usual systems."""


def host_config(call: Call, body: Any) -> Any:
    """Return the HostConfig that the request sends, or None."""
    match call.operation.id:
        case "ContainerCreate":
            return field_value(body, "HostConfig")
        case "ContainerStart":
            return body
    return None


def is_privileged(call: Call, body: Any) -> bool:
    """Whether a container or a program in one gets all capabilities and devices of the host."""
    if build := build_of(call, body):
        return build.is_privileged
    asked = body if call.operation.id == "ContainerExec" else host_config(call, body)
    return field_value(asked, "Privileged") not in (None, False)


def host_paths(call: Call, body: Any) -> list[str]:
    """Return the paths of the host that the request mounts, without ".." and double slashes."""
    host = host_config(call, body)
    found = [*_bind_texts(host), *_mounted(field_value(host, "Mounts"))]
    if call.operation.id in SERVICES:
        found += _mounted(value_at(body, "TaskTemplate.ContainerSpec.Mounts"))
    if call.operation.id == "VolumeCreate":
        found += _device_of(field_value(body, "DriverOpts"))
    return list(dict.fromkeys(map(_cleaned, found)))


def bind_sources(host: Any) -> list[str]:
    """Return the paths of the host that a HostConfig mounts, as the client wrote them."""
    mounts = [one for one in as_list(field_value(host, "Mounts")) if field_value(one, "Type") == "bind"]
    return [*_bind_texts(host), *(str(field_value(one, "Source")) for one in mounts)]


def volume_source(body: Any) -> str:
    """Return the directory or device of the host that a VolumeCreate body makes a volume of; "" for none.

    The mount options, which say "bind", are redacted because they may have a password; a network file system's device
    is not a path (":/export", "//server/share").
    """
    return next(iter(_device_of(field_value(body, "DriverOpts"))), "")


def mounts_socket(call: Call, body: Any) -> bool:
    """Whether the request mounts the socket of a container engine, or a directory that usually has one."""
    # /var/run is a link to /run.
    paths = [path.replace("/var/run", "/run", 1) for path in host_paths(call, body)]
    return any(
        path.endswith(SOCKETS) or path in SOCKET_DIRECTORIES or path.startswith("/run/user/")
        for path in paths
    )


def namespaces(call: Call, body: Any, kind: str) -> list[str]:
    """Return the namespaces of a *kind* of NAMESPACES that the request selects: "host", "container:web", "mynet"."""
    found = [field_value(host_config(call, body), NAMESPACES[kind])]
    if kind == "network":
        found += _networks(call, body)
    return list(dict.fromkeys(one for one in found if isinstance(one, str) and one))


def capabilities(call: Call, body: Any) -> list[str]:
    """Return the capabilities that the request adds, in capitals without CAP_: "SYS_ADMIN", "ALL"."""
    added = field_value(host_config(call, body), "CapAdd")
    if call.operation.id in SERVICES:
        added = value_at(body, "TaskTemplate.ContainerSpec.CapabilityAdd")
    found = [one.upper().removeprefix("CAP_") for one in as_list(added) if isinstance(one, str)]
    return list(dict.fromkeys(found))


def devices(call: Call, body: Any) -> list[str]:
    """Return the devices of the host that the request gives to a container.

    Rules for device numbers come as "cgroup c 1:3 rwm", requests for devices of a driver as "driver nvidia".
    """
    host = host_config(call, body)
    found = [str(field_value(one, "PathOnHost")) for one in as_list(field_value(host, "Devices"))]
    if build := build_of(call, body):
        found += build.devices()
    found += [f"cgroup {one}" for one in as_list(field_value(host, "DeviceCgroupRules"))]
    for one in as_list(field_value(host, "DeviceRequests")):
        found.append(f"driver {field_value(one, 'Driver') or 'any'}")
    return list(dict.fromkeys(found))


def extra_hosts(call: Call, body: Any) -> list[str]:
    """Return the names of hosts that the request adds to those that its programs know: "name=address"."""
    if build := build_of(call, body):
        return list(dict.fromkeys(build.extra_hosts()))
    if call.operation.id in SERVICES:
        lines = [
            one.split()
            for one in as_list(value_at(body, "TaskTemplate.ContainerSpec.Hosts"))
            if isinstance(one, str)
        ]
        return [f"{name}={line[0]}" for line in lines for name in line[1:]]
    added = as_list(field_value(host_config(call, body), "ExtraHosts"))
    return list(dict.fromkeys(host_and_address(one) for one in added if isinstance(one, str)))


def contexts(call: Call, body: Any) -> list[str]:
    """Return what the daemon reads the contexts of a build from, if the client does not send them: URLs, images."""
    build = build_of(call, body)
    return list(dict.fromkeys(build.contexts())) if build else []


def outputs(call: Call, body: Any) -> list[list[str]]:
    """Return the names of each output of a build: its type, and "push" if it goes to a registry."""
    build = build_of(call, body)
    return list(build.outputs()) if build else []


def caches(call: Call, body: Any) -> list[list[str]]:
    """Return the names of each cache that a build reads or writes: its type, and what it refers to."""
    build = build_of(call, body)
    return [[name for name in one if name] for one in build.caches] if build else []


def build_images(call: Call, body: Any) -> list[str]:
    """Return the images that a build by gRPC names."""
    build = build_of(call, body)
    return [one for one in dict.fromkeys(build.images()) if one] if build else []


def user(call: Call, body: Any) -> str | None:
    """Return the user of the program that the request describes; "" if the request leaves it to the image or container.

    None if it describes no program.
    """
    match call.operation.id:
        case "ContainerCreate" | "ContainerExec":
            found = field_value(body, "User")
        case "ServiceCreate" | "ServiceUpdate":
            found = value_at(body, "TaskTemplate.ContainerSpec.User")
        case _:
            return None
    return found if isinstance(found, str) else ""


def _networks(call: Call, body: Any) -> Iterator[Any]:
    match call.operation.id:
        case "ContainerCreate":
            yield from as_dict(value_at(body, "NetworkingConfig.EndpointsConfig"))
        case "NetworkConnect":
            yield call.arguments.get("id")
        case "ImageBuild" | "Control/Solve" | "LLBBridge/Solve":
            build = build_of(call, body)
            yield from build.networks() if build else ()
        case "ServiceCreate" | "ServiceUpdate":
            for place in ("TaskTemplate.Networks", "Networks"):
                for one in as_list(value_at(body, place)):
                    yield field_value(one, "Target")


def _bind_texts(host: Any) -> Iterator[str]:
    """Yield the sources of HostConfig.Binds that are paths, not names of volumes."""
    for text in as_list(field_value(host, "Binds")):
        source = text.split(":", 1)[0] if isinstance(text, str) else ""
        if source.startswith(("/", "~", ".")) or "\\" in source:
            yield source


def _mounted(mounts: Any) -> Iterator[str]:
    for mount in as_list(mounts):
        if field_value(mount, "Type") == "bind":
            yield str(field_value(mount, "Source"))
        yield from _device_of(value_at(mount, "VolumeOptions.DriverConfig.Options"))


def _device_of(options: Any) -> Iterator[str]:
    """Yield the path that options of the volume driver "local" mount."""
    device = field_value(options, "device")
    if isinstance(device, str) and device.startswith("/") and not device.startswith("//"):
        yield device


def _cleaned(path: str) -> str:
    cleaned = posixpath.normpath(path)
    return cleaned[1:] if cleaned.startswith("//") else cleaned
