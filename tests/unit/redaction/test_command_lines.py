"""Secrets on command lines: each form of the table, where it is found, and what is no secret."""

import json
import re
import shlex
import time
from pathlib import Path
from typing import Any

import pytest

from apispy.capture import read_lines
from apispy.model import Exchange
from apispy.redaction import Redactor, categories, command_lines, json_values
from apispy.redaction.command_forms import OPTIONS, TEXTS
from apispy.redaction.prefilter import may_hold_secret
from tests.e2e import battery, docker_py_rows, stream_rows, terminal_rows
from tests.machine_speed import slowdown

from .hiding import replacer, token

ROOT = Path(__file__).parents[3]

EXAMPLES = [form.example for form in (*OPTIONS, *TEXTS)]
SECRET = re.compile(r"\{([^{}\"' ]+)\}")


def shown(example: str) -> tuple[str, str]:
    """The command line of an example, and what is to be shown of it."""
    return SECRET.sub(r"\1", example), SECRET.sub(lambda found: token(found[1]), example)


@pytest.mark.parametrize("example", EXAMPLES)
def test_each_form_of_the_table(example: str) -> None:
    plain, expected = shown(example)
    assert command_lines.line(replacer(), plain, "") == expected
    assert command_lines.line(replacer(), expected, "") == expected
    assert may_hold_secret(json.dumps({"Command": plain}).encode())


@pytest.mark.parametrize("option", OPTIONS, ids=lambda option: option.example)
def test_each_option_of_the_table_as_a_list_of_words(option: Any) -> None:
    plain, expected = shown(option.example)
    found = json_values.clean(replacer(), {"Cmd": shlex.split(plain)}, "")
    assert found == {"Cmd": shlex.split(expected)}
    script = json_values.clean(replacer(), {"Test": ["CMD-SHELL", f"{plain} || exit 1"]}, "")
    assert script == {"Test": ["CMD-SHELL", f"{expected} || exit 1"]}


@pytest.mark.parametrize(
    "example",
    [
        "--password={hunter2}",
        "--password {hunter2} x",
        "-password {hunter2}",
        "--db-password='{hunter2}'",
        "--api-key {hunter2} --host x",
        "java -Dspring.datasource.password={hunter2} -jar x.jar",
        "PGPASSWORD={hunter2} psql -U ann",
        "export GITHUB_TOKEN={hunter2}; make",
        "env MYSQL_PWD={hunter2} mysql",
        "docker run -e DB_PASS={hunter2} x",
        "kubectl create secret generic x --from-literal=password={hunter2}",
        "curl 'https://x.example/?a=b&token={hunter2}&c=d'",
        "curl -fsS --retry 3 -uann:{hunter2} x",
        "docker exec db mysqladmin -uroot -p{hunter2} ping",
        "sudo -E mysqldump -p{hunter2} db | gzip",
        "/usr/bin/mysql -p{hunter2}",
        '["redis-server", "--requirepass", "{hunter2}"]',
        'CMD ["redis-server" "--requirepass" "{hunter2}"]',
        "sh -c \"mysql -p{hunter2} -e 'select 1'\"",
        "docker-entrypoint.sh mongod --keyFile /k && mongosh -p '{hunter2}'",
    ],
)
def test_other_ways_of_writing_them(example: str) -> None:
    plain, expected = shown(example)
    assert command_lines.line(replacer(), plain, "") == expected


@pytest.mark.parametrize(
    "line",
    [
        "mkdir -p dir",
        "docker run -p 80:80 -p3306:3306 --name mysql mysql",
        "ssh -p 22 ann@x",
        "tar -u f",
        "python -u script.py",
        "id -u ann:staff",
        "chown -R ann:staff x",
        "curl -o u a:b",
        "mysql -p db",
        "mysql --user=ann --port=3306",
        "mysql -P3306",
        "redis-cli -h x -p 6379",
        "psql -U ann -p 5432",
        "docker login -u ann --password-stdin x",
        "docker run -p 80:80 login",
        "docker build --secret id=s,src=s .",
        "docker service create --secret db_password x",
        "--password-file /x --token-ttl 5 --no-password --tokens 3",
        "--password --host x",
        "--password $PASSWORD --token=${TOKEN:-x} --secret $(cat /s) --api-key {{ .Key }}",
        "--password-file=/run/secrets/x PASSWORD=/run/secrets/x --token=/etc/token.txt",
        "PWD=/x BYPASS=1 OLDPWD=/y make",
        "openssl rsa -passin env:PASS -passout file:/x",
        "Authorization: Bearer $TOKEN",
        "echo passwd",
        "grep password file; cat /etc/passwd",
        "monkey=banana turkey=1 keyboard=us",
    ],
)
def test_what_is_no_secret_stays(line: str) -> None:
    assert command_lines.line(replacer(), line, "") == line
    assert command_lines.words(replacer(), shlex.split(line), "") == shlex.split(line)


@pytest.mark.parametrize(
    "example",
    [
        "mysql -uroot -p{hunter2};{tail} db",
        "mysql -uroot -p;{hunter2} db",
        "mysql -uroot -p{hunter2}'b c",
        "mysql -uroot -p'{hunter2} db",
        "mysql -p{a$(hunter2} db",
        "redis-cli -a {hunter2}|{tail} ping",
        "redis-cli -a ({hunter2} ping",
        "app --password {hunter2}&&{tail} x",
        "app --password=`{hunter2} x",
        "app --password $({hunter2} x",
        'app --password "it\'s {hunter2}" x',
        "app --password 'it's {hunter2}' x",
        "app --password it's {hunter2} x",
        'app --password "{hunter2} x',
        "env DB_PASS={hunter2};{tail} app",
        "true;DB_PASS={hunter2};{tail} app",
        "true;mysql -p{hunter2};{tail} db",
        "curl -u ann:{hunter2};{tail} http://x",
        "curl -u ann:{hunter2}'{tail} http://x",
        "docker login -u ann -p {hunter2};{tail} r",
        "rabbitmqctl add_user ann {hunter2};{tail}",
        "htpasswd -bn ann {hunter2};{tail}",
        "sh -c mysql -p{hunter2}; sleep 1",
        "sh -c mysql -p{hunter2};sleep 1",
        "sh -c sleep 1; mysql -p{hunter2}",
        "sh -c set -e\nmysql -p{hunter2}\nsleep 1",
        "sh -c 'mysql -p{hunter2}; echo \"it''s\"'",
        "sh -c echo `mysql -p{hunter2}`",
        "sh -c (mysql -p{hunter2})",
        "sh -c x=$(curl -u ann:{hunter2} x) && echo $x",
        "echo it's; mysql -p{hunter2}",
        "echo it's && app --token {hunter2}'s",
        "exec_create: sh -c mysql -p{hunter2};{tail}",
        "exec_start: sh -c echo \"it's\"; mysql -p{hunter2}'{tail}",
    ],
)
def test_words_that_were_joined(example: str) -> None:
    """As ``docker top`` shows them: what a shell reads as an operator or a quote may be part of a password."""
    plain = re.sub(r"[{}]", "", example)
    clean = command_lines.line(replacer(), plain, "")
    assert "hunter2" not in clean
    assert "tail" not in clean
    assert plain.startswith(clean[: clean.index("<redacted:")])
    assert command_lines.line(replacer(), clean, "") == clean


@pytest.mark.parametrize(
    ("line", "shown"),
    [
        ("export TOKEN={hunter2}; make", None),
        ("app --password {hunter2} && make | cat", None),
        ("app --password {hunter2};make", "app --password {hunter2;make}"),
        ("(mysql -p{hunter2})", None),
        ("app --password '{it's me}' x", None),
        ("curl 'https://x.example/?token={hunter2}&c=d' -o x", None),
        ("curl https://x.example/?token={hunter2}&c=d -o x", None),
        ("app --password $(cat /x y) --token `cat /z` x", None),
    ],
)
def test_of_words_that_were_joined_the_rest_stays(line: str, shown: str | None) -> None:
    plain = re.sub(r"[{}]", "", line)
    expected = re.sub(r"\{([^{}]*)\}", lambda found: token(found[1]), shown or line)
    assert command_lines.line(replacer(), plain, "") == expected


def test_of_a_word_with_operators_the_beginning_is_remembered_too() -> None:
    made = replacer()
    command_lines.line(made, "app --password hunter22;make", "")
    assert made.known_secrets.found_in(b"hunter22 again")


@pytest.mark.parametrize(
    "text", ["'" * 60_000, "' x" * 30_000, "$(" * 40_000, "a='b\" " * 20_000, ";a" * 30_000]
)
def test_long_texts_take_little_time(text: str) -> None:
    begin = time.process_time()
    command_lines.line(replacer(), text, "")
    assert time.process_time() - begin < 10 * slowdown()


def test_a_word_is_hidden_whole_and_a_password_may_begin_like_an_option() -> None:
    words = ["x", "--password=a b;c", "--token", "-hunter2", "--secret", "--host", "a"]
    assert command_lines.words(replacer(), words, "") == [
        "x",
        f"--password={token('a b;c')}",
        "--token",
        token("-hunter2"),
        "--secret",
        "--host",
        "a",
    ]


@pytest.mark.parametrize(
    "value",
    [
        {"Entrypoint": ["mysql"], "Cmd": ["-uroot", "-pSECRET"]},
        {"Path": "mysql", "Args": ["-uroot", "-pSECRET"]},
        {"Command": ["mysql"], "Args": ["-uroot", "-pSECRET"]},
        {"ProcessConfig": {"entrypoint": "mysql", "arguments": ["-pSECRET"]}},
        {"Healthcheck": {"Test": ["CMD", "curl", "-u", "ann:SECRET", "x"]}},
        {"healthconfig": {"Test": ["CMD-SHELL", "curl -u ann:SECRET x"]}},
        {"command": ["redis-server", "--requirepass", "SECRET"]},
        {"TaskTemplate": {"ContainerSpec": {"Command": ["sh"], "Args": ["-c", "mysql -pSECRET"]}}},
        {"Processes": [["root", "1", "mysql -pSECRET"], ["root", "2", "sh"]]},
        [{"Command": "docker-entrypoint.sh mysqld --password SECRET"}],
        {"Action": "exec_create: mysql -uroot -pSECRET", "status": "exec_start: mysql -pSECRET"},
        {"stream": "Step 2/3 : RUN curl -u ann:SECRET x\n"},
        {"stream": "Step 2/3 : LABEL db.password=SECRET\n"},
        {"Labels": {"traefik.http.middlewares.a.basicauth.users": "SECRET", "db.password": "SECRET"}},
        {"Actor": {"Attributes": {"db.password": "SECRET"}}},
        {"OnBuild": ["RUN mysql -pSECRET"]},
        {"message": 'exec: "--password=SECRET": not found'},
        {"CreatedBy": "/bin/sh -c curl -u ann:SECRET x"},
    ],
)
def test_where_command_lines_are(value: Any) -> None:
    plain = json.loads(json.dumps(value).replace("SECRET", "hunter2"))
    assert json_values.clean(replacer(), plain, "$") == json.loads(
        json.dumps(value).replace("SECRET", token("hunter2"))
    )
    assert may_hold_secret(json.dumps(plain).encode())


def test_build_arguments_before_a_command() -> None:
    value = {"Cmd": ["|1", "A=b", "/bin/sh", "-c", "curl -u ann:hunter2 x"]}
    assert json_values.clean(replacer(), value, "") == {
        "Cmd": ["|1", f"A={token('b')}", "/bin/sh", "-c", f"curl -u ann:{token('hunter2')} x"]
    }


def test_deep_scripts_and_odd_quotes_end() -> None:
    text = "sh -c " * 50 + "\"'" * 2000 + "--password=x"
    assert "=x" not in command_lines.line(replacer(), text, "")


def scripts() -> list[str]:
    """The lines of the scripts that the end-to-end tests run."""
    files = [Path(module.__file__ or "") for module in (battery, docker_py_rows, stream_rows, terminal_rows)]
    return [line for file in files for line in file.read_text().splitlines()]


def test_nothing_in_the_battery_is_hidden() -> None:
    assert len(scripts()) > 500
    hidden = {line for line in scripts() if command_lines.line(replacer(), line, "") != line}
    assert not hidden


def test_nothing_on_a_command_line_of_the_samples_is_hidden() -> None:
    exchanges = [
        line
        for file in sorted((ROOT / "samples").glob("*.jsonl"))
        for _, line in read_lines(file, print)
        if isinstance(line, Exchange)
    ]
    assert len(exchanges) > 50
    redactor = Redactor()
    found = [one for exchange in exchanges for one in redactor.redact(exchange).redactions]
    assert not [one for one in found if one.kind in (categories.COMMAND, categories.LABEL)]
