"""Where the objects that several operations share hold secrets. Each function takes the path of the object."""

OPTIONS = ("o", "password")
"""Options of volume drivers that may hold a password: of "local" (what ``mount -o`` takes, for CIFS), of sshfs."""


def options(at: str) -> tuple[str, ...]:
    """Those of a volume driver's options."""
    return tuple(f"{at}.{name}" for name in OPTIONS)


def mounts(at: str) -> tuple[str, ...]:
    """Those of a list of Mounts."""
    return options(f"{at}.VolumeOptions.DriverConfig.Options")


def task(at: str) -> tuple[str, ...]:
    """Those of a TaskSpec: environments, of a plugin too, mounts, and the one token that a log driver takes."""
    return (
        f"{at}.ContainerSpec.Env",
        f"{at}.PluginSpec.Env",
        f"{at}.LogDriver.Options.splunk-token",
        *mounts(f"{at}.ContainerSpec.Mounts"),
    )
