"""A build in lines of text: what was asked for, each step with its output, the files, and where the time went.

A step has one line when it begins, ending in ``...``, and one when it ends, as a call has; its output is in between.
"""

from collections.abc import Callable, Iterator
from typing import Any

from apispy import units
from apispy.decoders.build import (
    FILE_SYNC,
    MAX_STEPS,
    STATUS,
    Build,
    Step,
    Transfer,
    error_of_check,
    request_of,
    warning_of,
    warnings_of_check,
)
from apispy.decoders.build_answer import LISTED_REQUESTS, answer_in
from apispy.decoders.grpc_messages import CARRIERS, messages_of
from apispy.decoders.grpc_schema import message_of
from apispy.model import REDACTED, Item
from apispy.outputs.escaping import escape, escape_lines

Line = tuple[str, str]
"""A label, and escaped text."""

MAX_TABLE = 10
"""Steps in the table of times."""

MAX_NAMED = 8
"""Names in one line: files, build arguments, options."""

MAX_SPANS = 3
"""Spans that are named."""

BRIEF = 0.005
"""Seconds of a step that did nothing yet: BuildKit looks for it first, and then runs it."""

MAX_NAME = 120
"""Characters of a step's name in a line."""

MAX_PARTIAL_LINE = 4096
"""Characters of an unfinished line of output that are held back."""

MAX_PARTIAL_LINES = 100
"""Steps whose unfinished lines are held back."""

STREAMS = {2: "stderr"}
"""Labels of the output of steps, which is numbered like a program's."""

NOISE = ("frontend.caps", "cmdline", "local-sessionid:", "contextkey", "dockerfilekey", "localname", "vcs:")
"""Options that say nothing about the build: what a client adds to each."""

DEFAULTS = {"filename": "Dockerfile", "image-resolve-mode": "local"}
"""Options that clients send with each build, and the values that say nothing."""


class BuildLines:
    """Turns the messages of one open tunnel into lines."""

    def __init__(self) -> None:
        self.build = Build()
        self._shown: Step | None = None  # the step that the output on the last lines is of
        self._parts: dict[tuple[str, int], str] = {}  # unfinished lines, by step and stream
        self._methods: dict[int, str] = {}
        self._steps: dict[int, dict[str, Step]] = {}  # of each build, by the stream of its status
        self._begun: set[str] = set()  # steps with a line that says so
        self._brief: dict[str, Step] = {}  # steps that ended at once, and may run again
        self._workers: set[str] = set()  # lines about workers

    def lines(self, item: Item) -> Iterator[Line]:
        """Yield the lines that an item of either direction gives."""
        if item.kind in CARRIERS:
            self.build.head(item.value)
        for message in messages_of(item):
            yield from self._message(message)
        if item.kind in CARRIERS:
            yield from self._end(item.value)

    def _message(self, value: dict[str, Any]) -> Iterator[Line]:
        name = message_of(value["method"], request=value["part"] == "request")
        digests = [vertex.get("digest", "") for vertex in value["message"].get("vertexes", ())]
        known = {digest: self.build.steps[digest] for digest in digests if digest in self.build.steps}
        before = {digest: (step.is_running, len(step.runs)) for digest, step in known.items()}
        self.build.message(value)
        if name == "StatusResponse":
            of_build = self._steps.setdefault(value["stream"], {})
            of_build.update(
                (digest, self.build.step(digest)) for digest in digests[: MAX_STEPS - len(of_build)]
            )
            yield from self._status(value["message"], before)
        elif describe := DESCRIPTIONS.get(name):
            for text in describe(self.build, value["stream"], value["message"]):
                if describe is _version and text in self._workers:
                    continue  # clients ask again and again
                self._workers |= {text} if describe is _version else set()
                yield "build", escape(text)
        for warning in warnings_of_check(answer_in(value["message"])):
            yield "warning", escape(_warning(warning))

    def _end(self, value: dict[str, Any]) -> Iterator[Line]:
        """Yield what is said at the end of a stream: the files that were sent, the times of the steps."""
        stream = value.get("stream", 0)
        if not isinstance(stream, int):
            return
        if "method" in value:
            self._methods[stream] = value["method"]
        if "total" not in value or "grpc_status" not in value:
            return
        method = self._methods.pop(stream, "")
        transfer = self.build.transfers.get(stream) if method == FILE_SYNC else None
        if transfer and (transfer.offered or transfer.files_sent):
            yield "build", escape(_transfer(transfer))
        if method == STATUS:
            yield from self._end_status(stream)

    def close(self) -> Iterator[Line]:
        """Yield what is left when the tunnel ends: of builds whose status did not end."""
        for stream in list(self._steps):
            yield from self._end_status(stream)

    def _end_status(self, stream: int) -> Iterator[Line]:
        """Yield the lines that were held back, and the table of times."""
        steps = self._steps.pop(stream, {})
        yield from self._flush()
        for digest in [digest for digest in steps if digest in self._brief]:
            yield from self._ended(digest, self._brief.pop(digest))
        yield from (("build", escape(text)) for text in times(steps.values()))

    # -- steps and their output

    def _status(self, message: dict[str, Any], before: dict[str, tuple[bool, int]]) -> Iterator[Line]:
        vertexes = list(dict.fromkeys(vertex.get("digest", "") for vertex in message.get("vertexes", ())))
        for digest in vertexes:
            step = self.build.step(digest)
            if step.is_running and not before.get(digest, (False, 0))[0]:
                self._brief.pop(digest, None)
                yield from () if digest in self._begun else self._begin(digest, step)
        for log in message.get("logs", ()):
            yield from self._log(log)
        for digest in vertexes:
            step = self.build.step(digest)
            if (
                not step.is_running
                and (step.runs or step.error)
                and self._has_ended(step, before.get(digest))
            ):
                yield from self._end_step(digest, step)
        for warning in message.get("warnings", ()):
            yield "warning", escape(_warning(warning_of(warning)))

    def _has_ended(self, step: Step, before: tuple[bool, int] | None) -> bool:
        """Whether the step ended with this message."""
        return before is None or before[0] or before[1] != len(step.runs)

    def _begin(self, digest: str, step: Step) -> Iterator[Line]:
        yield "step", f"{_name(step)} ..."
        self._shown = step
        if len(self._begun) < MAX_STEPS:
            self._begun.add(digest)

    def _end_step(self, digest: str, step: Step) -> Iterator[Line]:
        """Yield the line of a step that has ended. One that ended at once is held back: it often runs again."""
        is_brief = step.seconds < BRIEF and not step.error and not step.cached
        if is_brief and len(self._brief) < MAX_STEPS:
            self._brief[digest] = step
        else:
            self._brief.pop(digest, None)
            yield from self._ended(digest, step)

    def _ended(self, digest: str, step: Step) -> Iterator[Line]:
        yield from self._flush(digest)
        yield "step", f"{_name(step)} -> {_outcome(step)}"
        self._begun.discard(digest)
        self._shown = None

    def _log(self, log: dict[str, Any]) -> Iterator[Line]:
        key = log.get("vertex", ""), log.get("stream", 0)
        *whole, part = (self._parts.pop(key, "") + log.get("msg", "")).split("\n")
        if len(part) > MAX_PARTIAL_LINE or len(self._parts) >= MAX_PARTIAL_LINES:
            whole, part = [*whole, part], ""
        if part:
            self._parts[key] = part
        yield from self._output(key, whole)

    def _output(self, key: tuple[str, int], texts: list[str]) -> Iterator[Line]:
        step = self.build.step(key[0])
        if texts and self._shown is not step:
            yield from self._begin(key[0], step)
        for text in texts:
            yield STREAMS.get(key[1], "stdout"), escape_lines(text)[0]

    def _flush(self, digest: str | None = None) -> Iterator[Line]:
        """Yield the unfinished lines of a step, or of all."""
        for key in [key for key in self._parts if digest in (None, key[0])]:
            yield from self._output(key, [self._parts.pop(key)])


def times(steps: Any) -> Iterator[str]:
    """Yield a table of steps by time, the longest first: where did the build spend it?"""
    listed = sorted((step for step in steps if step.name), key=lambda step: -step.seconds)
    cached = sum(step.cached for step in listed)
    if not listed:
        return
    yield units.count(len(listed), "steps") + (f", {cached} cached" if cached else "") + "; the longest:"
    for step in [step for step in listed if step.seconds > 0][:MAX_TABLE]:
        mark = " (cached)" if step.cached else " (failed)" if step.error else ""
        yield f"{units.duration(step.seconds):>9}  {_name(step)}{mark}"


def summary_lines(build: Build) -> Iterator[str]:
    """Yield a finished build in lines: what was asked for, the steps in their order, files, secrets and the result."""
    for request in build.requests:
        yield from map(escape, _request(request))
    for step in build.ordered_steps():
        yield f"{_name(step)} -> {_outcome(step)}"
    for transfer in build.transfers.values():
        if transfer.offered or transfer.files_sent:
            yield escape(_transfer(transfer))
    for image in build.images.values():
        yield from map(escape, _image_line(image))
    for title, names in (
        ("secrets", build.secrets),
        ("ssh agents", build.agents),
        ("registries", build.hosts),
    ):
        if names:
            yield escape(f"{title}: {_some(names)}")
    yield from (escape(f"warning: {_warning(warning)}") for warning in build.warnings)
    yield from map(escape, _result_line(build.result))


def _name(step: Step) -> str:
    text = escape(step.name.strip() or "(a step without a name)")
    return text if len(text) <= MAX_NAME else f"{text[:MAX_NAME]} [...]"


def _outcome(step: Step) -> str:
    if step.error:
        verb = "cancelled" if "context canceled" in step.error else "failed"
        after = f" after {units.duration(step.seconds)}" if step.seconds >= BRIEF else ""
        return f"{verb}{after}: {escape(step.error)}"
    return "cached" if step.cached else units.duration(step.seconds)


def _warning(warning: dict[str, Any]) -> str:
    return f"{warning['text']}{place(warning)}"


def place(value: dict[str, Any]) -> str:
    """Format the place in a Dockerfile: " (Dockerfile:3)"; "" if none is known."""
    if not value.get("file"):
        return ""
    return f" ({value['file']}:{value['line']})" if value.get("line") else f" ({value['file']})"


def _transfer(transfer: Transfer) -> str:
    """Say what was sent: "sent 2 files of 5 paths in context, 62 B: Dockerfile 56 B, f 6 B"."""
    files = [f"{path or '(a file)'} {units.size(size)}" for path, size in transfer.files()]
    named = _some(files, transfer.files_sent)
    where = f" in {transfer.directory}" if transfer.directory else ""
    sent = f"{units.count(transfer.files_sent, 'files')} of {units.count(transfer.offered, 'paths')}{where}"
    return f"sent {sent}, {units.size(transfer.bytes_sent)}" + (f": {named}" if named else "")


def _some(names: list[str], total: int | None = None) -> str:
    more = (len(names) if total is None else total) - MAX_NAMED
    return ", ".join([*names[:MAX_NAMED], *([f"{more} more"] if more > 0 else [])])


# -- one line for each kind of message


def _solve(build: Build, stream: int, message: dict[str, Any]) -> Iterator[str]:
    return _request(request_of(message))


def _request(request: dict[str, Any]) -> Iterator[str]:
    """What a build is asked for: "dockerfile.v0: target final; platform linux/arm64; build arguments A, B"."""
    parts = [
        f"{name} {value}".strip()
        for name, value in request.get("options", {}).items()
        if value not in (REDACTED, DEFAULTS.get(name)) and not name.startswith((*NOISE, "label:"))
    ]
    if len(parts) > MAX_NAMED:
        parts = [*parts[:MAX_NAMED], f"{len(parts) - MAX_NAMED} more options"]
    labels = [name.removeprefix("label:") for name in request.get("options", {}) if name.startswith("label:")]
    for title, names in (
        ("build arguments", request.get("build_arguments", [])),
        ("labels", labels),
        ("cache from", [_attributes(entry) for entry in request.get("cache_from", ())]),
        ("cache to", [_attributes(entry) for entry in request.get("cache_to", ())]),
        ("output", [_attributes(entry) for entry in request.get("outputs", ())]),
        ("entitlements", request.get("entitlements", [])),
    ):
        if names:
            parts.append(f"{title} {_some(names)}")
    if parts or request.get("frontend"):
        yield f"{request.get('frontend') or 'build'}: {'; '.join(parts) or 'no options'}"


def _attributes(entry: dict[str, str]) -> str:
    """An exporter or a cache as the CLI writes it: "type=registry,ref=r/c"."""
    return ",".join(f"{name}={value}" for name, value in entry.items())


def _result(build: Build, stream: int, message: dict[str, Any]) -> Iterator[str]:
    return _result_line(message.get("ExporterResponse", {}))


def _result_line(result: dict[str, str]) -> Iterator[str]:
    found = {name: value for name, value in result.items() if value != REDACTED}
    parts = [found.get("containerimage.digest", ""), found.get("image.name", "")]
    if shown := ", ".join(part for part in parts if part):
        yield f"result: {shown}"


def _version(build: Build, stream: int, message: dict[str, Any]) -> Iterator[str]:
    for record in message.get("record", [{"BuildkitVersion": message.get("buildkitVersion", {})}]):
        version = record.get("BuildkitVersion", {})
        platforms = ["/".join(_platform(one)) for one in record.get("platforms", ())]
        parts = [f"BuildKit {version['version']}"] if version.get("version") else []
        parts += (
            [f"Dockerfile frontend {version['dockerfileVersion']}"]
            if version.get("dockerfileVersion")
            else []
        )
        parts += [f"platforms {_some(platforms)}"] if platforms else []
        if parts:
            yield f"worker: {'; '.join(parts)}"


def _platform(platform: dict[str, str]) -> list[str]:
    return [platform[name] for name in ("OS", "Architecture", "Variant") if platform.get(name)]


def _secret(build: Build, stream: int, message: dict[str, Any]) -> Iterator[str]:
    yield f"asks for the secret {message.get('ID', '')}"


def _agent(build: Build, stream: int, message: dict[str, Any]) -> Iterator[str]:
    yield f"asks for the ssh agent {message.get('ID') or 'default'}"


def _credentials(build: Build, stream: int, message: dict[str, Any]) -> Iterator[str]:
    yield f"asks for credentials of {message.get('Host', '')}"


def _token(build: Build, stream: int, message: dict[str, Any]) -> Iterator[str]:
    scopes = ", ".join(message.get("Scopes", ()))
    yield f"asks for a token of {message.get('Host', '')}" + (f" for {scopes}" if scopes else "")


def _image(build: Build, stream: int, message: dict[str, Any]) -> Iterator[str]:
    return _image_line(build.images.get(stream, {}))


def _image_line(image: dict[str, str]) -> Iterator[str]:
    if image.get("digest"):
        yield f"base image {image.get('reference', '')} is {image['digest']}"


def _read_file(build: Build, stream: int, message: dict[str, Any]) -> Iterator[str]:
    yield f"reads the file {message.get('FilePath', '')}"


def _return(build: Build, stream: int, message: dict[str, Any]) -> Iterator[str]:
    if text := message.get("error", {}).get("message"):
        yield f"the frontend failed: {text}"


def _answer(build: Build, stream: int, message: dict[str, Any]) -> Iterator[str]:
    """What the frontend says about a Dockerfile: "outline: target two; build arguments DAY"."""
    answer = answer_in(message)
    if answer.get("sources"):  # others have them in another form, which is not read
        error = error_of_check(answer)
        found = units.count(len(answer.get("warnings", ())), "warnings")
        yield f"check: {error['message']}{place(error)}" if error else f"check: {found}"
    elif "targets" in answer:
        marks = [(one, " (default)" if one.get("default") else "") for one in answer["targets"]]
        yield f"targets: {_some([(one.get('name') or 'unnamed') + mark for one, mark in marks])}"
    elif LISTED_REQUESTS in answer:
        names = [one.get("name", "").removeprefix("frontend.") for one in answer[LISTED_REQUESTS]]
        yield f"can be asked for: {_some(names)}"
    elif answer:
        yield f"outline: {'; '.join(_outline(answer)) or 'nothing to choose'}"


def _outline(answer: dict[str, Any]) -> Iterator[str]:
    if answer.get("name"):
        yield f"target {answer['name']}"
    for title, member in (("build arguments", "args"), ("secrets", "secrets"), ("ssh agents", "ssh")):
        if names := [one.get("name", "") for one in answer.get(member, ())]:
            yield f"{title} {_some(names)}"


def _usage(build: Build, stream: int, message: dict[str, Any]) -> Iterator[str]:
    records = message.get("record", [])
    total = len(records) + message.get("more", {}).get("record", 0)
    size = units.size(sum(record.get("Size", 0) for record in records))
    yield f"{units.count(total, 'cache records')}, {size}"


def _pruned(build: Build, stream: int, message: dict[str, Any]) -> Iterator[str]:
    kind = message.get("RecordType") or "record"
    yield f"removed {kind} {message.get('ID', '')}, {units.size(message.get('Size', 0))}"


def _history(build: Build, stream: int, message: dict[str, Any]) -> Iterator[str]:
    record = message.get("record", {})
    event = ("started", "complete", "deleted")[min(max(message.get("type", 0), 0), 2)]
    steps = f"{record.get('numCompletedSteps', 0)} of {units.count(record.get('numTotalSteps', 0), 'steps')}"
    cached = f", {record['numCachedSteps']} cached" if record.get("numCachedSteps") else ""
    error = f"; {record['error']['message']}" if record.get("error", {}).get("message") else ""
    yield f"build {record.get('Ref', '')} {event}: {steps}{cached}{error}"


def _spans(build: Build, stream: int, message: dict[str, Any]) -> Iterator[str]:
    spans = [
        span
        for resource in message.get("resource_spans", ())
        for scope in resource.get("scope_spans", ())
        for span in scope.get("spans", ())
    ]
    names = [
        f"{span.get('name', '')} {units.duration(max(0.0, span.get('end', 0) - span.get('start', 0)))}"
        for span in sorted(spans, key=lambda span: span.get("start", 0) - span.get("end", 0))
    ]
    if names:
        yield f"{units.count(len(spans), 'spans')} of the client, the longest: {', '.join(names[:MAX_SPANS])}"


def _warned(build: Build, stream: int, message: dict[str, Any]) -> Iterator[str]:
    yield f"warning: {_warning(warning_of(message))}"


DESCRIPTIONS: dict[str, Callable[[Build, int, dict[str, Any]], Iterator[str]]] = {
    "SolveRequest": _solve,
    "FrontendSolveRequest": _solve,
    "SolveResponse": _result,
    "ListWorkersResponse": _version,
    "InfoResponse": _version,
    "GetSecretRequest": _secret,
    "CheckAgentRequest": _agent,
    "CredentialsRequest": _credentials,
    "FetchTokenRequest": _token,
    "ResolveImageConfigResponse": _image,
    "ResolveSourceMetaResponse": _image,
    "ReadFileRequest": _read_file,
    "FrontendSolveResponse": _answer,
    "ReturnRequest": _return,
    "WarnRequest": _warned,
    "DiskUsageResponse": _usage,
    "UsageRecord": _pruned,
    "BuildHistoryEvent": _history,
    "ExportTraceServiceRequest": _spans,
}
"""By message: the function that gives its lines. Others have none below -vv."""
