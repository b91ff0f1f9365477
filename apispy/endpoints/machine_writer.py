"""A machine directory of apispy's own, as ``docker-machine create --driver none --url URL NAME`` makes one.

With it ``docker-machine env NAME`` leads to apispy. Source of the layout: docker/machine 0.16, ConfigVersion 3.
"""

from typing import Any

from apispy.endpoints.address import TLS, Endpoint
from apispy.endpoints.files import make_directory, write_json
from apispy.endpoints.machines import NAME, Machines
from apispy.endpoints.pem_files import copy_pem_files, remove_tree
from apispy.errors import ApispyError, UsageError

MARK = "apispy"
"""A key in config.json that docker-machine passes over."""

_NOT_OURS = "The machine {name!r} is not apispy's. Choose another NAME, or add --force to {what} it."


def add_machine(machines: Machines, name: str, endpoint: Endpoint, *, force: bool = False) -> None:
    """Make or renew the machine *name*. UsageError when it is not ours, unless *force*, or cannot be a machine."""
    if not NAME.fullmatch(name):
        raise UsageError(f"Machine name {name!r}: expected letters, digits, '.' and '-', as in a host name.")
    directory = machines.directory(name)
    if directory.exists() and not force and not is_ours(machines, name):
        raise UsageError(_NOT_OURS.format(name=name, what="replace"))
    copy_pem_files(_complete(endpoint), directory)
    make_directory(machines.storage / "certs")  # docker-machine looks there for its own
    write_json(directory / "config.json", _config(machines, name, endpoint))


def remove_machine(machines: Machines, name: str, *, force: bool = False) -> None:
    """Remove the machine *name*. UsageError when there is none or, unless *force*, it is not ours."""
    machines.read(name)  # says what there is
    if not force and not is_ours(machines, name):
        raise UsageError(_NOT_OURS.format(name=name, what="remove"))
    remove_tree(machines.directory(name))


def is_ours(machines: Machines, name: str) -> bool:
    """Whether apispy made the machine *name*."""
    try:
        return MARK in machines.read(name)
    except ApispyError:
        return False


def _complete(endpoint: Endpoint) -> TLS:
    tls = endpoint.tls
    if tls is None or not (tls.verify and tls.ca and tls.cert and tls.key):
        raise UsageError(
            f"{endpoint}: Docker Machine asks for TLS that is verified, with a client certificate. Start apispy on a "
            "TCP port without --listen-plaintext, or use `apispy context add`, which takes any endpoint."
        )
    return tls


def _config(machines: Machines, name: str, endpoint: Endpoint) -> dict[str, Any]:
    driver = dict.fromkeys(("SSHUser", "SSHKeyPath", "SwarmHost", "SwarmDiscovery"), "")
    driver |= {"IPAddress": endpoint.host, "MachineName": name, "StorePath": str(machines.storage)}
    return {
        "ConfigVersion": 3,
        "Driver": driver | {"SSHPort": 0, "SwarmMaster": False, "URL": str(endpoint)},
        "DriverName": "none",
        "HostOptions": {
            "Driver": "",
            "Memory": 0,
            "Disk": 0,
            "EngineOptions": {"TlsVerify": True, "InstallURL": "https://get.docker.com"},
            "SwarmOptions": {"IsSwarm": False, "Host": "tcp://0.0.0.0:3376", "Image": "swarm:latest"},
            "AuthOptions": _auth_options(machines, name),
        },
        "Name": name,
        MARK: True,
    }


def _auth_options(machines: Machines, name: str) -> dict[str, Any]:
    own, common = machines.directory(name), machines.storage / "certs"
    return {
        "CertDir": str(common),
        "CaCertPath": f"{own}/ca.pem",
        "CaPrivateKeyPath": f"{common}/ca-key.pem",
        "CaCertRemotePath": "",
        "ServerCertPath": f"{own}/server.pem",
        "ServerKeyPath": f"{own}/server-key.pem",
        "ClientKeyPath": f"{own}/key.pem",
        "ServerCertRemotePath": "",
        "ServerKeyRemotePath": "",
        "ClientCertPath": f"{own}/cert.pem",
        "ServerCertSANs": [],
        "StorePath": str(own),
    }
