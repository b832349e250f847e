"""What a shell command runs: its programs, simple commands, files written, substitutions.

Matching commands is not a sandbox. What runs also depends on what no text shows: the values of
variables, aliases (of the shell and of git), functions and files sourced earlier, code given to an
interpreter (`python -c`, `awk`, a here-document or a pipe into `sh`), braces and globs expanded in
arguments, letter case where files ignore it, and programs that start others in ways
`shell_tables.py` does not list (`ssh`, `make`).
A text that cannot be understood has `parsed` false, so that a rule reading it fails closed.

The same code runs in every engine: `shell_words.py`, `shell_tables.py`, `shell_reader.py` and this
file are copied into exported ones in that order, hence the standard library only. Time grows with
the length of the text, times at most 32 levels of nesting.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass, field
from itertools import pairwise, takewhile

from govlab.runtime.shell_reader import read_shell
from govlab.runtime.shell_tables import (
    COMMAND_OPTION,
    DEEPEST,
    EXECUTING,
    GIT_FLAGS,
    GIT_VALUES,
    JOINING,
    QUERY,
    SCRIPT_OPTION,
    SHELL_OPTIONS,
    SHELLS,
    SPLIT_OPTION,
    WRAPPERS,
    WRITERS,
    ShellWrapper,
)
from govlab.runtime.shell_words import ShellTextError, ShellWord

__all__ = ["Shell", "analyse"]

_LONGEST = 100_000  # characters
_LONGEST_SCRIPTS = 4 * _LONGEST  # scripts within scripts together, each level counted
_SPACED = re.compile(r"[\s']")


@dataclass(frozen=True, slots=True)
class Shell:
    """What a command runs; every other field is empty where `parsed` is false.

    `programs` holds base names: a wrapper before what it wraps, a substitution before the command
    that holds it; a name that only the shell can know stands as written (`$x`).
    `commands` holds each simple command in the same order, wrapper and wrapped: quotes removed,
    words with blanks or single quotes quoted again, `$()` for a substitution (what it runs is
    listed on its own), without assignments, redirections and git's global options.
    `writes` holds the targets of redirections, of `tee`, `sponge`, `truncate` and `dd of=`.
    `substitution` is true for `$(...)`, backticks, `<(...)`, and where the shell expands the name
    of a program or the text of a script.
    """

    parsed: bool
    programs: tuple[str, ...] = ()
    commands: tuple[str, ...] = ()
    writes: tuple[str, ...] = ()
    substitution: bool = False


def analyse(command: str) -> Shell:
    """What the shell text `command` runs; `parsed` is false where the text is not understood.

    >>> analyse("cd /tmp && sudo -u bob /bin/rm -rf 'a b' > log").programs
    ('cd', 'sudo', 'rm')
    >>> analyse("git -C repo push --force").commands
    ('git push --force',)
    >>> analyse("echo 'unbalanced").parsed
    False
    """
    found = _Found()
    try:
        if len(command) > _LONGEST or "\0" in command:
            return Shell(parsed=False)
        _record_script(command, found, 0)
    except ShellTextError:
        return Shell(parsed=False)
    return Shell(
        parsed=True,
        programs=tuple(found.programs),
        commands=tuple(found.commands),
        writes=tuple(found.writes),
        substitution=found.substitution,
    )


@dataclass(slots=True)
class _Found:
    """What has been noted so far, shared by all levels of one command."""

    programs: list[str] = field(default_factory=list)
    commands: list[str] = field(default_factory=list)
    writes: list[str] = field(default_factory=list)
    substitution: bool = False
    characters: int = 0


def _record_script(text: str, found: _Found, depth: int) -> None:
    found.characters += len(text)
    if found.characters > _LONGEST_SCRIPTS:
        raise ShellTextError
    script = read_shell(text, depth)
    found.substitution |= script.substitution
    found.writes.extend(script.writes)
    for words in script.commands:
        _record(words, found, depth)


def _record(words: Sequence[ShellWord], found: _Found, depth: int) -> None:
    """Note one simple command, then the commands it runs in its turn."""
    if depth > DEEPEST:
        raise ShellTextError
    name, arguments = _program(words[0]), words[1:]
    shown = _git_arguments(arguments) if name == "git" else arguments
    found.substitution |= _unknown(words[0])
    found.programs.append(name)
    found.commands.append(" ".join([_quoted(name), *(_quoted(word.text) for word in shown)]))
    found.writes.extend(_written(name, arguments))
    script = _script(name, arguments)
    if script is not None:
        found.substitution |= script.expanded
        _record_script(script.text, found, depth + 1)
        return
    for command in _wrapped(name, arguments):
        _record(command, found, depth + 1)


def _unknown(program: ShellWord) -> bool:
    """Whether the shell expands the name of the program; the program `[` is no glob."""
    return program.expanded and program.text != "["


def _program(word: ShellWord) -> str:
    return word.text if _unknown(word) else word.text.rsplit("/", 1)[-1] or word.text


def _quoted(text: str) -> str:
    """The text as one word again, in single quotes where it needs them."""
    return "'" + text.replace("'", "'\\''") + "'" if not text or _SPACED.search(text) else text


def _git_arguments(arguments: Sequence[ShellWord]) -> Sequence[ShellWord]:
    """The arguments from git's subcommand on."""
    at = 0
    while at < len(arguments):
        name, equals, _ = arguments[at].text.partition("=")
        if not (name in GIT_FLAGS or name in GIT_VALUES or (name == "--exec-path" and equals)):
            break
        at += 2 if name in GIT_VALUES and not equals else 1
    return arguments[at:]


def _written(name: str, arguments: Sequence[ShellWord]) -> list[str]:
    """The files a program writes because its arguments name them."""
    if name == "dd":
        return [word.text[3:] for word in arguments if word.text.startswith("of=")]
    if name not in WRITERS:
        return []
    return [word.text for word in _operands(arguments, WRITERS[name])]


def _operands(arguments: Sequence[ShellWord], wrapper: ShellWrapper) -> Sequence[ShellWord]:
    """The arguments after the leading options and their values."""
    at = 0
    while at < len(arguments):
        text = arguments[at].text
        if text == "--":
            return arguments[at + 1 :]
        if len(text) < 2 or text[0] not in wrapper.signs:
            break
        at += 2 if _takes_next(text, wrapper) else 1
    return arguments[at:]


def _takes_next(option: str, wrapper: ShellWrapper) -> bool:
    """Whether the value of `option` is the next argument; long options may be abbreviated."""
    if option.startswith("--"):
        return any(name.startswith(option) for name in wrapper.long)
    valued = next((at for at, letter in enumerate(option) if letter in wrapper.short), 0)
    return valued > 0 and (valued == len(option) - 1 or wrapper.detached)


def _script(name: str, arguments: Sequence[ShellWord]) -> ShellWord | None:
    """The shell text among the arguments of a program, if it runs one."""
    if name in JOINING:
        return _spaced(_operands(arguments, JOINING[name]))
    if name == "trap":
        words = arguments[1:] if arguments and arguments[0].text == "--" else arguments
        return next((word for word in words[:1] if word.text != "-"), None)
    if name in COMMAND_OPTION and (found := _option(arguments, SCRIPT_OPTION)):
        return found
    if name == "sg":  # its `-c` is optional
        return next(iter(arguments[1:2]), None)
    wrapper = SHELL_OPTIONS if name in SHELLS else WRAPPERS.get(name, SHELL_OPTIONS)
    operands = _operands(arguments, wrapper)
    options = arguments[: len(arguments) - len(operands)]
    if name in SHELLS and any(SCRIPT_OPTION.match(word.text) for word in options):
        return next(iter(operands), None)
    if name == "env" and (text := _option(options, SPLIT_OPTION)):
        return _spaced([text, *operands])
    if name == "flock" and any(SCRIPT_OPTION.match(word.text) for word in operands[1:2]):
        return _option(operands[1:3], SCRIPT_OPTION)
    return None


def _option(words: Sequence[ShellWord], option: re.Pattern[str]) -> ShellWord | None:
    """The value of an option, attached to it or the next argument."""
    for at, word in enumerate(words):
        if match := option.match(word.text):
            attached = ShellWord(match[1], expanded=word.expanded)
            return attached if match[1] else next(iter(words[at + 1 : at + 2]), None)
    return None


def _spaced(words: Sequence[ShellWord]) -> ShellWord:
    """The words joined by blanks, as `eval` joins them."""
    text = " ".join(word.text for word in words)
    return ShellWord(text, expanded=any(word.expanded for word in words))


def _wrapped(name: str, arguments: Sequence[ShellWord]) -> list[Sequence[ShellWord]]:
    """The commands among the arguments of a program."""
    if name in EXECUTING:
        return _executed(arguments, EXECUTING[name])
    query = name == "command" and any(QUERY.match(word.text) for word in arguments[:1])
    if name not in WRAPPERS or query:
        return []
    wrapper = WRAPPERS[name]
    rest = _operands(arguments, wrapper)[wrapper.operands :]
    assigned = takewhile(lambda word: re.match(wrapper.assigns, word.text, re.DOTALL), rest)
    command = rest[len(list(assigned)) :]
    return [command] if command else []


def _executed(arguments: Sequence[ShellWord], options: frozenset[str]) -> list[Sequence[ShellWord]]:
    """What stands after each option up to `;`, to `{} +`, or to the end."""
    commands: list[list[ShellWord]] = []
    inside = False
    for before, word in pairwise([ShellWord(""), *arguments]):
        if inside and (word.text == ";" or (before.text, word.text) == ("{}", "+")):
            inside = False
        elif inside:
            commands[-1].append(word)
        elif word.text in options:
            inside = True
            commands.append([])
    return [command for command in commands if command]
