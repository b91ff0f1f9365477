"""gRPC methods that a daemon offers on its API's own address, to clients that speak HTTP/2 from the first byte.

Docker Engine does so from 29.2 on (moby daemon/command/httphandler.go and daemon/internal/builder-next/builder.go).
Before, and for clients that do not try, the same methods are called in the tunnel of ``/grpc``. The ids are ours: the
service without its package, and the method.
"""

from apispy.engine.operation import Operation
from apispy.structs import replace

CONTROL, BRIDGE = "moby.buildkit.v1.Control", "moby.buildkit.v1.frontend.LLBBridge"
HEALTH, TRACES = "grpc.health.v1.Health", "opentelemetry.proto.collector.trace.v1.TraceService"

METHODS = (
    (CONTROL, "DiskUsage", "Lists the build cache.", "docker buildx du"),
    (CONTROL, "Info", "Returns the version of BuildKit.", "docker buildx build"),
    (CONTROL, "ListWorkers", "Lists the build workers.", "docker buildx build"),
    (CONTROL, "ListenBuildHistory", "Returns the builds so far, and follows new ones.", "docker buildx history ls"),
    (CONTROL, "Prune", "Removes what the build cache does not need.", "docker buildx prune"),
    (CONTROL, "Session", "Opens the session in which BuildKit asks the client for files.", "docker buildx build"),
    (CONTROL, "Solve", "Runs a build.", "docker buildx build"),
    (CONTROL, "Status", "Follows the progress of a build.", "docker buildx build"),
    (CONTROL, "UpdateBuildHistory", "Changes the record of a build.", "docker buildx history rm"),
    (BRIDGE, "Evaluate", "Runs a part of a build whose result is not needed.", "docker buildx build"),
    (BRIDGE, "Inputs", "Returns the inputs of a frontend.", "docker buildx build"),
    (BRIDGE, "Ping", "Returns the capabilities of the builder.", "docker buildx build"),
    (BRIDGE, "ReadDir", "Lists a directory of a build step.", "docker buildx build"),
    (BRIDGE, "ReadFile", "Reads a file of a build step.", "docker buildx build"),
    (BRIDGE, "ResolveImageConfig", "Resolves a base image.", "docker buildx build"),
    (BRIDGE, "ResolveSourceMeta", "Resolves a source, such as a base image.", "docker buildx build"),
    (BRIDGE, "Return", "Returns the result of a frontend.", "docker buildx build"),
    (BRIDGE, "Solve", "Runs a part of a build.", "docker buildx build"),
    (BRIDGE, "StatFile", "Describes a file of a build step.", "docker buildx build"),
    (BRIDGE, "Warn", "Reports a warning of a frontend.", "docker buildx build"),
    (HEALTH, "Check", "Returns whether a service is ready.", "docker buildx build"),
    (HEALTH, "Watch", "Follows whether a service is ready.", "docker buildx build"),
    (TRACES, "Export", "Sends the client's trace of a build.", "docker buildx build"),
)  # fmt: skip
"""Service, method, what it does, the command that calls it."""

FOLLOWING = ("ListenBuildHistory", "Session", "Solve", "Status", "Watch")
"""Methods whose calls take as long as the build, or as the client likes."""

GRPC_CALL = Operation(
    "GrpcCall",
    "POST",
    "/{service}/{method}",
    tag="gRPC",
    documented=False,
    does="Calls a method of a gRPC service that apispy does not know.",
    request="grpc",
    response="grpc",
    outcome="grpc-call",
)
"""The operation of calls of other methods."""

GRPC_METHODS = (
    *(
        replace(
            GRPC_CALL,
            id=f"{service.rpartition('.')[2]}/{method}",
            path=f"/{service}/{method}",
            does=does,
            commands=(command,),
            opens="always" if method in FOLLOWING and service != BRIDGE else "no",
        )
        for service, method, does, command in METHODS
    ),
    GRPC_CALL,
)
