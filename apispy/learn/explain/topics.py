"""Topics: short pages about concepts of the API and about errors that people paste. Data only, and how it is found.

Every page names where its facts come from: a file of moby (the engine), of docker/cli, or Docker's API reference.
"""

import re
from collections.abc import Iterator

from apispy.learn.explain.records import Topic
from apispy.structs import Struct


class ErrorMessage(Struct, frozen=True):
    """An error message: a pattern of its text, what it means and what to do. ``{name}`` is a group of the pattern."""

    pattern: str
    text: str
    source: str
    see: tuple[str, ...] = ()
    example: str = ""  # a text that the pattern finds


TOPICS: tuple[Topic, ...] = (
    Topic(
        "Hijacked connections",
        ("hijack", "hijacked", "hijacking", "upgrade", "upgraded", "raw-stream", "101"),
        "Attach and exec turn their HTTP connection into a two-way stream of bytes. The client sends "
        "POST with the headers Connection: Upgrade and Upgrade: tcp; the daemon answers 101 "
        "UPGRADED, and from then on no HTTP is spoken on this connection. Without these headers it "
        "answers 200, and takes the connection over all the same. The client closes its sending side "
        "to end stdin, and still receives output. /session and /grpc upgrade to h2c, HTTP/2 without "
        "TLS.",
        "moby: daemon/server/router/container/container_routes.go (postContainersAttach), exec.go "
        "(postContainerExecStart)",
        ("ContainerAttach", "ExecStart", "Session", "Grpc"),
    ),
    Topic(
        "Multiplexed stdout and stderr",
        (
            "multiplexed",
            "multiplex",
            "multiplexing",
            "frame",
            "frames",
            "stdcopy",
            "demultiplex",
            "8-byte",
            "multiplexed-stream",
        ),
        "Without a terminal, the output of logs, attach and exec comes in frames, so that stdout and "
        "stderr can share one stream. A frame has a head of 8 bytes: the stream (0 stdin, 1 stdout, "
        "2 stderr, 3 an error of the daemon), three zero bytes, and the length of the content as a "
        "32-bit big-endian number. A container or exec with a terminal (Tty: true) sends raw bytes "
        "without frames. From API 1.42 the Content-Type of logs and of an upgraded connection tells which: "
        "application/vnd.docker.multiplexed-stream or application/vnd.docker.raw-stream.",
        "moby: api/pkg/stdcopy; Docker's API reference, ContainerAttach",
        ("ContainerLogs", "ContainerAttach", "ExecStart"),
    ),
    Topic(
        "Status codes",
        ("status", "statuses", "codes", "code", "http"),
        "101 the connection is upgraded; 200 done, with a body; 201 created; 204 done, no body; 304 "
        "nothing to do (the container was started or stopped already); 400 the request is wrong; 401 "
        "the registry refused the credentials; 403 not allowed (such as removing a predefined "
        "network); 404 no such object, or no such path; 409 conflict with the state of an object; "
        "500 any other error; 501 not possible on this platform; 503 the node is not in the swarm "
        'mode that the call needs. Errors have the body {"message": "..."}. A stream of progress or '
        "output may fail after a 200: its last object has the error.",
        "moby: daemon/server/httpstatus/status.go; Docker's API reference",
    ),
    Topic(
        "400 Bad Request",
        ("400", "bad"),
        "The daemon did not accept the request: a body that is not JSON or not declared as "
        "application/json, an invalid parameter or filter, an invalid reference or name, a program that "
        "the container does not have (ContainerStart), or an API version that the daemon does not "
        "support. Docker Engine 20.10 answers 500 to a body or filters that are not valid JSON.",
        "moby: daemon/server/httpstatus/status.go, errdefs.IsInvalidArgument",
    ),
    Topic(
        "401 Unauthorized",
        ("401", "unauthorized"),
        "The daemon itself has no users: 401 says that a registry refused the credentials in POST "
        "/auth. Docker Engine 20.10 answers 500 instead, and newer engines do so for a registry with "
        "basic authentication. In pull and push it mostly appears as a 404 or a 500 with the words of the "
        "registry.",
        "moby: daemon/server/httpstatus/status.go",
        ("SystemAuth",),
    ),
    Topic(
        "404 Not Found",
        ("404", "not-found"),
        'Two different things. {"message": "No such container: ..."} (image, volume, network, exec, '
        '...): the path is right, the object does not exist. {"message": "page not found"}: no route '
        "has this method and path, mostly a misspelled path, another method, or an operation that is "
        "newer than the engine. An older version in the path hides no operation.",
        "moby: daemon/server/server.go, daemon/server/httpstatus/status.go",
    ),
    Topic(
        "409 Conflict",
        ("409", "conflict"),
        "The request is right, but the object's state does not allow it: the name is in use, the "
        "container is not running (exec, kill, pause), is running (remove without force), is paused, "
        "or the image or volume is in use.",
        "moby: daemon/server/httpstatus/status.go, errdefs.IsConflict",
        ("ContainerCreate", "ContainerDelete", "ContainerExec", "ImageDelete", "VolumeDelete"),
    ),
    Topic(
        "304 Not Modified",
        ("304",),
        "Start of a container that runs, or stop of one that is stopped. It is not an error; clients "
        "treat it as success.",
        "Docker's API reference, ContainerStart and ContainerStop",
        ("ContainerStart", "ContainerStop"),
    ),
    Topic(
        "500 Internal Server Error",
        ("500",),
        "Any error that has no status of its own: the registry cannot be reached, a file system or "
        "network error, a failure of the runtime (a program that does not exist is 400). Docker Engine "
        "20.10 also answers 500 to a body or filters that are not valid JSON. The message says which; "
        "the daemon's log has more.",
        "moby: daemon/server/httpstatus/status.go",
    ),
    Topic(
        "503 Service Unavailable",
        ("503",),
        "The node is not in the swarm mode that the call needs: not part of a swarm, not a manager, "
        "or part of one already.",
        "moby: daemon/cluster/errors.go",
        ("SwarmInit", "SwarmJoin"),
    ),
    Topic(
        "Attaching to a container",
        ("attach", "attaching", "interactive", "stdin", "terminal", "tty"),
        "POST /containers/{id}/attach?stream=1&stdin=1&stdout=1&stderr=1 connects to the main "
        "process; the connection becomes a two-way stream. Input reaches the process only if the "
        "container was created with OpenStdin. Attach before POST /containers/{id}/start, or the "
        "first output is lost; docker run does it in that order. With logs=1 earlier output comes "
        "first. The terminal's size is set by POST /containers/{id}/resize?h=ROWS&w=COLUMNS.",
        "docker/cli: cli/command/container/run.go; Docker's API reference, ContainerAttach",
        ("ContainerAttach", "ContainerResize", "ContainerAttachWebsocket"),
    ),
    Topic(
        "Running a command in a container",
        ("exec", "execute"),
        "Two calls: POST /containers/{id}/exec creates the exec and returns its ID; POST "
        "/exec/{id}/start runs it, and the connection becomes its stream. The exit code is in GET "
        "/exec/{id}/json once Running is false. An exec is started only once. A program that cannot "
        "be found is reported in the stream, after the 101.",
        "Docker's API reference, Exec; docker/cli: cli/command/container/exec.go",
        ("ContainerExec", "ExecStart", "ExecInspect"),
    ),
    Topic(
        "Exit codes",
        ("exit", "exitcode", "statuscode", "exits"),
        "POST /containers/{id}/wait answers when the container stops, with StatusCode; "
        "ContainerInspect has State.ExitCode. An exec has its own in ExecInspect. docker run exits "
        "with the program's code, or 125 if the daemon refused, 126 if the program cannot be run, "
        "127 if it was not found. 137 is 128 + 9: killed by SIGKILL, often for memory.",
        "docker/cli: cli/command/container/run.go",
        ("ContainerWait", "ContainerInspect", "ExecInspect"),
    ),
    Topic(
        "API versions",
        ("version", "versions", "negotiation", "negotiate", "ping", "api-version"),
        "The path begins with the version: /v1.41/containers/json. Without it the daemon uses its "
        "own newest version. Clients negotiate: HEAD /_ping returns the daemon's version in the "
        "header API-Version, and the client takes the lower of that and its own. DOCKER_API_VERSION "
        "turns negotiation off and pins the version.",
        "docker/cli and moby: client/client.go (NegotiateAPIVersion)",
        ("SystemPingHead", "SystemVersion"),
    ),
    Topic(
        "Filters",
        ("filters", "filter", "filtering"),
        'The parameter filters is one JSON object, percent-encoded: {"status": ["exited"], "label": '
        '["a=b"]}. Each name has a list of texts. The form {"status": {"exited": true}}, which '
        "the docker CLI sends, means the same. Values of one name are alternatives, except "
        "labels, which must all match; different names must all match.",
        "moby: api/types/filters/parse.go",
        ("ContainerList", "ImageList", "SystemEvents"),
    ),
    Topic(
        "Registry credentials",
        ("registry", "credentials", "x-registry-auth", "login", "auth", "authentication"),
        "The daemon keeps no credentials. The client sends them with each pull and push in the "
        'header X-Registry-Auth: base64url of {"username": "...", "password": "...", '
        '"serveraddress": "..."}, or of {"identitytoken": "..."}. A build sends X-Registry-Config, '
        "for several registries. docker login only checks them, by POST /auth, and stores them at "
        "the client.",
        "Docker's API reference, section Authentication",
        ("SystemAuth", "ImageCreate", "ImagePush"),
    ),
    Topic(
        "Progress streams",
        ("progress", "pull", "pulling", "stream", "streams", "streaming"),
        "Pull, push, load, import and the classic build answer with JSON objects, one after the "
        "other, as the work goes on: status, id and progressDetail, or stream. The head with 200 "
        "comes with the first of them, so a later failure cannot change the status: the last object "
        "has error and errorDetail. Read the stream to its end: a client that closes the connection "
        "cancels the work.",
        "moby: pkg/jsonmessage, pkg/streamformatter",
        ("ImageCreate", "ImagePush", "ImageBuild"),
    ),
    Topic(
        "Copying files",
        ("copy", "copying", "cp", "archive", "tar"),
        "GET /containers/{id}/archive?path=... returns a tar archive, PUT unpacks one into a "
        "directory, HEAD returns the path's size, mode and time as base64 JSON in the header "
        "X-Docker-Container-Path-Stat. docker cp packs and unpacks at the client.",
        "Docker's API reference, ContainerArchive",
        ("ContainerArchive", "PutContainerArchive", "ContainerArchiveInfo"),
    ),
    Topic(
        "Logs",
        ("log", "logs"),
        "GET /containers/{id}/logs needs stdout=1 or stderr=1, else it is refused. With follow=1 the "
        "response stays open. timestamps=1 puts a time before each line, tail=N limits the lines, "
        "since and until are Unix times. Output of a container without a terminal comes in frames. "
        "The log driver must keep logs (none does not).",
        "Docker's API reference, ContainerLogs",
        ("ContainerLogs",),
    ),
    Topic(
        "Events",
        ("event", "events"),
        "GET /events stays open and returns a JSON object for each event: Type, Action, Actor.ID, "
        "Actor.Attributes, time and timeNano. since returns earlier ones first (the daemon keeps a "
        "limited number), until ends the stream.",
        "Docker's API reference, SystemEvents",
        ("SystemEvents",),
    ),
    Topic(
        "Building images",
        ("build", "building", "buildkit", "dockerfile", "builder"),
        "The classic builder is one call: POST /build with the context as a tar archive. BuildKit is "
        "gRPC: the client opens POST /grpc (to the builder) and POST /session (through which the "
        "builder asks the client for files, secrets and credentials), both upgraded to h2c. From "
        "engine 29.2 on, it also accepts them on HTTP/2 from the first byte. docker build of today is "
        "buildx, which uses BuildKit.",
        "moby: daemon/server/router/build, router/grpc, router/session",
        ("ImageBuild", "Session", "Grpc", "BuildPrune"),
    ),
    Topic(
        "The daemon's socket",
        ("socket", "docker.sock", "unix", "docker_host", "connect", "connecting", "connection"),
        "The daemon listens on /var/run/docker.sock by default. Whoever can write to it controls the "
        "machine as root. DOCKER_HOST or a context names another: unix:///path, tcp://host:2375 "
        "(plain, unprotected), tcp://host:2376 (TLS), ssh://user@host. curl: curl --unix-socket "
        "/var/run/docker.sock http://localhost/version.",
        "docker/cli: docs/reference/commandline/dockerd.md",
        ("SystemPing", "SystemVersion"),
    ),
    Topic(
        "TLS",
        ("tls", "certificate", "certificates", "2376", "https", "x509"),
        "Port 2376 is by convention HTTPS, 2375 plain HTTP. With --tlsverify the daemon demands a "
        "client certificate signed by its CA, and the client checks the daemon's. "
        "DOCKER_TLS_VERIFY=1 and DOCKER_CERT_PATH (ca.pem, cert.pem, key.pem) set up the docker CLI. "
        "apispy certs --check ADDRESS says what is wrong with a certificate.",
        "Docker's manual: engine/security/protect-access",
    ),
    Topic(
        "Publishing ports",
        ("port", "ports", "publish", "publishing", "portbindings", "expose"),
        'HostConfig.PortBindings of ContainerCreate: {"80/tcp": [{"HostIp": "", "HostPort": '
        '"8080"}]}. The key is the container\'s port; an empty HostPort takes a free one, an empty '
        "HostIp all addresses. docker run -p also sets ExposedPorts. The ports in use are in "
        "NetworkSettings.Ports of ContainerInspect.",
        "docker/cli: cli/command/container/opts.go",
        ("ContainerCreate", "ContainerInspect"),
    ),
    Topic(
        "Restart policy",
        ("restart", "restartpolicy", "maximumretrycount"),
        "HostConfig.RestartPolicy: Name is no, always, unless-stopped or on-failure; "
        "MaximumRetryCount limits the restarts of on-failure (0: no limit) and must be 0 for the "
        "others. It can be changed by ContainerUpdate. A container that was stopped by docker stop "
        "is not restarted, but with always it is when the daemon starts.",
        "moby: api/types/container/hostconfig.go (ValidateRestartPolicy)",
        ("ContainerCreate", "ContainerUpdate"),
    ),
)

ERRORS: tuple[ErrorMessage, ...] = (
    ErrorMessage(
        r"client version (?P<own>[\d.]+) is too old\. Minimum supported API version is (?P<low>[\d.]+)",
        "The request names API {own}; this daemon supports {low} and later. Take a newer client, or "
        "let it negotiate: unset DOCKER_API_VERSION; in docker-py version='auto'. Engine 29 raised "
        "the lowest version to 1.44 at first; an older one can be allowed again by "
        "DOCKER_MIN_API_VERSION in the daemon's environment.",
        "moby: daemon/server/middleware/version.go",
        ("SystemPingHead", "SystemVersion"),
        "Error response from daemon: client version 1.32 is too old. Minimum supported API version is 1.44",
    ),
    ErrorMessage(
        r"client version (?P<own>[\d.]+) is too old",
        "The request names API {own}, which is below the lowest version that this daemon supports "
        "(see MinAPIVersion in GET /version). Take a newer client, or let it negotiate: unset "
        "DOCKER_API_VERSION; in docker-py version='auto'.",
        "moby: daemon/server/middleware/version.go",
        ("SystemPingHead", "SystemVersion"),
        "client version 1.32 is too old",
    ),
    ErrorMessage(
        r"client version (?P<own>[\d.]+) is too new(?:\. Maximum supported API version is (?P<high>[\d.]+))?",
        "The request names API {own}, which is newer than what this daemon has (see ApiVersion in "
        "GET /version). Let the client negotiate: unset DOCKER_API_VERSION; or name an older version.",
        "moby: daemon/server/middleware/version.go",
        ("SystemPingHead", "SystemVersion"),
        "Error response from daemon: client version 1.99 is too new. Maximum supported API version is 1.41",
    ),
    ErrorMessage(
        r"permission denied while trying to connect to the Docker|dial unix[^\n]*permission denied|"
        r"PermissionError\(13",
        "The client found the socket but may not use it: it belongs to root and the group docker. "
        "Use sudo, or add the user to the group docker (which amounts to root) and log in again.",
        "docker/cli and moby client: client/errors.go",
        (),
        "permission denied while trying to connect to the Docker daemon socket at "
        "unix:///var/run/docker.sock",
    ),
    ErrorMessage(
        r"(?i:cannot connect to the docker daemon)(?: at (?P<at>\S+?)\.? )?",
        "No daemon answered at the address of the client. Either it does not run (systemctl status "
        "docker; Docker Desktop started?), or DOCKER_HOST or the current context names another place "
        "(docker context ls). `apispy doctor` says which address is used and why.",
        "docker/cli and moby client: client/errors.go (ErrorConnectionFailed)",
        (),
        "Cannot connect to the Docker daemon at unix:///var/run/docker.sock. Is the docker daemon running?",
    ),
    ErrorMessage(
        r"Error while fetching server API version",
        "docker-py asks GET /version when it starts, and could not: the cause stands in the "
        "parentheses. FileNotFoundError: no socket there, so no daemon; ConnectionRefusedError: a "
        'socket without a daemon; PermissionError: the user may not open it; "Not supported URL '
        'scheme http+docker": requests 2.32 needs docker 7.1 or later.',
        "docker-py: docker/api/client.py (_retrieve_server_version)",
        ("SystemVersion",),
        "docker.errors.DockerException: Error while fetching server API version: ('Connection "
        "aborted.', FileNotFoundError(2, 'No such file or directory'))",
    ),
    ErrorMessage(
        r"Not supported URL scheme http\+docker",
        "An old docker-py with requests 2.32 or later. Install docker 7.1 or later.",
        "docker-py, release 7.1.0",
        (),
        "requests.exceptions.InvalidURL: Not supported URL scheme http+docker",
    ),
    ErrorMessage(
        r"curl: \(7\)",
        "curl could not connect: no daemon listens there. With --unix-socket the path is wrong or "
        "the daemon does not run; without it the daemon must listen on that TCP port, which it does "
        "not by default.",
        "curl's manual, exit codes",
        ("SystemPing",),
        "curl: (7) Failed to connect to localhost port 2375 after 0 ms: Couldn't connect to server",
    ),
    ErrorMessage(
        r"curl: \((?:52|56)\)",
        "The connection ended without a response or in the middle of one. Often plain HTTP was sent "
        "to a TLS port: use https:// with --cacert, --cert and --key.",
        "curl's manual, exit codes",
        (),
        "curl: (52) Empty reply from server",
    ),
    ErrorMessage(
        r"curl: \((?:35|60)\)",
        "The TLS handshake failed: 60, the daemon's certificate is not signed by a CA that curl "
        "trusts (--cacert ca.pem); 35, often the port speaks plain HTTP, or a client certificate is "
        "missing (--cert, --key). `apispy certs --check ADDRESS` says which.",
        "curl's manual, exit codes",
        (),
        "curl: (60) SSL certificate problem: unable to get local issuer certificate",
    ),
    ErrorMessage(
        r"Client sent an HTTP request to an HTTPS server|server gave HTTP response to HTTPS client|"
        r"wrong version number|malformed HTTP response \"\\x15",
        "One side speaks TLS, the other does not. Port 2376 is usually TLS, 2375 plain. Set or unset "
        "DOCKER_TLS_VERIFY and DOCKER_CERT_PATH accordingly.",
        "Go's net/http and crypto",
        (),
        "Error response from daemon: Client sent an HTTP request to an HTTPS server.",
    ),
    ErrorMessage(
        r"x509: |certificate verify failed|tls: bad certificate|tls: certificate required|"
        r"remote error: tls",
        "The certificates do not fit: an unknown CA, a name or address that the certificate does not "
        "have, an expired certificate, or a client certificate that the daemon demands and does not "
        "get. `apispy certs --check ADDRESS` and `apispy certs --show DIR` say which.",
        "Go's net/http and crypto",
        (),
        "x509: certificate signed by unknown authority",
    ),
    ErrorMessage(
        r"page not found",
        "No route has this method and path: check the spelling, the method and the API version. "
        "Names of containers and images stand in the path, and an empty one leads to another path.",
        "moby: daemon/server/server.go",
        (),
        '{"message":"page not found"}',
    ),
    ErrorMessage(
        r"(?i:no such container)",
        "The path is right, but no container has this name or ID. Lists show only running containers "
        "unless all=1; an ID may be shortened as long as it is unique; a container created with "
        "AutoRemove disappears when it stops.",
        "moby: errdefs, 404",
        ("ContainerList",),
        "Error response from daemon: No such container: web",
    ),
    ErrorMessage(
        r"(?i:no such image)",
        "The path is right, but the daemon has no image of this name or ID. A name without a tag means "
        "the tag latest. ContainerCreate does not pull: docker run calls ImageCreate after this error.",
        "moby: errdefs, 404; docker/cli: cli/command/container/create.go",
        ("ImageList", "ImageCreate"),
        "Error response from daemon: No such image: web:latest",
    ),
    ErrorMessage(
        r"(?i:no such exec instance)",
        "The path is right, but the daemon has no exec with this ID, which ContainerExec returned. It "
        "forgets an exec some minutes after it ended, and with its container.",
        "moby: daemon/exec.go (execCommandGC)",
        ("ContainerExec", "ExecStart", "ExecInspect"),
        "Error: No such exec instance: 0a1b",
    ),
    ErrorMessage(
        r"(?i:no such (?P<kind>volume|network|object|service|node))",
        "The path is right, but no {kind} has this name or ID.",
        "moby: errdefs, 404",
        ("VolumeList", "NetworkList", "ServiceList", "NodeList"),
        "Error response from daemon: get web: no such volume",
    ),
    ErrorMessage(
        r"container name \"(?P<name>[^\"]+)\" is already in use",
        "409: a container has this name, also if it is stopped. Remove or rename it, or choose "
        "another name. It is in the list only with all=1.",
        "moby: daemon/names.go",
        ("ContainerCreate", "ContainerList", "ContainerDelete", "ContainerRename"),
        'Conflict. The container name "/web" is already in use by container "abc". You have to '
        "remove (or rename) that container to be able to reuse that name.",
    ),
    ErrorMessage(
        r"port is already allocated|address already in use|driver failed programming external connectivity",
        "A host port in HostConfig.PortBindings is taken, by another container or another program. "
        "It is found only at start, so the container exists by then.",
        "moby: daemon/libnetwork/portallocator",
        ("ContainerStart", "ContainerCreate"),
        "driver failed programming external connectivity: Bind for 0.0.0.0:80 failed: port is "
        "already allocated",
    ),
    ErrorMessage(
        r"pull access denied|repository does not exist|manifest unknown|toomanyrequests|"
        r"authentication required|no basic auth credentials",
        "The registry refused: the name or tag does not exist there, or the credentials are missing "
        "or wrong (registries answer the same to both), or its limit is reached. The daemon uses "
        "only the credentials that come with the call, in X-Registry-Auth.",
        "moby: daemon/internal/distribution/errors.go",
        ("ImageCreate", "ImagePush", "SystemAuth"),
        "pull access denied for nosuch, repository does not exist or may require 'docker login'",
    ),
    ErrorMessage(
        r"context deadline exceeded|i/o timeout|Client\.Timeout exceeded|Read timed out|TLS handshake timeout",
        "An answer took longer than the client waits, or the other side cannot be reached. Long "
        "calls (wait, logs with follow, pull, stop with a long t) need a client without a read "
        "timeout.",
        "Go's net/http and crypto",
        (),
        'Get "https://registry-1.docker.io/v2/": context deadline exceeded',
    ),
    ErrorMessage(
        r"unsupported Content-Type|invalid content type|malformed Content-Type",
        "A JSON body must be declared: Content-Type: application/json. curl -d declares a form "
        "instead; add -H 'Content-Type: application/json'.",
        "moby: daemon/server/httputils/httputils.go (CheckForJSON)",
        ("ContainerCreate",),
        "unsupported Content-Type header (application/x-www-form-urlencoded): must be 'application/json'",
    ),
    ErrorMessage(
        r"invalid character '.*' (?:looking for|after)|unexpected end of JSON input|invalid JSON",
        "The body or a parameter is not valid JSON. In a shell, quote the JSON in single quotes; in "
        "a URL, percent-encode it (curl -G --data-urlencode).",
        "Go's encoding/json",
        (),
        "invalid character 'f' looking for beginning of value",
    ),
    ErrorMessage(
        r"unable to upgrade to (?P<protocol>\S+), received (?P<status>\d+)",
        "The client asked for an upgrade to {protocol} and got {status}. With 200, something between "
        "client and daemon removed the header Upgrade: configure the proxy to forward Connection and "
        "Upgrade. With an error status, the call itself was refused.",
        "docker/cli and moby client: client/hijack.go",
        ("ContainerAttach", "ExecStart"),
        "unable to upgrade to tcp, received 200",
    ),
    ErrorMessage(
        r"(?i:container \S+ is not running|cannot exec in a stopped container|is not running)",
        "409: exec, kill and pause need a running container. Look at State.ExitCode and the logs to "
        "see why it ended.",
        "moby: daemon/exec.go",
        ("ContainerInspect", "ContainerLogs", "ContainerStart"),
        "Error response from daemon: container abc is not running",
    ),
    ErrorMessage(
        r"(?i:cannot remove (?:a running )?container|You cannot remove a running container|"
        r"container is running: stop)",
        "409: remove works on stopped containers; stop it first, or use force=1 (docker rm -f), "
        "which kills it.",
        "moby: daemon/delete.go",
        ("ContainerStop", "ContainerDelete"),
        'cannot remove container "/web": container is running: stop the container before removing or '
        "force remove",
    ),
    ErrorMessage(
        r"executable file not found in \$PATH|OCI runtime (?:exec|create) failed",
        "The runtime could not run the program: it is not in the image, has no execute permission, "
        "or the working directory or user does not exist. In an exec, this comes in the stream, after "
        "the 101, with exit code 126 or 127.",
        "moby: daemon/start.go, daemon/exec.go",
        ("ContainerStart", "ExecStart", "ExecInspect"),
        'OCI runtime exec failed: exec failed: unable to start container process: exec: "bash": '
        "executable file not found in $PATH",
    ),
    ErrorMessage(
        r"(?i:this node is not a swarm manager|node is already part of a swarm|"
        r"node is not part of a swarm)",
        "503: the call needs another swarm mode. docker swarm init makes this node a manager, docker "
        "swarm join a member, docker swarm leave takes it out.",
        "moby: daemon/cluster/errors.go",
        ("SwarmInit", "SwarmJoin", "SwarmLeave"),
        'This node is not a swarm manager. Use "docker swarm init" or "docker swarm join" to connect '
        "this node to swarm and try again.",
    ),
    ErrorMessage(
        r"(?i:has active endpoints)",
        "403: containers are still connected to the network; newer engines name them. Disconnect or remove "
        "those containers first.",
        "moby: daemon/libnetwork/error.go (ActiveEndpointsError)",
        ("NetworkInspect", "NetworkDisconnect", "NetworkDelete"),
        "error while removing network: network web id 0a1b has active endpoints",
    ),
    ErrorMessage(
        r"(?i:volume is in use|image is being used by|is using its referenced image|must be forced|must force|"
        r"cannot be forced|image has dependent child images|image is referenced in multiple repositories)",
        "409: something still uses it; the message names the container or image. Remove that first. "
        "force=1 removes the tags of an image, but not an image that a running container uses.",
        "moby: daemon/images/image_delete.go",
        ("ContainerList", "ImageDelete", "VolumeDelete"),
        'conflict: unable to remove repository reference "busybox" (must force) - container abc is using '
        "its referenced image 0a1b",
    ),
    ErrorMessage(
        r"bind source path does not exist",
        "400: a mount of type bind in HostConfig.Mounts (docker run --mount) needs a path that exists on "
        "the daemon's machine, not on the client's. HostConfig.Binds (docker run -v) creates a missing path.",
        "moby: volume/mounts; docker/cli: docs/reference/commandline/run.md",
        ("ContainerCreate",),
        'invalid mount config for type "bind": bind source path does not exist: /nosuch',
    ),
    ErrorMessage(
        r"exec format error",
        "The program is for another kind of CPU, or a script without #! in its first line. Often only the "
        "output of the container says so. Choose an image for this CPU, by platform in ContainerCreate and "
        "ImageCreate.",
        "Linux: ENOEXEC",
        ("ContainerCreate", "ImageCreate", "ContainerLogs"),
        "exec /bin/web: exec format error",
    ),
    ErrorMessage(
        r"is a pre-defined network and cannot be removed",
        "403: bridge, host and none belong to the daemon and cannot be removed.",
        "moby: daemon/network.go",
        ("NetworkDelete", "NetworkList"),
        "bridge is a pre-defined network and cannot be removed",
    ),
    ErrorMessage(
        r"incorrect username or password|login attempt to \S+ failed with status: 401",
        "The registry refused the credentials in the call to /auth. With docker login, check the address of the "
        "registry too: without one, it is Docker Hub, which wants an access token where two-factor "
        "authentication is on.",
        "moby: daemon/pkg/registry/auth.go; Docker's manual: security/access-tokens",
        ("SystemAuth",),
        "unauthorized: incorrect username or password",
    ),
    ErrorMessage(
        r"invalid reference format",
        "A name of an image has characters or an order that is not allowed: "
        "[HOST[:PORT]/]PATH[:TAG][@DIGEST], the path in lower case. An unset variable often leaves "
        "an empty name or tag.",
        "distribution/reference: reference.go",
        ("ImageCreate",),
        "invalid reference format: repository name (library/Web) must be lowercase",
    ),
    ErrorMessage(
        r"no space left on device",
        "A file system is full: the daemon's data root (docker info: Docker Root Dir) or the "
        "client's disk. docker system df shows what images, containers, volumes and the build cache "
        "use.",
        "Linux: ENOSPC",
        ("SystemDataUsage",),
        "write /var/lib/docker/tmp/x: no space left on device",
    ),
    ErrorMessage(
        r"error during connect",
        "The client could not complete the HTTP exchange with the daemon; the cause follows the last "
        "colon of the message.",
        "docker/cli and moby client: client/request.go",
        (),
        'error during connect: Get "http://%2Fvar%2Frun%2Fdocker.sock/v1.24/containers/json": EOF',
    ),
)

_STOP_WORDS = """how do i to a an the what is are does in of my with can why docker api you container containers
connections error errors get mean means set on it"""
STOP_WORDS = frozenset(_STOP_WORDS.split())
"""Words of questions that say nothing about the topic."""


def topics_about(text: str) -> tuple[Topic, ...]:
    """Return the topics that have every word of *text*, without the words of a question."""
    words = [word.strip("?!.,:;'\"").lower() for word in text.split()]
    wanted = [word for word in words if word and word not in STOP_WORDS]
    if not wanted or len(words) > 12:
        return ()
    return tuple(topic for topic in TOPICS if all(_has(topic, word) for word in wanted))


def _has(topic: Topic, word: str) -> bool:
    return word in topic.words or word in topic.title.lower().split()


def errors_in(text: str) -> Iterator[Topic]:
    """Yield a page for each known error message in *text*, the first that fits first."""
    spans: list[tuple[int, int]] = []
    for error in ERRORS:
        found = re.search(error.pattern, text)
        if found and not any(start < found.end() and found.start() < end for start, end in spans):
            spans.append(found.span())
            named = {name: value or "" for name, value in found.groupdict().items()}
            yield Topic(found[0].strip(), (), error.text.format(**named), error.source, error.see)
