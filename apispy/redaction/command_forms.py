"""The forms in which command lines give secrets: the table that ``command_lines`` follows and docs/secrets.md shows.

In an example, the secret is in braces. Sources: the programs' own manuals.
"""

import re

from apispy import lazy
from apispy.structs import Struct

WORDS = (
    "password", "passwd", "passphrase", "passcode", "requirepass", "masterauth", "storepass", "keypass", "secret",
    "token", "credential", "credentials", "api-key", "access-key", "secret-key", "private-key", "auth-key",
    "account-key",
)  # fmt: skip
"""A name that ends with one of these is that of a secret: ``--db-password``, ``GITHUB_TOKEN``, ``apikey``.

A hyphen stands for ``-``, ``_``, ``.`` or nothing.
"""

WHOLE_WORDS = ("pass", "pwd")
"""The same after ``-``, ``_`` or ``.`` only: ``--pass``, ``MYSQL_PWD``, but neither ``bypass`` nor ``PWD``."""

_WORD = "|".join([word.replace("-", "[-_.]?") for word in WORDS])
_WHOLE = "|".join(f"(?<=[-_.]){word}" for word in WHOLE_WORDS)
NAME = rf"(?:{_WORD}|{_WHOLE}|\bpass)"
"""The end of a name in WORDS or WHOLE_WORDS."""

ENDS_SECRET = lazy.pattern(rf"{NAME}\]?\Z", re.IGNORECASE | re.ASCII)


class Option(Struct, frozen=True):
    """An option, or a word like one, whose value is secret for certain programs."""

    programs: tuple[str, ...]
    option: str
    example: str
    attached: bool = True  # the value may follow in the same word: -psecret, --user=secret
    apart: bool = True  # the value may be the next word
    of_account: bool = False  # the value is user:password, and only the password is secret
    skip: int = 0  # words between the option and the value; -1: the value is the last word
    needs: str = ""  # a word that must precede: "login"
    flags: str = ""  # letters of options without a value that may precede in the same word: -sSu


class Text(Struct, frozen=True):
    """A form in any text of a call, not only in command lines. The group ``secret`` of the pattern is secret."""

    what: str
    pattern: re.Pattern[str]
    signs: tuple[str, ...]  # one of them, in lower case, is in every text that has this form
    example: str


MYSQL = (
    "mysql", "mysqladmin", "mysqldump", "mysqlimport", "mysqlshow", "mysqlcheck", "mysqlslap", "mysqlpump",
    "mariadb", "mariadb-admin", "mariadb-dump", "mariadb-import", "mariadb-show", "mariadb-check",
)  # fmt: skip
MONGO = (
    "mongo", "mongosh", "mongodump", "mongorestore", "mongoexport", "mongoimport", "mongostat", "mongotop",
)  # fmt: skip
LDAP = (
    "ldapsearch", "ldapadd", "ldapmodify", "ldapdelete", "ldapwhoami", "ldappasswd", "ldapcompare", "ldapmodrdn",
)  # fmt: skip
REGISTRY = ("docker", "podman", "nerdctl", "buildah", "skopeo", "helm", "crane", "oras")

CURL_FLAGS = "0123456789#BfFgGiIjkLlnNOpqRsSvZ"

OPTIONS = (
    Option(MYSQL, "-p", "mysql -uroot -p{hunter2} db", apart=False),
    Option(MONGO, "-p", "mongosh -u root -p {hunter2}"),
    Option(("redis-cli",), "-a", "redis-cli -a {hunter2} ping"),
    Option(("redis-cli", "redis-server"), "requirepass", "redis-cli config set requirepass {hunter2}"),
    Option(("redis-cli", "redis-server"), "masterauth", "redis-cli config set masterauth {hunter2}"),
    Option(
        ("curl",), "-u", "curl -sSu ann:{hunter2} https://x.example/", of_account=True, flags=CURL_FLAGS
    ),
    Option(("curl",), "--user", "curl --user ann:{hunter2} https://x.example/", of_account=True),
    Option(("curl",), "-U", "curl -U ann:{hunter2} https://x.example/", of_account=True, flags=CURL_FLAGS),
    Option(("curl",), "--proxy-user", "curl --proxy-user ann:{hunter2} x.example", of_account=True),
    Option(("curl",), "--oauth2-bearer", "curl --oauth2-bearer {hunter2} https://x.example/"),
    Option(("curl",), "-b", "curl -b {sid=hunter2} https://x.example/", flags=CURL_FLAGS),
    Option(("curl",), "--cookie", "curl --cookie {sid=hunter2} https://x.example/"),
    Option(REGISTRY, "-p", "docker login -u ann -p {hunter2} r.example", needs="login"),
    Option(REGISTRY, "--creds", "skopeo copy --creds ann:{hunter2} a b", of_account=True),
    Option(REGISTRY, "--src-creds", "skopeo copy --src-creds ann:{hunter2} a b", of_account=True),
    Option(REGISTRY, "--dest-creds", "skopeo copy --dest-creds ann:{hunter2} a b", of_account=True),
    Option(("az",), "-p", "az login -u ann -p {hunter2}", needs="login"),
    Option(("vault",), "login", "vault login {hunter2}", attached=False),
    Option(("sshpass",), "-p", "sshpass -p{hunter2} ssh ann@x.example"),
    Option(LDAP, "-w", "ldapsearch -x -D cn=admin -w {hunter2}"),
    Option(("mosquitto_pub", "mosquitto_sub"), "-P", "mosquitto_pub -u ann -P {hunter2} -t a"),
    Option(("sqlcmd",), "-P", "sqlcmd -S db -U sa -P {hunter2}"),
    Option(("cqlsh",), "-p", "cqlsh -u ann -p {hunter2}"),
    Option(("etcdctl",), "--user", "etcdctl --user root:{hunter2} get a", of_account=True),
    Option(
        ("rabbitmqctl",), "add_user", "rabbitmqctl add_user ann {hunter2}", attached=False, skip=1
    ),
    Option(
        ("rabbitmqctl",), "change_password", "rabbitmqctl change_password ann {hunter2}", attached=False, skip=1
    ),
    Option(("htpasswd",), "-b", "htpasswd -Bbn ann {hunter2}", attached=False, skip=-1, flags="BbcdimnpsDv25"),
    Option(("ngrok",), "authtoken", "ngrok authtoken {hunter2}", attached=False),
)  # fmt: skip

_VALUE = r"(?P<secret><redacted:[0-9a-f]{8}>|[^\s\"'&;,|()<>\\`]+)"
_QUOTED = r"(?P<secret>[^\"'\\]+)"


def _pattern(text: str) -> re.Pattern[str]:
    return lazy.pattern(text, re.IGNORECASE | re.ASCII)


TEXTS = (
    Text(
        "a header with credentials",
        _pattern(
            r"\bauthorization[\"']?\s*[:=]\s*[\"']?(?:(?:bearer|basic|token|digest|negotiate|apikey)\s+)?"
            rf"{_VALUE}"
        ),
        ("authorization",),
        "Authorization: Bearer {hunter2}",
    ),
    Text(
        "a header with a token or key",
        _pattern(rf"\b(?:x|private|job|deploy)-(?:[\w-]{{1,64}}-)?(?:token|key|secret|auth)\s*[:=]\s*{_VALUE}"),
        ("token", "secret", "-key", "-auth"),
        "PRIVATE-TOKEN: {hunter2}",
    ),
    Text(
        "a cookie",
        _pattern(r"\bcookie:\s*(?P<secret>[^\"'\r\n]+)"),
        ("cookie",),
        "curl -H 'Cookie: {sid=hunter2}' x.example",
    ),
    Text(
        "a named value",
        _pattern(rf"{NAME}\]?[\"']?\s?=\s?[\"']?{_VALUE}"),
        ("pass", "masterauth", "secret", "token", "credential", "key", "pwd"),
        "psql 'host=db password={hunter2}'",
    ),
    Text(
        "a named value in JSON",
        _pattern(rf"{NAME}\\?[\"']\s*:\s*\\?[\"']{_QUOTED}"),
        ("pass", "masterauth", "secret", "token", "credential", "key", "pwd"),
        """curl -d '{"password": "{hunter2}"}' x.example""",
    ),
    Text(
        "a password in SQL",
        _pattern(
            r"(?:\bidentified\s+(?:with\s+\S+\s+)?(?:by|as)\s+|\bpassword(?:\s*=\s*|\s+)(?:password\s*\(\s*)?)"
            rf"\\?[\"']{_QUOTED}"
        ),
        ("identified", "password"),
        "mysql -e \"CREATE USER ann IDENTIFIED BY '{hunter2}'\"",
    ),
    Text(
        "a password of openssl",
        _pattern(r"(?<![\w.-])pass:(?P<secret>[^\s\"'\\]+)"),
        ("pass:",),
        "openssl rsa -passin pass:{hunter2}",
    ),
    Text(
        "a password for chpasswd",
        _pattern(r"[\w.-]+:(?P<secret>[^\s\"'|\\]+)\\?[\"']?\s*\|\s*(?:sudo\s+)?chpasswd\b"),
        ("chpasswd",),
        "echo 'root:{hunter2}' | chpasswd",
    ),
    Text(
        "a password on a pipe",
        _pattern(
            r"\becho\s+(?:-[neE]+\s+)?\\?[\"']?(?P<secret>[^\s\"'|\\]+)\\?[\"']?\s*\|\s*"
            r"(?:(?:sudo\s+)?passwd\s+--stdin|(?:sudo\s+)?\w+\s+login\s[^|;]*--password-stdin|sudo\s+-S\b)"
        ),
        ("passwd", "password-stdin", "sudo"),
        "echo {hunter2} | docker login -u ann --password-stdin",
    ),
    Text(
        "users of a web server's basic authentication",
        _pattern(r"\b(?:basic|digest)auth\.users\\?[\"']?\s*[=:]\s*\\?[\"']?(?P<secret>[^\s\"'\\]+)"),
        ("basicauth", "digestauth"),
        "traefik.http.middlewares.a.basicauth.users={ann:$apr1$hunter2}",
    ),
    Text(
        "a key or token of a known form (JWT, AWS, GitHub, GitLab, Docker Hub, Slack, Hugging Face, npm, PyPI)",
        lazy.pattern(
            r"(?<![\w-])(?P<secret>eyJ[\w-]{8,2000}\.[\w-]+(?:\.[\w-]+)?|(?:AKIA|ASIA)[0-9A-Z]{16}\b"
            r"|(?:gh[opsur]_|github_pat_|glpat-|dckr_pat_|xox[abpr]-|hf_|npm_|pypi-)[\w-]{16,})",
            re.ASCII,
        ),
        ("eyj", "akia", "asia", "gho_", "ghp_", "ghs_", "ghu_", "ghr_",
         "github_pat_", "glpat-", "dckr_pat_", "xox", "hf_", "npm_", "pypi-"),
        "git clone x {ghp_0123456789abcdefghij}",
    ),
)  # fmt: skip

LABELS = lazy.pattern(
    rf"(?:{NAME}|(?:basic|digest)auth\.users|customrequestheaders\.authorization)\Z", re.IGNORECASE | re.ASCII
)
"""Names of labels whose values are secret, by their end."""

REFERENCE = lazy.pattern(
    r"(?-i:\$[A-Z_][A-Z0-9_]*)|\$[0-9@*]|\$?\$\{[^}]*\}|\$\(.*|\$|`[^`]*`|%\w+%|\{\{.*|\[[\w -]+\]|<[\w -]+>"
    r"|\*+|x{3,}|\.{3}|-|\?|%s|(?:env|file|fd|stdin):?\S{0,200}"
    r"|(?:true|false|yes|no|none|null)"
    r"|(?:~|\.{1,2})?/[\w./-]*\.(?:pem|key|crt|txt|json|ya?ml|conf|env|jks|p12)|(?:/var)?/run/secrets/\S*|/dev/\w+",
    re.IGNORECASE | re.ASCII,
)
"""Values that are no secret: a variable or placeholder, a boolean, the path of a file that has the secret."""

SECRET_FILES = ("docker", "podman", "nerdctl", "buildah", "buildctl", "docker-compose", "docker-buildx")
"""Programs whose ``--secret`` takes the name of a secret or of its file."""

WRAPPERS = frozenset((
    "cmd", "cmd-shell", "run", "sudo", "env", "exec", "command", "nohup", "time", "timeout", "nice",
    "ionice", "stdbuf", "xargs", "gosu", "su-exec", "setpriv", "chroot", "nsenter", "tini", "catatonit",
    "dumb-init", "docker-init", "watch", "strace", "docker", "podman", "nerdctl", "kubectl",
    "docker-compose", "compose", "ssh", "entrypoint", "healthcheck", "sh", "bash", "ash", "dash", "zsh",
    "busybox", "echo", "step", "exec_create:", "exec_start:", "if", "then", "else", "elif", "do", "while", "until",
    "!",
))  # fmt: skip
"""Programs and words that a command can follow."""

COMMAND_FIELDS = frozenset((
    "cmd", "entrypoint", "command", "args", "arguments", "test", "shell", "onbuild", "path", "createdby",
    "processes", "infra_command", "infracommand", "execcommand", "action", "status", "healthcmd", "changes",
))  # fmt: skip
"""Names of JSON fields and parameters, in lower case, that hold command lines: as a list of words, or as text."""

LINES = ("processes", "onbuild", "changes")
"""Those of COMMAND_FIELDS whose lists have command lines as elements, not words."""

PRECEDED_BY = {
    "args": ("path", "command"),
    "cmd": ("entrypoint",),
    "arguments": ("entrypoint",),
    "command": ("entrypoint",),
}
"""Fields whose words follow those of another field of the same object."""

OPTION_SIGNS = (
    "mysql", "mariadb", "mongo", "redis-cli", "curl", "login", "creds", "ldap", "mosquitto_", "sqlcmd",
    "cqlsh", "etcdctl", "rabbitmqctl", "masterauth",
)  # fmt: skip
"""One of them, in lower case, or a sign of ``prefilter``, is in every text with one of OPTIONS."""

WORD_SIGNS = ("rabbitmqctl", "masterauth", "vault")
"""The same for those of OPTIONS that do not begin with a hyphen."""
