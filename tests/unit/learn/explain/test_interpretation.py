"""Every form of typed text is interpreted."""

import pytest

from apispy.errors import UsageError
from apispy.learn.explain.interpretation import interpret


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
        ("docker cp a:/b c", "docker command",
         ["ContainerArchiveInfo", "ContainerArchive", "PutContainerArchive", "ContainerCopy"]),
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
         {"all": "1", "filters": '{"status": {"exited": true, "dead": true}}'}),
        ("docker rm -fv web", {"force": "1", "v": "1"}),
        ("docker stop -t 5 web", {"t": "5"}),
        ("docker rmi --force x", {"force": "1"}),
    ],
)  # fmt: skip
def test_flags_become_parameters(line, query):
    [asked] = interpret(line).questions
    assert dict(asked.call.query) == query


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
        ("docker frobnicate --password hunter2", "'docker frobnicate' ... is a docker command"),
    ],
)
def test_what_is_not_found_says_what_it_was_taken_for(text, says):
    with pytest.raises(UsageError) as error:
        interpret(text)
    assert says in str(error.value)
    assert "Type an operation" in str(error.value)
    assert "hunter2" not in str(error.value)
