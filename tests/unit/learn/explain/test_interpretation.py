"""Every form of typed text is interpreted."""

import pytest

from apispy.engine.operations import BY_ID
from apispy.errors import UsageError
from apispy.learn.explain.interpretation import interpret
from apispy.learn.explain.topics import ERRORS, TOPICS


@pytest.mark.parametrize(
    ("text", "kind", "operations"),
    [
        ("ContainerList", "operation", ["ContainerList"]),
        (" containerlist\n", "operation", ["ContainerList"]),
        ("GET /v1.18/containers/json?all=1", "request line", ["ContainerList"]),
        ("get /containers/json HTTP/1.1", "request line", ["ContainerList"]),
        ("/containers/json", "request line", ["ContainerList"]),
        ("http://docker/v1.41/containers/json", "request line", ["ContainerList"]),
        ("/volumes/web", "request line", ["VolumeInspect", "VolumeDelete", "VolumeUpdate"]),
        ("HEAD /_ping", "request line", ["SystemPingHead"]),
        ("docker ps -a", "docker command", ["ContainerList"]),
        ("$ sudo DOCKER_HOST=x /usr/bin/docker -H tcp://h ps", "docker command", ["ContainerList"]),
        ("docker container list", "docker command", ["ContainerList"]),
        ("docker cp a:/b c", "docker command", ["ContainerArchive"]),
        ("docker cp b web:/x", "docker command", ["ContainerArchiveInfo", "PutContainerArchive"]),
        ("docker exec -d web true", "docker command", ["ContainerInspect", "ContainerExec", "ExecStart"]),
        ("docker exec -it web sh", "docker command",
         ["ContainerInspect", "ContainerExec", "ExecStart", "ExecResize", "ExecInspect"]),
        ("docker inspect --type image x", "docker command", ["ImageInspect"]),
        ("docker inspect --type=volume x", "docker command", ["VolumeInspect"]),
        ("docker stats", "docker command", ["SystemEvents", "ContainerList", "ContainerStats"]),
        ("docker stats web", "docker command", ["ContainerStats"]),
        ("docker swarm join-token --rotate worker", "docker command",
         ["SwarmInspect", "SwarmUpdate", "SystemInfo", "NodeInspect"]),
        ("docker compose -f a.yaml -p x stop", "docker command", ["ContainerList", "ContainerStop"]),
        ("docker-compose stop", "docker command", ["ContainerList", "ContainerStop"]),
        ("docker buildx build -t x .", "docker command", ["Grpc", "SystemVersion", "Session"]),
        ("docker build .", "docker command", ["Grpc", "SystemVersion", "Session"]),
        ("docker builder prune", "docker command", ["Grpc"]),
        ("docker context ls", "docker command", []),
        ("docker buildx version", "docker command", []),
        ("docker run --help", "docker command", []),
        ("docker compose up --help", "docker command", []),
        ("docker volume", "docker command", []),
        ("docker model ls", "docker command", []),
        ("containers/json", "request line", ["ContainerList"]),
        ("POST /v1.41/containers/create?name=x HTTP/1.1\nHost: d\nContent-Type: application/json\n\n{}", "request line",
         ["ContainerCreate"]),
        ("docker run -d busybox", "docker command",
         ["ContainerCreate", "ImageCreate", "ContainerWait", "ContainerStart"]),
        ("docker container run busybox", "docker command",
         ["ContainerCreate", "ImageCreate", "ContainerAttach", "ContainerWait", "ContainerStart"]),
        ("docker run --tty busybox", "docker command",
         ["ContainerCreate", "ImageCreate", "ContainerAttach", "ContainerWait", "ContainerStart", "ContainerResize"]),
        ("docker start web", "docker command", ["ContainerStart"]),
        ("docker system prune --volumes", "docker command",
         ["ContainerPrune", "NetworkPrune", "VolumePrune", "ImagePrune", "BuildPrune"]),
    ],
)  # fmt: skip
def test_forms(text, kind, operations):
    found = interpret(text)
    assert found.kind == kind
    assert [one.operation.id for one in found.questions] == operations


@pytest.mark.parametrize(
    ("line", "operation", "query"),
    [
        ("curl --unix-socket /s http://localhost/containers/json?all=1", "ContainerList", {"all": "1"}),
        ("$ curl localhost/info", "SystemInfo", {}),
        ("curl \\\n  -sSXPOST \\\n  'http://d/v1.41/containers/a/stop?t=3'", "ContainerStop", {"t": "3"}),
        ("curl -X POST --url=http://d/containers/a/kill", "ContainerKill", {}),
        ("curl -d '{}' http://d/containers/create", "ContainerCreate", {}),
        ("curl -G -d all=1 --data-urlencode 'filters={\"id\":[\"x\"]}' http://d/containers/json", "ContainerList",
         {"all": "1", "filters": '{"id":["x"]}'}),
        ("curl -I http://d/_ping", "SystemPingHead", {}),
        ("curl --head --cacert '/c d/ca.pem' https://d:2376/_ping | head", "SystemPingHead", {}),
        ("curl -T x.tar 'http://d/containers/a/archive?path=/'", "PutContainerArchive", {"path": "/"}),
        ("curl -d name=b http://d/containers/a/rename", "ContainerRename", {"name": "b"}),
        ("curl -F file=@x.tar http://d/build", "ImageBuild", {}),
        ("echo aGk= | base64 -d | curl -sS -X POST --data-binary @- http://d/build", "ImageBuild", {}),
        ("curl -X DELETE 'http://d/containers/it'\\''s'  # a comment", "ContainerDelete", {}),
    ],
)  # fmt: skip
def test_curl_lines(line, operation, query):
    [asked] = interpret(line).questions
    assert asked.operation.id == operation
    assert dict(asked.call.parameters) == query


@pytest.mark.parametrize(
    ("line", "query"),
    [
        ("docker ps -a -n 3", {"all": "1", "limit": "3"}),
        ("docker ps -aq --filter status=exited -f status=dead",
         {"all": "1", "filters": '{"status":{"dead":true,"exited":true}}'}),
        ("docker rm -fv web", {"force": "1", "v": "1"}),
        ("docker stop -t 5 web", {"t": "5"}),
        ("docker rmi --force x", {"force": "1"}),
        ("docker kill -s HUP web", {"signal": "HUP"}),
        ("docker restart -t 3 web", {"t": "3"}),
        ("docker push busybox:2", {"tag": "2"}),
        ("docker pull busybox", {"fromImage": "docker.io/library/busybox", "tag": "latest"}),
        ("docker pull host:5000/a/b:c", {"fromImage": "host:5000/a/b", "tag": "c"}),
        ("docker tag web me/web:1", {"repo": "docker.io/me/web", "tag": "1"}),
        ("docker top web -ef", {"ps_args": "-ef"}),
        ("docker events --since 5", {"since": "5"}),
    ],
)  # fmt: skip
def test_flags_become_parameters(line, query):
    [asked] = interpret(line).questions
    assert dict(asked.call.query) == query


@pytest.mark.parametrize(
    ("line", "name", "value"),
    [
        ("docker rm -f web", "id", "web"),
        ("docker rmi busybox:2", "name", "busybox:2"),
        ("docker push me/web:1", "name", "docker.io/me/web"),
        ("docker stop -t 5 web", "id", "web"),
        ("docker cp web:/etc/passwd .", "id", "web"),
        ("docker volume rm data", "name", "data"),
    ],
)
def test_names_stand_in_the_path(line, name, value):
    assert interpret(line).questions[0].call.arguments[name] == value


def test_several_names_are_several_calls_but_of_save():
    assert any("each of a, b" in note for note in interpret("docker rm a b").notes)
    saved = interpret("docker save a b")
    assert not any("each of" in note for note in saved.notes)
    assert saved.questions[0].call.query == (("names", "a"), ("names", "b"))


@pytest.mark.parametrize(
    ("text", "meant"),
    [
        ("dokcer ps", "docker ps"),
        ("ContainerLst", "ContainerList"),
        ("compoes", "docker compose"),
        ("container/json", "GET /containers/json"),
        ("/container/json", "GET /containers/json"),
        ("GET /contaners/x/json", "GET /containers/{id}/json"),
        ("GET /exec/x/start", "POST (ExecStart)"),
        ("docker compose upp", "docker compose up"),
        ("docker runn busybox", "docker run"),
        ("hijak", "hijack"),
        ("restartpolcy", "restartpolicy"),
    ],
)
def test_a_typing_error_gets_a_suggestion(text, meant):
    with pytest.raises(UsageError) as error:
        interpret(text)
    assert meant in str(error.value)


def test_a_flag_that_does_not_exist_is_said():
    note = interpret("docker run --nmae web busybox").notes[0]
    assert "--nmae" in note
    assert "--name" in note


@pytest.mark.parametrize(
    ("text", "title", "operation"),
    [
        ("client version 1.32 is too old", "client version 1.32 is too old", ""),
        ("Cannot connect to the Docker daemon at unix:///run/docker.sock. Is the docker daemon running?", "Cannot", ""),
        ("curl: (7) Failed to connect to localhost port 2375", "curl: (7)", ""),
        ('docker.errors.NotFound: 404 Client Error for http+docker://localhost/v1.41/containers/web/json: Not Found '
         '("No such container: web")', "No such container", "ContainerInspect"),
        ('error during connect: Get "http://%2Fvar%2Frun%2Fdocker.sock/v1.24/containers/json": EOF',
         "error during connect", "ContainerList"),
        ("echo -e 'GET /_ping HTTP/1.0\\r\\n\\r\\n' | nc -U /var/run/docker.sock", "", "SystemPing"),
        ('HTTP/1.1 404 Not Found\nContent-Length: 29\n\n{"message":"page not found"}', "page not found", ""),
    ],
)  # fmt: skip
def test_pasted_texts(text, title, operation):
    found = interpret(text)
    assert found.kind == "pasted text"
    assert not title or any(topic.title.startswith(title) for topic in found.topics)
    assert not operation or operation in [one.operation.id for one in found.questions]


@pytest.mark.parametrize(
    ("text", "says"),
    [
        (
            "Error response from daemon: error while removing network: network a id 0a1b has active endpoints",
            "403:",
        ),
        ('network a has active endpoints (name:"web" id:"d4f1")', "403:"),
        (
            'conflict: unable to remove repository reference "a" (must force) - container 0a is using its referenced '
            "image 4f",
            "409:",
        ),
        (
            "conflict: unable to delete 4f (cannot be forced) - image is being used by running container 0a",
            "409:",
        ),
        ("Error: No such image: a:latest", "ContainerCreate does not pull"),
        ("get a: no such volume", "no volume has this name"),
        ("No such exec instance: 0a", "no exec with this ID"),
        ('invalid mount config for type "bind": bind source path does not exist: /x', "400:"),
        ("none is a pre-defined network and cannot be removed", "403:"),
        (
            "login attempt to http://127.0.0.1:5000/v2/ failed with status: 401 Unauthorized",
            "refused the credentials",
        ),
        ("filters", 'The form {"status": {"exited": true}}, which the docker CLI sends'),
        ("404", "An older version in the path hides no operation"),
        ("500", "a program that does not exist is 400"),
        ("401", "Docker Engine 20.10 answers 500 instead"),
        ("400", "Docker Engine 20.10 answers 500 to a body or filters that are not valid JSON"),
    ],
)
def test_what_pages_say_is_what_daemons_do(text, says):
    """Each was tried on dockerd 20.10.24 and 28.5.2."""
    first = interpret(text).topics[0]
    assert says in first.text


def test_a_raw_request_is_checked_with_its_headers_and_body():
    [asked] = interpret(
        'POST /v1.41/containers/create HTTP/1.1\r\nHost: d\r\nX-A: b\r\n\r\n{"Image": "x"}'
    ).questions
    assert asked.headers == ("Host", "X-A")
    assert asked.body == '{"Image": "x"}'


@pytest.mark.parametrize("error", ERRORS, ids=lambda error: error.example[:40])
def test_each_error_finds_its_own_page(error):
    assert error.example
    assert any(
        page.text.startswith(error.text[:20].partition("{")[0]) for page in interpret(error.example).topics
    )


@pytest.mark.parametrize(
    ("text", "title"),
    [
        ("hijack", "Hijacked connections"),
        ("multiplexed", "Multiplexed stdout and stderr"),
        ("404", "404 Not Found"),
        ("how do I attach", "Attaching to a container"),
        ("status codes", "Status codes"),
        ("How do I exec?", "Running a command in a container"),
    ],
)
def test_topics(text, title):
    assert title in [topic.title for topic in interpret(text).topics]


@pytest.mark.parametrize("topic", TOPICS, ids=lambda topic: topic.title)
def test_each_topic_is_sourced_and_names_operations_that_exist(topic):
    assert topic.source
    assert set(topic.see) <= set(BY_ID)
    assert all(topic in interpret(word).topics for word in topic.words if len(topic.words) < 3)


def test_a_word_is_searched_and_the_best_comes_first():
    hits = interpret("RestartPolicy").hits
    assert hits[0].operation.id in ("ContainerCreate", "ContainerUpdate", "ServiceCreate")
    assert "body HostConfig.RestartPolicy" in {place for hit in hits for place in hit.where}
    assert interpret("prune").hits[0].operation.id == "ContainerPrune"


@pytest.mark.parametrize(
    ("text", "says"),
    [
        ("", "nothing to explain"),
        ("containerlst", "Did you mean ContainerList"),
        ("GET /nosuch", "is a request line, but"),
        ("curl http://example.com/", "this curl command"),
        ("docker frobnicate --password hunter2", "'docker frobnicate' is not a docker command"),
    ],
)
def test_what_is_not_found_says_what_it_was_taken_for(text, says):
    with pytest.raises(UsageError) as error:
        interpret(text)
    assert says in str(error.value)
    assert "hunter2" not in str(error.value)
