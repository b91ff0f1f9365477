"""What other programs leave on disk, written by hand as they write it."""

import hashlib
import json
from pathlib import Path

PEM = ("ca.pem", "cert.pem", "key.pem")


def pem_files(folder: Path, *names: str) -> Path:
    folder.mkdir(parents=True, exist_ok=True)
    for name in names or PEM:
        (folder / name).touch()
    return folder


def docker_context(
    config: Path, name: str, host: str, *, skip: bool = False, tls: tuple[str, ...] = ()
) -> Path:
    """A context as docker 28.2.2 makes it; gives its meta.json."""
    hashed = hashlib.sha256(name.encode()).hexdigest()
    meta = config / "contexts/meta" / hashed / "meta.json"
    meta.parent.mkdir(parents=True)
    docker = {"Host": host, "SkipTLSVerify": skip}
    meta.write_text(json.dumps({"Name": name, "Metadata": {}, "Endpoints": {"docker": docker}}))
    if tls:
        pem_files(config / "contexts/tls" / hashed / "docker", *tls)
    return meta


def docker_machine(storage: Path, name: str, driver: dict[str, object], *, own_certs: bool = True) -> Path:
    """A machine as docker-machine 0.16 makes it, with what is read of it; gives its directory."""
    directory, certs = storage / "machines" / name, pem_files(storage / "certs")
    pem_files(directory) if own_certs else directory.mkdir(parents=True)
    auth = {
        "CaCertPath": f"{certs}/ca.pem",
        "ClientCertPath": f"{certs}/cert.pem",
        "ClientKeyPath": f"{certs}/key.pem",
        "StorePath": str(directory),
    }
    config = {"ConfigVersion": 3, "Driver": driver, "HostOptions": {"AuthOptions": auth}, "Name": name}
    (directory / "config.json").write_text(json.dumps(config))
    return directory
