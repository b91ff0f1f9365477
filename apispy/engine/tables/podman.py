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
    # Manifests hold values of variables, and the data of secrets. A body in YAML is not searched, but withheld.
    Operation(
        "LibpodKubePlay",
        "POST",
        "/libpod/play/kube",
        tag="Podman",
        documented=False,
        does="Creates pods, volumes and secrets of Kubernetes manifests by Podman's own API.",
        request="json",
        secrets=("request",),
    ),
    Operation(
        "LibpodKubeDown",
        "DELETE",
        "/libpod/play/kube",
        tag="Podman",
        documented=False,
        does="Removes what Kubernetes manifests describe, by Podman's own API.",
        request="json",
        secrets=("request",),
    ),
    Operation(
        "LibpodKubeApply",
        "POST",
        "/libpod/kube/apply",
        tag="Podman",
        documented=False,
        does="Deploys Kubernetes manifests to a cluster by Podman's own API.",
        request="json",
        secrets=("request",),
    ),
    Operation(
        "LibpodKubeGenerate",
        "GET",
        "/libpod/generate/kube",
        tag="Podman",
        documented=False,
        does="Writes containers and pods as Kubernetes manifests by Podman's own API.",
        secrets=("response",),
    ),
    # Units repeat the command line that created the container.
    Operation(
        "LibpodSystemdGenerate",
        "GET",
        "/libpod/generate/{name}/systemd",
        tag="Podman",
        documented=False,
        does="Writes units of systemd for a container or pod by Podman's own API.",
        secrets=("response",),
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
