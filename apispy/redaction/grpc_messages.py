"""Redaction of BuildKit's gRPC messages: a list of what is shown, field by field.

A new message is made from the tables of ``decoders.grpc_schema``; what they do not have does not get into it. Of
maps from text to text, the values are shown that are listed here by name.
"""

import re
from collections.abc import Callable
from typing import Any

from apispy import lazy
from apispy.decoders import build_answer
from apispy.decoders.grpc import DETAILS, error_fields, error_of
from apispy.decoders.grpc_messages import is_id, message_item, messages_of
from apispy.decoders.grpc_schema import MESSAGES, Field, fields_by_name, message_of
from apispy.decoders.grpc_stream import MAX_MESSAGE_SIZE
from apispy.model import REDACTED, Headers, Item
from apispy.redaction import categories, command_lines, free_text, json_values
from apispy.redaction.known_secrets import MAX_SECRET_LENGTH, is_distinctive
from apispy.redaction.program_output import LiveOutput
from apispy.redaction.tokens import SecretReplacer
from apispy.structs import replace

BUILD_SECRET = "secrets"

QUOTING_FIELDS = ("error_message", "source", "excerpt")
"""Parts of an item that are about an error, and quote lines of a Dockerfile."""

MAX_OUTPUTS = 1000
"""Steps whose last output is remembered, because the next piece may go on with a secret."""

MIN_ARGUMENT_LENGTH = 3
"""Characters of the shortest build argument that is hidden in the names of steps."""

MAX_ARGUMENTS = 100
"""Build arguments of one connection that are searched there."""

SHOWN_OPTIONS = lazy.pattern(
    r"target|platform|filename|no-cache|cmdline|source|force-network-mode|image-resolve-mode|multi-platform|add-hosts"
    r"|shm-size|cgroup-parent|ulimit|hostname|requestid|build-arg-hosts|contextkey|dockerfilekey|contextsubdir"
    r"|local-sessionid:.*|localnames?|cache-from|cache-imports|cache-to|context(?::.*)?|input:.*|attest:.*|vcs:.*"
    r"|frontend\.caps|source-policy-.*|proxy-network|copyignore-.*|label:.*",
    re.DOTALL,
)
"""Options of a frontend whose values are shown, after a search for URLs with credentials and the like."""

BUILD_ARGUMENT, LABEL = "build-arg:", "label:"

SHOWN_ATTRIBUTES = lazy.pattern(
    r"name|push|push-by-digest|dest|type|mode|ref|src|digest|tag|tar|scope|compression|compression-level"
    r"|force-compression|oci-mediatypes|oci-artifact|unpack|store|dangling-name-prefix|name-canonical"
    r"|registry\.insecure|rewrite-timestamp|ignore-error|image-manifest|region|bucket|prefix|blobs_prefix"
    r"|manifests_prefix|image\.resolvemode|git\.fullurl|org\.mobyproject\.buildkit\.worker\..*"
)
"""Attributes of exporters, caches, sources and workers whose values are shown. Those of S3 and of GitHub's cache have
keys and tokens among them."""

SHOWN_METADATA = lazy.pattern(
    r"containerimage\.digest|containerimage\.config\.digest|image\.name|buildx\.build\.ref"
)
"""Results of a build whose values are shown."""

_SHORT = lazy.pattern(r"\d{1,5}(?:\.\d{1,5}){0,3}")
"""The exit code and the version in an answer."""

_STEP = lazy.pattern(r"(\[[^\]\n]{0,200}\] )?(.*)", re.DOTALL)
"""The name of a step: "[build 2/3] RUN make"."""

_SHELL = lazy.pattern(r"/bin/\w+ (?:-\w+ ){1,4}")
"""What precedes the command in "mount / from exec /bin/sh -c ..." and in messages of errors."""


SECRET_KINDS = {"GetSecretResponse": BUILD_SECRET}
"""The category of the secrets in a message, if they are not those of a registry."""


_INSTRUCTION = lazy.pattern(
    r"(ADD|ARG|CMD|COPY|ENTRYPOINT|ENV|EXPOSE|FROM|HEALTHCHECK|LABEL|ONBUILD|RUN|SHELL|STOPSIGNAL|USER|VOLUME|WORKDIR) "
)
"""What the name of a step begins with: not a secret."""


class BuildArguments:
    """The hidden values of the build arguments of one connection.

    ``all_known`` is false if there may be more of them: if there were too many, one was too long, or a message with
    them was not decoded. The names of steps quote them, and are withheld then.
    """

    def __init__(self, *, all_known: bool = True) -> None:
        self.all_known = all_known
        self._patterns: dict[str, re.Pattern[str]] = {}  # each finds a value as a whole word

    def add(self, value: str) -> None:
        if len(value) < MIN_ARGUMENT_LENGTH or value in self._patterns:
            return
        if len(value) > MAX_SECRET_LENGTH or len(self._patterns) >= MAX_ARGUMENTS:
            self.all_known = False
        else:
            self._patterns[value] = re.compile(rf"(?<!\w){re.escape(value)}(?!\w)")

    def hidden_in(self, replacer: SecretReplacer, text: str, place: str) -> str:
        """Return *text* without the values."""
        for value, pattern in self._patterns.items():
            if value in text:
                text = pattern.sub(replacer.hide(value, place, categories.REPEATED), text)
        return text


class MessageRedactor:
    """Redacts the messages of one call, in order: of both directions of a tunnel, or of a gRPC call.

    *arguments* returns those of its connection: on one of HTTP/2 from the first byte, one call has the build arguments
    and another the names of the steps that quote them. It is called for builds only.
    """

    def __init__(self, outputs: LiveOutput, arguments: Callable[[], BuildArguments]) -> None:
        self._outputs = outputs
        self._writers: set[str] = set()
        self._find_arguments = arguments

    @property
    def _arguments(self) -> BuildArguments:
        return self._find_arguments()

    def item(self, replacer: SecretReplacer, item: Item, *, may_have_arguments: bool) -> Item:
        """Redact the messages of an item, and the message of an error.

        *may_have_arguments*: whether build arguments may be among them, and are not remembered if they are not decoded.
        """
        if may_have_arguments and has_undecoded(item.value):
            self._arguments.all_known = False
        if item.children:
            children = tuple(
                message_item(self._child(replacer, message), item.span) for message in messages_of(item)
            )
            item = replace(item, children=children)
        if not isinstance(item.value, dict):
            return item
        quoted = {name: item.value[name] for name in QUOTING_FIELDS if name in item.value}
        if not quoted:
            return item
        return replace(item, value=item.value | self._quoted(replacer, quoted))

    def error_fields(
        self, replacer: SecretReplacer, method: str, headers: Headers, place: str
    ) -> Headers | None:
        """Redact the error of a build in the fields that end a call of *method*; None if they have none.

        What is left of grpc-status-details-bin is the place in the Dockerfile, with the lines around it.
        """
        given = {name.lower(): value for name, value in headers}
        error, code = error_of(method, given), given.get(b"grpc-status", b"")
        if not error or not code.isdigit():
            return None
        shown = self._quoted(replacer, error)
        coded = error_fields(int(code[:3]), shown)
        if shown.get("error_message") == error.get("error_message"):
            coded[b"grpc-message"] = given.get(b"grpc-message", b"")
        if given.get(DETAILS, b"") not in (b"", coded.setdefault(DETAILS, REDACTED.encode())):
            replacer.withhold(f"{place}:{DETAILS.decode()}", categories.GRPC_ERROR)
        changed = tuple((name, coded.get(name.lower(), value)) for name, value in headers)
        return headers if changed == headers.fields else Headers(changed)

    def _quoted(self, replacer: SecretReplacer, error: dict[str, Any]) -> dict[str, Any]:
        """Redact an error message and the name of its file, which quote lines of the Dockerfile."""
        shown: dict[str, Any] = json_values.each_text(error, lambda text: self._step(replacer, text, "error"))
        return shown

    def _child(self, replacer: SecretReplacer, value: dict[str, Any]) -> dict[str, Any]:
        method, part = value["method"], value["part"]
        name = message_of(method, request=part == "request")
        shown = self.message(replacer, name, value["message"], name) if name else {}
        return {"stream": value["stream"], "method": method, "part": part, "message": shown}

    def message(
        self, replacer: SecretReplacer, name: str, message: dict[str, Any], place: str
    ) -> dict[str, Any]:
        """Redact a message, *name* in the tables."""
        table = fields_by_name(name)
        shown: dict[str, Any] = {}
        for key, value in message.items():
            field = table.get(key)
            if field is None:
                if key in ("unknown", "more"):
                    shown[key] = {part: size for part, size in value.items() if isinstance(size, int)}
                continue
            below = f"{place}.{key}"
            if field.type == "output":
                shown[key] = self._output(replacer, message, value)
            elif field.type in MESSAGES and isinstance(value, int):  # its size, see grpc_messages
                shown[key] = value
            elif field.type == "variable":
                shown[key] = self._variable(replacer, str(message.get("name", "")), value, below)
            elif field.repeated:
                shown[key] = [self._value(replacer, name, field, one, below) for one in value]
            else:
                shown[key] = self._value(replacer, name, field, value, below)
        return shown

    def _value(self, replacer: SecretReplacer, message: str, field: Field, value: Any, place: str) -> Any:
        if field.type in MESSAGES:
            return self.message(replacer, field.type, value, place)
        if field.type == "secret":
            return _secret(replacer, value, place, SECRET_KINDS.get(message, categories.REGISTRY))
        if field.type == "step":
            return self._step(replacer, value, place)
        if field.type == "options":
            return self._options(replacer, value, place)
        if field.type == "answer":
            return {
                _text(replacer, key, place): self._answer(replacer, one, f"{place}.{key}")
                for key, one in value.items()
            }
        if change := _BY_TYPE.get(field.type):
            return change(replacer, value, place)
        return value if isinstance(value, int | float) else REDACTED

    def _output(self, replacer: SecretReplacer, log: dict[str, Any], text: str) -> str:
        """Redact a piece of a step's output; a secret may be divided between this piece and the one before."""
        writer = f"{log.get('vertex', '')} {log.get('stream', 0)}"
        if writer not in self._writers and len(self._writers) >= MAX_OUTPUTS:
            self._writers.clear()
            self._outputs.forget()
        self._writers.add(writer)
        shown = self._outputs.piece(replacer, writer, text.encode("utf-8", "surrogatepass"))
        return free_text.hide_patterns(replacer, shown.decode("utf-8", "replace"), "")

    def _step(self, replacer: SecretReplacer, text: str, place: str) -> str:
        """Redact text that quotes a line of a Dockerfile, such as the name of a step: with values in place of names."""
        if not text:
            return text
        found = _STEP.fullmatch(text)
        assert found is not None  # it matches any text
        if not self._arguments.all_known and replacer.policy.env != "none":
            replacer.withhold(place, categories.BUILD)
            instruction = _INSTRUCTION.match(found[2])
            return (found[1] or "") + (instruction[0] if instruction else "") + REDACTED
        shown = (found[1] or "") + json_values.instruction(replacer, found[2], place)
        if shell := _SHELL.search(shown):
            shown = shown[: shell.end()] + json_values.instruction(replacer, shown[shell.end() :], place)
        return self._arguments.hidden_in(replacer, shown, place)

    def _options(self, replacer: SecretReplacer, options: dict[str, str], place: str) -> dict[str, str]:
        shown = {}
        for key, value in options.items():
            name = _text(replacer, key, place)
            below = f"{place}.{name}"
            if key.startswith(BUILD_ARGUMENT):
                shown[name] = self._variable(replacer, key.removeprefix(BUILD_ARGUMENT), value, below)
            elif key.startswith(LABEL) and command_lines.is_secret_label(key.removeprefix(LABEL)):
                shown[name] = replacer.hide(value, below, categories.LABEL)
            else:
                shown |= _listed(replacer, {key: value}, place, SHOWN_OPTIONS)
        return shown

    def _variable(self, replacer: SecretReplacer, name: str, value: str, place: str) -> str:
        """Redact the value of a build argument."""
        hidden = replacer.variable(name, value, place, categories.BUILD)
        if hidden != value:
            self.remember(value)
        return _text(replacer, hidden, place)

    def _answer(self, replacer: SecretReplacer, value: Any, place: str) -> Any:
        """Redact a value in an answer: an Answer, a short text, or a size."""
        if isinstance(value, dict):
            for argument in value.get("args", ()):  # lines of the Dockerfile before it may quote them
                self._variable(replacer, argument.get("name", ""), argument.get("value", ""), place)
            return self.message(replacer, build_answer.MESSAGE, value, place)
        if isinstance(value, str):
            return value if _SHORT.fullmatch(value) else REDACTED
        return value

    def remember(self, value: str) -> None:
        """Remember a build argument's value: BuildKit writes it into the names of steps."""
        self._arguments.add(value)


def has_undecoded(value: Any) -> bool:
    """Whether an item, of a tunnel or of a gRPC call, has messages that were not decoded."""
    if not isinstance(value, dict):
        return False
    total, sizes = value.get("total"), value.get("messages")
    return (
        bool(value.get("undecoded"))
        or (isinstance(total, dict) and bool(total.get("undecoded")))
        or (isinstance(sizes, list) and any(size > MAX_MESSAGE_SIZE for size in sizes))
    )


def _text(replacer: SecretReplacer, text: str, place: str) -> str:
    return json_values.plain_text(replacer, text, place)


def _secret(replacer: SecretReplacer, secret: str, place: str, kind: str) -> str:
    """Hide a secret; its lines, which a step may print one by one, are secrets too."""
    for line in secret.splitlines():
        if (word := line.strip()) != secret:
            replacer.known_secrets.add(word, lasting=is_distinctive(word))
    return replacer.hide(secret, place, kind)


def _listed(
    replacer: SecretReplacer, values: dict[str, str], place: str, listed: re.Pattern[str]
) -> dict[str, str]:
    """Show the values of the names in *listed*; of others only the names."""
    shown = {}
    for key, value in values.items():
        name = _text(replacer, key, place)
        shown[name] = _text(replacer, value, f"{place}.{name}") if listed.fullmatch(key) else REDACTED
    return shown


_BY_TYPE: dict[str, Callable[[SecretReplacer, Any, str], Any]] = {
    "text": _text,
    "id": lambda replacer, value, place: value if is_id(value) else "",
    "attributes": lambda replacer, value, place: _listed(replacer, value, place, SHOWN_ATTRIBUTES),
    "metadata": lambda replacer, value, place: _listed(replacer, value, place, SHOWN_METADATA),
}
"""The function for each type of a field. Any other type has numbers, or is withheld."""
