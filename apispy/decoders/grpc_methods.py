"""The gRPC services of BuildKit and their methods in words: tables only."""

SERVICES = {
    "grpc.health.v1.Health": ("both", "Whether the other side is alive."),
    "moby.buildkit.v1.Control": ("client", "The builder: builds, their progress, its cache and its history."),
    "moby.buildkit.v1.frontend.LLBBridge": (
        "client",
        "What a frontend, such as the reader of Dockerfiles, asks of the builder. buildx runs the frontend's part of "
        "the client itself.",
    ),
    "moby.buildkit.secrets.v1.Secrets": (
        "daemon",
        "The secrets that the client offers to a build (--secret).",
    ),
    "moby.filesync.v1.Auth": ("daemon", "The registry credentials of the client, or tokens made with them."),
    "moby.filesync.v1.FileSync": ("daemon", "The files of the client: the Dockerfile and the build context."),
    "moby.filesync.v1.FileSend": (
        "daemon",
        "Results that are written at the client (--output type=local or tar).",
    ),
    "moby.sshforward.v1.SSH": ("daemon", "The ssh agent of the client (--ssh)."),
    "moby.upload.v1.Upload": (
        "daemon",
        "Standard input of the client, when the build context comes from there.",
    ),
    "opentelemetry.proto.collector.trace.v1.TraceService": ("client", "Spans of the client, for tracing."),
}
"""By service: who calls it ("client": on /grpc; "daemon": on /session, where the daemon asks the client), and what for.
"""

METHOD_DESCRIPTIONS = {
    "/grpc.health.v1.Health/Check": "health check",
    "/grpc.health.v1.Health/Watch": "watch the health status",
    "/moby.buildkit.secrets.v1.Secrets/GetSecret": "request a build secret",
    "/moby.buildkit.v1.Control/DiskUsage": "list the build cache",
    "/moby.buildkit.v1.Control/Info": "get the BuildKit version",
    "/moby.buildkit.v1.Control/ListWorkers": "list the build workers",
    "/moby.buildkit.v1.Control/ListenBuildHistory": "follow the build history",
    "/moby.buildkit.v1.Control/Prune": "prune the build cache",
    "/moby.buildkit.v1.Control/Session": "open a nested session",
    "/moby.buildkit.v1.Control/Solve": "run a build",
    "/moby.buildkit.v1.Control/Status": "follow build progress",
    "/moby.buildkit.v1.Control/UpdateBuildHistory": "change the build history",
    "/moby.buildkit.v1.frontend.LLBBridge/Evaluate": "run the steps of a partial result",
    "/moby.buildkit.v1.frontend.LLBBridge/ExecProcess": "run a program in a container of the build",
    "/moby.buildkit.v1.frontend.LLBBridge/Inputs": "get the inputs of the frontend",
    "/moby.buildkit.v1.frontend.LLBBridge/NewContainer": "create a container of the build",
    "/moby.buildkit.v1.frontend.LLBBridge/Ping": "get the builder's capabilities",
    "/moby.buildkit.v1.frontend.LLBBridge/ReadDir": "list a directory of a build step",
    "/moby.buildkit.v1.frontend.LLBBridge/ReadFile": "read a file of a build step",
    "/moby.buildkit.v1.frontend.LLBBridge/ReleaseContainer": "remove a container of the build",
    "/moby.buildkit.v1.frontend.LLBBridge/ResolveImageConfig": "resolve a base image",
    "/moby.buildkit.v1.frontend.LLBBridge/ResolveSourceMeta": "resolve a base image or another source",
    "/moby.buildkit.v1.frontend.LLBBridge/Return": "return the build result",
    "/moby.buildkit.v1.frontend.LLBBridge/Solve": "run part of a build",
    "/moby.buildkit.v1.frontend.LLBBridge/StatFile": "get the metadata of a file of a build step",
    "/moby.buildkit.v1.frontend.LLBBridge/Warn": "add a warning to the build",
    "/moby.filesync.v1.Auth/Credentials": "request registry credentials",
    "/moby.filesync.v1.Auth/FetchToken": "request a registry token",
    "/moby.filesync.v1.Auth/GetTokenAuthority": "request the key of registry tokens",
    "/moby.filesync.v1.Auth/VerifyTokenAuthority": "prove possession of that key",
    "/moby.filesync.v1.FileSend/DiffCopy": "send the build result",
    "/moby.filesync.v1.FileSync/DiffCopy": "send files of the build context",
    "/moby.filesync.v1.FileSync/TarStream": "send the build context as a tar archive",
    "/moby.sshforward.v1.SSH/CheckAgent": "check for an ssh agent",
    "/moby.sshforward.v1.SSH/ForwardAgent": "use the ssh agent",
    "/moby.upload.v1.Upload/Pull": "send standard input",
    "/opentelemetry.proto.collector.trace.v1.TraceService/Export": "export the client's spans",
}
"""The purpose of BuildKit's methods. In a /session the daemon is the caller: it requests things from the client."""
