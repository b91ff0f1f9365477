"""What a call does to the daemon, in a word or two: whether it reads or changes, and what it lets out or in.

"read" and "change" exclude each other. A call has neither if apispy does not know its operation, or if it only
contacts a registry with credentials (SystemAuth).
"""

from apispy.engine.operation import Call
from apispy.engine.operations import FOREIGN_TAGS

READ, CHANGE = "read", "change"

READING_POSTS = frozenset(("ContainerWait", "ContainerCopy"))
"""Operations with POST that change nothing. ContainerAttach is one too, if it sends no input."""

READING_METHODS = frozenset(
    (
        *(
            "Control/DiskUsage",
            "Control/Info",
            "Control/ListWorkers",
            "Control/ListenBuildHistory",
            "Control/Status",
        ),
        *("Health/Check", "Health/Watch", "TraceService/Export"),
        *(
            "LLBBridge/Inputs",
            "LLBBridge/Ping",
            "LLBBridge/ReadDir",
            "LLBBridge/ReadFile",
            "LLBBridge/StatFile",
        ),
        *("LLBBridge/ResolveImageConfig", "LLBBridge/ResolveSourceMeta"),
    )
)
"""gRPC methods that change nothing. Those of LLBBridge need a build that runs; a trace is passed on and not kept."""

CHANGING_GETS = frozenset(("ContainerAttachWebsocket", "ContainerResizeGet"))
"""Operations with GET that change something: the first can type into a container's program."""

NEITHER = frozenset(("SystemAuth", "SystemAuthGet", "Options"))
"""Operations that neither read nor change anything of the daemon."""

MORE: dict[str, tuple[str, ...]] = {
    "exec": ("ContainerExec", "ExecStart", "LibpodContainerExec"),
    "build": ("ImageBuild", "Session", "Grpc", "GrpcCall", "Control/Session", "Control/Solve", "LLBBridge/Evaluate",
              "LLBBridge/Return", "LLBBridge/Solve"),
    "archive-out": ("ContainerArchive", "ContainerExport", "ContainerCopy", "ImageGet", "ImageGetAll"),
    "archive-in": ("PutContainerArchive", "ImageLoad", "ImageInsert"),
    "secret": ("SecretCreate", "SecretUpdate", "SecretDelete", "SecretList", "SecretInspect", "SwarmInspect",
               "SwarmUnlockkey", "SwarmUnlock", "SwarmJoin", "LibpodSecretCreate"),
    "registry": ("ImagePush", "ImageCreate", "ImageSearch", "DistributionInspect", "SystemAuth", "PluginPull",
                 "PluginPush", "PluginUpgrade", "GetPluginPrivileges"),
}  # fmt: skip
"""Other effects, and the operations that have them."""

EFFECTS = (READ, CHANGE, *MORE)

TUNNEL = "Grpc"
"""The operation that opens a tunnel in which a client calls BuildKit's methods. In that of ``Session`` the daemon does.
"""


def effects(call: Call) -> tuple[str, ...]:
    """Return the effects of a call, of ``EFFECTS``; () for an unknown operation."""
    operation = call.operation
    if not operation.id or (operation.tag in FOREIGN_TAGS and "{path}" in operation.path):
        return ()
    more = tuple(effect for effect, names in MORE.items() if operation.id in names)
    return (*_main(call), *more)


def _main(call: Call) -> tuple[str, ...]:
    name = call.operation.id
    if name in NEITHER:
        return ()
    if name in CHANGING_GETS:
        return (CHANGE,)
    if name in READING_POSTS | READING_METHODS or (name == "ContainerAttach" and not call.flag("stdin")):
        return (READ,)
    return (READ,) if call.operation.method in ("GET", "HEAD") else (CHANGE,)
