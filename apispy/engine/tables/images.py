"""Images, builds and registries."""

from apispy.engine.operation import Operation

IMAGES = (
    Operation("ImageList", "GET", "/images/json", shows=("all", "filters", "filter"), outcome="count:images"),
    # Its body is a tar archive, plain or compressed; with remote= or BuildKit there is none.
    Operation(
        "ImageBuild",
        "POST",
        "/build",
        request="tar",
        response="progress",
        opens="always",
        shows=("t", "dockerfile", "target", "remote", "platform", "version"),
        outcome="progress",
    ),
    Operation("BuildPrune", "POST", "/build/prune", shows=("all", "filters"), outcome="space"),
    # A pull; with fromSrc=- an import, whose body is the archive.
    Operation(
        "ImageCreate",
        "POST",
        "/images/create",
        request="tar",
        response="progress",
        opens="always",
        shows=("fromImage", "fromSrc", "repo", "tag", "platform"),
        outcome="progress",
    ),
    Operation(
        "ImageInspect",
        "GET",
        "/images/{name}/json",
        outcome="id",
        secrets=("response.Config.Env", "response.ContainerConfig.Env"),
    ),
    Operation(
        "ImageAttestations",
        "GET",
        "/images/{name}/attestations",
        shows=("platform", "type"),
        outcome="count:attestations",
    ),
    Operation("ImageHistory", "GET", "/images/{name}/history", outcome="count:layers"),
    # Old clients send the credentials as its body; engines up to 28 read them there.
    Operation(
        "ImagePush",
        "POST",
        "/images/{name}/push",
        request="json",
        response="progress",
        opens="always",
        shows=("tag", "platform"),
        outcome="progress",
        secrets=("request.password", "request.auth", "request.identitytoken", "request.registrytoken"),
    ),
    Operation("ImageTag", "POST", "/images/{name}/tag", response="", shows=("repo", "tag")),
    Operation(
        "ImageDelete", "DELETE", "/images/{name}", shows=("force", "noprune"), outcome="count:removals"
    ),
    Operation("ImageSearch", "GET", "/images/search", shows=("term", "limit"), outcome="count:results"),
    Operation("ImagePrune", "POST", "/images/prune", shows=("filters",), outcome="space"),
    Operation(
        "ImageCommit",
        "POST",
        "/commit",
        request="json",
        shows=("container", "repo", "tag"),
        outcome="id",
        secrets=("request.Env",),
    ),
    Operation("ImageGet", "GET", "/images/{name}/get", response="tar", shows=("platform",), outcome="size"),
    Operation("ImageGetAll", "GET", "/images/get", response="tar", shows=("names",), outcome="size"),
    Operation(
        "ImageLoad",
        "POST",
        "/images/load",
        request="tar",
        response="progress",
        opens="always",
        shows=("quiet", "platform"),
        outcome="progress",
    ),
    Operation("DistributionInspect", "GET", "/distribution/{name}/json"),
    # BuildKit: on this connection the daemon is the HTTP/2 client.
    Operation("Session", "POST", "/session", response="h2c", opens="always"),
)
