"""What makes a call dangerous, in a few words: by its operation, and by its body."""

from collections.abc import Iterator
from typing import Any

from apispy.engine import Call
from apispy.engine.json_fields import as_list, field_value, value_at
from apispy.engine.requested_access import NAMESPACES, SOCKETS, bind_sources, volume_source
from apispy.engine.requested_builds import Build, build_of

OPERATIONS = {
    "ContainerCreate": "a container can be given any file and device of the host, unless its body is checked",
    "ServiceCreate": "a service can be given any file of a node, unless its body is checked",
    "ServiceUpdate": "a service can be given any file of a node, unless its body is checked",
    "ContainerExec": "runs a program in a container that already runs",
    "ContainerArchive": "reads any file of a container",
    "ContainerExport": "reads all files of a container",
    "ContainerCopy": "reads any file of a container",
    "ImageGet": "reads all files of an image",
    "ImageGetAll": "reads all files of images",
    "PutContainerArchive": "writes files into a container",
    "ContainerAttachWebsocket": "can type into a container's program",
    "ImageBuild": "a build runs programs on the daemon's machine",
    "Control/Solve": "a build runs programs on the daemon's machine",
    "LLBBridge/Solve": "a build runs programs on the daemon's machine",
    "Session": "a build session sends files and secrets of the client to the daemon",
    "Grpc": "opens BuildKit, which runs builds on the daemon's machine",
    "ImagePush": "sends images to a registry",
    "PluginPull": "a plugin runs as root on the host",
    "PluginCreate": "a plugin runs as root on the host",
    "PluginUpgrade": "a plugin runs as root on the host",
    "PluginEnable": "a plugin runs as root on the host",
    "PluginSet": "changes what a plugin, which runs as root on the host, may reach",
    "SystemAuth": "sends registry credentials",
    "SecretCreate": "sends a secret of the swarm",
    "SecretUpdate": "changes a secret of the swarm",
    "SecretDelete": "removes a secret of the swarm",
    "SwarmInspect": "shows the tokens with which machines join the swarm",
    "SwarmUnlockkey": "shows the key that unlocks the swarm's managers",
    "SwarmInit": "makes the daemon a manager of a swarm",
    "SwarmJoin": "gives control of the daemon to the managers of a swarm",
    "SwarmLeave": "takes the daemon out of its swarm",
    "SwarmUpdate": "changes the swarm and its tokens",
    "SwarmUnlock": "sends the key that unlocks the swarm's managers",
    "LibpodContainerCreate": "a container can be given any file of the host, unless its body is checked",
    "LibpodContainerExec": "runs a program in a container that already runs",
    "LibpodKubePlay": "a pod can be given any file of the host, and a manifest may have secrets",
    "LibpodSecretCreate": "sends a secret",
}
"""Operations that are dangerous whatever they send. ContainerAttach is dangerous only with stdin."""

HOST_MODES = {
    "network": "network",
    "pid": "process",
    "ipc": "IPC",
    "uts": "host name",
    "userns": "user",
    "cgroupns": "cgroup",
}
"""The kinds of namespaces (``requested_access.NAMESPACES``), in words."""


def dangers(call: Call, body: Any) -> list[str]:
    """Return the reasons why the call is dangerous. *body* is the JSON of its request, or None."""
    found = list(_of_body(call, body))
    if call.operation.id == "ContainerAttach" and call.flag("stdin"):
        found.append("can type into a container's program")
    if reason := OPERATIONS.get(call.operation.id):
        found.append(reason)
    return list(dict.fromkeys(found))


def _of_body(call: Call, body: Any) -> Iterator[str]:
    operation = call.operation.id
    if operation in ("ContainerCreate", "ContainerStart"):
        host = field_value(body, "HostConfig") if operation == "ContainerCreate" else body
        yield from _of_host_config(host)
    elif build := build_of(call, body):
        yield from _of_build(build)
    elif operation in ("ServiceCreate", "ServiceUpdate"):
        container = value_at(body, "TaskTemplate.ContainerSpec")
        yield from _of_mounts(field_value(container, "Mounts"))
        yield from _added(field_value(container, "CapabilityAdd"))
    elif operation == "ContainerExec" and field_value(body, "Privileged") is True:
        yield "privileged: the program has all capabilities"
    elif operation == "VolumeCreate" and (device := volume_source(body)):
        yield f"a volume that is a part of the host: {device}"


def _of_build(build: Build) -> Iterator[str]:
    if build.is_privileged:
        yield "privileged: steps of the build may have all capabilities"
    if "host" in build.networks():
        yield "steps of the build share the network namespace of the host"
    for device in build.devices():
        yield f"steps of the build may have the device {device}"


def _of_host_config(host: Any) -> Iterator[str]:
    if field_value(host, "Privileged") is True:
        yield "privileged: all capabilities and devices of the host"
    for kind, namespace in HOST_MODES.items():
        if field_value(host, NAMESPACES[kind]) == "host":
            yield f"shares the {namespace} namespace of the host"
    yield from _added(field_value(host, "CapAdd"))
    for path in bind_sources(host):
        yield _mounted(path)
    for device in as_list(field_value(host, "Devices")):
        if path := field_value(device, "PathOnHost"):
            yield f"device of the host: {path}"
    for option in as_list(field_value(host, "SecurityOpt")):
        if isinstance(option, str) and option.replace(":", "=").endswith(("=unconfined", "label=disable")):
            yield f"security option {option}"


def _added(capabilities: Any) -> Iterator[str]:
    for name in as_list(capabilities):
        yield f"adds the capability {name}"


def _of_mounts(mounts: Any) -> Iterator[str]:
    for mount in as_list(mounts):
        if field_value(mount, "Type") == "bind":
            yield _mounted(str(field_value(mount, "Source")))


def _mounted(path: str) -> str:
    if path.endswith(SOCKETS):
        return f"mounts {path}: the container controls the daemon"
    return f"mounts {path} of the host"
