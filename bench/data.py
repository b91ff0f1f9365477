"""The mock daemon's response: a list of containers as a real daemon returns it."""

import hashlib
import json
from typing import Any

CONTAINERS = 100


def _id(*words: object) -> str:
    return hashlib.sha256(repr(words).encode()).hexdigest()


def _container(number: int) -> dict[str, Any]:
    service = ("web", "worker", "db", "cache", "queue")[number % 5]
    project = f"shop{number // 20}"
    address = f"172.{18 + number // 20}.0.{2 + number % 20}"
    return {
        "Id": _id("container", number),
        "Names": [f"/{project}-{service}-{number}"],
        "Image": f"registry.example.com/shop/{service}:1.{number % 7}",
        "ImageID": f"sha256:{_id('image', service, number % 7)}",
        "Command": f"/usr/local/bin/{service} --config /etc/{service}.conf --listen 0.0.0.0:8080",
        "Created": 1700000000 + number * 977,
        "Ports": [{"IP": "0.0.0.0", "PrivatePort": 8080, "PublicPort": 30000 + number, "Type": "tcp"}],
        "Labels": {
            "com.docker.compose.config-hash": _id("config", number),
            "com.docker.compose.container-number": str(1 + number % 3),
            "com.docker.compose.depends_on": "",
            "com.docker.compose.image": f"sha256:{_id('image', service, number % 7)}",
            "com.docker.compose.project": project,
            "com.docker.compose.project.config_files": f"/srv/{project}/compose.yaml",
            "com.docker.compose.project.working_dir": f"/srv/{project}",
            "com.docker.compose.service": service,
            "com.docker.compose.version": "2.36.0",
        },
        "State": "running",
        "Status": f"Up {1 + number % 12} hours",
        "HostConfig": {"NetworkMode": f"{project}_default"},
        "NetworkSettings": {
            "Networks": {
                f"{project}_default": {
                    "IPAMConfig": None,
                    "Links": None,
                    "Aliases": None,
                    "NetworkID": _id("network", project),
                    "EndpointID": _id("endpoint", number),
                    "Gateway": f"172.{18 + number // 20}.0.1",
                    "IPAddress": address,
                    "IPPrefixLen": 16,
                    "IPv6Gateway": "",
                    "GlobalIPv6Address": "",
                    "GlobalIPv6PrefixLen": 0,
                    "MacAddress": f"02:42:ac:{18 + number // 20:02x}:00:{2 + number % 20:02x}",
                    "DriverOpts": None,
                }
            }
        },
        "Mounts": [
            {
                "Type": "volume",
                "Name": f"{project}_{service}-data",
                "Source": f"/var/lib/docker/volumes/{project}_{service}-data/_data",
                "Destination": "/data",
                "Driver": "local",
                "Mode": "z",
                "RW": True,
                "Propagation": "",
            }
        ],
    }


def containers() -> bytes:
    """Return the body of ``GET /containers/json``, compact and with dockerd's newline at the end."""
    return (
        json.dumps([_container(number) for number in range(CONTAINERS)], separators=(",", ":")).encode()
        + b"\n"
    )
