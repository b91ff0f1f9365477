"""What Docker's API reference calls deprecated: operations, body fields and filters. Data only.

Deprecated query parameters are in ``parameters``, from the descriptions; ``INSTEAD`` says what to send in their place.
Source: the API's version history, and the descriptions of API 1.40 to 1.55.
"""

from apispy.structs import Struct


class Deprecation(Struct, frozen=True):
    """What is deprecated *since* an API version; *gone* is the first version in which it has no effect, "" for none.

    *instead* says what to do in its place, as the end of a sentence; "" for nothing.
    """

    since: str
    gone: str = ""
    instead: str = ""


OPERATIONS: dict[str, Deprecation] = {
    "Grpc": Deprecation("1.53"),
    "Session": Deprecation("1.53"),
}
"""By operation."""

_KERNEL_MEMORY = Deprecation("1.41", "1.42")
_KERNEL_TCP_MEMORY = Deprecation("1.42", "1.52")
_SERVICE_NETWORKS = Deprecation("1.44", instead="use TaskTemplate.Networks")

FIELDS: dict[tuple[str, str], Deprecation] = {
    ("ContainerCreate", "MacAddress"): Deprecation(
        "1.44", "1.52", "use NetworkingConfig.EndpointsConfig.NETWORK.MacAddress"
    ),
    ("ContainerCreate", "HostConfig.KernelMemory"): _KERNEL_MEMORY,
    ("ContainerUpdate", "KernelMemory"): _KERNEL_MEMORY,
    ("ContainerCreate", "HostConfig.KernelMemoryTCP"): _KERNEL_TCP_MEMORY,
    ("ContainerUpdate", "KernelMemoryTCP"): _KERNEL_TCP_MEMORY,
    ("NetworkCreate", "CheckDuplicate"): Deprecation(
        "1.44", "1.44", "names are always checked, so leave it out"
    ),
    ("ServiceCreate", "Networks"): _SERVICE_NETWORKS,
    ("ServiceUpdate", "Networks"): _SERVICE_NETWORKS,
}
"""By operation and dotted path in the request body."""

INSTEAD: dict[tuple[str, str], str] = {
    ("BuildPrune", "keep-storage"): "use reserved-space",
    ("ImageList", "filter"): 'use filters={"reference":["NAME"]}',
}
"""By operation and query parameter."""

FILTERS: dict[tuple[str, str], Deprecation] = {
    ("ImageSearch", "is-automated"): Deprecation("1.44"),
}
"""By operation and name in its ``filters`` parameter."""
