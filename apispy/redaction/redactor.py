"""Removes secrets from exchanges: from finished ones, and from open ones while their bytes arrive."""

from collections import Counter
from functools import partial

from apispy import decoders, engine
from apispy.decoders.base import Decoder
from apispy.decoders.build_trace import is_trace, trace_item
from apispy.engine.operation import Call
from apispy.model import Body, Chunk, Direction, Exchange, Headers, Item, Redaction
from apispy.redaction import (
    bodies,
    body_type,
    categories,
    free_text,
    header_fields,
    json_values,
    query,
    stream_policy,
)
from apispy.redaction.build_trace import TraceRedactor, remember_arguments
from apispy.redaction.grpc_messages import BuildArguments, MessageRedactor
from apispy.redaction.known_secrets import MAX_OF_SESSION, KnownSecrets
from apispy.redaction.policy import Policy
from apispy.redaction.prefilter import StreamPrefilter
from apispy.redaction.program_output import LiveOutput, output
from apispy.redaction.tokens import SecretReplacer, Tokens
from apispy.structs import replace

MAX_IN_MESSAGES = 1000
"""Secrets in the messages of a tunnel that the exchange lists."""

MAX_CONNECTIONS = 1000
"""Connections with builds whose arguments are remembered."""

MAX_UNLEARNED = 1 << 20
"""Bytes of a request's body that are kept until its end, so that its secrets are known before the response."""

LOOKBACK = 4096
"""Bytes of a stream that are kept for the next chunk, so that a secret of up to this length is found across chunks."""


class Redactor:
    """Redacts the exchanges of one session. A secret has the same token in all of them."""

    def __init__(self, policy: Policy | None = None, tokens: Tokens | None = None) -> None:
        self.policy = policy or Policy()
        self.tokens = tokens or Tokens()
        self.known_secrets = KnownSecrets(limit=MAX_OF_SESSION)
        self._report: Counter[str] = Counter()
        self._arguments: dict[int, BuildArguments] = {}
        self._forgotten = 0  # the last connection whose build arguments were dropped

    def for_exchange(self, exchange: Exchange) -> "ExchangeRedactor":
        """Make the redactor of one exchange, from its first bytes to its end."""
        return ExchangeRedactor(self, exchange)

    def has_plain_head(self, exchange: Exchange) -> bool:
        """Whether the head of the request certainly has nothing to hide."""
        if self.policy.rules.look_into_bodies:
            return False
        request = exchange.request
        return query.is_plain(self.known_secrets, request.target) and header_fields.are_plain(
            self.policy, self.known_secrets, request.headers
        )

    def redact(self, exchange: Exchange) -> Exchange:
        """Redact a finished exchange. Its ``redactions`` list what was hidden."""
        return self.for_exchange(exchange).exchange(exchange)

    def message(self, text: str) -> str:
        """Remove secrets and quoted bytes from a message about a connection."""
        if self.policy.show_secrets:
            return text
        replacer = SecretReplacer(self.policy, self.tokens, self.known_secrets)
        return json_values.plain_text(replacer, header_fields.without_quotes(text), "")

    def build_arguments(self, connection: int) -> BuildArguments:
        """The hidden build arguments of a connection."""
        if connection not in self._arguments:
            if len(self._arguments) >= MAX_CONNECTIONS:
                dropped = next(iter(self._arguments))
                del self._arguments[dropped]
                self._forgotten = max(self._forgotten, dropped)
            self._arguments[connection] = BuildArguments(all_known=connection > self._forgotten)
        return self._arguments[connection]

    def count(self, exchange: Exchange) -> None:
        """Add the redactions of a finished exchange to the report."""
        self._report.update(one.kind for one in exchange.redactions)

    def report(self) -> dict[str, int]:
        """The number of redactions by category, the most frequent first: {"environment values": 12}."""
        return dict(self._report.most_common())


class ExchangeRedactor:
    """Redacts one exchange, both as a whole and while it is open. It keeps the original exchange."""

    def __init__(self, redactor: Redactor, exchange: Exchange) -> None:
        self._policy, self._tokens = redactor.policy, redactor.tokens
        self._exchange = exchange
        self._call = engine.lookup(exchange.request.method, exchange.request.target)
        self._known = KnownSecrets(session=redactor.known_secrets)
        # By head: the last one without secrets, and the version of the known secrets then.
        self._plain: dict[str, tuple[Headers, int]] = {}
        self._first_items: dict[Direction, int] = {}  # the version of the known secrets at the first item
        self._outputs: dict[Direction, LiveOutput] = {}
        self._arguments = partial(redactor.build_arguments, exchange.connection)
        self._messages = messages = self._new_messages()
        # No cycle through self: bodies are freed with their call, and not by a collection.
        self._trace = TraceRedactor(lambda: messages)
        if "buildargs" in exchange.request.target:
            remember_arguments(self._hider(), self._messages, self._call)
        self._found: dict[Redaction, None] = {}  # what was hidden in messages
        self._raw_outputs: dict[Direction, tuple[LiveOutput, Decoder]] = {}
        self._masked_bytes: dict[Direction, int] = {}  # bytes of each stream that were masked
        self._prefilters: dict[Direction, StreamPrefilter] = {}
        self._heads: dict[Direction, bytes] = {}  # the first bytes of each stream
        self._lookback: dict[Direction, bytes] = {}  # the last bytes of each stream that were shown
        self._unlearned: list[bytes] = []  # the request's body until its end, if it may hold secrets
        self._unlearned_bytes = 0
        self._bodies: dict[Direction, Body] = {}  # those of the previous state of the exchange, unredacted
        self._formats: dict[Direction, str] = {}  # cached until the exchange changes
        self._hidden: dict[Direction, bool] = {}
        self._compressed: dict[Direction, bool] = {}

    def _new_messages(self) -> MessageRedactor:
        return MessageRedactor(LiveOutput(self._known), self._arguments)

    def inspect(self, direction: Direction, data: bytes) -> None:
        """Inspect bytes of a stream, before ``chunk`` or ``item`` is called for them."""
        head = self._heads.get(direction, b"")
        if len(head) < body_type.HEAD:
            self._heads[direction] = head + data[: body_type.HEAD - len(head)]
            for known in (self._formats, self._compressed, self._hidden):
                known.pop(direction, None)
        if direction == "request" and self.hides(direction):
            self._unlearned_bytes += len(data)
            if self._unlearned_bytes <= MAX_UNLEARNED:
                self._unlearned.append(data)
        if self._format(direction) in stream_policy.PROGRAMS:
            return  # the prefilter is not used for program output
        if direction not in self._prefilters:
            self._prefilters[direction] = StreamPrefilter(self._known, self._fields_in_text(direction))
        self._prefilters[direction].inspect(data)

    def request_ended(self) -> None:
        """Learn the secrets of the request's body at its end: other calls may repeat them before the response.

        Those of a body longer than MAX_UNLEARNED are learned with the response.
        """
        data, complete = b"".join(self._unlearned), self._unlearned_bytes <= MAX_UNLEARNED
        self._unlearned.clear()
        if data and complete and not stream_policy.is_secret_tunnel(self._call, self._exchange, "request"):
            self._body(self._hider(), "request", Body((Chunk(0.0, data),), len(data)))

    def exchange(self, exchange: Exchange) -> Exchange:
        """Redact *exchange*, the present state of the exchange."""
        if exchange is not self._exchange:
            self._exchange = exchange
            self._formats.clear()
            self._hidden.clear()
            self._compressed.clear()
        if self._policy.show_secrets:
            return exchange
        version = self._known.version
        clean = self._redacted(exchange)
        # A secret in a body may also be in the target, which was redacted before.
        return clean if version == self._known.version else self._redacted(exchange)

    def _redacted(self, exchange: Exchange) -> Exchange:
        replacer = self._hider(TraceRedactor(self._new_messages))
        clean = self._head_of_request(replacer, exchange)
        for direction, body in exchange.streams.items():
            if direction in self._bodies:
                body.share_document(self._bodies[direction])
            self._bodies[direction] = body
            if direction == "response":
                clean = self._head_of_response(replacer, clean)
            trailers = self._fields(replacer, body.trailers, f"{direction}.trailer")
            shown = self._body(replacer, direction, body)
            if trailers is not body.trailers:
                shown = replace(shown, trailers=trailers)
            if shown is not body:
                clean = clean.with_stream(direction, shown)
        found = (*replacer.found, *self._found)
        if not exchange.problems and not found:
            return clean
        problems = tuple(
            json_values.plain_text(replacer, header_fields.without_quotes(text), "problems")
            for text in exchange.problems
        )
        return replace(clean, problems=problems, redactions=exchange.redactions + found)

    def call(self, clean: Exchange) -> Call:
        """The call of a redacted exchange. A user's pattern may hide parts of the path, but not the operation."""
        if clean.request.target == self._exchange.request.target:
            return self._call
        call = engine.lookup(clean.request.method, clean.request.target)
        return replace(call, operation=self._call.operation)

    def hides(self, direction: Direction) -> bool:
        """Whether this stream may hold secrets, so that it is not shown before its end."""
        if direction not in self._hidden:
            self._hidden[direction] = self._may_hold_secrets(direction)
        return self._hidden[direction]

    def _may_hold_secrets(self, direction: Direction) -> bool:
        return not self._policy.show_secrets and (
            stream_policy.is_secret_tunnel(self._call, self._exchange, direction)
            or self._is_form(direction)
            or stream_policy.is_unknown_json(self._call, self._exchange, direction)
            or bool(stream_policy.secrets_of(self._call, direction, self._policy))
        )

    def chunk(self, direction: Direction, chunk: Chunk) -> Chunk | None:
        """The chunk to show while the stream is open; None to show nothing, as with user rules that search bodies."""
        if self._policy.show_secrets:
            return chunk
        if self.hides(direction) or self._policy.rules.look_into_bodies:
            return None
        if self._format(direction) in stream_policy.PROGRAMS:
            return replace(chunk, data=self._masked_output(direction, chunk.data))
        if self._has_no_secret(direction):
            return chunk
        if self._is_compressed(direction) or self._names_a_secret(direction):
            return None
        before = self._lookback.get(direction, b"")
        self._lookback[direction] = (before + chunk.data)[-max(LOOKBACK, self._known.lookback) :]
        return replace(chunk, data=free_text.mask_chunk(chunk.data, self._known, before))

    def _masked_output(self, direction: Direction, data: bytes) -> bytes:
        """Mask the known secrets in a chunk of a program's output, also those that frames divide."""
        if not self._known or self._format(direction) == stream_policy.ARCHIVE:
            return data
        if direction not in self._raw_outputs:
            format_name = self._format(direction)
            name = format_name if format_name in stream_policy.WITH_FRAMES else "raw"
            self._raw_outputs[direction] = LiveOutput(self._known), decoders.make(name)
        masks, decoder = self._raw_outputs[direction]
        begin = self._masked_bytes.get(direction, 0)  # where *data* begins in the stream
        self._masked_bytes[direction] = begin + len(data)
        payloads = []
        for item in decoder.feed(data):
            size = len(item.value) if isinstance(item.value, bytes) else 0
            if item.kind == "close":  # of a WebSocket: a number, and a reason in text
                size = item.span[1] - item.span[0]
            if size:
                stop = item.span[1] - begin
                payloads.append((item.kind, max(0, stop - size), stop))
        return masks.masked(data, payloads)

    def item(self, direction: Direction, item: Item) -> Item:
        """Redact an item that was decoded while the stream is open."""
        if self._policy.show_secrets:
            return item
        if stream_policy.is_secret_tunnel(self._call, self._exchange, direction):
            return self._tunnel_item(direction, item)
        if self.hides(direction):
            return self._late_form(item) if self._is_form(direction) else item
        self._first_items.setdefault(direction, self._known.version)
        replacer = self._hider()
        if self._format(direction) not in stream_policy.PROGRAMS:
            return item if self._has_no_secret(direction) else self._redact_item(replacer, direction, item)
        if self._known and self._format(direction) != stream_policy.ARCHIVE:
            item = self._without_repeats(replacer, direction, item)
        return self._patterns(replacer, item) if self._policy.rules.patterns else item

    def _late_form(self, item: Item) -> Item:
        """Redact an item of a body whose bytes, and not its head, say that it is a form."""
        if not isinstance(item.value, str):
            return item
        shown = query.pairs(self._hider(), item.value, "")
        return item if shown == item.value else replace(item, value=shown)

    def _tunnel_item(self, direction: Direction, item: Item) -> Item:
        """Redact an item of a BuildKit tunnel. What is hidden in it is reported with the exchange."""
        self._first_items.setdefault(direction, self._known.version)
        replacer = self._hider()
        is_solve = self._exchange.request.target.endswith("/Solve")  # a gRPC call of its own
        may_have_arguments = direction == "to_server" or (direction == "request" and is_solve)
        item = self._messages.item(replacer, item, may_have_arguments=may_have_arguments)
        for one in replacer.found:
            if len(self._found) < MAX_IN_MESSAGES:
                self._found[one] = None
        return item

    def _without_repeats(self, replacer: SecretReplacer, direction: Direction, item: Item) -> Item:
        """Hide the known secrets in an item of a program's output, also those that items divide."""
        if not isinstance(item.value, bytes):
            return _without_repeats(replacer, item)
        if direction not in self._outputs:
            self._outputs[direction] = LiveOutput(self._known)
        shown = self._outputs[direction].piece(replacer, item.kind, item.value)
        return item if shown == item.value else replace(item, value=shown)

    def again(self, direction: Direction, items: tuple[Item, ...]) -> tuple[Item, ...]:
        """Hide in items of ``item`` the secrets that became known since the first of them."""
        version = self._first_items.get(direction, self._known.version)
        if version == self._known.version or self._format(direction) == stream_policy.ARCHIVE:
            return items
        replacer = self._hider()
        return tuple(_without_repeats(replacer, item) for item in items)

    def _has_no_secret(self, direction: Direction) -> bool:
        """Whether nothing seen in this stream so far can be secret."""
        watch = self._prefilters.get(direction)
        if watch is None or watch.suspect or self._is_compressed(direction):
            return False
        return watch.version == self._known.version and not self._policy.rules.look_into_bodies

    def _names_a_secret(self, direction: Direction) -> bool:
        """Whether the stream has something that marks a secret anywhere, so that its chunks cannot be masked."""
        watch = self._prefilters.get(direction)
        return watch is not None and watch.named

    def _is_compressed(self, direction: Direction) -> bool:
        """Whether the stream is compressed, so that its raw bytes cannot be searched."""
        if direction not in self._compressed:
            self._compressed[direction] = bool(self._coding(direction))
        return self._compressed[direction]

    def _headers(self, direction: Direction) -> Headers:
        return stream_policy.headers_of(self._exchange, direction)

    def _redact_item(self, replacer: SecretReplacer, direction: Direction, item: Item) -> Item:
        text = item.value.encode("utf-8", "surrogatepass") if isinstance(item.value, str) else item.value
        if isinstance(text, bytes) and body_type.names_a_secret(text):
            why = "withheld: names a field that is secret in JSON, but is not valid JSON"
            return Item("problem", "withheld", why, item.span)
        watch = self._prefilters.get(direction)
        if isinstance(text, bytes) and watch is not None and watch.names_a_field:
            why = "withheld: text with a field that has the name of a secret, such as a password"
            return Item("problem", "withheld", why, item.span)
        secrets = [(path, categories.RULE) for path in self._policy.rules.paths]
        try:
            value = bodies.document(replacer, item.value, "", secrets)
        except RecursionError:
            return Item(
                "problem", "withheld", "withheld: nested too deep to be searched for secrets", item.span
            )
        if item.children and isinstance(value, dict) and is_trace(value):
            return trace_item(value, item.span) or Item(item.kind, "aux", value, item.span)
        return replace(item, label=free_text.clean(replacer, item.label, ""), value=value)

    def _patterns(self, replacer: SecretReplacer, item: Item) -> Item:
        def change(text: str) -> str:
            return free_text.hide_patterns(replacer, text, "")

        children = tuple(self._patterns(replacer, child) for child in item.children)
        value = json_values.each_text(item.value, change)
        return replace(item, label=change(item.label), value=value, children=children)

    def _body(self, replacer: SecretReplacer, direction: Direction, body: Body) -> Body:
        if not body.size:
            return body
        call, exchange = self._call, self._exchange
        place = f"{direction}.body"
        if stream_policy.is_secret_tunnel(call, exchange, direction):
            return self._tunnel(replacer, direction, body, place)
        coding = self._coding(direction)
        if self._format(direction) in stream_policy.PROGRAMS:
            if self._known and stream_policy.is_websocket(exchange, direction) and self._is_in_frames(body):
                return bodies.withheld(replacer, body, place)
            framed = self._format(direction) in stream_policy.FRAMED
            archive = self._format(direction) == stream_policy.ARCHIVE
            return output(replacer, body, place, framed=framed, coding=coding, archive=archive)
        secrets = stream_policy.secrets_of(call, direction, self._policy)
        if (
            not secrets
            and not body.cut
            and not self._is_form(direction)
            and self._has_no_secret(direction)
            and self._prefilters[direction].size == body.size
        ):
            return body
        strict = bool(secrets) and not stream_policy.is_error(exchange, direction)
        form = direction == "request" and all(kind in stream_policy.VARIABLES for _, kind in secrets)
        secrets += [(path, categories.RULE) for path in self._policy.rules.paths]
        fields = self._fields_in_text(direction)
        return bodies.documents(
            replacer, body, place, secrets, strict=strict, form=form, coding=coding, fields=fields
        )

    def _fields_in_text(self, direction: Direction) -> body_type.Fields:
        return stream_policy.fields_in_text(self._call, self._exchange, direction)

    def _is_in_frames(self, body: Body) -> bool:
        """Whether the frames of a WebSocket hold a known secret, which masks or headers of frames may divide."""
        items = decoders.make("websocket").feed(body.data)
        parts = [item.value for item in items if isinstance(item.value, bytes)]
        parts += [item.label.encode() for item in items if item.kind == "close"]
        return self._known.found_in(b"".join(parts))

    def _tunnel(self, replacer: SecretReplacer, direction: Direction, body: Body, place: str) -> Body:
        """Withhold the bytes of a tunnel, and redact what was decoded of them: a capture may have it with secrets."""
        if direction in ("request", "response") and body.chunks and direction not in self._first_items:
            self._learn(direction, body)
        shown = bodies.withheld(replacer, body, place)
        if not shown.seen:
            return shown
        seen = tuple(replace(one, item=self._tunnel_item(direction, one.item)) for one in shown.seen)
        return replace(shown, seen=seen)

    def _learn(self, direction: Direction, body: Body) -> None:
        """Learn the secrets of a gRPC call that was not decoded while it was open: its error may quote them."""
        coding = self._headers(direction).text("grpc-encoding").encode("latin-1")
        decoder = decoders.make("grpc", decoders.GrpcContext(direction, self._call.path, coding))
        for item in decoder.feed(body.data):
            self._tunnel_item(direction, item)

    def _head_of_request(self, replacer: SecretReplacer, exchange: Exchange) -> Exchange:
        request = exchange.request
        if self._is_plain(replacer, "request", request.headers):
            return exchange
        target = query.target(replacer, request.target)
        headers = header_fields.fields(replacer, request.headers, "request.header")
        if target is request.target and headers is request.headers:
            self._plain["request"] = headers, self._known.version
            return exchange
        return replace(exchange, request=replace(request, target=target, headers=headers))

    def _head_of_response(self, replacer: SecretReplacer, exchange: Exchange) -> Exchange:
        response = exchange.response
        if response is None or self._is_plain(replacer, "response", response.headers):
            return exchange
        headers = self._fields(replacer, response.headers, "response.header")
        reason = json_values.clean(replacer, response.reason, "response.reason")
        if headers is response.headers and reason is response.reason:
            self._plain["response"] = headers, self._known.version
            return exchange
        return replace(exchange, response=replace(response, headers=headers, reason=reason))

    def _fields(self, replacer: SecretReplacer, headers: Headers, place: str) -> Headers:
        """Redact the fields of a response, or trailers. The error of a build is shown, other errors of gRPC are not."""
        if "grpc-message" not in headers and "grpc-status-details-bin" not in headers:
            return header_fields.fields(replacer, headers, place)
        shown = self._messages.error_fields(replacer, self._exchange.request.target, headers, place)
        return header_fields.fields(replacer, shown or headers, place, quoting=shown is not None)

    def _is_plain(self, replacer: SecretReplacer, head: str, headers: Headers) -> bool:
        """Whether this head was found to be without secrets, and no new secret is known since."""
        plain, version = self._plain.get(head, (None, 0))
        return replacer.prefilter_suffices and headers is plain and version == self._known.version

    def _format(self, direction: Direction) -> str:
        if direction not in self._formats:
            head = self._head(direction)
            self._formats[direction] = stream_policy.format_of(self._call, self._exchange, direction, head)
        return self._formats[direction]

    def _is_form(self, direction: Direction) -> bool:
        """Whether a body is a form, by its type or its first bytes. Parameters of forms are redacted one by one."""
        typed = stream_policy.is_form(self._exchange, direction)
        return typed or (direction == "request" and body_type.is_form(self._head(direction)))

    def _coding(self, direction: Direction) -> str:
        """The compression of a stream, as declared or by its first bytes; "" if it is not compressed."""
        return body_type.coding(self._headers(direction), self._head(direction))

    def _head(self, direction: Direction) -> bytes:
        """The first bytes of a stream: those that were inspected, else those that the exchange keeps."""
        if head := self._heads.get(direction):
            return head
        body = self._exchange.streams.get(direction)
        head = b""
        for chunk in body.chunks if body else ():
            head += chunk.data[: body_type.HEAD - len(head)]
            if len(head) == body_type.HEAD:
                break
        return head

    def _hider(self, trace: TraceRedactor | None = None) -> SecretReplacer:
        """Make a replacer. *trace*: for the whole exchange; otherwise for the next item of an open one."""
        replacer = SecretReplacer(self._policy, self._tokens, self._known)
        replacer.trace = trace or self._trace
        return replacer


def _without_repeats(replacer: SecretReplacer, item: Item) -> Item:
    """Hide the known secrets in all texts of an item and its children."""
    label = free_text.hide_repeats(replacer, item.label, "")
    value = json_values.each_text(item.value, lambda text: free_text.hide_repeats(replacer, text, ""))
    children = tuple(_without_repeats(replacer, child) for child in item.children)
    return replace(item, label=label, value=value, children=children)
