"""The docker contexts and the Docker Machine entries that apispy creates and removes.

Contexts have the files and modes of the docker CLI (measured with 28.2.2): meta.json 0644 in directories 0755; TLS
files 0600 in directories 0700. Machines are what ``docker-machine create --driver none --url URL NAME`` creates, so
that ``docker-machine env NAME`` leads to apispy; source of that layout: docker/machine 0.16, ConfigVersion 3.
"""

import json
import shutil
from pathlib import Path
from typing import Any

from apispy.endpoints.address import TLS, Endpoint
from apispy.endpoints.contexts import DEFAULT, Store, configured
from apispy.endpoints.contexts import NAME as CONTEXT_NAME
from apispy.endpoints.files import make_directory, write, write_json
from apispy.endpoints.machines import NAME as MACHINE_NAME
from apispy.endpoints.machines import Machines
from apispy.errors import ApispyError, UsageError

MARK = "apispy"
"""The key that marks what apispy created: in a context's Metadata, where docker keeps unknown keys, and in a machine's
config.json, where docker-machine ignores it."""


def add_context(store: Store, name: str, endpoint: Endpoint, *, force: bool = False) -> None:
    """Create or update the context *name*.

    UsageError for a name that docker does not accept and, unless *force*, for a context that apispy did not create.
    """
    if not CONTEXT_NAME.fullmatch(name) or name == DEFAULT:
        raise UsageError(
            f"Context name {name!r}: expected a letter or digit followed by letters, digits, '_', '.', '+' and '-', "
            'at least two characters, and not "default".'
        )
    if store.meta_file(name).exists() and not force and not _is_our_context(store, name):
        raise _not_ours("docker context", name, "--name", "replace")
    make_directory(store.config)
    make_directory(store.config / "contexts", 0o755)
    if endpoint.tls:
        _copy_pem_files(endpoint.tls, store.tls_dir(name))
    else:
        _remove_tree(store.tls_dir(name).parent)
    meta = store.meta_file(name)
    make_directory(meta.parent, 0o755)
    write(meta, json.dumps(_context_meta(name, endpoint), separators=(",", ":")).encode(), 0o644)


def remove_context(store: Store, name: str, *, force: bool = False) -> None:
    """Remove the context *name*.

    UsageError if it does not exist and, unless *force*, if apispy did not create it or docker currently uses it.
    """
    store.read(name)  # raises if it does not exist
    if not force and not _is_our_context(store, name):
        raise _not_ours("docker context", name, "--name", "remove")
    if not force and configured(store.config) == name:
        raise UsageError(
            f"{name!r} is docker's current context, and docker fails without it. First type: docker context use "
            "default"
        )
    _remove_tree(store.meta_file(name).parent)
    _remove_tree(store.tls_dir(name).parent)


def add_machine(machines: Machines, name: str, endpoint: Endpoint, *, force: bool = False) -> None:
    """Create or update the machine *name*.

    UsageError for an invalid name or an endpoint without mutual TLS and, unless *force*, for a machine that apispy did
    not create.
    """
    if not MACHINE_NAME.fullmatch(name):
        raise UsageError(f"Machine name {name!r}: expected letters, digits, '.' and '-', as in a host name.")
    directory = machines.directory(name)
    if directory.exists() and not force and not _is_our_machine(machines, name):
        raise _not_ours("machine", name, "NAME", "replace")
    _copy_pem_files(_mutual_tls(endpoint), directory)
    make_directory(machines.storage / "certs")  # docker-machine looks for its own certificates here
    write_json(directory / "config.json", _machine_config(machines, name, endpoint))


def remove_machine(machines: Machines, name: str, *, force: bool = False) -> None:
    """Remove the machine *name*. UsageError if it does not exist and, unless *force*, if apispy did not create it."""
    machines.read(name)  # raises if it does not exist
    if not force and not _is_our_machine(machines, name):
        raise _not_ours("machine", name, "NAME", "remove")
    _remove_tree(machines.directory(name))


def _is_our_context(store: Store, name: str) -> bool:
    try:
        metadata = store.read(name).get("Metadata")
    except ApispyError:
        return False
    return isinstance(metadata, dict) and MARK in metadata


def _is_our_machine(machines: Machines, name: str) -> bool:
    try:
        return MARK in machines.read(name)
    except ApispyError:
        return False


def _not_ours(kind: str, name: str, option: str, action: str) -> UsageError:
    return UsageError(
        f"The {kind} {name!r} is not apispy's. Choose another with {option}, or add --force to {action} it."
    )


def _context_meta(name: str, endpoint: Endpoint) -> dict[str, Any]:
    skip = endpoint.tls is not None and not endpoint.tls.verify
    return {
        "Name": name,
        "Metadata": {"Description": "Made by apispy", MARK: True},
        "Endpoints": {"docker": {"Host": str(endpoint), "SkipTLSVerify": skip}},
    }


def _mutual_tls(endpoint: Endpoint) -> TLS:
    tls = endpoint.tls
    if tls is None or not (tls.verify and tls.ca and tls.cert and tls.key):
        raise UsageError(
            f"{endpoint}: Docker Machine requires verified TLS with a client certificate. Start apispy on a TCP port "
            "without --listen-plaintext, or use `apispy context add`, which accepts any endpoint."
        )
    return tls


def _machine_config(machines: Machines, name: str, endpoint: Endpoint) -> dict[str, Any]:
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


def _copy_pem_files(tls: TLS, directory: Path) -> None:
    """Copy the TLS files to *directory* (0700) as ca.pem, cert.pem and key.pem, each 0600.

    A file that *tls* does not have is removed from *directory*.
    """
    files = {"ca": tls.ca, "cert": tls.cert, "key": tls.key}
    try:
        content = {role: file.read_bytes() for role, file in files.items() if file}
    except OSError as error:
        raise ApispyError(f"{error.filename}: {error.strerror}. Check that you can read it.") from error
    make_directory(directory)
    for role in files:
        if role in content:
            write(directory / f"{role}.pem", content[role])
        else:
            (directory / f"{role}.pem").unlink(missing_ok=True)


def _remove_tree(directory: Path) -> None:
    """Remove *directory* if it exists. ApispyError if that fails."""
    try:
        shutil.rmtree(directory)
    except FileNotFoundError:
        pass
    except OSError as error:
        raise ApispyError(
            f"{error.filename or directory}: {error.strerror}, so {directory} was not removed."
        ) from error
