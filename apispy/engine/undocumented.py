"""Parameters that the daemon reads although no description of that version has them. Data only.

Found by comparing the handlers of engine 20.10.24 and of moby/moby in August 2026 with the descriptions. The first
version is that of the release that first reads it; the last version is "" if the newest handlers still read it.
"""

from typing import Literal

Place = Literal["path", "query", "header"]
Row = tuple[str, Place, str, str, str, str, bool]

# operation, place, name, type, first, last, whether the value is JSON
UNDOCUMENTED: tuple[Row, ...] = (
    ("ImageBuild", "query", "cgroupparent", "string", "1.19", "", False),
    ("ImageBuild", "query", "cpusetmems", "string", "1.19", "", False),
    ("ImageBuild", "query", "ulimits", "string", "1.20", "", True),
    ("ImageBuild", "query", "isolation", "string", "1.22", "", False),
    ("ImageBuild", "query", "securityopt", "array", "1.25", "", False),
    ("ImageBuild", "query", "session", "string", "1.31", "", False),
    ("ImageBuild", "query", "buildid", "string", "1.38", "", False),
    ("BuildCancel", "query", "id", "string", "1.38", "", False),
    # Documented until 1.24.
    ("ContainerList", "query", "before", "string", "1.25", "1.41", False),
    ("ContainerList", "query", "since", "string", "1.25", "1.41", False),
    ("ContainerLogs", "query", "details", "boolean", "1.25", "", False),
    ("ContainerLogs", "query", "format", "string", "1.54", "", False),
    ("ContainerStart", "query", "checkpoint", "string", "1.25", "", False),
    ("ContainerStart", "query", "checkpoint-dir", "string", "1.25", "", False),
    ("CheckpointList", "query", "dir", "string", "1.25", "", False),
    ("CheckpointDelete", "query", "dir", "string", "1.25", "", False),
    # Documented until 1.24; the version history says that 1.41 dropped it.
    ("ImageList", "query", "filter", "string", "1.25", "1.40", False),
    # The handler is shared with ImageGetAll.
    ("ImageGet", "query", "names", "array", "1.15", "", False),
    ("ImageSearch", "header", "X-Registry-Auth", "string", "1.12", "", False),
    ("DistributionInspect", "header", "X-Registry-Auth", "string", "1.30", "", False),
    # It shared the handler of ContainerList.
    ("ContainerListPs", "query", "all", "boolean", "1.12", "1.20", False),
    ("ContainerListPs", "query", "before", "string", "1.12", "1.20", False),
    ("ContainerListPs", "query", "filters", "string", "1.12", "1.20", True),
    ("ContainerListPs", "query", "limit", "integer", "1.12", "1.20", False),
    ("ContainerListPs", "query", "since", "string", "1.12", "1.20", False),
    ("ContainerListPs", "query", "size", "boolean", "1.12", "1.20", False),
    # Go's net/http/pprof.
    ("DebugPprofProfile", "query", "seconds", "integer", "1.12", "", False),
    ("DebugPprofTrace", "query", "seconds", "integer", "1.31", "", False),
    ("DebugPprofLookup", "query", "debug", "integer", "1.31", "", False),
)
