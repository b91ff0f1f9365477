"""Body fields that the daemon reads although no description has them, and parameters that it no longer uses. Data only.

Tried on dockerd 20.10.24 and 28.5.2 by ``tests/e2e/test_note_probes.py``.
"""

BESIDE_ACCESS_MODE = ("AccessibilityRequirements", "Availability", "CapacityRange", "Secrets")
"""Fields of a cluster volume that the daemon reads beside AccessMode, and not in it, where the reference has them."""

READ_FIELDS: frozenset[tuple[str, str]] = frozenset(
    (
        ("SwarmInit", "availability"),
        ("SwarmInit", "autolockmanagers"),
        ("SwarmJoin", "availability"),
        # A refresh token, which the registry's token server gets.
        ("SystemAuth", "identitytoken"),
        # The reference has them in AccessMode.
        *(("VolumeCreate", f"clustervolumespec.{name.lower()}") for name in BESIDE_ACCESS_MODE),
        *(("VolumeUpdate", f"spec.{name.lower()}") for name in BESIDE_ACCESS_MODE),
    )
)
"""Operation and dotted path, in lower case, of a field that the daemon reads in every version."""

UNUSED_FIELDS: dict[tuple[str, str], str] = {
    (operation, f"{spec}.AccessMode.{name}"): f"{spec}.{name}"
    for operation, spec in (("VolumeCreate", "ClusterVolumeSpec"), ("VolumeUpdate", "Spec"))
    for name in BESIDE_ACCESS_MODE
}
"""Operation and dotted path of a field that is in the reference and not used by the daemon, and its right place."""

TOP_LEVEL_GONE = (27, 0)
"""The first engine release that reads fields of HostConfig in HostConfig only (moby pull request 48007)."""

TOP_LEVEL_FIELDS = ("Memory", "MemorySwap", "CpuShares", "CpusetCpus", "VolumeDriver")
"""Fields of HostConfig that older engines read at the top level of ContainerCreate even beside a HostConfig, if they
are not in it. The others they read there only if the body has no HostConfig."""

CPUSET = "cpuset"
"""The former name of CpusetCpus, in lower case, which older engines read at the top level beside a HostConfig."""

UNUSED_PARAMETERS: dict[tuple[str, str], str] = {
    ("ContainerList", "before"): 'use filters={"before":["NAME"]}',
    ("ContainerList", "since"): 'use filters={"since":["NAME"]}',
}
"""Operation and query parameter that the daemon reads and does not use, engine 20.10 in every API version, and what to
send in its place."""
