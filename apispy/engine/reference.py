"""Where Docker's reference of the API tells about an operation."""

from apispy.engine.operation import Operation
from apispy.engine.versions import nearest, parse

SITE = "https://docs.docker.com/reference/api/engine/version"
FIRST_PAGE = (1, 24)
"""The oldest version that has a page on the site, all operations on one; older ones are on GitHub only."""

FORMER_PLACES = {
    "ContainerArchive": ((1, 27), "Container/operation/ContainerGetArchive"),
    "ContainerArchiveInfo": ((1, 27), "Container/operation/ContainerArchiveHead"),
    "PutContainerArchive": ((1, 27), "Container/operation/ContainerPutArchive"),
    "Session": ((1, 39), "Session-(experimental)/operation/Session"),
}
"""The tag and operationId of those that had others, and the last version in which they had them."""


def reference_link(operation: Operation, version: str) -> str:
    """The address of the operation's place in the reference of API *version*, the nearest known one if it is not known.

    "" where there is none: for what that version does not have or document, and before API 1.24.
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
