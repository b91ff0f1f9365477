"""The table of all known operations, and the one for unknown calls."""

from apispy.engine.operation import Operation
from apispy.engine.tables import (
    container_files,
    container_streams,
    containers,
    desktop,
    grpc_methods,
    image_transfers,
    images,
    networks,
    plugins,
    podman,
    removed,
    secrets,
    services,
    swarm,
    system,
    undocumented,
)

OPERATIONS: tuple[Operation, ...] = (
    *containers.CONTAINERS,
    *container_streams.STREAMS,
    *container_streams.EXEC,
    *container_files.FILES,
    *images.IMAGES,
    *image_transfers.TRANSFERS,
    *image_transfers.BUILDS,
    *networks.NETWORKS,
    *networks.VOLUMES,
    *plugins.PLUGINS,
    *swarm.SWARM,
    *swarm.NODES,
    *services.SERVICES,
    *services.TASKS,
    *secrets.SECRETS,
    *secrets.CONFIGS,
    *system.SYSTEM,
    *removed.GONE,
    *undocumented.UNDOCUMENTED,
    *podman.PODMAN,
    *desktop.MODELS,
    *desktop.ENGINES,
)
"""All known operations. Each ID, and each pair of method and path, is unique."""

DOCUMENTED: tuple[Operation, ...] = tuple(row for row in OPERATIONS if row.documented)
"""The 114 operations in the reference of any version from 1.0 to 1.55; the reference of 1.55 has 108 of them."""

CALLABLE = (*OPERATIONS, *grpc_methods.GRPC_METHODS)
"""All that a request can be for. Pages and lists of operations leave the methods of gRPC out."""

BY_ID = {row.id: row for row in CALLABLE}

FOREIGN_TAGS = frozenset(("Podman", "Docker Desktop", "Model Runner", "gRPC"))
"""The tags of operations that are not Docker Engine's. The tables have none of their parameters and fields."""

UNKNOWN = Operation("", "", "", response="", documented=False)
"""The operation of calls that no other operation matches."""
