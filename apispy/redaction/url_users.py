"""The user and password in a URL, in any text: ``USER`` finds them, everywhere that apispy looks for them.

A URL ends its user at an ``@`` before the first ``/``, ``?`` or ``#``. People also write passwords that have these
characters and are not percent-encoded, which is ambiguous. The rule, in this order:

1. An ``@`` before the first ``/``, ``?`` or ``#``, and a host after it that certainly is one (with a dot or a port, in
   brackets, ``localhost``): the user ends at the last such ``@``. ``https://u:p@r.example/@x`` has the user ``u:p``.
2. The same with another host, if the path has no ``@`` that can be the end of a password: ``https://u:p@host/@x``.
3. A name, a colon, and something other than a port: the password ends at the last ``@`` of the text without spaces or
   quotes, or before the first parameter of a query that has one before it. ``https://ann:pa/ss@host`` has the user
   ``ann:pa/ss``. Digits up to 65535 before a ``/`` are a port after a name that can only be a host (with a dot,
   ``localhost``), and after another name if no ``@`` follows that can be the end of a password:
   ``https://ann:1234/5@host`` has the user ``ann:1234/5``, ``https://registry:5000/a`` none.
4. An ``@`` before the first ``/``, ``?`` or ``#``.

An ``@`` in a path can be the end of a password, unless a ``/`` precedes it (``/@scope``), a digest or a version follows
it, or it is in a parameter of a query.
"""

_END = r"\s\"'<>"  # what no URL in a text has
_AUTHORITY = rf"[^{_END}/?#]"
_NO_DIGEST = r"(?!sha(?:256|512):[0-9a-f]{32})"
_NO_VERSION = r"(?!v?\d+(?:\.\d+){0,2}(?![\w.:-]))"
_AT = rf"(?=@{_NO_DIGEST})"

_NAME = r"[\w-]+(?:\.[\w-]+)+\.?|localhost"
_HOST = rf"(?:(?:{_NAME}|\[[^\]{_END}]*\])(?::\d{{1,5}})?|[\w-]+:\d{{1,5}})"
_SURE_HOST = rf"{_HOST}(?:,{_HOST})*[.,:;!)}}\]\\]*(?:[/?#{_END}]|\Z)"
_PORT = r"(?:[1-9]\d{0,3}|[1-5]\d{4}|6[0-4]\d{3}|65[0-4]\d\d|655[0-2]\d|6553[0-5])(?=[/?#])"
_PARAMETER = r"://|[?&][\w.-]+="
_LATER = rf"(?:(?!{_PARAMETER})[^{_END}])*[^/{_END}]@{_NO_DIGEST}{_NO_VERSION}"
"""The rest of a URL with an ``@`` that can be the end of a password."""

_SURE_PORT = rf"(?:{_NAME}):{_PORT}"
_NO_PORT = rf"(?!\[|{_SURE_PORT})[^{_END}/?#:]*:"
"""A name and a colon, not those of a host and a port for certain."""

USER = (
    rf"(?<=://)(?:{_AUTHORITY}+(?=@{_SURE_HOST})"
    rf"|{_AUTHORITY}+(?=@{_NO_DIGEST}[^{_END}/?#@]+[/?#](?!{_LATER}))"
    rf"|{_NO_PORT}(?!{_PORT}(?!{_LATER}))(?:(?:(?!{_PARAMETER})[^{_END}])*{_AT}|(?:(?!://)[^{_END}])*{_AT})"
    rf"|{_AUTHORITY}+{_AT})"
)
"""The pattern of a user, with or without a password."""

USER_AT_END = (
    rf"(?<=://)(?:{_AUTHORITY}+\Z"
    rf"|(?!{_AUTHORITY}*@{_SURE_HOST})(?:{_NO_PORT}|{_AUTHORITY}+@)(?:(?!://)[^{_END}])*\Z)"
)
"""The pattern of what may be a user, or part of one, at the end of a text that continues."""
