"""The daemon itself."""

from apispy.engine.operation import Operation

SYSTEM = (
    Operation(
        "SystemAuth",
        "POST",
        "/auth",
        request="json",
        shows=("body.username", "body.serveraddress"),
        secrets=(
            "request.password",
            "request.auth",
            "request.identitytoken",
            "request.registrytoken",
            "response.IdentityToken",
        ),
    ),
    Operation("SystemInfo", "GET", "/info", outcome="info"),
    Operation("SystemVersion", "GET", "/version", outcome="version"),
    Operation("SystemPing", "GET", "/_ping", response="text", outcome="ping"),
    Operation("SystemPingHead", "HEAD", "/_ping", response="", outcome="ping"),
    Operation(
        "SystemEvents",
        "GET",
        "/events",
        response="events",
        opens="always",
        shows=("since", "until", "filters"),
        outcome="events",
    ),
    Operation("SystemDataUsage", "GET", "/system/df", shows=("type", "verbose")),
)
