"""Listings of archives, made by Python's own tarfile."""

import bz2
import gzip
import io
import lzma
import random
import tarfile
from collections.abc import Callable

import pytest

from apispy.decoders import make
from apispy.decoders.compression import zstd
from apispy.decoders.tar_members import MEMBER_LIMIT
from apispy.model import Item

PACKERS: dict[str, Callable[[bytes], bytes]] = {
    "gzip": gzip.compress,
    "bzip2": bz2.compress,
    "xz": lzma.compress,
    "zstd": zstd.compress,
}


def archive(*sizes: int, form: int = tarfile.PAX_FORMAT) -> bytes:
    """Files f0, f1, ... of these sizes."""
    out = io.BytesIO()
    with tarfile.open(fileobj=out, mode="w", format=form) as tar:
        for number, size in enumerate(sizes):
            info = tarfile.TarInfo(f"f{number}")
            info.size = size
            tar.addfile(info, io.BytesIO(bytes(size)))
    return out.getvalue()


def decode(data: bytes, step: int = 1000) -> list[Item]:
    decoder = make("tar")
    items = [item for i in range(0, len(data), step) for item in decoder.feed(data[i : i + step])]
    return items + decoder.close()


def test_members_and_padding() -> None:
    first, second, padding = decode(archive(0, 700))
    assert (first.kind, first.label, first.span) == ("member", "f0", (0, 512))
    assert second.value == {
        "name": "f1",
        "type": "file",
        "size": 700,
        "mode": 0o644,
        "permissions": "-rw-r--r--",
        "uid": 0,
        "gid": 0,
        "user": "",
        "group": "",
        "mtime": 0,
        "link": "",
    }
    assert second.span == (512, 2048)
    assert (padding.kind, padding.span) == ("padding", (2048, 10240))


def test_links_and_directories() -> None:
    out = io.BytesIO()
    with tarfile.open(fileobj=out, mode="w") as tar:
        for name, kind in (("bin/", tarfile.DIRTYPE), ("bin/sh", tarfile.SYMTYPE)):
            info = tarfile.TarInfo(name)
            info.type, info.linkname = kind, "busybox" if kind == tarfile.SYMTYPE else ""
            tar.addfile(info)
    values = [item.value for item in decode(out.getvalue()) if item.kind == "member"]
    assert [(value["name"], value["type"], value["link"]) for value in values] == [
        ("bin", "directory", ""),
        ("bin/sh", "link", "busybox"),
    ]


def test_only_so_many_members_are_listed() -> None:
    items = decode(archive(*[1] * (MEMBER_LIMIT + 3)), step=1 << 16)
    assert [item.kind for item in items[-3:]] == ["member", "more", "padding"]
    assert items[-2].value == 3
    assert items[-2].span == (MEMBER_LIMIT * 1024, (MEMBER_LIMIT + 3) * 1024)


def test_an_archive_cut_in_a_member() -> None:
    (problem,) = decode(archive(700)[:1000])
    assert (problem.kind, problem.span) == ("problem", (0, 1000))
    assert problem.value == "the stream ends inside 'f0': 536 more bytes expected"


def test_what_is_no_archive_is_a_problem_and_raw() -> None:
    items = decode(b"not a tar archive" * 100)
    assert [item.kind for item in items[:2]] == ["problem", "raw"]


@pytest.mark.parametrize("form", [tarfile.PAX_FORMAT, tarfile.GNU_FORMAT])
def test_long_names_are_those_of_the_members(form: int) -> None:
    out = io.BytesIO()
    name, link = "d/" * 200 + "ü", "to/" * 100
    with tarfile.open(fileobj=out, mode="w", format=form) as tar:
        info = tarfile.TarInfo(name)
        info.type, info.linkname = tarfile.SYMTYPE, link
        tar.addfile(info)
        tar.addfile(tarfile.TarInfo("short"))
    first, second, _ = decode(out.getvalue())
    assert (first.value["name"], first.value["link"]) == (name, link)
    assert (first.label, first.span[0]) == (name, 0)
    assert (second.value["name"], second.value["link"]) == ("short", "")


def test_a_size_in_a_pax_header_is_the_size() -> None:
    info = tarfile.TarInfo("big")
    info.size = 9 << 30
    decoder = make("tar")
    assert decoder.feed(info.tobuf(tarfile.PAX_FORMAT)) == []
    (problem,) = decoder.close()
    assert problem.value == f"the stream ends inside 'big': {9 << 30} more bytes expected"


def test_modes_are_written_as_ls_writes_them() -> None:
    out = io.BytesIO()
    kinds = {"d": (tarfile.DIRTYPE, 0o1777), "s": (tarfile.REGTYPE, 0o4755), "p": (tarfile.FIFOTYPE, 0o600)}
    with tarfile.open(fileobj=out, mode="w") as tar:
        for name, (kind, mode) in kinds.items():
            info = tarfile.TarInfo(name)
            info.type, info.mode, info.uid, info.uname = kind, mode, 1000, "ann"
            tar.addfile(info)
    values = [item.value for item in decode(out.getvalue()) if item.kind == "member"]
    assert [value["permissions"] for value in values] == ["drwxrwxrwt", "-rwsr-xr-x", "prw-------"]
    assert (values[0]["uid"], values[0]["user"]) == (1000, "ann")


def test_an_archive_cut_in_an_extended_header() -> None:
    info = tarfile.TarInfo("x" * 300)
    (problem,) = decode(info.tobuf(tarfile.GNU_FORMAT)[:600])
    assert problem.value == "the stream ends inside an extended header: 424 more bytes expected"


def test_an_extended_header_that_is_broken_is_passed_over() -> None:
    block = tarfile.TarInfo("pax")
    block.type, block.size = tarfile.XHDTYPE, 512
    data = block.tobuf(tarfile.USTAR_FORMAT) + b"99 path=".ljust(512, b"\0")
    (member,) = decode(data + tarfile.TarInfo("after").tobuf(tarfile.USTAR_FORMAT))
    assert (member.label, member.span) == ("after", (0, 1536))


@pytest.mark.parametrize("coding", ["gzip", "bzip2", "xz", "zstd"])
def test_compressed_archives_are_seen_through(coding: str) -> None:
    plain = archive(700, 0, 3000)
    packed = PACKERS[coding](plain)
    first, *items = decode(packed, step=7)
    assert (first.kind, first.value, first.span) == ("compressed", coding, (0, 0))
    assert [item.label for item in items] == [item.label for item in decode(plain)]
    assert items[-1].span[1] == len(packed)


def test_a_compressed_upload_is_listed_before_its_end() -> None:
    noise = random.Random(1).randbytes(40_000)
    out = io.BytesIO()
    with tarfile.open(fileobj=out, mode="w:gz") as tar:
        for name in ("one", "two"):
            info = tarfile.TarInfo(name)
            info.size = len(noise)
            tar.addfile(info, io.BytesIO(noise))
    decoder = make("tar")
    half = decoder.feed(out.getvalue()[:60_000])
    assert [item.label for item in half] == ["gzip", "one"]


@pytest.mark.parametrize(
    ("body", "kind"),
    [
        (b'{"fromImage":"busybox","tag":"latest"}', "json"),
        (b' [{"a":1}]\n', "json"),
        (b"fromImage=busybox&tag=latest", "text"),
    ],
)
def test_what_clients_send_in_place_of_an_archive(body: bytes, kind: str) -> None:
    [item] = decode(body)
    assert item.kind == kind


def test_an_archive_whose_first_name_begins_like_json() -> None:
    header = tarfile.TarInfo('{"a":1}').tobuf()
    assert [item.label for item in decode(header)][:1] == ['{"a":1}']
