"""Where Docker's description is silent or wrong, and real clients and daemons are right. Found with the battery."""

# By operation: (what, place) of differences that every real daemon shows.
ANSWERS: dict[str, frozenset[tuple[str, str]]] = {
    # Kept for clients of old; Docker's description of events left them out long before 1.52 did.
    "SystemEvents": frozenset((("unknown", "status"), ("unknown", "id"), ("unknown", "from"))),
    # Engines up to 20.10 send the size of the build cache, 0 since BuildKit.
    "SystemDataUsage": frozenset((("unknown", "BuilderSize"),)),
}
