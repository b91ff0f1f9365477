"""Containers, and programs run inside them."""

from apispy.engine.operation import Operation

LOG_ARGUMENTS = ("follow", "stdout", "stderr", "tail", "since", "until")
ATTACH_ARGUMENTS = ("logs", "stream", "stdin", "stdout", "stderr", "detachKeys")

CONTAINERS = (
    Operation(
        "ContainerList", "GET", "/containers/json", shows=("all", "filters"), outcome="count:containers"
    ),
    Operation(
        "ContainerCreate",
        "POST",
        "/containers/create",
        request="json",
        shows=("name", "body.Image", "body.Cmd"),
        outcome="id",
        secrets=("request.Env",),
    ),
    Operation(
        "ContainerInspect",
        "GET",
        "/containers/{id}/json",
        outcome="state",
        secrets=("response.Config.Env",),
    ),
    Operation("ContainerTop", "GET", "/containers/{id}/top", shows=("ps_args",), outcome="top"),
    Operation(
        "ContainerLogs",
        "GET",
        "/containers/{id}/logs",
        response="stdio",
        opens="follow",
        shows=LOG_ARGUMENTS,
        outcome="size",
    ),
    Operation("ContainerChanges", "GET", "/containers/{id}/changes", outcome="changes"),
    Operation("ContainerExport", "GET", "/containers/{id}/export", response="tar", outcome="size"),
    Operation(
        "ContainerStats",
        "GET",
        "/containers/{id}/stats",
        response="stats",
        opens="stream",
        shows=("stream", "one-shot"),
        outcome="stats",
    ),
    Operation("ContainerResize", "POST", "/containers/{id}/resize", response="", shows=("h", "w")),
    # Until API 1.23 its body could be a HostConfig.
    Operation("ContainerStart", "POST", "/containers/{id}/start", "json", "", shows=("checkpoint",)),
    Operation("ContainerStop", "POST", "/containers/{id}/stop", response="", shows=("t", "signal")),
    Operation("ContainerRestart", "POST", "/containers/{id}/restart", response="", shows=("t", "signal")),
    Operation("ContainerKill", "POST", "/containers/{id}/kill", response="", shows=("signal",)),
    Operation(
        "ContainerUpdate",
        "POST",
        "/containers/{id}/update",
        request="json",
        shows=("body.Memory", "body.NanoCpus", "body.CpuShares", "body.RestartPolicy.Name"),
    ),
    Operation("ContainerRename", "POST", "/containers/{id}/rename", response="", shows=("name",)),
    Operation("ContainerPause", "POST", "/containers/{id}/pause", response=""),
    Operation("ContainerUnpause", "POST", "/containers/{id}/unpause", response=""),
    Operation(
        "ContainerAttach",
        "POST",
        "/containers/{id}/attach",
        response="stdio",
        opens="always",
        shows=ATTACH_ARGUMENTS,
    ),
    Operation(
        "ContainerAttachWebsocket",
        "GET",
        "/containers/{id}/attach/ws",
        response="websocket",
        opens="always",
        shows=ATTACH_ARGUMENTS,
    ),
    Operation(
        "ContainerWait",
        "POST",
        "/containers/{id}/wait",
        opens="always",
        shows=("condition",),
        outcome="exit-code",
    ),
    Operation("ContainerDelete", "DELETE", "/containers/{id}", response="", shows=("force", "v", "link")),
    Operation("ContainerArchiveInfo", "HEAD", "/containers/{id}/archive", response="", shows=("path",)),
    Operation(
        "ContainerArchive",
        "GET",
        "/containers/{id}/archive",
        response="tar",
        shows=("path",),
        outcome="size",
    ),
    Operation("PutContainerArchive", "PUT", "/containers/{id}/archive", "tar", "", shows=("path",)),
    Operation("ContainerPrune", "POST", "/containers/prune", shows=("filters",), outcome="space"),
)

EXEC = (
    Operation(
        "ContainerExec",
        "POST",
        "/containers/{id}/exec",
        request="json",
        shows=("body.Cmd", "body.Tty"),
        outcome="id",
        secrets=("request.Env",),
    ),
    # With Detach in its body it ends at once; else it takes the connection over.
    Operation(
        "ExecStart",
        "POST",
        "/exec/{id}/start",
        request="json",
        response="stdio",
        opens="if-hijacked",
        shows=("body.Detach", "body.Tty"),
    ),
    Operation("ExecResize", "POST", "/exec/{id}/resize", response="", shows=("h", "w")),
    Operation("ExecInspect", "GET", "/exec/{id}/json", outcome="exec-state"),
)
