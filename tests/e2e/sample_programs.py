"""Programs whose sessions are samples: what a reverse proxy and a CI runner do with Docker, written with docker-py."""

import gzip
import hashlib
import io
import json
import socket
import tarfile
from collections.abc import Iterator
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from threading import Thread
from typing import Any

import docker

from .clients import Client
from .daemon import busybox_root

Content = dict[str, tuple[str, bytes]]
"""What a registry has, by path: media type and body."""

MANIFEST = "application/vnd.docker.distribution.manifest.v2+json"
CONFIG = "application/vnd.docker.container.image.v1+json"
LAYER = "application/vnd.docker.image.rootfs.diff.tar.gzip"

IMAGE_PORT = 5000
"""The port of the registry that has an image: constant, because the sample contains it."""


class _Registry(BaseHTTPRequestHandler):
    content: Content

    def do_GET(self) -> None:
        unknown = "application/json", b'{"errors":[{"code":"MANIFEST_UNKNOWN","message":"manifest unknown"}]}'
        known = self.path in self.content
        kind, body = self.content.get(self.path, unknown)
        self.send_response(200 if known else 404)
        self.send_header("Content-Type", kind)
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        if self.command == "GET":
            self.wfile.write(body)

    do_HEAD = do_GET

    def log_message(self, *_: object) -> None:
        return


@contextmanager
def registry(content: Content | None = None, port: int = 0) -> Iterator[str]:
    """Serve *content* as a registry on *port* of this machine, 0 for any; yield its address."""
    handler = type(
        "Handler", (_Registry,), {"content": {"/v2/": ("application/json", b"{}")} | (content or {})}
    )
    server = ThreadingHTTPServer(("127.0.0.1", port), handler)
    Thread(target=server.serve_forever, daemon=True).start()
    try:
        yield f"127.0.0.1:{server.server_port}"
    finally:
        server.shutdown()
        server.server_close()


def image_content(name: str, tag: str) -> Content:
    """What a registry has of the image *name*: busybox in one layer."""
    root = busybox_root()
    layer = gzip.compress(root, mtime=0)
    config = json.dumps(
        {
            "architecture": "amd64", "os": "linux", "config": {"Cmd": ["sh"]},
            "rootfs": {"type": "layers", "diff_ids": [_digest(root)]}, "history": [{"created_by": "tests"}],
        }
    ).encode()  # fmt: skip
    parts = [(CONFIG, config), (LAYER, layer)]
    described = [{"mediaType": kind, "size": len(data), "digest": _digest(data)} for kind, data in parts]
    manifest = json.dumps(
        {"schemaVersion": 2, "mediaType": MANIFEST, "config": described[0], "layers": described[1:]}
    ).encode()
    found = {f"/v2/{name}/blobs/{_digest(data)}": (kind, data) for kind, data in parts}
    return found | {
        f"/v2/{name}/manifests/{which}": (MANIFEST, manifest) for which in (tag, _digest(manifest))
    }


def _digest(data: bytes) -> str:
    return f"sha256:{hashlib.sha256(data).hexdigest()}"


def watch(client: Client, direct: Client) -> None:
    """Follow the containers as Traefik does: list and inspect them, and again after each event that matters."""
    label = "-l traefik.enable=true -l 'traefik.http.routers.web.rule=Host(`web.example.org`)'"
    script = "sh -c 'trap exit TERM; sleep 60 & wait'"
    direct.sh(f"docker run -d --name web {label} $N $IMG {script}")
    api = docker.APIClient(base_url=client.endpoint.host, version="auto")

    def refresh() -> None:
        for one in api.containers():
            api.inspect_container(one["Id"])

    refresh()
    events = api.events(filters={"type": "container"}, decode=True)
    direct.sh(f"docker run -d --name api -l traefik.enable=true $N $IMG {script}")
    _until(events, "start")
    refresh()
    direct.sh("docker stop -t 1 web")
    _until(events, "die")
    refresh()
    events.close()
    api.close()


def _until(events: Iterator[Any], action: str) -> None:
    next(event for event in events if event["Action"] == action)


def run_job(client: Client, direct: Client) -> None:
    """Run a job as a CI runner does: pull, files in, a script by exec, files out, logs, removal of all but the cache."""
    with registry(image_content("group/build", "1"), IMAGE_PORT) as address:
        api = docker.APIClient(base_url=client.endpoint.host, version="auto")
        image = f"{address}/group/build"
        for _ in api.pull(image, "1", stream=True, decode=True):
            pass
        api.inspect_image(f"{image}:1")
        api.create_volume("job-cache", labels={"runner.job": "4711"})
        host = api.create_host_config(
            binds=["job-cache:/cache"], network_mode="none", mem_limit="64m", cap_drop=["NET_RAW"]
        )
        job = api.create_container(
            f"{image}:1", ["sh", "-c", "trap exit TERM; echo ready; sleep 60 & wait"], name="job-build",
            environment={"CI": "true", "CI_JOB_TOKEN": "hush-4711"}, host_config=host,
        )["Id"]  # fmt: skip
        api.put_archive(job, "/tmp", _tar("test.sh", b"echo testing; echo 2 of 3 >/tmp/report; exit 2\n"))
        api.start(job)
        script = api.exec_create(job, ["sh", "/tmp/test.sh"])["Id"]
        stream = api.exec_start(script, socket=True)._sock
        stream.shutdown(socket.SHUT_WR)  # docker-py does not close it by itself
        while stream.recv(4096):
            pass
        api.exec_inspect(script)
        _, pieces = api.get_archive(job, "/tmp/report")
        for _ in pieces:
            pass
        api.logs(job, tail=100)
        api.stop(job, timeout=1)
        api.wait(job)
        api.remove_container(job, v=True, force=True)
        api.close()
        direct.sh("docker volume rm job-cache")


def _tar(name: str, data: bytes) -> bytes:
    out = io.BytesIO()
    with tarfile.open(fileobj=out, mode="w") as tar:
        member = tarfile.TarInfo(name)
        member.size, member.mode = len(data), 0o755
        tar.addfile(member, io.BytesIO(data))
    return out.getvalue()[: 4 * tarfile.BLOCKSIZE]  # as Go writes it: Python adds zeros up to 10 kB
