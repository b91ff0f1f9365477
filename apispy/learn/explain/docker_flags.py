"""What the flags of docker commands become in the calls. Data only.

The flags that people use with values of a form of their own; what the others change is in flag_effects.py, as recorded.
Each row: the field of the body ("HostConfig.Memory") or the query parameter ("?all"), and the conversion of the flag's
texts (a function of ``flag_values``) or a fixed value as text. Compared with what docker 28.5 sends, see
tests/e2e/test_explain_modern.py.
"""

from apispy.learn.explain import flag_values as to
from apispy.learn.explain.flag_values import Convert

Targets = tuple[tuple[str, Convert], ...]
Flags = dict[str, Targets]


def _field(path: str, convert: Convert) -> Targets:
    return ((path, convert),)


def _fixed(text: str) -> Convert:
    return lambda texts: text if to.true(texts) else "0"


_ONE = _fixed("1")

_LIMITS: Flags = {
    "--blkio-weight": _field("BlkioWeight", to.integer),
    "--cpu-period": _field("CpuPeriod", to.integer),
    "--cpu-quota": _field("CpuQuota", to.integer),
    "--cpu-rt-period": _field("CpuRealtimePeriod", to.integer),
    "--cpu-rt-runtime": _field("CpuRealtimeRuntime", to.integer),
    "--cpu-shares": _field("CpuShares", to.integer),
    "--cpus": _field("NanoCpus", to.cpus),
    "--cpuset-cpus": _field("CpusetCpus", to.last),
    "--cpuset-mems": _field("CpusetMems", to.last),
    "--memory": _field("Memory", to.size),
    "--memory-reservation": _field("MemoryReservation", to.size),
    "--memory-swap": _field("MemorySwap", to.size),
    "--pids-limit": _field("PidsLimit", to.integer),
    "--restart": _field("RestartPolicy", to.restart),
}
"""The flags of ``docker update``, which are fields of the HostConfig in ``docker run``."""

_CREATE: Flags = {
    **{flag: _field(f"HostConfig.{path}", convert) for flag, ((path, convert),) in _LIMITS.items()},
    "--add-host": _field("HostConfig.ExtraHosts", to.all_of),
    "--attach": (
        ("AttachStdin", to.attached("stdin")),
        ("AttachStdout", to.attached("stdout")),
        ("AttachStderr", to.attached("stderr")),
    ),
    "--cidfile": _field("HostConfig.ContainerIDFile", to.last),
    "--annotation": _field("HostConfig.Annotations", to.pairs),
    "--blkio-weight-device": _field("HostConfig.BlkioWeightDevice", to.weights),
    "--cap-add": _field("HostConfig.CapAdd", to.capabilities),
    "--cap-drop": _field("HostConfig.CapDrop", to.capabilities),
    "--cgroup-parent": _field("HostConfig.CgroupParent", to.last),
    "--cgroupns": _field("HostConfig.CgroupnsMode", to.last),
    "--device": _field("HostConfig.Devices", to.devices),
    "--device-cgroup-rule": _field("HostConfig.DeviceCgroupRules", to.all_of),
    "--device-read-bps": _field("HostConfig.BlkioDeviceReadBps", to.rates),
    "--device-read-iops": _field("HostConfig.BlkioDeviceReadIOps", to.rates),
    "--device-write-bps": _field("HostConfig.BlkioDeviceWriteBps", to.rates),
    "--device-write-iops": _field("HostConfig.BlkioDeviceWriteIOps", to.rates),
    "--dns": _field("HostConfig.Dns", to.all_of),
    "--dns-option": _field("HostConfig.DnsOptions", to.all_of),
    "--dns-search": _field("HostConfig.DnsSearch", to.all_of),
    "--domainname": _field("Domainname", to.last),
    "--entrypoint": _field("Entrypoint", to.one),
    "--env": _field("Env", to.environment),
    "--expose": _field("ExposedPorts", to.exposed),
    "--gpus": _field("HostConfig.DeviceRequests", to.gpus),
    "--group-add": _field("HostConfig.GroupAdd", to.all_of),
    "--health-cmd": _field("Healthcheck.Test", to.shell_check),
    "--health-interval": _field("Healthcheck.Interval", to.duration),
    "--health-retries": _field("Healthcheck.Retries", to.integer),
    "--health-start-interval": _field("Healthcheck.StartInterval", to.duration),
    "--health-start-period": _field("Healthcheck.StartPeriod", to.duration),
    "--health-timeout": _field("Healthcheck.Timeout", to.duration),
    "--hostname": _field("Hostname", to.last),
    "--init": _field("HostConfig.Init", to.true),
    "--interactive": (("OpenStdin", to.true), ("StdinOnce", to.true), ("AttachStdin", to.true)),
    "--ipc": _field("HostConfig.IpcMode", to.last),
    "--isolation": _field("HostConfig.Isolation", to.last),
    "--label": _field("Labels", to.pairs),
    "--link": _field("HostConfig.Links", to.all_of),
    "--log-driver": _field("HostConfig.LogConfig.Type", to.last),
    "--log-opt": _field("HostConfig.LogConfig.Config", to.hidden_pairs),
    "--memory-swappiness": _field("HostConfig.MemorySwappiness", to.integer),
    "--mount": _field("HostConfig.Mounts", to.mounts),
    "--name": _field("?name", to.last),
    "--network": _field("HostConfig.NetworkMode", to.network_mode),
    "--no-healthcheck": _field("Healthcheck.Test", to.nothing_to_check),
    "--oom-kill-disable": _field("HostConfig.OomKillDisable", to.true),
    "--oom-score-adj": _field("HostConfig.OomScoreAdj", to.integer),
    "--pid": _field("HostConfig.PidMode", to.last),
    "--platform": _field("?platform", to.last),
    "--privileged": _field("HostConfig.Privileged", to.true),
    "--publish": (("HostConfig.PortBindings", to.port_bindings), ("ExposedPorts", to.exposed)),
    "--publish-all": _field("HostConfig.PublishAllPorts", to.true),
    "--read-only": _field("HostConfig.ReadonlyRootfs", to.true),
    "--rm": _field("HostConfig.AutoRemove", to.true),
    "--runtime": _field("HostConfig.Runtime", to.last),
    "--security-opt": _field("HostConfig.SecurityOpt", to.all_of),
    "--shm-size": _field("HostConfig.ShmSize", to.size),
    "--stop-signal": _field("StopSignal", to.last),
    "--stop-timeout": _field("StopTimeout", to.integer),
    "--storage-opt": _field("HostConfig.StorageOpt", to.pairs),
    "--sysctl": _field("HostConfig.Sysctls", to.pairs),
    "--tmpfs": _field("HostConfig.Tmpfs", to.tmpfs),
    "--tty": _field("Tty", to.true),
    "--ulimit": _field("HostConfig.Ulimits", to.ulimits),
    "--user": _field("User", to.last),
    "--userns": _field("HostConfig.UsernsMode", to.last),
    "--uts": _field("HostConfig.UTSMode", to.last),
    "--volume": (("HostConfig.Binds", to.binds), ("Volumes", to.anonymous_volumes)),
    "--volume-driver": _field("HostConfig.VolumeDriver", to.last),
    "--volumes-from": _field("HostConfig.VolumesFrom", to.all_of),
    "--workdir": _field("WorkingDir", to.last),
}

_RUN: Flags = {**_CREATE, "--detach": (("AttachStdout", to.false), ("AttachStderr", to.false))}

_SERVICE: Flags = {
    "--cap-add": _field("TaskTemplate.ContainerSpec.CapabilityAdd", to.capabilities),
    "--cap-drop": _field("TaskTemplate.ContainerSpec.CapabilityDrop", to.capabilities),
    "--constraint": _field("TaskTemplate.Placement.Constraints", to.all_of),
    "--container-label": _field("TaskTemplate.ContainerSpec.Labels", to.pairs),
    "--endpoint-mode": _field("EndpointSpec.Mode", to.last),
    "--env": _field("TaskTemplate.ContainerSpec.Env", to.environment),
    "--group": _field("TaskTemplate.ContainerSpec.Groups", to.all_of),
    "--health-cmd": _field("TaskTemplate.ContainerSpec.Healthcheck.Test", to.shell_check),
    "--host": _field("TaskTemplate.ContainerSpec.Hosts", to.hosts_lines),
    "--hostname": _field("TaskTemplate.ContainerSpec.Hostname", to.last),
    "--init": _field("TaskTemplate.ContainerSpec.Init", to.true),
    "--label": _field("Labels", to.pairs),
    "--limit-cpu": _field("TaskTemplate.Resources.Limits.NanoCPUs", to.cpus),
    "--limit-memory": _field("TaskTemplate.Resources.Limits.MemoryBytes", to.size),
    "--limit-pids": _field("TaskTemplate.Resources.Limits.Pids", to.integer),
    "--log-driver": _field("TaskTemplate.LogDriver.Name", to.last),
    "--mount": _field("TaskTemplate.ContainerSpec.Mounts", to.mounts),
    "--name": _field("Name", to.last),
    "--network": _field("TaskTemplate.Networks", to.attached_networks),
    "--placement-pref": _field("TaskTemplate.Placement.Preferences", to.preferences),
    "--publish": _field("EndpointSpec.Ports", to.service_ports),
    "--read-only": _field("TaskTemplate.ContainerSpec.ReadOnly", to.true),
    "--replicas": _field("Mode.Replicated.Replicas", to.integer),
    "--replicas-max-per-node": _field("TaskTemplate.Placement.MaxReplicas", to.integer),
    "--reserve-cpu": _field("TaskTemplate.Resources.Reservations.NanoCPUs", to.cpus),
    "--reserve-memory": _field("TaskTemplate.Resources.Reservations.MemoryBytes", to.size),
    "--restart-condition": _field("TaskTemplate.RestartPolicy.Condition", to.last),
    "--restart-delay": _field("TaskTemplate.RestartPolicy.Delay", to.duration),
    "--restart-max-attempts": _field("TaskTemplate.RestartPolicy.MaxAttempts", to.integer),
    "--restart-window": _field("TaskTemplate.RestartPolicy.Window", to.duration),
    "--rollback-delay": _field("RollbackConfig.Delay", to.duration),
    "--rollback-parallelism": _field("RollbackConfig.Parallelism", to.integer),
    "--stop-grace-period": _field("TaskTemplate.ContainerSpec.StopGracePeriod", to.duration),
    "--stop-signal": _field("TaskTemplate.ContainerSpec.StopSignal", to.last),
    "--sysctl": _field("TaskTemplate.ContainerSpec.Sysctls", to.pairs),
    "--tty": _field("TaskTemplate.ContainerSpec.TTY", to.true),
    "--ulimit": _field("TaskTemplate.ContainerSpec.Ulimits", to.ulimits),
    "--update-delay": _field("UpdateConfig.Delay", to.duration),
    "--update-failure-action": _field("UpdateConfig.FailureAction", to.last),
    "--update-order": _field("UpdateConfig.Order", to.last),
    "--update-parallelism": _field("UpdateConfig.Parallelism", to.integer),
    "--user": _field("TaskTemplate.ContainerSpec.User", to.last),
    "--workdir": _field("TaskTemplate.ContainerSpec.Dir", to.last),
}

_LOGS: Flags = {
    "--details": _field("?details", _ONE),
    "--follow": _field("?follow", _ONE),
    "--since": _field("?since", to.moment),
    "--tail": _field("?tail", to.last),
    "--timestamps": _field("?timestamps", _ONE),
}
_FILTER: Flags = {"--filter": _field("?filters", to.filters)}

FLAGS: dict[str, tuple[str, Flags]] = {
    "docker container create": ("ContainerCreate", _CREATE),
    "docker container run": ("ContainerCreate", _RUN),
    "docker container update": ("ContainerUpdate", _LIMITS),
    "docker container exec": (
        "ContainerExec",
        {
            "--detach-keys": _field("DetachKeys", to.last),
            "--env": _field("Env", to.environment),
            "--interactive": _field("AttachStdin", to.true),
            "--privileged": _field("Privileged", to.true),
            "--tty": _field("Tty", to.true),
            "--user": _field("User", to.last),
            "--workdir": _field("WorkingDir", to.last),
        },
    ),
    "docker container top": ("ContainerTop", {}),
    "docker image save": ("ImageGetAll", {"--platform": _field("?platform", to.platform)}),
    "docker container ls": (
        "ContainerList",
        {
            "--all": _field("?all", _ONE),
            "--last": _field("?limit", to.last),
            "--latest": _field("?limit", _ONE),
            "--size": _field("?size", _ONE),
            **_FILTER,
        },
    ),
    "docker container logs": ("ContainerLogs", {**_LOGS, "--until": _field("?until", to.moment)}),
    "docker service logs": ("ServiceLogs", _LOGS),
    "docker container rm": (
        "ContainerDelete",
        {"--force": _field("?force", _ONE), "--link": _field("?link", _ONE), "--volumes": _field("?v", _ONE)},
    ),
    "docker container stop": (
        "ContainerStop",
        {"--signal": _field("?signal", to.last), "--timeout": _field("?t", to.last)},
    ),
    "docker container restart": (
        "ContainerRestart",
        {"--signal": _field("?signal", to.last), "--timeout": _field("?t", to.last)},
    ),
    "docker container kill": ("ContainerKill", {"--signal": _field("?signal", to.last)}),
    "docker container start": (
        "ContainerStart",
        {
            "--checkpoint": _field("?checkpoint", to.last),
            "--checkpoint-dir": _field("?checkpoint-dir", to.last),
        },
    ),
    "docker container commit": (
        "ImageCommit",
        {
            "--author": _field("?author", to.last),
            "--change": _field("?changes", to.each),
            "--message": _field("?comment", to.last),
        },
    ),
    "docker image ls": ("ImageList", {"--all": _field("?all", _ONE), **_FILTER}),
    "docker image rm": (
        "ImageDelete",
        {"--force": _field("?force", _ONE), "--no-prune": _field("?noprune", _ONE)},
    ),
    "docker image push": ("ImagePush", {"--platform": _field("?platform", to.platform)}),
    "docker image pull": ("ImageCreate", {"--platform": _field("?platform", to.last)}),
    "docker image import": (
        "ImageCreate",
        {
            "--change": _field("?changes", to.each),
            "--message": _field("?message", to.last),
            "--platform": _field("?platform", to.last),
        },
    ),
    "docker system events": (
        "SystemEvents",
        {"--since": _field("?since", to.moment), "--until": _field("?until", to.moment), **_FILTER},
    ),
    "docker search": ("ImageSearch", {"--limit": _field("?limit", to.last), **_FILTER}),
    "docker container prune": ("ContainerPrune", _FILTER),
    "docker network ls": ("NetworkList", _FILTER),
    "docker network prune": ("NetworkPrune", _FILTER),
    "docker network rm": ("NetworkDelete", {}),
    "docker network create": (
        "NetworkCreate",
        {
            "--attachable": _field("Attachable", to.true),
            "--config-from": _field("ConfigFrom.Network", to.last),
            "--config-only": _field("ConfigOnly", to.true),
            "--driver": _field("Driver", to.last),
            "--ingress": _field("Ingress", to.true),
            "--internal": _field("Internal", to.true),
            "--ipam-driver": _field("IPAM.Driver", to.last),
            "--ipam-opt": _field("IPAM.Options", to.pairs),
            "--ipv4": _field("EnableIPv4", to.true),
            "--ipv6": _field("EnableIPv6", to.true),
            "--label": _field("Labels", to.pairs),
            "--opt": _field("Options", to.pairs),
            "--scope": _field("Scope", to.last),
            "--subnet": _field("IPAM.Config", to.subnets),
        },
    ),
    "docker network connect": (
        "NetworkConnect",
        {
            "--alias": _field("EndpointConfig.Aliases", to.all_of),
            "--driver-opt": _field("EndpointConfig.DriverOpts", to.pairs),
            "--gw-priority": _field("EndpointConfig.GwPriority", to.integer),
            "--ip": _field("EndpointConfig.IPAMConfig.IPv4Address", to.last),
            "--ip6": _field("EndpointConfig.IPAMConfig.IPv6Address", to.last),
            "--link": _field("EndpointConfig.Links", to.all_of),
            "--link-local-ip": _field("EndpointConfig.IPAMConfig.LinkLocalIPs", to.all_of),
        },
    ),
    "docker network disconnect": ("NetworkDisconnect", {"--force": _field("Force", to.true)}),
    "docker volume create": (
        "VolumeCreate",
        {
            "--driver": _field("Driver", to.last),
            "--label": _field("Labels", to.pairs),
            "--opt": _field("DriverOpts", to.hidden_pairs),
        },
    ),
    "docker volume ls": ("VolumeList", _FILTER),
    "docker volume prune": ("VolumePrune", _FILTER),
    "docker volume rm": ("VolumeDelete", {"--force": _field("?force", _ONE)}),
    "docker service create": ("ServiceCreate", _SERVICE),
    "docker service ls": ("ServiceList", _FILTER),
    "docker node ls": ("NodeList", _FILTER),
    "docker secret create": (
        "SecretCreate",
        {
            "--label": _field("Labels", to.pairs),
            "--template-driver": _field("Templating.Name", to.last),
        },
    ),
    "docker config create": (
        "ConfigCreate",
        {"--label": _field("Labels", to.pairs), "--template-driver": _field("Templating.Name", to.last)},
    ),
    "docker secret ls": ("SecretList", _FILTER),
    "docker config ls": ("ConfigList", _FILTER),
    "docker plugin ls": ("PluginList", _FILTER),
    "docker plugin rm": ("PluginDelete", {"--force": _field("?force", _ONE)}),
    "docker plugin disable": ("PluginDisable", {"--force": _field("?force", _ONE)}),
    "docker plugin enable": ("PluginEnable", {"--timeout": _field("?timeout", to.last)}),
    "docker swarm init": (
        "SwarmInit",
        {
            "--advertise-addr": _field("AdvertiseAddr", to.last),
            "--autolock": (
                ("Spec.EncryptionConfig.AutoLockManagers", to.true),
                ("AutoLockManagers", to.true),
            ),
            "--availability": _field("Availability", to.last),
            "--data-path-addr": _field("DataPathAddr", to.last),
            "--data-path-port": _field("DataPathPort", to.integer),
            "--default-addr-pool": _field("DefaultAddrPool", to.split),
            "--default-addr-pool-mask-length": _field("SubnetSize", to.integer),
            "--listen-addr": _field("ListenAddr", to.last),
            "--task-history-limit": _field("Spec.Orchestration.TaskHistoryRetentionLimit", to.integer),
        },
    ),
    "docker swarm leave": ("SwarmLeave", {"--force": _field("?force", _ONE)}),
    "docker checkpoint create": (
        "CheckpointCreate",
        {"--checkpoint-dir": _field("CheckpointDir", to.last), "--leave-running": _field("Exit", to.false)},
    ),
}
"""By command: the operation whose call the flags change, and the flags."""

ARGUMENTS: dict[str, tuple[tuple[int, int | None, str, Convert], ...]] = {
    "docker container create": ((0, 1, "Image", to.last), (1, None, "Cmd", to.command)),
    "docker container run": ((0, 1, "Image", to.last), (1, None, "Cmd", to.command)),
    "docker container exec": ((1, None, "Cmd", to.command),),
    "docker container top": ((1, None, "?ps_args", to.joined),),
    "docker image save": ((0, None, "?names", to.each),),
    "docker network create": ((0, 1, "Name", to.last),),
    "docker network connect": ((1, 2, "Container", to.last),),
    "docker network disconnect": ((1, 2, "Container", to.last),),
    "docker volume create": ((0, 1, "Name", to.last),),
    "docker service create": (
        (0, 1, "TaskTemplate.ContainerSpec.Image", to.last),
        (1, None, "TaskTemplate.ContainerSpec.Args", to.command),
    ),
    "docker secret create": ((0, 1, "Name", to.last),),
    "docker config create": ((0, 1, "Name", to.last),),
    "docker checkpoint create": ((1, 2, "CheckpointID", to.last),),
}
"""By command: the field of the arguments from one position to another."""

_DESKTOP = (
    "{0} is a plugin that comes with Docker Desktop, and {1}. Its calls are not recorded; to see them: "
    "apispy run -- {0} ..."
)
PLUGINS: dict[str, str] = {
    "docker model": "docker model is the client of Docker Model Runner, which answers under /models and /engines "
    "on the daemon's socket (chat completions are streams of text/event-stream). Its calls are not recorded; to see "
    "them: apispy run -- docker model ...",
    **{
        name: _DESKTOP.format(name, does)
        for name, does in (
            ("docker ai", "answers questions about Docker"),
            ("docker debug", "opens a shell in any container or image"),
            ("docker desktop", "controls Docker Desktop"),
            ("docker extension", "manages extensions of Docker Desktop"),
            ("docker init", "writes a Dockerfile and a Compose file for a project"),
            ("docker mcp", "manages servers of the Model Context Protocol"),
            ("docker sbom", "lists the packages of an image"),
            ("docker scout", "analyzes the packages and vulnerabilities of images"),
        )
    },
}
"""Plugins that are not recorded, and what to know of them."""

CONDITIONS: dict[tuple[str, str], str] = {
    ("docker compose attach", "ContainerKill"): "on Ctrl-C",
    ("docker compose up", "ContainerStop"): "on Ctrl-C, without -d",
    ("docker compose up", "NetworkCreate"): "only if the network does not exist",
    ("docker compose up", "VolumeCreate"): "only if the volume does not exist",
    (
        "docker compose up",
        "ContainerCreate",
    ): "only if the container does not exist or its configuration changed",
    ("docker container run", "ContainerResize"): "with -t, on a terminal",
    ("docker container exec", "ExecResize"): "with -t, on a terminal",
}
"""Calls that a recorded command makes only under a condition."""

UNRECORDED: dict[str, tuple[tuple[str, str], ...]] = {
    "docker build": (
        ("ImageBuild", "with the classic builder (DOCKER_BUILDKIT=0), in place of the other calls"),
    ),
    "docker container attach": (("ContainerResize", "on a terminal"),),
    "docker container start": (("ContainerResize", "with -a, on a terminal"),),
    "docker node promote": (("NodeUpdate", "for a node that is not a manager"),),
    "docker plugin install": (
        ("PluginSet", "after the pull, with KEY=VALUE arguments"),
        ("PluginEnable", "after the pull, without --disable"),
    ),
    "docker plugin upgrade": (
        ("GetPluginPrivileges", "if the plugin is disabled"),
        ("PluginUpgrade", "if the plugin is disabled"),
    ),
    "docker service logs": (
        ("TaskInspect", "for the ID of a task, in place of the other calls"),
        ("TaskLogs", "for the ID of a task"),
    ),
    "docker service update": (("DistributionInspect", "with --image"),),
    "docker service create": (("SecretList", "with --secret"), ("ConfigList", "with --config")),
    "docker stack deploy": (
        ("ServiceUpdate", "for services that exist"),
        ("SecretUpdate", "for secrets that exist"),
        ("ConfigUpdate", "for configs that exist"),
    ),
    "docker swarm join": (("SystemInfo", "if it succeeds"),),
    "docker swarm unlock-key": (("SwarmInspect", "with --rotate"), ("SwarmUpdate", "with --rotate")),
    "docker swarm update": (("SwarmUnlockkey", "with --autolock, if the swarm was not locked"),),
    "docker swarm unlock": (("SwarmUnlock", "if the swarm is locked"),),
    "docker volume update": (("VolumeUpdate", "for a cluster volume"),),
}
"""Calls that the recordings do not have, with their condition, from the sources of docker/cli."""
