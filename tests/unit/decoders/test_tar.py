"""Listings of archives, made by Python's own tarfile."""

import gzip
import io
import tarfile

from apispy.decoders import make
from apispy.decoders.tar import MEMBER_LIMIT
from apispy.model import Item


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
    assert second.value == {"name": "f1", "type": "file", "size": 700, "mode": 0o644, "mtime": 0, "link": ""}
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


def test_a_compressed_archive_is_not_looked_into() -> None:
    packed = gzip.compress(archive(700))
    assert {item.kind for item in decode(packed, step=1)} == {"raw"}
