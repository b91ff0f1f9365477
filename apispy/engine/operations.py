"""The table of all known operations of the Docker Engine API, and the one that stands for the rest."""

from apispy.engine.operation import Operation
from apispy.engine.tables import containers, images, parts, swarm, system, unlisted

DOCUMENTED: tuple[Operation, ...] = (
    *containers.CONTAINERS,
    *containers.EXEC,
    *images.IMAGES,
    *parts.NETWORKS,
    *parts.VOLUMES,
    *parts.PLUGINS,
    *swarm.SWARM,
    *swarm.NODES,
    *swarm.SERVICES,
    *swarm.TASKS,
    *swarm.SECRETS,
    *swarm.CONFIGS,
    *system.SYSTEM,
)
"""The 108 operations of API 1.55."""

OPERATIONS: tuple[Operation, ...] = (*DOCUMENTED, *unlisted.GONE, *unlisted.UNDOCUMENTED)
"""All: documented, gone, routed though undocumented. Each id, and each pair of method and path, is unique."""

UNKNOWN = Operation("", "", "", response="")
"""Whatever is none of these."""
