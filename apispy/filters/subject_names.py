"""The names of the containers and images that a request refers to."""

import re
from collections.abc import Iterator

from apispy.decoders.json import first_json
from apispy.engine.requested_access import build_images
from apispy.engine.requested_builds import BUILDS
from apispy.filters.subject import Subject

CONTAINER_PARAMETERS = {"ContainerCreate": "name", "ImageCommit": "container"}
"""The parameter that names the container, by operation."""

IMAGE_PARAMETERS = {
    "ImageCreate": "fromImage",
    "ImageBuild": "t",
    "ImageGetAll": "names",
    "ImageTag": "repo",
    "ImageCommit": "repo",
}
"""The parameter that names the image, by operation; the tag may be in another parameter."""

CONTAINER_PATHS = ("/containers/{", "/libpod/containers/{")
IMAGE_PATHS = ("/images/{", "/distribution/{")

_TAG = re.compile(r"(?<=.)(:[^:/@]*)?(@.*)?\Z")
"""The tag and digest of an image name. A colon before a slash belongs to a port."""


def containers(subject: Subject) -> Iterator[str]:
    """All names of the container that the request refers to."""
    call = subject.call
    if call.operation.path.startswith(CONTAINER_PATHS):
        yield from subject.aliases(call.arguments.get("id") or call.arguments.get("name", ""))
    elif call.operation.path.startswith("/exec/{"):
        for name in subject.aliases(call.arguments.get("id", "")):  # "web:cat", see learn/name_registry.py
            where, colon, _ = name.partition(":")
            if colon:
                yield from subject.aliases(where)
    elif name := call.value(CONTAINER_PARAMETERS.get(call.operation.id, "")):
        yield from subject.aliases(name)


def images(subject: Subject) -> Iterator[str]:
    """All names of the images that the request refers to, with and without tag."""
    for names in images_one_by_one(subject):
        yield from names


def images_one_by_one(subject: Subject) -> Iterator[list[str]]:
    """For each image that the request refers to, its names, with and without tag."""
    for typed in _images(subject):
        yield [text for name in subject.aliases(typed) for text in (name, _TAG.sub("", name))]


def _images(subject: Subject) -> Iterator[str]:
    call = subject.call
    if call.operation.path.startswith(IMAGE_PATHS):
        yield call.arguments.get("name", "")
    tag = call.value("tag")
    for key, name in call.parameters:
        if key == IMAGE_PARAMETERS.get(call.operation.id):
            yield f"{name}@{tag}" if ":" in tag else f"{name}:{tag}" if tag else name
    if call.operation.id in BUILDS:
        yield from build_images(call, first_json(subject.items.get("request", ())))
    if call.operation.id == "ContainerCreate":
        for item in subject.items.get("request", ()):
            if isinstance(item.value, dict) and isinstance(image := item.value.get("Image"), str):
                yield image
