"""Swarm: the cluster, its nodes, services, tasks, secrets and configs."""

from apispy.engine.operation import Operation

LOG_ARGUMENTS = ("follow", "stdout", "stderr", "tail", "since")
SERVICE_ENV = "TaskTemplate.ContainerSpec.Env"

SWARM = (
    Operation(
        "SwarmInspect",
        "GET",
        "/swarm",
        outcome="id",
        secrets=("response.JoinTokens", "response.Spec.CAConfig.SigningCAKey"),
    ),
    Operation(
        "SwarmInit",
        "POST",
        "/swarm/init",
        request="json",
        shows=("body.ListenAddr", "body.AdvertiseAddr", "body.ForceNewCluster"),
        outcome="id",
        secrets=("request.JoinToken", "request.Spec.CAConfig.SigningCAKey"),
    ),
    Operation(
        "SwarmJoin",
        "POST",
        "/swarm/join",
        request="json",
        response="",
        shows=("body.RemoteAddrs", "body.AdvertiseAddr"),
        secrets=("request.JoinToken",),
    ),
    Operation("SwarmLeave", "POST", "/swarm/leave", response="", shows=("force",)),
    Operation(
        "SwarmUpdate",
        "POST",
        "/swarm/update",
        request="json",
        response="",
        shows=("version", "rotateWorkerToken", "rotateManagerToken", "rotateManagerUnlockKey"),
        secrets=("request.JoinTokens", "request.CAConfig.SigningCAKey"),
    ),
    Operation("SwarmUnlockkey", "GET", "/swarm/unlockkey", secrets=("response.UnlockKey",)),
    Operation("SwarmUnlock", "POST", "/swarm/unlock", "json", "", secrets=("request.UnlockKey",)),
)

NODES = (
    Operation("NodeList", "GET", "/nodes", shows=("filters",), outcome="count:nodes"),
    Operation("NodeInspect", "GET", "/nodes/{id}", outcome="id"),
    Operation("NodeDelete", "DELETE", "/nodes/{id}", response="", shows=("force",)),
    Operation(
        "NodeUpdate",
        "POST",
        "/nodes/{id}/update",
        request="json",
        response="",
        shows=("version", "body.Availability", "body.Role"),
    ),
)

SERVICES = (
    Operation(
        "ServiceList",
        "GET",
        "/services",
        shows=("filters",),
        outcome="count:services",
        secrets=(f"response.Spec.{SERVICE_ENV}", f"response.PreviousSpec.{SERVICE_ENV}"),
    ),
    Operation(
        "ServiceCreate",
        "POST",
        "/services/create",
        request="json",
        shows=("body.Name", "body.TaskTemplate.ContainerSpec.Image"),
        outcome="id",
        secrets=(f"request.{SERVICE_ENV}",),
    ),
    Operation(
        "ServiceInspect",
        "GET",
        "/services/{id}",
        outcome="id",
        secrets=(f"response.Spec.{SERVICE_ENV}", f"response.PreviousSpec.{SERVICE_ENV}"),
    ),
    Operation("ServiceDelete", "DELETE", "/services/{id}", response=""),
    Operation(
        "ServiceUpdate",
        "POST",
        "/services/{id}/update",
        request="json",
        shows=("version", "rollback", "body.TaskTemplate.ContainerSpec.Image"),
        secrets=(f"request.{SERVICE_ENV}",),
    ),
    Operation(
        "ServiceLogs",
        "GET",
        "/services/{id}/logs",
        response="stdio",
        opens="follow",
        shows=LOG_ARGUMENTS,
        outcome="size",
    ),
)

TASKS = (
    Operation(
        "TaskList",
        "GET",
        "/tasks",
        shows=("filters",),
        outcome="count:tasks",
        secrets=("response.Spec.ContainerSpec.Env",),
    ),
    Operation(
        "TaskInspect",
        "GET",
        "/tasks/{id}",
        outcome="id",
        secrets=("response.Spec.ContainerSpec.Env",),
    ),
    Operation(
        "TaskLogs",
        "GET",
        "/tasks/{id}/logs",
        response="stdio",
        opens="follow",
        shows=LOG_ARGUMENTS,
        outcome="size",
    ),
)

SECRETS = (
    # The daemon gives a secret's data to nobody; "response.Spec.Data" is there in case a peer does.
    Operation(
        "SecretList",
        "GET",
        "/secrets",
        shows=("filters",),
        outcome="count:secrets",
        secrets=("response.Spec.Data",),
    ),
    Operation(
        "SecretCreate",
        "POST",
        "/secrets/create",
        request="json",
        shows=("body.Name",),
        outcome="id",
        secrets=("request.Data",),
    ),
    Operation("SecretInspect", "GET", "/secrets/{id}", outcome="id", secrets=("response.Spec.Data",)),
    Operation("SecretDelete", "DELETE", "/secrets/{id}", response=""),
    Operation(
        "SecretUpdate",
        "POST",
        "/secrets/{id}/update",
        request="json",
        response="",
        shows=("version",),
        secrets=("request.Data",),
    ),
)

CONFIGS = (
    Operation(
        "ConfigList",
        "GET",
        "/configs",
        shows=("filters",),
        outcome="count:configs",
        secrets=("response.Spec.Data",),
    ),
    Operation(
        "ConfigCreate",
        "POST",
        "/configs/create",
        request="json",
        shows=("body.Name",),
        outcome="id",
        secrets=("request.Data",),
    ),
    Operation("ConfigInspect", "GET", "/configs/{id}", outcome="id", secrets=("response.Spec.Data",)),
    Operation("ConfigDelete", "DELETE", "/configs/{id}", response=""),
    Operation(
        "ConfigUpdate",
        "POST",
        "/configs/{id}/update",
        request="json",
        response="",
        shows=("version",),
        secrets=("request.Data",),
    ),
)
