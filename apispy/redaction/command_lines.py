"""Removes secrets from command lines, in the forms of ``command_forms``.

A command line is a list of words, as in ``Cmd``, or a text. A word may itself be a script (``sh -c "..."``), which is
searched in the same way. A text may be what a shell would split, or words that were joined by spaces, as in the rows of
``docker top``: a ``;`` in it may end a command, or belong to a password. It is searched as both.
"""

import re
from collections.abc import Callable, Sequence
from functools import cache

from apispy import lazy
from apispy.model import REDACTED_PATTERN, is_redacted
from apispy.redaction import categories, joined_words
from apispy.redaction.command_forms import (
    ENDS_SECRET,
    LABELS,
    OPTIONS,
    REFERENCE,
    SECRET_FILES,
    TEXTS,
    WRAPPERS,
    Option,
)
from apispy.redaction.joined_words import Piece
from apispy.redaction.tokens import SecretReplacer
from apispy.redaction.word_search import WordSearch

MAX_DEPTH = 4
"""Levels of scripts in words that are searched."""


_WORD = lazy.pattern(
    rf"\[(?=[\"'])|(?<=[\"'])[\],]+"
    rf"|(?P<word>(?:{REDACTED_PATTERN}|\"(?:[^\"\\]|\\.)*+\"|'[^']*+'|\\.|[^\s;|&()<>`\"'\\,\]]|(?<![\"'])[,\]]|[\"'\\])++)"
    r"|[\s;|&()<>`]",
    re.DOTALL,
)
"""A word of a shell's text with its quotes, or what separates words."""

_NAME = lazy.pattern(r"-{0,2}[\w.:\[\]-]{1,200}", re.ASCII)
_IS_SCRIPT = lazy.pattern(r"[\s;|&]")
_OPTION = lazy.pattern(r"-{1,2}[A-Za-z][\w.-]{0,200}", re.ASCII)
_LOOKS_LIKE_OPTION = lazy.pattern(r"--[A-Za-z][\w-]*(?:=.*)?|-[A-Za-z]{1,3}", re.DOTALL | re.ASCII)
_PORTS = lazy.pattern(r"[\d.:\[\]-]*:[\d:-]+(?:/\w+)?", re.ASCII)
_BREAKS = frozenset(";|&()`\n")

Hide = Callable[[str], str]
"""Gives the replacement of a secret."""


def words(
    replacer: SecretReplacer, value: Sequence[str], place: str, before: Sequence[str] = ()
) -> list[str]:
    """Redact a command line as a list of words. *before*: the words that precede it, as those of the entrypoint."""
    return _words([*before, *value], _hide(replacer, place), MAX_DEPTH)[len(before) :]


def line(replacer: SecretReplacer, text: str, place: str) -> str:
    """Redact a command line as a text: a shell's, or words that were joined, which is not known."""
    hide = _hide(replacer, place)
    if joined_words.is_ambiguous(text):
        text = _joined(text, _hide_joined(replacer, hide, place))
    return _line(text, hide, MAX_DEPTH)


def text(replacer: SecretReplacer, value: str, place: str) -> str:
    """Redact text that may be no command line: only the forms in TEXTS."""
    return _text(value, _hide(replacer, place))


def is_secret_label(name: str) -> bool:
    """Whether the value of the label *name* is secret."""
    return LABELS.search(name) is not None


def is_reference(value: str) -> bool:
    """Whether *value* is not a secret itself, but a variable, a placeholder, a boolean or the path of a file."""
    return not value or is_redacted(value) or REFERENCE.fullmatch(value) is not None


def _hide(replacer: SecretReplacer, place: str) -> Hide:
    return lambda secret: secret if is_reference(secret) else replacer.hide(secret, place, categories.COMMAND)


def _hide_joined(replacer: SecretReplacer, hide: Hide, place: str) -> Hide:
    """Hide what is secret if words were joined, and remember also what is if a shell reads the text."""

    def hidden(secret: str) -> str:
        if joined_words.HIDDEN.fullmatch(secret):
            return secret
        is_open = secret.startswith("$(") and secret.count("(") > secret.count(")")  # of no command
        shown = replacer.hide(secret, place, categories.COMMAND) if is_open else hide(secret)
        if shown != secret and (shorter := joined_words.OPERATORS.split(secret)[0]) != secret:
            replacer.remember(shorter)
        return shown

    return hidden


def _joined(text: str, hide: Hide) -> str:
    """Redact words that were joined by spaces: with quotes around words or without, and at operators or beyond them."""
    for has_quotes in (True, False):
        for begins_at_operators in (False, True):
            text = _words_of(text, hide, has_quotes=has_quotes, begins_at_operators=begins_at_operators)
    return text


def _words_of(text: str, hide: Hide, *, has_quotes: bool, begins_at_operators: bool) -> str:
    """Redact a text whose words end at spaces only.

    *has_quotes*: spaces in quotes end no word. *begins_at_operators*: a command may begin within a word (``a;b``).
    """
    pieces: list[Piece] = []
    command: list[Piece] = []
    for piece in joined_words.pieces(text, has_quotes=has_quotes):
        pieces.append(piece)
        if piece.is_word:
            command.append(piece)
            if begins_at_operators:
                for begin in joined_words.begins(piece):
                    _put_words(command, hide)
                    command = [piece.since(begin)]
        if piece.ends_command:
            _put_words(command, hide)
            command = []
    _put_words(command, hide)
    return joined_words.written(pieces, hide)


def _put_words(command: list[Piece], hide: Hide) -> None:
    """Redact the words of one command."""
    words = [piece.word for piece in command]
    for piece, word in zip(command, _words(words, hide, 0), strict=True):
        piece.put(word)


def _text(value: str, hide: Hide) -> str:
    if not may_have_form(value):
        return value
    lower = value.lower()
    for form in TEXTS:
        if any(sign in lower for sign in form.signs):
            value = form.pattern.sub(lambda found: _replaced(found, hide), value)
    return value


def may_have_form(text: str) -> bool:
    """Whether *text* has a sign of one of the forms in TEXTS."""
    return _TEXT_SIGNS.is_in(text.lower().encode("utf-8", "surrogatepass"))


_TEXT_SIGNS = WordSearch(sign.encode() for form in TEXTS for sign in form.signs)


def _replaced(found: re.Match[str], hide: Hide) -> str:
    start, stop = (at - found.start() for at in found.span("secret"))
    return found[0][:start] + hide(found["secret"]) + found[0][stop:]


def _line(value: str, hide: Hide, depth: int) -> str:
    """Redact a text word by word; everything between the words stays."""
    value = _text(value, hide)
    if not depth:
        return value
    parts: list[str] = []
    command: list[tuple[int, str]] = []  # the words since the last operator, each with its index in *parts*
    for found in _WORD.finditer(value):
        parts.append(found[0])
        if found["word"]:
            command.append((len(parts) - 1, found[0]))
        elif found[0] in _BREAKS:
            _put(parts, command, hide, depth)
            command = []
    _put(parts, command, hide, depth)
    return "".join(parts)


def _put(parts: list[str], command: list[tuple[int, str]], hide: Hide, depth: int) -> None:
    """Redact the words of one command in *parts*, inside their quotes."""
    bare = [_unquoted(word) for _, word in command]
    for (index, word), old, new in zip(command, bare, _words(bare, hide, depth - 1), strict=True):
        if new != old:
            parts[index] = f"{word[0]}{new}{word[0]}" if _is_quoted(word) else new


def _is_quoted(word: str) -> bool:
    return len(word) > 1 and word[0] in "\"'" and word[-1] == word[0]


def _unquoted(word: str) -> str:
    return word[1:-1] if _is_quoted(word) else word


def _words(command: list[str], hide: Hide, depth: int) -> list[str]:
    shown = list(command)
    values: dict[int, bool] = {}  # the words that are secret, and whether they are accounts
    programs, own = _programs(command)
    for at, word in enumerate(command):
        name, equals, value = _named(word)
        if at in values:
            shown[at] = _value(word, hide, of_account=values[at])
        elif equals and _is_secret(name, programs):
            shown[at] = f"{name}={_value(value, hide)}"
        elif _OPTION.fullmatch(word) and _is_secret(word, programs):
            if not _LOOKS_LIKE_OPTION.fullmatch("".join(command[at + 1 : at + 2])):
                values[at + 1] = False
        elif found := _of_program(at, word, command, own):
            option, start = found
            if start:
                shown[at] = word[:start] + _value(word[start:], hide, of_account=option.of_account)
            else:
                values[len(command) - 1 if option.skip < 0 else at + 1 + option.skip] = option.of_account
        elif equals:
            shown[at] = f"{name}={_word(value, hide, depth)}"
        else:
            shown[at] = _word(word, hide, depth)
    return shown


def _named(word: str) -> tuple[str, str, str]:
    """The name, "=" and the value of ``NAME=value`` or ``--name=value``; the last two are empty for another word."""
    name, equals, value = word.partition("=")
    return (name, equals, value) if _NAME.fullmatch(name) else (word, "", "")


def _is_secret(name: str, programs: list[str]) -> bool:
    """Whether an option or variable has a secret value, and not the name of a secret or of its file."""
    is_file = name == "--secret" and any(program in SECRET_FILES for program in programs)
    return not is_file and ENDS_SECRET.search(name) is not None


def _word(word: str, hide: Hide, depth: int) -> str:
    """Redact a word that may itself be a script."""
    if depth and "=" in word and not _IS_SCRIPT.search(word):
        return _words([word], hide, depth - 1)[0] if _named(word)[1] else _text(word, hide)
    return _line(word, hide, depth) if _IS_SCRIPT.search(word) else _text(word, hide)


def _of_program(
    at: int, word: str, command: list[str], own: list[tuple[int, Option]]
) -> tuple[Option, int] | None:
    """The option of a program that *word* is, and where its value begins in it; 0 if another word is the value."""
    for after, option in own:
        if at <= after or (option.needs and option.needs not in command[after:at]):
            continue
        if (found := _compiled(option).fullmatch(word)) is None:
            continue
        start = found.start("value")
        if found["value"]:
            if option.attached and not _PORTS.fullmatch(found["value"]):
                return option, start
        elif option.apart:
            return option, 0
    return None


@cache  # one for each row of the table
def _compiled(option: Option) -> re.Pattern[str]:
    """The pattern of a word that is this option, with an attached value or without."""
    if option.option.startswith("--"):
        return re.compile(rf"{re.escape(option.option)}(?:=(?P<value>.*))?", re.DOTALL)
    if not option.option.startswith("-"):
        return re.compile(rf"{re.escape(option.option)}(?P<value>)")
    before = f"-[{re.escape(option.flags)}]*" if option.flags else "-"
    after = f"[{re.escape(option.flags)}]*" if option.skip < 0 else ""
    return re.compile(rf"{before}{option.option[1:]}{after}=?(?P<value>.*)", re.DOTALL)


def _programs(command: list[str]) -> tuple[list[str], list[tuple[int, Option]]]:
    """The base names of the programs in a command, and their options, each with the index of its program.

    Programs are the first word, and after one that runs other programs (``sudo``) all that the table has.
    """
    names: list[str] = []
    own: list[tuple[int, Option]] = []
    for at, word in enumerate(command):
        name = re.split(r"[/\\]", word)[-1].lower().removesuffix(".exe")
        if word.startswith("-") or ("=" in word and not names):
            continue
        found = _BY_PROGRAM.get(name, [])
        own += [(at, option) for option in found]
        if names and not found:
            continue
        names.append(name)
        if len(names) == 1 and name not in WRAPPERS and "entrypoint" not in name:
            break
    return names, own


def _by_program() -> dict[str, list[Option]]:
    found: dict[str, list[Option]] = {}
    for option in OPTIONS:
        for program in option.programs:
            found.setdefault(program, []).append(option)
    return found


_BY_PROGRAM = _by_program()


def _value(value: str, hide: Hide, *, of_account: bool = False) -> str:
    """Hide a value, inside its quotes; of ``user:password`` only the password."""
    if _is_quoted(value):
        return f"{value[0]}{_value(value[1:-1], hide, of_account=of_account)}{value[0]}"
    if not of_account:
        return hide(value)
    user, colon, password = value.partition(":")
    return f"{user}{colon}{hide(password)}"
