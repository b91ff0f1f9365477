"""Where Docker's description is silent or wrong, and real clients and daemons are right. Found with the battery."""

PARAMETERS: dict[str, tuple[str, ...]] = {}
"""By operation: query parameters that are no cause for a note although no handler reads them."""

REQUEST_FIELDS: dict[str, tuple[tuple[str, ...], ...]] = {}
"""By operation: fields of request bodies, as ways (see ``compare.Way``), that the daemon reads, or that say nothing."""

ANSWERS: dict[str, frozenset[tuple[str, str]]] = {}
"""By operation: (what, place) of differences that every real daemon shows."""
