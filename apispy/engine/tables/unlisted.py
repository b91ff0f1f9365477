"""What the reference does not list: operations that are gone, and routes that were never documented.

The reference gives these no operationId; the ids here are ours, in its manner.
"""

from apispy.engine.operation import Operation

GONE = (
    Operation("SystemAuthGet", "GET", "/auth"),  # until API 1.1
    Operation("ImageInsert", "POST", "/images/{name}/insert", shows=("url", "path")),  # until API 1.10
    Operation("ImageViz", "GET", "/images/viz", response="text"),  # until engine 1.6
    Operation(
        "ContainerListPs", "GET", "/containers/ps", shows=("all",), outcome="count:containers"
    ),  # until engine 1.8
    Operation("PluginInspectLegacy", "GET", "/plugins/{name}", outcome="name"),  # API 1.24 only
    # Documented until API 1.23, routed for those versions until engine 25.
    Operation(
        "ContainerCopy",
        "POST",
        "/containers/{id}/copy",
        request="json",
        response="tar",
        shows=("body.Resource",),
        outcome="size",
    ),
)

UNDOCUMENTED = (
    # BuildKit from engine 19.03: on this connection the API client is the HTTP/2 client.
    Operation("Grpc", "POST", "/grpc", response="h2c", opens="always", outcome="grpc"),
    Operation("BuildCancel", "POST", "/build/cancel", response="", shows=("id",)),  # from engine 18.06
    # Experimental. Their names hold no slash, see ``lookup``.
    Operation(
        "CheckpointList", "GET", "/containers/{id}/checkpoints", shows=("dir",), outcome="count:checkpoints"
    ),
    Operation(
        "CheckpointCreate",
        "POST",
        "/containers/{id}/checkpoints",
        request="json",
        response="",
        shows=("body.CheckpointID", "body.Exit"),
    ),
    Operation(
        "CheckpointDelete",
        "DELETE",
        "/containers/{id}/checkpoints/{checkpoint}",
        response="",
        shows=("dir",),
    ),
    Operation("DebugVars", "GET", "/debug/vars"),
    Operation("DebugPprof", "GET", "/debug/pprof", response="text", outcome="size"),
    Operation("DebugPprofCmdline", "GET", "/debug/pprof/cmdline", response="text", outcome="size"),
    Operation(
        "DebugPprofProfile", "GET", "/debug/pprof/profile", response="raw", shows=("seconds",), outcome="size"
    ),
    Operation("DebugPprofSymbol", "GET", "/debug/pprof/symbol", response="text", outcome="size"),
    Operation(
        "DebugPprofTrace", "GET", "/debug/pprof/trace", response="raw", shows=("seconds",), outcome="size"
    ),
    Operation(
        "DebugPprofLookup", "GET", "/debug/pprof/{name}", response="raw", shows=("debug",), outcome="size"
    ),
    Operation("Options", "OPTIONS", "/{anyroute}", response=""),
)
