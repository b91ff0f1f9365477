"""Podman's own API, beside Docker's on the same socket. What is here keeps its secrets from being shown, no more.

Source: Podman's API reference, docs.podman.io/en/latest/_static/api.html. The ids are ours, after its own.
"""

from apispy.engine.operation import Operation

PODMAN = (
    Operation(
        "LibpodContainerCreate",
        "POST",
        "/libpod/containers/create",
        tag="Podman",
        documented=False,
        does="Creates a container by Podman's own API.",
        request="json",
        shows=("body.name", "body.image"),
        outcome="id",
        secrets=("request.env",),
    ),
    Operation(
        "LibpodContainerInspect",
        "GET",
        "/libpod/containers/{name}/json",
        tag="Podman",
        documented=False,
        does="Shows one container, by Podman's own API.",
        outcome="state",
        secrets=("response.Config.Env", "response.Config.CreateCommand"),
    ),
    Operation(
        "LibpodContainerExec",
        "POST",
        "/libpod/containers/{name}/exec",
        tag="Podman",
        documented=False,
        does="Prepares a command to be run in a container by Podman's own API.",
        request="json",
        shows=("body.Cmd", "body.Tty"),
        outcome="id",
        secrets=("request.Env",),
    ),
    Operation(
        "LibpodImageInspect",
        "GET",
        "/libpod/images/{name}/json",
        tag="Podman",
        documented=False,
        does="Shows one image, by Podman's own API.",
        outcome="id",
        secrets=("response.Config.Env",),
    ),
    # The body is the secret, as it is.
    Operation(
        "LibpodSecretCreate",
        "POST",
        "/libpod/secrets/create",
        tag="Podman",
        documented=False,
        does="Stores a secret by Podman's own API.",
        request="json",
        shows=("name",),
        secrets=("request",),
    ),
)

LIBPOD = Operation(
    "Libpod",
    "",
    "/libpod/{path}",
    tag="Podman",
    documented=False,
    does="Belongs to Podman's own API, which is not Docker's.",
    response="",
)
"""Any other call of it, whatever its method."""
