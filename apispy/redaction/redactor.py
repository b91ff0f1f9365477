"""Takes what is secret out of exchanges, before anything else sees them."""

from collections import Counter
from dataclasses import replace

from apispy import engine
from apispy.engine.operation import Call
from apispy.model import Body, Chunk, Direction, Exchange, Headers, Item
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
from apispy.redaction.policy import Policy
from apispy.redaction.prefilter import StreamPrefilter
from apispy.redaction.tokens import SecretReplacer, Tokens

BEFORE = 4096
"""Bytes of a stream that are remembered for the next chunk: a secret that is no longer is found across its edge."""


class Redactor:
    """Cleans the exchanges of one session: the same secret has the same token in all of them."""

    def __init__(self, policy: Policy | None = None, tokens: Tokens | None = None) -> None:
        self.policy = policy or Policy()
        self.tokens = tokens or Tokens()
        self._report: Counter[str] = Counter()

    def cleaning(self, exchange: Exchange) -> "ExchangeRedactor":
        """The cleaning of one call, from its first bytes to its end."""
        return ExchangeRedactor(self, exchange)

    def redact(self, exchange: Exchange) -> Exchange:
        """The same exchange without its secrets; ``redactions`` lists them."""
        return self.cleaning(exchange).exchange(exchange)

    def message(self, text: str) -> str:
        """A message about a connection, without what it quotes."""
        if self.policy.show_secrets:
            return text
        return free_text.clean(
            SecretReplacer(self.policy, self.tokens, set()), header_fields.without_quotes(text), ""
        )

    def count(self, exchange: Exchange) -> None:
        """Let the report have the redactions of a finished exchange."""
        self._report.update(one.kind for one in exchange.redactions)

    def report(self) -> dict[str, int]:
        """How often something of each kind was hidden: {"environment values": 12}, the most first."""
        return dict(self._report.most_common())


class ExchangeRedactor:
    """Takes the secrets out of one call: whole, and as it flows. It knows the call as it came."""

    def __init__(self, redactor: Redactor, exchange: Exchange) -> None:
        self._policy, self._tokens = redactor.policy, redactor.tokens
        self._exchange = exchange
        self._call = engine.lookup(exchange.request.method, exchange.request.target)
        self._echoes: set[str] = set()
        self._watches: dict[Direction, StreamPrefilter] = {}
        self._heads: dict[Direction, bytes] = {}  # the first bytes of each stream
        self._before: dict[Direction, bytes] = {}  # the end of what was shown of each stream
        self._formats: dict[Direction, str] = {}  # found out once for each state of the exchange
        self._hidden: dict[Direction, bool] = {}
        self._packed: dict[Direction, bool] = {}
        self._plain: list[Headers] = []  # of heads in which nothing was found

    def look(self, direction: Direction, data: bytes) -> None:
        """Some bytes of a stream go by; what is read in it will be asked for with ``item``."""
        head = self._heads.get(direction, b"")
        if len(head) < body_type.HEAD:
            self._heads[direction] = head + data[: body_type.HEAD - len(head)]
            for known in (self._formats, self._packed, self._hidden):
                known.pop(direction, None)
        if self._format(direction) in stream_policy.PROGRAMS:
            return  # it is not asked there
        self._watches.setdefault(direction, StreamPrefilter()).look(data)

    def exchange(self, exchange: Exchange) -> Exchange:
        """What is known of the call by now, clean."""
        self._exchange = exchange
        self._formats.clear()
        self._hidden.clear()
        self._packed.clear()
        if self._policy.show_secrets:
            return exchange
        hider = self._hider()
        clean = self._head_of_request(hider, exchange)
        for direction, body in exchange.streams.items():
            if direction == "response":
                clean = self._head_of_response(hider, clean)
            trailers = header_fields.fields(hider, body.trailers, f"{direction}.trailer")
            shown = self._body(hider, direction, body)
            if trailers is not body.trailers:
                shown = replace(shown, trailers=trailers)
            if shown is not body:
                clean = clean.with_stream(direction, shown)
        if not exchange.problems and not hider.found:
            return clean
        problems = tuple(
            free_text.clean(hider, header_fields.without_quotes(text), "problems")
            for text in exchange.problems
        )
        return replace(clean, problems=problems, redactions=exchange.redactions + tuple(hider.found))

    def call(self, clean: Exchange) -> Call:
        """The call that a clean exchange makes. A pattern may hide parts of its path, never what it is."""
        if clean.request.target == self._exchange.request.target:
            return self._call
        call = engine.lookup(clean.request.method, clean.request.target)
        return replace(call, operation=self._call.operation)

    def hides(self, direction: Direction) -> bool:
        """Whether this stream may hold secrets, so that it may not be shown as it flows."""
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
        """Some bytes to be shown as they flow, None if they may not be. With rules that look into bodies none may."""
        if self._policy.show_secrets:
            return chunk
        if self.hides(direction) or self._policy.rules.look_into_bodies:
            return None
        if self._format(direction) in stream_policy.PROGRAMS or self._innocent(direction):
            return chunk
        if self._is_packed(direction) or self._names_a_secret(direction):
            return None
        before = self._before.get(direction, b"")
        self._before[direction] = (before + chunk.data)[-BEFORE:]
        return replace(chunk, data=free_text.starred(chunk.data, self._echoes, before))

    def item(self, direction: Direction, item: Item) -> Item:
        """What was read in a stream as it flowed. Where that is hidden, a discreet decoder read it."""
        if self._policy.show_secrets or self.hides(direction):
            return item
        hider = self._hider()
        if self._format(direction) not in stream_policy.PROGRAMS:
            return item if self._innocent(direction) else self._looked_through(hider, item)
        return self._patterns(hider, item) if self._policy.rules.patterns else item

    def _innocent(self, direction: Direction) -> bool:
        """Whether nothing that has gone by in this stream can be secret."""
        watch = self._watches.get(direction)
        if watch is None or watch.suspect or self._is_packed(direction):
            return False
        return self._hider().only_signs

    def _names_a_secret(self, direction: Direction) -> bool:
        """Whether a field that is secret in JSON has gone by."""
        watch = self._watches.get(direction)
        return watch is not None and watch.named

    def _is_packed(self, direction: Direction) -> bool:
        """Whether what a stream says is compressed, so that a look at its bytes tells nothing."""
        if direction not in self._packed:
            head = self._heads.get(direction, b"")
            self._packed[direction] = bool(body_type.coding(self._headers(direction), head))
        return self._packed[direction]

    def _headers(self, direction: Direction) -> Headers:
        return stream_policy.headers_of(self._exchange, direction)

    def _looked_through(self, hider: SecretReplacer, item: Item) -> Item:
        text = item.value.encode("utf-8", "surrogatepass") if isinstance(item.value, str) else item.value
        if isinstance(text, bytes) and body_type.names_a_secret(text):
            why = "withheld: it names a field that is secret in JSON, and is no JSON"
            return Item("problem", "withheld", why, item.span)
        secrets = [(path, categories.RULE) for path in self._policy.rules.paths]
        try:
            value = bodies.document(hider, item.value, "", secrets)
        except RecursionError:
            return Item(
                "problem", "withheld", "withheld: it is nested too deep to be looked through", item.span
            )
        return replace(item, label=free_text.clean(hider, item.label, ""), value=value)

    def _patterns(self, hider: SecretReplacer, item: Item) -> Item:
        def change(text: str) -> str:
            return free_text.patterns(hider, text, "")

        children = tuple(self._patterns(hider, child) for child in item.children)
        value = json_values.each_text(item.value, change)
        return replace(item, label=change(item.label), value=value, children=children)

    def _body(self, hider: SecretReplacer, direction: Direction, body: Body) -> Body:
        if not body.size:
            return body
        call, exchange = self._call, self._exchange
        place = f"{direction}.body"
        if stream_policy.is_secret_tunnel(call, exchange, direction):
            return bodies.withheld(hider, body, place)
        coding = body_type.coding(self._headers(direction), body.chunks[0].data if body.chunks else b"")
        if self._format(direction) in stream_policy.PROGRAMS:
            framed = self._format(direction) in stream_policy.FRAMED
            return bodies.output(hider, body, place, framed=framed, coding=coding)
        secrets = stream_policy.secrets_of(call, direction, self._policy)
        if (
            not secrets
            and not body.cut
            and not self._is_form(direction)
            and self._innocent(direction)
            and self._watches[direction].size == body.size
        ):
            return body
        strict = bool(secrets) and not stream_policy.is_error(exchange, direction)
        form = direction == "request" and all(kind in stream_policy.VARIABLES for _, kind in secrets)
        secrets += [(path, categories.RULE) for path in self._policy.rules.paths]
        return bodies.documents(hider, body, place, secrets, strict=strict, form=form, coding=coding)

    def _head_of_request(self, hider: SecretReplacer, exchange: Exchange) -> Exchange:
        request = exchange.request
        if self._is_plain(hider, request.headers):
            return exchange
        target = query.target(hider, request.target)
        headers = header_fields.fields(hider, request.headers, "request.header")
        if target is request.target and headers is request.headers:
            self._plain.append(headers)
            return exchange
        return replace(exchange, request=replace(request, target=target, headers=headers))

    def _head_of_response(self, hider: SecretReplacer, exchange: Exchange) -> Exchange:
        response = exchange.response
        if response is None or self._is_plain(hider, response.headers):
            return exchange
        headers = header_fields.fields(hider, response.headers, "response.header")
        reason = free_text.clean(hider, response.reason, "response.reason")
        if headers is response.headers and reason is response.reason:
            self._plain.append(headers)
            return exchange
        return replace(exchange, response=replace(response, headers=headers, reason=reason))

    def _is_plain(self, hider: SecretReplacer, headers: Headers) -> bool:
        """Whether nothing was found in this very head before, nor can be now."""
        return hider.only_signs and any(headers is one for one in self._plain)

    def _format(self, direction: Direction) -> str:
        if direction not in self._formats:
            head = self._head(direction)
            self._formats[direction] = stream_policy.format_of(self._call, self._exchange, direction, head)
        return self._formats[direction]

    def _is_form(self, direction: Direction) -> bool:
        """Whether a body is a form, by its type or its first bytes: then its parameters are looked at one by one."""
        typed = stream_policy.is_form(self._exchange, direction)
        return typed or (direction == "request" and body_type.is_form(self._head(direction)))

    def _head(self, direction: Direction) -> bytes:
        """The first bytes of a stream, as far as they are known."""
        chunks = self._exchange.request.body.chunks if direction == "request" else ()
        return (
            self._heads.get(direction)
            or b"".join(one.data for one in chunks[: body_type.HEAD])[: body_type.HEAD]
        )

    def _hider(self) -> SecretReplacer:
        return SecretReplacer(self._policy, self._tokens, self._echoes)
