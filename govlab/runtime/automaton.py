"""Searches a text with a regular expression in time linear in both, whatever the pattern.

A program is a tuple of instructions, each a tuple of integers; the search starts at the first.

    (0,)                            the text matches
    (1, next, low, end, low, end)   reads one character with low <= code point < end of a pair
    (2, next, next, ...)            goes on at all of them
    (3, next, assertion)            goes on if the assertion holds between two characters

The instructions that may be next are the states of a nondeterministic automaton; sets of them
are the states of a deterministic one, built as a text needs them and forgotten when they take
too much room. This module imports nothing of govlab, because exported engines contain it.
"""

from bisect import bisect_right

__all__ = ["Automaton", "compile_program", "search"]

_MATCH, _CHARS, _SPLIT, _ASSERT = range(4)
_TEXT_START, _TEXT_END, _LINE_START, _LINE_END, _BOUNDARY, _NOT_BOUNDARY = range(6)

# What an assertion may ask of the character before or after a position.
_NOTHING, _NEWLINE, _WORD, _OTHER = range(4)
_WORD_BOUNDS = (0x30, 0x3A, 0x41, 0x5B, 0x5F, 0x60, 0x61, 0x7B)
_NEWLINE_BOUNDS = (0x0A, 0x0B)


class _State(dict[str, "_State"]):
    """A set of instructions reached; as a dict, the state after each next character so far."""

    __slots__ = ("automaton", "before", "by_class", "reached", "verdict")

    def __init__(
        self,
        automaton: "Automaton",
        reached: frozenset[int],
        before: int,
        verdict: bool | None = None,
    ) -> None:
        super().__init__()
        self.automaton = automaton
        self.reached = reached
        self.before = before
        self.verdict = verdict
        self.by_class: dict[int, _State] = {}

    def __missing__(self, char: str) -> "_State":
        following = _after(self, ord(char))
        self.automaton.spend(1)
        self[char] = following
        return following


class Automaton:
    """A program ready to search, with the states that earlier searches have built."""

    __slots__ = (
        "accepted", "anchored", "bounds", "kinds", "program", "rejected", "room", "spent",
        "start", "states",
    )  # fmt: skip

    def __init__(self, program: tuple[tuple[int, ...], ...], room: int) -> None:
        self.program = program
        self.room = room
        self.spent = 0
        self.states: dict[tuple[frozenset[int], int], _State] = {}
        self.kinds = {each[2] for each in program if each[0] == _ASSERT}
        self.bounds = _class_bounds(program, self.kinds)
        self.anchored = _is_anchored(program)
        self.accepted = _State(self, frozenset(), _OTHER, verdict=True)
        self.rejected = _State(self, frozenset(), _OTHER, verdict=False)
        self.start = _State(self, frozenset(), _NOTHING)

    def spend(self, cells: int) -> None:
        """Counts what was remembered; forgets everything when there is no more room."""
        self.spent += cells
        if self.spent > self.room:
            forgotten, self.states, self.spent = self.states, {}, 0
            for state in (self.start, *list(forgotten.values())):
                state.clear()
                state.by_class.clear()


def compile_program(program: tuple[tuple[int, ...], ...], *, room: int = 200_000) -> Automaton:
    """An automaton for a program; `room` bounds the cells (about 100 bytes each) it remembers.

    >>> search(compile_program(((2, 2), (0,), (1, 1, 98, 99))), "abc")
    True
    """
    return Automaton(program, room)


def search(automaton: Automaton, text: str) -> bool:
    """Whether the program matches anywhere in the text; lone surrogates match no class."""
    state = automaton.start
    for char in text:
        state = state[char]
        if state.verdict is not None:
            return state.verdict
    return any(automaton.program[at][0] == _MATCH for at in _closure(state, _NOTHING))


def _after(state: _State, code: int) -> _State:
    """The state after one more character; characters no instruction tells apart share it."""
    automaton = state.automaton
    same = bisect_right(automaton.bounds, code)
    following = state.by_class.get(same)
    if following is None:
        following = _advance(state, code)
        state.by_class[same] = following
        automaton.spend(1)
    return following


def _advance(state: _State, code: int) -> _State:
    automaton = state.automaton
    context = _context(automaton.kinds, code)
    reached = set()
    for at in _closure(state, context):
        instruction = automaton.program[at]
        if instruction[0] == _MATCH:
            return automaton.accepted
        # The position among the bounds is odd inside of a pair (and two integers precede them).
        if bisect_right(instruction, code, 2) & 1:
            reached.add(instruction[1])
    if not reached and automaton.anchored:
        return automaton.rejected
    return _known(automaton, frozenset(reached), context)


def _known(automaton: Automaton, reached: frozenset[int], before: int) -> _State:
    state = automaton.states.get((reached, before))
    if state is None:
        automaton.spend(4 + len(reached))
        state = automaton.states[reached, before] = _State(automaton, reached, before)
    return state


def _closure(state: _State, after: int) -> list[int]:
    """The reading and matching instructions that can be next before a character like `after`."""
    automaton = state.automaton
    pending = list(state.reached)
    if not automaton.anchored or state is automaton.start:
        pending.append(0)  # a match may start at every position
    holding = {kind for kind in automaton.kinds if _holds(kind, state.before, after)}
    return _reachable(automaton.program, pending, holding)


def _reachable(
    program: tuple[tuple[int, ...], ...], pending: list[int], holding: set[int]
) -> list[int]:
    seen, found = set(pending), []
    while pending:
        at = pending.pop()
        instruction = program[at]
        if instruction[0] == _SPLIT:
            nexts = instruction[1:]
        elif instruction[0] == _ASSERT:
            nexts = instruction[1:2] if instruction[2] in holding else ()
        else:
            found.append(at)
            continue
        for following in nexts:
            if following not in seen:
                seen.add(following)
                pending.append(following)
    return found


def _holds(kind: int, before: int, after: int) -> bool:
    if kind == _TEXT_START:
        return before == _NOTHING
    if kind == _TEXT_END:
        return after == _NOTHING
    if kind == _LINE_START:
        return before in (_NOTHING, _NEWLINE)
    if kind == _LINE_END:
        return after in (_NOTHING, _NEWLINE)
    return ((before == _WORD) != (after == _WORD)) == (kind == _BOUNDARY)


def _context(kinds: set[int], code: int) -> int:
    """What the assertions of a program see of a character; fewer contexts make fewer states."""
    if code == 0x0A and kinds & {_LINE_START, _LINE_END}:
        return _NEWLINE
    if kinds & {_BOUNDARY, _NOT_BOUNDARY} and bisect_right(_WORD_BOUNDS, code) & 1:
        return _WORD
    return _OTHER


def _class_bounds(program: tuple[tuple[int, ...], ...], kinds: set[int]) -> list[int]:
    """Where the answer of some instruction changes: between two bounds all characters are alike."""
    bounds = {bound for each in program if each[0] == _CHARS for bound in each[2:]}
    if kinds & {_LINE_START, _LINE_END}:
        bounds.update(_NEWLINE_BOUNDS)
    if kinds & {_BOUNDARY, _NOT_BOUNDARY}:
        bounds.update(_WORD_BOUNDS)
    return sorted(bounds)


def _is_anchored(program: tuple[tuple[int, ...], ...]) -> bool:
    """Whether nothing can match but from the start of the text."""
    elsewhere = {_TEXT_END, _LINE_START, _LINE_END, _BOUNDARY, _NOT_BOUNDARY}
    return not _reachable(program, [0], elsewhere)
