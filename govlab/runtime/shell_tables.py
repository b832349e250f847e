"""Facts about shells: reserved words, token patterns, programs that run others, git's options.

With the other `shell*.py` files this one is copied into exported engines: standard library only.
"""

from __future__ import annotations

import re
from dataclasses import dataclass

__all__ = [
    "ARITHMETIC",
    "CLOSES",
    "COMMAND_OPTION",
    "DEEPEST",
    "EXECUTING",
    "FOLLOWS",
    "GIT_FLAGS",
    "GIT_VALUES",
    "JOINING",
    "OPENS",
    "PARAMETER",
    "QUERY",
    "SCRIPT_OPTION",
    "SHELLS",
    "SHELL_OPTIONS",
    "SPLIT_OPTION",
    "SUBSCRIPT",
    "WRAPPERS",
    "WRITERS",
    "WRITING",
    "ShellToken",
    "ShellWrapper",
]

DEEPEST = 32  # nested constructs, substitutions, scripts within scripts

# Reserved words and operators: what opens a construct, and what may come next in it.
OPENS = {
    "if": {"then"},
    "while": {"do"},
    "until": {"do"},
    "for": {"do"},
    "select": {"do"},
    "case": {"esac", ";;", ";&", ";;&"},
    "{": {"}"},
    "(": {")"},
}
FOLLOWS = {"then": {"elif", "else", "fi"}, "elif": {"then"}, "else": {"fi"}, "do": {"done"}}
CLOSES = frozenset[str]().union(*OPENS.values(), *FOLLOWS.values())
# Opening, closing, and what nests between them.
ARITHMETIC, SUBSCRIPT, PARAMETER = ("((", "))", "("), ("[", "]", "["), ("${", "}", "")

WRITING = frozenset({"&>", "&>>", "<>", ">>", ">&", ">|", ">"})


class ShellToken:
    """What can stand at one position of a shell text."""

    BLANKS = re.compile(r"(?:[ \t]|\\\n)*+(?:#[^\n]*)?")
    OPERATOR = re.compile(r";;&|;;|;&|&&|\|\||\|&|&(?!>)|[|;\n()]")
    REDIRECT = re.compile(
        r"(?:[0-9]+|\{[A-Za-z_]\w*\})?(&>>|&>|<<<|<<-|<<|<>|<&|>>|>&|>\||[<>](?!\())", re.ASCII
    )
    PARENTHESES = re.compile(r"[ \t]*\([ \t]*\)")
    HIDDEN = re.compile(r"(?:\\\n)+\(")  # `(` and `(` with a line continuation between them
    TEST_GAP = re.compile(r"(?:[ \t\n()|&]|\\\n|[<>](?!\())*+")
    CASE_IN = re.compile(r"in(?![^ \t\n;])")
    ESAC = re.compile(r"esac(?![^ \t\n;|&()<>])")

    ANY = re.compile(r".", re.DOTALL)
    PAIR = re.compile(r"\\(?s:.)?")
    PLAIN = re.compile(r"[^ \t\n;|&()<>'\"\\$`\[]+|\[")
    LITERAL = re.compile(r"[^\"\\$`]+")
    SINGLE = re.compile(r"'([^']*+)'")
    ANSI = re.compile(r"\$'((?:[^'\\]|\\.)*+)'", re.DOTALL)
    BACKTICKS = re.compile(r"`((?:[^`\\]|\\.)*+)`", re.DOTALL)
    PROCESS = re.compile(r"[<>]\(")
    RUNS = re.compile(r"\$\{[ \t\n|(\\]")  # bash's `${ command; }`, zsh's `${(e)...}`
    SPECIAL = re.compile(r"[\s'\"\\$`<>]")
    GLOB = re.compile(r"[*?{\[]")
    NAME = re.compile(r"[A-Za-z_]\w*", re.ASCII)
    VARIABLE = re.compile(r"\$(?:[A-Za-z_]\w*|[0-9@*#?!$-])", re.ASCII)
    LINE = re.compile(r"[^\n]*+")
    CONTINUED_LINE = re.compile(r"(?:[^\\\n]|\\.|\\\Z)*+", re.DOTALL)


# Programs that run other programs.


@dataclass(frozen=True, slots=True)
class ShellWrapper:
    """Where to find the command a program runs.

    `short` and `long` are the options whose value is the next argument, `operands` the number of
    arguments before the command, `assigns` matches arguments that set its environment, `signs`
    begin an option.
    """

    short: str = ""
    long: tuple[str, ...] = ()
    operands: int = 0
    assigns: str = r"(?!)"
    signs: str = "-"
    detached: bool = False  # the value is the next argument even after `-oc`


_BARE = "- builtin busybox command entr nocorrect noglob nohup setsid tini toybox unbuffer"
WRAPPERS = dict.fromkeys(_BARE.split(), ShellWrapper()) | {
    "caffeinate": ShellWrapper("tw"),
    "chroot": ShellWrapper(long=("--groups", "--userspec"), operands=1),
    "chrt": ShellWrapper("DPT", operands=1),
    "doas": ShellWrapper("Cau"),
    "env": ShellWrapper("CPSau", ("--chdir", "--split-string", "--unset"), assigns=r".*="),
    "exec": ShellWrapper("a"),
    "flock": ShellWrapper("Ew", ("--conflict-exit-code", "--timeout", "--wait"), operands=1),
    "gosu": ShellWrapper(operands=1),
    "ionice": ShellWrapper("Pcnpu", ("--class", "--classdata")),
    "nice": ShellWrapper("n", ("--adjustment",)),
    "pkexec": ShellWrapper(long=("--user",)),
    "repeat": ShellWrapper(operands=1),
    "runuser": ShellWrapper("gGsuw", ("--group", "--shell", "--supp-group", "--user")),
    "stdbuf": ShellWrapper("eio", ("--error", "--input", "--output")),
    "strace": ShellWrapper("EIOPSXabeopsu", ("--attach", "--output", "--trace", "--user")),
    "su-exec": ShellWrapper(operands=1),
    "sudo": ShellWrapper(
        "CDRTUacghprtu",
        (
            *("--chdir", "--chroot", "--close-from", "--command-timeout", "--group", "--host"),
            *("--other-user", "--prompt", "--role", "--type", "--user"),
        ),
        assigns=r"[^/].*=",
    ),
    "taskset": ShellWrapper(operands=1),
    "time": ShellWrapper("fo", ("--format", "--output")),
    "timeout": ShellWrapper("ks", ("--kill-after", "--signal"), operands=1),
    "xargs": ShellWrapper(
        "EIJLPRSadns",
        (
            "--arg-file",
            "--delimiter",
            "--max-args",
            "--max-chars",
            "--max-procs",
            "--process-slot-var",
        ),
    ),
}
SHELL_OPTIONS = ShellWrapper("Oo", ("--init-file", "--rcfile"), signs="-+", detached=True)
SHELLS = frozenset(("ash", "bash", "dash", "ksh", "mksh", "rbash", "sh", "zsh"))
# Programs whose arguments, joined, are a script.
JOINING = {"eval": ShellWrapper(), "watch": ShellWrapper("nq", ("--equexit", "--interval"))}
# Programs with a script after `-c`, wherever that stands.
COMMAND_OPTION = frozenset(("runuser", "script", "sg", "su"))
EXECUTING = {
    "fd": frozenset(("-x", "--exec", "-X", "--exec-batch")),
    "find": frozenset(("-exec", "-execdir", "-ok", "-okdir")),
}
WRITERS = {
    "sponge": ShellWrapper(),
    "tee": ShellWrapper(),
    "truncate": ShellWrapper("rs", ("--reference", "--size")),
}
GIT_VALUES = frozenset(
    (
        *("-C", "-c", "--attr-source", "--config-env", "--git-dir", "--namespace"),
        *("--super-prefix", "--work-tree"),
    )
)
GIT_FLAGS = frozenset(
    (
        *("-P", "-p", "--bare", "--glob-pathspecs", "--icase-pathspecs", "--literal-pathspecs"),
        *("--no-advice", "--no-lazy-fetch", "--no-optional-locks", "--no-pager"),
        *("--no-replace-objects", "--noglob-pathspecs", "--paginate"),
    )
)

QUERY = re.compile(r"-[pvV]*[vV]")  # `command -v name` runs nothing
# Long options may be abbreviated: `--split=x`, `--comm=x`, and su has `--session-command`.
SPLIT_OPTION = re.compile(r"(?:-[^-CPSu]*S|--sp[a-z-]*=?)(.*)", re.DOTALL)
SCRIPT_OPTION = re.compile(r"(?:[-+][A-Za-z]*?c|--(?:c|session-c)[a-z-]*=?)(.*)", re.DOTALL)
