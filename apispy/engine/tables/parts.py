"""Volumes, networks and plugins."""

from apispy.engine.operation import Operation

VOLUMES = (
    Operation("VolumeList", "GET", "/volumes", shows=("filters",), outcome="count:volumes@Volumes"),
    Operation(
        "VolumeCreate",
        "POST",
        "/volumes/create",
        request="json",
        shows=("body.Name", "body.Driver"),
        outcome="name",
    ),
    Operation("VolumeInspect", "GET", "/volumes/{name}", outcome="name"),
    Operation("VolumeUpdate", "PUT", "/volumes/{name}", "json", "", shows=("version",)),
    Operation("VolumeDelete", "DELETE", "/volumes/{name}", response="", shows=("force",)),
    Operation("VolumePrune", "POST", "/volumes/prune", shows=("filters",), outcome="space"),
)

NETWORKS = (
    Operation("NetworkList", "GET", "/networks", shows=("filters",), outcome="count:networks"),
    Operation("NetworkInspect", "GET", "/networks/{id}", shows=("scope", "verbose"), outcome="name"),
    Operation("NetworkDelete", "DELETE", "/networks/{id}", response=""),
    Operation(
        "NetworkCreate",
        "POST",
        "/networks/create",
        request="json",
        shows=("body.Name", "body.Driver"),
        outcome="id",
    ),
    Operation("NetworkConnect", "POST", "/networks/{id}/connect", "json", "", shows=("body.Container",)),
    Operation(
        "NetworkDisconnect",
        "POST",
        "/networks/{id}/disconnect",
        request="json",
        response="",
        shows=("body.Container", "body.Force"),
    ),
    Operation(
        "NetworkPrune",
        "POST",
        "/networks/prune",
        shows=("filters",),
        outcome="count:networks@NetworksDeleted",
    ),
)

PLUGINS = (
    Operation("PluginList", "GET", "/plugins", shows=("filters",), outcome="count:plugins"),
    Operation(
        "GetPluginPrivileges", "GET", "/plugins/privileges", shows=("remote",), outcome="count:privileges"
    ),
    # Of the streams of progress below, only an upgrade and a pull have a body: the privileges granted.
    Operation(
        "PluginPull",
        "POST",
        "/plugins/pull",
        request="json",
        response="progress",
        opens="always",
        shows=("remote", "name"),
        outcome="progress",
    ),
    Operation("PluginInspect", "GET", "/plugins/{name}/json", outcome="name"),
    Operation("PluginDelete", "DELETE", "/plugins/{name}", shows=("force",)),
    Operation("PluginEnable", "POST", "/plugins/{name}/enable", response="", shows=("timeout",)),
    Operation("PluginDisable", "POST", "/plugins/{name}/disable", response="", shows=("force",)),
    Operation(
        "PluginUpgrade",
        "POST",
        "/plugins/{name}/upgrade",
        request="json",
        response="progress",
        opens="always",
        shows=("remote",),
        outcome="progress",
    ),
    Operation("PluginCreate", "POST", "/plugins/create", "tar", "", shows=("name",)),
    Operation(
        "PluginPush",
        "POST",
        "/plugins/{name}/push",
        response="progress",
        opens="always",
        outcome="progress",
    ),
    Operation("PluginSet", "POST", "/plugins/{name}/set", "json", ""),
)
