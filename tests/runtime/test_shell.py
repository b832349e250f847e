"""Tests of `shell(command)`: matching commands is not a sandbox, but it must not miss the plain."""

from __future__ import annotations

import json
import random
import re
import shlex
import shutil
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from functools import partial
from pathlib import Path
from types import ModuleType
from typing import Any

import pytest
import yaml
from hypothesis import given
from hypothesis import strategies as st

import govlab.runtime.shell as shell_module
from govlab.runtime.shell import Shell, analyse
from tests.work import steps

CASES: list[dict[str, Any]] = yaml.safe_load(
    (Path(__file__).parents[1] / "conformance" / "shell.yaml").read_text(encoding="utf-8")
)
UNREADABLE = Shell(parsed=False)
COPIED = ("shell_words", "shell_tables", "shell_reader", "shell")  # in the order of an export


@pytest.mark.parametrize("case", CASES, ids=lambda case: case["clause"])
def test_case(case: dict[str, Any]) -> None:
    found = analyse(case["command"])
    if case.get("refuse"):
        assert found == UNREADABLE
        return
    assert found.parsed
    got = {key: getattr(found, key) for key in case["want"]}
    assert {k: list(v) if isinstance(v, tuple) else v for k, v in got.items()} == case["want"]


def test_cases_are_numbered_and_titled_once() -> None:
    assert len({case["clause"] for case in CASES}) == len(CASES) >= 100
    assert len({case["title"] for case in CASES}) == len(CASES)


def test_the_limits_are_stated() -> None:
    assert "Matching commands is not a sandbox" in str(shell_module.__doc__)


# The two real sessions.


def _commands(folder: Path) -> Iterator[tuple[str, str]]:
    for file in sorted(folder.glob("*.jsonl")):
        for line in file.read_text(encoding="utf-8").splitlines():
            record = json.loads(line)
            content = record["message"]["content"] if record.get("type") == "assistant" else []
            for part in content if isinstance(content, list) else []:
                if part.get("type") == "tool_use" and part["name"] == "Bash":
                    yield part["id"], part["input"]["command"]


@pytest.fixture(scope="module")
def session(shared: Path) -> list[Shell]:
    return [analyse(c) for c in dict(_commands(shared / "data/native/claudecode")).values()]


def test_every_command_of_the_sessions_is_understood(session: list[Shell]) -> None:
    assert len(session) == 199
    assert [found for found in session if not found.parsed] == []


def test_pushes_and_commits_of_the_sessions(session: list[Shell]) -> None:
    words = [shlex.split(command) for found in session for command in found.commands]
    assert sum(line[:2] == ["git", "push"] for line in words) == 6
    assert sum(line[:2] == ["git", "commit"] for line in words) == 19
    assert sum("--no-verify" in line for line in words) == 1


def test_programs_of_the_sessions_are_names_of_programs(session: list[Shell]) -> None:
    programs = {program for found in session for program in found.programs}
    assert {"git", "mix", "bd", "grep", "tail"} < programs
    assert [program for program in programs if not re.fullmatch(r"[a-z_]+|\[", program)] == []


# Quoting.

WORDS = st.lists(st.text(st.characters(exclude_categories=["Cs"], exclude_characters="\0")))


@given(WORDS)
def test_nothing_inside_quotes_runs(words: list[str]) -> None:
    found = analyse(shlex.join(["prog", *words]))
    assert (found.parsed, found.programs, found.writes, found.substitution) == (
        True,
        ("prog",),
        (),
        False,
    )


@given(WORDS)
def test_words_survive_normalisation(words: list[str]) -> None:
    [command] = analyse(shlex.join(["prog", *words])).commands
    assert [_unquoted(word) for word in _split(command)] == ["prog", *words]


def _split(command: str) -> list[str]:
    """Bare words have neither blanks nor single quotes; other words begin with one."""
    return re.findall(r"(?:'[^']*'(?:\\')?)+|[^\s']+", command)


def _unquoted(word: str) -> str:
    return word[1:-1].replace("'\\''", "'") if word.startswith("'") else word


# Any text.

PIECES = (
    "r1|r2|r3| | | |\"|\"|'|'|$(|)|`|\\|\n|\n|;|&&|(|{|}|#|<<E|\nE\n|<<-'E'|$((|))|${x:-|}|[[|]]|"
    "if|then|fi|case|in|esac|;;|a[|]=|=|a=(|<(|>(|$'|\\\n|((|!|time|for|do|done|>|2>&1|<<<|$|*|x|E|"
    "bash -c '|eval '|env A=b |$[|function |coproc |\\\\|&>|{a}>|$x|$\"|command |exec |-"
)
TOKENS = PIECES.split("|")
SEEDS = (
    "case x in (a|b) r1;; *) r2;; esac",
    "cat <<E\n$(r1)\n`r2`\nE\nr3",
    "for x in a b; do r1 $x; done; a[1 #]=x; r2",
    "[[ a =~ (b|c) ]] || r1; (( 1 + $(r2) )); a=(1 [2]=3 $(r3)) r1",
    "r1 \"$(cat <<'E'\nit's (r2\nE\n)\" && r3",
    'r1 ${x:-"a b"} | r2; { r3; } > >(r2)',
    "bash -c \"eval 'r1; r2'\"; f() { r3; }; f",
    "r1 `r2 \\`r3\\`` 'a'\\''b' $'c\\'d' \"e\\\"f\"; r2",
)


def _mutated(chance: random.Random) -> str:
    """A known script with tokens inserted, or tokens alone."""
    text = chance.choice((*SEEDS, ""))
    for _ in range(chance.randint(1, 3 if text else 14)):
        at = chance.randint(0, len(text)) if text in SEEDS else len(text)
        text = text[:at] + chance.choice(TOKENS) + text[at:]
    return text


@given(st.lists(st.sampled_from(TOKENS)).map("".join) | st.text())
def test_any_text_gives_an_answer(text: str) -> None:
    found = analyse(text)
    assert found.parsed or found == UNREADABLE
    assert len(found.programs) == len(found.commands)


WATCH = """FUNCNEST=5 PATH=/nowhere
command_not_found_handle() { printf '%s\\0' "$1" >>"$LOG"; return $((RANDOM % 2)); }
export -f command_not_found_handle
ulimit -t 1 -f 64
"""


@pytest.fixture
def run(tmp_path: Path) -> Callable[[str], set[str]]:
    """Which of the programs `r1` to `r3` bash starts; nothing else can be found by it."""
    bash = shutil.which("bash")
    if bash is None:
        pytest.skip("bash is not installed")
    folder, log, watch = tmp_path / "work", tmp_path / "log", tmp_path / "watch"
    folder.mkdir()
    watch.write_text(WATCH, encoding="utf-8")
    environment = {"BASH_ENV": str(watch), "LOG": str(log)}

    def started(text: str) -> set[str]:
        log.write_bytes(b"")
        options: dict[str, Any] = {"cwd": folder, "env": environment, "timeout": 9}
        options |= {"stdin": subprocess.DEVNULL, "capture_output": True}
        subprocess.run([bash, "-c", text], check=False, **options)
        return {"r1", "r2", "r3"} & set(log.read_text(errors="replace").split("\0"))

    return started


@pytest.mark.parametrize("seed", range(4))
def test_what_bash_runs_is_listed(run: Callable[[str], set[str]], seed: int) -> None:
    """Every program bash starts is listed, unless a listed name is one only bash knows."""
    chance = random.Random(seed)
    read = 0
    for text in [*SEEDS, *(_mutated(chance) for _ in range(100))]:
        found = analyse(text)
        if found.parsed and not any(set("$*{") & set(name) for name in found.programs):
            read += 1
            assert run(text) <= set(found.programs), text
    assert read >= 20


# Depth and time.

NESTED: dict[str, Callable[[int], str]] = {
    "substitutions": lambda n: "$(" * n + "a" + ")" * n,
    "quoted substitutions": lambda n: '"$(' * n + "a" + ')"' * n,
    "subshells": lambda n: "( " * n + "a" + " )" * n,
    "groups": lambda n: "{ " * n + "a" + "; }" * n,
    "constructs": lambda n: "if a; then " * n + "b" + "; fi" * n,
    "defaults": lambda n: "a " + "${x:-" * n + "b" + "}" * n,
    "wrappers": lambda n: "sudo " * n + "a",
    "evals": lambda n: "eval " * n + "a",
}


@pytest.mark.parametrize("nested", NESTED.values(), ids=NESTED.keys())
def test_depth_is_limited(nested: Callable[[int], str]) -> None:
    assert analyse(nested(20)).parsed
    assert analyse(nested(33)) == UNREADABLE


def test_length_is_limited() -> None:
    assert analyse("a" * 100_000).parsed
    assert analyse("a" * 100_001) == UNREADABLE


def test_scripts_within_scripts_are_limited_together() -> None:
    assert analyse("eval " * 3 + "a" * 90_000).parsed
    assert analyse("eval " * 6 + "a" * 90_000) == UNREADABLE


def _repeated(start: str, mark: str) -> Callable[[int], str]:
    return lambda n: start + mark * n


HOSTILE: dict[str, Callable[[int], str]] = {
    **{f"deep {name}": nested for name, nested in NESTED.items()},
    **{f"open {mark}": _repeated("", mark) for mark in ("$(", "(", "`", '"$(', "<(")},
    **{f"open word {mark}": _repeated("a", mark) for mark in ("[", "{", "=(", "#")},
    "wide": lambda n: "$(a);" * n,
    "wide arithmetic": lambda n: "$((1)) " * n,
    "quotes": lambda n: "'\"'\"" * n,
    "empty quotes": lambda n: "''" * n,
    "escapes": lambda n: "\\\n\\a" * n,
    "backslashes": lambda n: "\\" * n,
    "here-documents": lambda n: "a " + "<<E " * n + "\n" + "E\n" * n,
    "open here-documents": lambda n: "a " + "<<E " * n + "\n" * n,
    "a wide and deep script": lambda n: 'eval \'$(a "$(b)")\' "$(c)";' * n,
    "evals of substitutions": lambda n: ('eval "$(' * 15 + "a" + ')"' * 15 + ";") * (n // 15 + 1),
    "wrappers": lambda n: ("sudo " * 30 + "a;") * (n // 30 + 1),
    "actions": lambda n: "find . " + "-exec a \\; " * n,
    "patterns": lambda n: "case a in " + "b) c;; " * n + "esac",
    "array": lambda n: "a=(" + "[1]=2 " * n + ")",
    "identifier and brackets": lambda n: "a" * n + "[" + "]" * n + "[" * n,
}


def _sized(build: Callable[[int], str], length: int) -> str:
    unit = len(build(64)) - len(build(32))
    return build(max(1, length * 32 // unit))[:length]


@pytest.mark.parametrize("build", HOSTILE.values(), ids=HOSTILE.keys())
def test_work_grows_with_length(build: Callable[[int], str]) -> None:
    """Four times the text takes about four times the steps; a square would take 16 times."""
    short, long = (steps(partial(analyse, _sized(build, n))) for n in (2_000, 8_000))
    assert long <= 6 * short + 2_000, (short, long)


@pytest.mark.bench
@pytest.mark.parametrize("build", HOSTILE.values(), ids=HOSTILE.keys())
def test_time_grows_with_length(build: Callable[[int], str]) -> None:
    """Eight times the text takes about eight times as long; a square would take 64 times."""
    short, long = _seconds(_sized(build, 12_500)), _seconds(_sized(build, 100_000))
    assert long < 24 * short + 0.02, (short, long)


def _seconds(text: str) -> float:
    """The least of up to three runs, fewer where one takes long enough to be exact."""
    times = list[float]()
    while len(times) < 3 and sum(times) < 0.3:
        start = time.process_time()
        analyse(text)
        times.append(time.process_time() - start)
    return min(times)


# The copy in an exported engine.


def _copied() -> str:
    folder = Path(str(shell_module.__file__)).parent
    text = "\n".join((folder / f"{name}.py").read_text(encoding="utf-8") for name in COPIED)
    text = re.sub(r"^from govlab[^\n(]*(?:\([^)]*\))?\n", "", text, flags=re.MULTILINE)
    return text.replace("from __future__ import annotations\n", "")


def test_a_copy_gives_the_same_answers(monkeypatch: pytest.MonkeyPatch) -> None:
    exported = ModuleType("exported")
    monkeypatch.setitem(sys.modules, "exported", exported)
    code = compile("from __future__ import annotations\n" + _copied(), "exported", "exec")
    exec(code, exported.__dict__)  # noqa: S102 - the text is this project's own
    for case in CASES:
        assert repr(exported.analyse(case["command"])) == repr(analyse(case["command"]))


def test_a_copy_defines_no_name_twice() -> None:
    pattern = re.compile(r"^(?:(?:def|class) (\w+)|(\w+)(?:: [^=\n]+)? = )", re.MULTILINE)
    names = [first or second for first, second in pattern.findall(_copied())]
    names = [name for name in names if name != "__all__"]
    assert len(set(names)) == len(names) > 40
