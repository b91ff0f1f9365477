"""Links to Docker's API reference."""

from apispy.engine.operation import Operation
from apispy.engine.versions import nearest, parse

SITE = "https://docs.docker.com/reference/api/engine/version"
FIRST_PAGE = (1, 24)
"""The oldest version with a page on the site; the pages of older versions are on GitHub only."""

FORMER_PLACES = {
    "ContainerArchive": ((1, 27), "Container/operation/ContainerGetArchive"),
    "ContainerArchiveInfo": ((1, 27), "Container/operation/ContainerArchiveHead"),
    "PutContainerArchive": ((1, 27), "Container/operation/ContainerPutArchive"),
    "Session": ((1, 39), "Session-(experimental)/operation/Session"),
}
"""Former tags and operation IDs, with the last version that used them."""


def reference_link(operation: Operation, version: str) -> str:
    """The address of an operation in the reference of API *version*; of the nearest known version for an unknown one.

    "" for operations that the version does not have or document, and before API 1.24.
    """
    version = nearest(version)
    number = parse(version)
    if not operation.documented or not operation.exists_in(version) or number is None or number < FIRST_PAGE:
        return ""
    page = f"{SITE}/v{version}/"
    if number == FIRST_PAGE:
        return page
    until, place = FORMER_PLACES.get(operation.id, (FIRST_PAGE, ""))
    if number > until:
        place = f"{operation.tag}/operation/{operation.id}"
    return f"{page}#tag/{place}"
