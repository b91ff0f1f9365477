"""How docker CLI flags map to API parameters, and the call order of CLI commands. Data only."""

SEQUENCES: dict[str, tuple[str, ...]] = {
    "docker attach": ("ContainerWait", "ContainerInspect", "ContainerAttach", "ContainerResize"),
    "docker build": ("Session", "ImageBuild", "BuildCancel"),
    "docker exec": ("ContainerInspect", "ContainerExec", "ExecStart", "ExecResize", "ExecInspect"),
    "docker plugin install": ("GetPluginPrivileges", "PluginPull", "PluginSet", "PluginEnable"),
    "docker plugin upgrade": ("PluginInspect", "GetPluginPrivileges", "PluginUpgrade"),
    "docker run": (
        "ContainerCreate",
        "ImageCreate",
        "ContainerAttach",
        "ContainerWait",
        "ContainerStart",
        "ContainerResize",
    ),
    "docker service create": ("SecretList", "ConfigList", "DistributionInspect", "ServiceCreate"),
    "docker service ps": ("ServiceList", "TaskList", "ServiceInspect", "NodeInspect"),
    "docker service update": ("ServiceInspect", "DistributionInspect", "ServiceUpdate"),
    "docker start": (
        "ContainerInspect",
        "ContainerAttach",
        "ContainerWait",
        "ContainerStart",
        "ContainerResize",
    ),
    "docker swarm init": ("SwarmInit", "NodeInspect", "SwarmInspect", "SwarmUnlockkey"),
    "docker swarm join": ("SwarmJoin", "SystemInfo"),
    "docker swarm join-token": ("SwarmInspect", "SwarmUpdate", "SystemInfo", "NodeInspect"),
    "docker swarm unlock-key": ("SwarmInspect", "SwarmUpdate", "SwarmUnlockkey"),
    "docker system prune": ("ContainerPrune", "NetworkPrune", "VolumePrune", "ImagePrune", "BuildPrune"),
}
"""The call order of a command and its variants, where it differs from the order of the catalogue.

Observed with docker 20.10.24 and 28.2.2, except for builds, plugins and commands that need a second node.
"""

ONLY_IF = {
    ("docker run", "ImageCreate"): "only if the image is missing; the container is created again afterwards",
    (
        "docker create",
        "ImageCreate",
    ): "only if the image is missing; the container is created again afterwards",
    ("docker cp", "ContainerArchive"): "when copying from the container",
    ("docker cp", "PutContainerArchive"): "when copying to the container",
    ("docker cp", "ContainerCopy"): "with engines before 1.8",
    ("docker build", "Session"): "with BuildKit",
    ("docker build", "BuildCancel"): "with BuildKit, on Ctrl-C",
}
"""Calls that a command makes only under a condition."""

SKIPPED_BY_FLAG = {("docker run", "-d"): ("ContainerAttach", "ContainerResize")}
"""Calls that a flag avoids."""

LONG = {
    "-a": "--all", "-d": "--detach", "-f": "--force", "-l": "--latest", "-n": "--last", "-s": "--size", "-t": "--tty",
    "-v": "--volumes",
}  # fmt: skip
"""Long forms of short flags in most commands."""

LONG_OF = {
    ("ContainerList", "-f"): "--filter",
    ("ContainerLogs", "-f"): "--follow",
    ("ContainerLogs", "-n"): "--tail",
    ("ContainerLogs", "-t"): "--timestamps",
    ("ContainerDelete", "-l"): "--link",
    ("ContainerStop", "-t"): "--time",
    ("ContainerRestart", "-t"): "--time",
    ("ContainerStop", "-s"): "--signal",
    ("ContainerRestart", "-s"): "--signal",
    ("ContainerKill", "-s"): "--signal",
    ("ImageList", "-f"): "--filter",
    ("NetworkList", "-f"): "--filter",
    ("VolumeList", "-f"): "--filter",
    ("SystemEvents", "-f"): "--filter",
    ("ServiceLogs", "-f"): "--follow",
    ("ServiceLogs", "-n"): "--tail",
    ("ServiceLogs", "-t"): "--timestamps",
}
"""Long forms of short flags in the commands that cause an operation."""

PARAMETERS: dict[tuple[str, str], tuple[str, str]] = {
    ("ContainerList", "--all"): ("all", "1"),
    ("ContainerList", "--last"): ("limit", ""),
    ("ContainerList", "--latest"): ("limit", "1"),
    ("ContainerList", "--size"): ("size", "1"),
    ("ContainerList", "--filter"): ("filters", ""),
    ("ContainerCreate", "--name"): ("name", ""),
    ("ContainerCreate", "--platform"): ("platform", ""),
    ("ContainerDelete", "--force"): ("force", "1"),
    ("ContainerDelete", "--volumes"): ("v", "1"),
    ("ContainerDelete", "--link"): ("link", "1"),
    ("ContainerStop", "--time"): ("t", ""),
    ("ContainerStop", "--signal"): ("signal", ""),
    ("ContainerRestart", "--time"): ("t", ""),
    ("ContainerRestart", "--signal"): ("signal", ""),
    ("ContainerKill", "--signal"): ("signal", ""),
    ("ContainerLogs", "--follow"): ("follow", "1"),
    ("ContainerLogs", "--tail"): ("tail", ""),
    ("ContainerLogs", "--since"): ("since", ""),
    ("ContainerLogs", "--until"): ("until", ""),
    ("ContainerLogs", "--timestamps"): ("timestamps", "1"),
    ("ContainerLogs", "--details"): ("details", "1"),
    ("ImageList", "--all"): ("all", "1"),
    ("ImageList", "--digests"): ("digests", "1"),
    ("ImageList", "--filter"): ("filters", ""),
    ("ImageDelete", "--force"): ("force", "1"),
    ("ImageDelete", "--no-prune"): ("noprune", "1"),
    ("NetworkList", "--filter"): ("filters", ""),
    ("VolumeList", "--filter"): ("filters", ""),
    ("VolumeDelete", "--force"): ("force", "1"),
    ("SystemEvents", "--since"): ("since", ""),
    ("SystemEvents", "--until"): ("until", ""),
    ("SystemEvents", "--filter"): ("filters", ""),
    ("ServiceLogs", "--follow"): ("follow", "1"),
    ("ServiceLogs", "--tail"): ("tail", ""),
    ("ServiceLogs", "--since"): ("since", ""),
    ("ServiceLogs", "--timestamps"): ("timestamps", "1"),
}
"""The query parameter of a flag, and its value; "" means the value of the flag."""
