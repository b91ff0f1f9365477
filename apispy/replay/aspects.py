"""The aspects of a request that a replay compares. Each has a matcher, in ``matching/``.

They stand apart from the matchers, so that `apispy replay --help` starts fast.
"""

ASPECTS = {
    "operation": "The operation of Docker's API; for requests that match no known operation, the method and path. "
    "Always compared.",
    "version": "The API version: the same, or one for which the recorded response is valid too.",
    "path": "The names and IDs in the path, however they are escaped.",
    "query": "The parameters in any order; times close to now and a build's own IDs may differ.",
    "headers": "Upgrade, Range, Content-Type and registry credentials (in redacted form).",
    "body": "JSON by value, whatever its order and spacing; archives by their members and contents, ignoring times; "
    "anything else byte for byte.",
    "stdin": "The client's input in a hijacked connection, byte for byte, and "
    "whether stdin is closed at the same point.",
}
"""By name, in the order in which they are compared: a line for --help and docs/replay.md."""
