"""Image archives for `docker load`, built here so that their ids and digests are known in advance."""

import hashlib
import io
import json
import tarfile
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from pathlib import Path

BLOCK = 1 << 20


def pieces(path: Path) -> Iterator[bytes]:
    with path.open("rb") as file:
        while data := file.read(BLOCK):
            yield data


def _entry(name: str, size: int) -> bytes:
    info = tarfile.TarInfo(name)
    info.size = size
    return info.tobuf(tarfile.USTAR_FORMAT)


def _padding(size: int) -> bytes:
    return bytes(-size % 512)


def _member(name: str, data: bytes) -> bytes:
    return _entry(name, len(data)) + data + _padding(len(data))


@dataclass(frozen=True)
class Archive:
    """An image `name` of one layer: the file /mark with `mark`, and /big."""

    name: str
    mark: bytes
    big: Path

    def layer(self) -> Iterable[bytes]:
        size = self.big.stat().st_size
        yield _member("mark", self.mark) + _entry("big", size)
        yield from pieces(self.big)
        yield _padding(size) + bytes(1024)

    def prepare(self) -> "Prepared":
        """Compute the layer's digest by reading it once."""
        digest, size = hashlib.sha256(), 0
        for piece in self.layer():
            digest.update(piece)
            size += len(piece)
        layer = f"sha256:{digest.hexdigest()}"
        config = {"architecture": "amd64", "os": "linux", "config": {"Cmd": ["true"]}, "history": []}
        config |= {"rootfs": {"type": "layers", "diff_ids": [layer]}}
        return Prepared(self, json.dumps(config).encode(), layer, size)


@dataclass(frozen=True)
class Prepared:
    archive: Archive
    config: bytes
    layer: str
    layer_size: int

    @property
    def id(self) -> str:
        return f"sha256:{hashlib.sha256(self.config).hexdigest()}"

    def __iter__(self) -> Iterator[bytes]:
        """Yield the bytes of the archive."""
        manifest = [{"Config": "config.json", "RepoTags": [self.archive.name], "Layers": ["l/layer.tar"]}]
        yield _member("config.json", self.config) + _member("manifest.json", json.dumps(manifest).encode())
        yield _entry("l/layer.tar", self.layer_size)
        yield from self.archive.layer()
        yield _padding(self.layer_size) + bytes(1024)


def tar_of(**files: bytes) -> bytes:
    """Build a small tar archive of these files."""
    out = io.BytesIO()
    with tarfile.open(fileobj=out, mode="w") as tar:
        for name, data in files.items():
            info = tarfile.TarInfo(name)
            info.size = len(data)
            tar.addfile(info, io.BytesIO(data))
    return out.getvalue()
