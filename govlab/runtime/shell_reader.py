r"""Shell text as simple commands: quoting, expansions, redirections, here-documents, constructs.

The text is read as bash reads it. Where bash, zsh and sh could disagree about what is a command,
and where the text is broken, it is refused with `ShellTextError`: `$((` without `))`, `${(`, a
single quote inside `"${...}"`, `#` inside `[[ ]]`, a line continuation inside `$(` or `<(`.
Like `shell.py`, this file is copied into exported engines: standard library only.
"""

from __future__ import annotations

import re
from collections.abc import Iterator

from govlab.runtime.shell_tables import (
    ARITHMETIC,
    CLOSES,
    DEEPEST,
    FOLLOWS,
    OPENS,
    PARAMETER,
    SUBSCRIPT,
    WRITING,
    ShellToken,
)
from govlab.runtime.shell_words import (
    ASSIGNMENT,
    ShellScript,
    ShellTextError,
    ShellWord,
    ansi_text,
    copies_descriptor,
    joined_line,
    lead_of,
    require,
    unescaped_backticks,
    unescaped_pair,
    whole_word,
)

__all__ = ["read_shell"]


def read_shell(text: str, depth: int = 0) -> ShellScript:
    """The simple commands of `text`, which stands `depth` levels deep; raises `ShellTextError`.

    >>> [[word.text for word in words] for words in read_shell("a=1 b 'c d' >e; f").commands]
    [['b', 'c d'], ['f']]
    """
    script = ShellScript()
    _Reader(text, script, depth).script("")
    return script


class _Reader:
    """A position in a text; the commands it meets go to `found`."""

    __slots__ = ("at", "depth", "found", "heredocs", "text")

    def __init__(self, text: str, found: ShellScript, depth: int) -> None:
        self.text, self.found, self.at, self.depth = text, found, 0, depth
        self.heredocs: list[tuple[str, ShellWord]] = []
        require(depth <= DEEPEST)

    def peek(self) -> str:
        return self.text[self.at : self.at + 1]

    def take(self, pattern: re.Pattern[str]) -> str:
        """What `pattern` matches here, stepped over; empty where it does not match."""
        match = pattern.match(self.text, self.at)
        self.at = match.end() if match else self.at
        return match[0] if match else ""

    def inside(self, pattern: re.Pattern[str]) -> str:
        """What the group of `pattern` matches here; an error where the pattern does not match."""
        match = pattern.match(self.text, self.at)
        if not match:
            raise ShellTextError
        self.at = match.end()
        return match[1]

    # Commands and constructs.

    def script(self, end: str) -> None:
        """Read commands up to `end`: a closing parenthesis or the end of the text."""
        blocks: list[set[str]] = []  # for each open construct, what may come next in it
        self.take(ShellToken.BLANKS)
        while blocks or self.peek() != end:
            require(self.peek() != "" and self.depth + len(blocks) <= DEEPEST)
            self.step(blocks)
            self.take(ShellToken.BLANKS)
        require(not self.heredocs)
        self.at += len(end)

    def step(self, blocks: list[set[str]]) -> None:
        match self.take(ShellToken.OPERATOR):
            case "":
                self.simple(blocks)
            case "\n":
                self.bodies()
            case "(" if self.peek() == "(":
                self.at -= 1
                self.enclosed(ARITHMETIC)
            case "(":
                require(not ShellToken.HIDDEN.match(self.text, self.at))
                blocks.append(OPENS["("])
            case ")":
                self.close(")", blocks)
            case ";;" | ";&" | ";;&" as token:
                require(bool(blocks) and token in blocks[-1])
                self.pattern(blocks)
            case _:
                pass  # the other operators only separate commands

    def close(self, token: str, blocks: list[set[str]]) -> None:
        require(bool(blocks) and token in blocks.pop())
        if token in FOLLOWS:
            blocks.append(FOLLOWS[token])

    def simple(self, blocks: list[set[str]]) -> None:
        """Read one simple command, a reserved word, or the head of a function."""
        words: list[ShellWord] = []
        begun = False
        while self.peek() and not ShellToken.OPERATOR.match(self.text, self.at):
            if not self.redirection():
                word = self.word(leading=not words)
                if not begun and word.plain and self.reserved(word.text, blocks):
                    return
                if words or not word.assigns:
                    words.append(word)
            begun = True
            self.take(ShellToken.BLANKS)
        if self.peek() == "(":
            require(len(words) == 1 and bool(self.take(ShellToken.PARENTHESES)))
        elif words:
            self.found.commands.append(tuple(words))

    def reserved(self, name: str, blocks: list[set[str]]) -> bool:
        """Whether `name` is a reserved word here; the head of its construct is read."""
        if name in CLOSES:
            self.close(name, blocks)
            return True
        if name in OPENS:
            blocks.append(OPENS[name])
        match name:
            case "for" | "select":
                self.loop()
            case "case":
                self.subject(blocks)
            case "[[":
                self.test()
            case "function":
                self.spaced_word()
                self.take(ShellToken.PARENTHESES)
            case "time":
                return self.timed()
            case _:
                return name in OPENS or name in ("!", "coproc")
        return True

    def loop(self) -> None:
        """Read the head of `for` up to what separates it from `do`."""
        self.take(ShellToken.BLANKS)
        if self.text.startswith("((", self.at):
            self.enclosed(ARITHMETIC)
            return
        self.word()
        self.lines()
        if self.take(ShellToken.CASE_IN):
            self.take(ShellToken.BLANKS)
            while self.peek() not in ";\n":
                self.spaced_word()

    def subject(self, blocks: list[set[str]]) -> None:
        self.spaced_word()
        self.lines()
        require(self.take(ShellToken.CASE_IN) == "in")
        self.pattern(blocks)

    def pattern(self, blocks: list[set[str]]) -> None:
        """Read the patterns of one branch of `case`, or its end."""
        self.lines()
        if self.take(ShellToken.ESAC):
            blocks.pop()
            return
        self.at += self.peek() == "("
        separator = "|"
        while separator == "|":
            self.spaced_word()
            separator = self.peek()
            self.at += 1
        require(separator == ")")

    def test(self) -> None:
        """Read up to `]]`; nothing runs inside but substitutions."""
        while self.take(ShellToken.TEST_GAP) or self.peek():
            require(self.peek() != "#")
            word = self.word()
            if word.plain and word.text == "]]":
                return
        raise ShellTextError

    def timed(self) -> bool:
        """Whether `time` is the reserved word; before an option it is a program."""
        self.take(ShellToken.BLANKS)
        if self.peek() == "-":
            return False
        self.found.commands.append((ShellWord("time"),))
        return True

    # Redirections and here-documents.

    def redirection(self) -> bool:
        """Read one redirection, if there is one here."""
        match = ShellToken.REDIRECT.match(self.text, self.at)
        if not match:
            return False
        self.at = match.end()
        target = self.spaced_word()
        if match[1] in ("<<", "<<-"):
            require(not target.expanded)
            self.heredocs.append((match[1], target))
        elif match[1] in WRITING and not (match[1] == ">&" and copies_descriptor(target)):
            self.found.writes.append(target.text)
        return True

    def lines(self) -> None:
        """Step over blanks, comments and line ends."""
        self.take(ShellToken.BLANKS)
        while self.peek() == "\n":
            self.at += 1
            self.bodies()
            self.take(ShellToken.BLANKS)

    def bodies(self) -> None:
        """Read the here-documents announced on the line that just ended."""
        waiting, self.heredocs = self.heredocs, []
        for operator, delimiter in waiting:
            body = "".join(self.body(operator, delimiter))
            if delimiter.plain:
                _Reader(body, self.found, self.depth + 1).expandable("")

    def body(self, operator: str, delimiter: ShellWord) -> Iterator[str]:
        """The lines up to the delimiter; the end of the text before it is an error."""
        while self.at < len(self.text):
            line = self.take(ShellToken.CONTINUED_LINE if delimiter.plain else ShellToken.LINE)
            self.at += 1
            line = line.lstrip("\t") if operator == "<<-" else line
            if (joined_line(line) if delimiter.plain else line) == delimiter.text:
                return
            yield line + "\n"
        raise ShellTextError

    # Words.

    def spaced_word(self) -> ShellWord:
        self.take(ShellToken.BLANKS)
        word = self.word()
        self.take(ShellToken.BLANKS)
        return word

    def word(self, *, leading: bool = False, element: bool = False) -> ShellWord:
        """Read one word; `leading` where it may assign, `element` inside an array."""
        start, pieces = self.at, list[ShellWord]()
        subscript = leading or element  # only the first bracket of a word may open a subscript
        while (mark := self.peek()) and mark not in " \t\n;|&)":
            if mark == "(" and ASSIGNMENT.fullmatch(lead_of(pieces)):
                pieces.append(self.array())
            elif mark in "(<>" and not ShellToken.PROCESS.match(self.text, self.at):
                break
            elif mark == "[" and subscript:
                pieces.append(self.bracket(pieces, element))
                subscript = False
            else:
                pieces.append(self.piece(mark))
        require(self.at > start)
        return whole_word(pieces)

    def bracket(self, pieces: list[ShellWord], element: bool) -> ShellWord:
        """Read `[...]` of `name[...]=` or `([...]=...)`; any other bracket is a glob."""
        lead = lead_of(pieces) if all(piece.plain for piece in pieces) else "''"
        if ShellToken.NAME.fullmatch(lead) or (element and not lead):
            return ShellWord(self.enclosed(SUBSCRIPT, quotes=True), plain=True, expanded=True)
        return self.piece("[")

    def array(self) -> ShellWord:
        self.at += 1
        self.depth += 1
        require(self.depth <= DEEPEST)
        self.lines()
        while self.peek() != ")":
            self.word(element=True)
            self.lines()
        self.at += 1
        self.depth -= 1
        return ShellWord("()")

    def piece(self, mark: str) -> ShellWord:
        """Read the quoted, escaped, expanded or plain piece that begins with `mark`."""
        match mark:
            case "'":
                return ShellWord(self.inside(ShellToken.SINGLE))
            case '"':
                self.at += 1
                return self.expandable('"')
            case "\\":
                pair = self.take(ShellToken.PAIR)
                require(len(pair) == 2)
                return ShellWord("", plain=True) if pair == "\\\n" else ShellWord(pair[1])
            case "$" | "`":
                return self.expansion(quoted=False)
            case "<" | ">":
                return self.substitution()
            case _:
                text = self.take(ShellToken.PLAIN)
                return ShellWord(text, plain=True, expanded=bool(ShellToken.GLOB.search(text)))

    def expandable(self, end: str) -> ShellWord:
        """Read the inside of double quotes, or a here-document where `end` is empty."""
        pieces = [ShellWord("")]
        while (mark := self.peek()) != end:
            require(mark != "")
            if mark in "$`":
                pieces.append(self.expansion(quoted=True))
            elif mark == "\\":
                pieces.append(ShellWord(unescaped_pair(self.take(ShellToken.PAIR))))
            else:
                pieces.append(ShellWord(self.take(ShellToken.LITERAL) or self.take(ShellToken.ANY)))
        self.at += len(end)
        return whole_word(pieces)

    def expansion(self, *, quoted: bool) -> ShellWord:
        """Read what begins with a dollar sign or a backtick."""
        match self.text[self.at : self.at + 2]:
            case "$(" if self.text.startswith("$((", self.at):
                self.at += 1
                return ShellWord("$" + self.enclosed(ARITHMETIC), expanded=True)
            case "$(":
                return self.substitution()
            case "${":
                require(not ShellToken.RUNS.match(self.text, self.at))
                return ShellWord(self.enclosed(PARAMETER, quotes=not quoted), expanded=True)
            case "$[":
                self.at += 1
                return ShellWord("$" + self.enclosed(SUBSCRIPT), expanded=True)
            case "$'" if not quoted:
                return ShellWord(ansi_text(self.inside(ShellToken.ANSI)))
            case '$"' if not quoted:
                self.at += 2
                return self.expandable('"')
            case "$\\":
                require(not self.text.startswith("\n", self.at + 2))
            case pair if pair[0] == "`":
                return self.backticks('$`\\"' if quoted else "$`\\")
        name = self.take(ShellToken.VARIABLE)
        return ShellWord(name, expanded=True) if name else ShellWord(self.take(ShellToken.ANY))

    def backticks(self, escapable: str) -> ShellWord:
        self.found.substitution = True
        text = unescaped_backticks(self.inside(ShellToken.BACKTICKS), escapable)
        _Reader(text, self.found, self.depth + 1).script("")
        return ShellWord("$()", expanded=True)

    def substitution(self) -> ShellWord:
        """Read `$(...)`, `<(...)` or `>(...)`; the commands in it are found on their own."""
        mark, outer = self.peek(), self.heredocs
        self.at += 2
        require(not ShellToken.HIDDEN.match(self.text, self.at))
        self.found.substitution, self.heredocs = True, []
        self.depth += 1
        self.script(")")
        self.depth -= 1
        self.heredocs = outer
        return ShellWord(mark + "()", expanded=True)

    def enclosed(self, bounds: tuple[str, str, str], *, quotes: bool = False) -> str:
        """Read to the closing bound and what is expanded before it; shown empty if not simple."""
        opening, closing, nests = bounds
        start, level = self.at, 0
        self.at += len(opening)
        self.depth += 1
        require(self.depth <= DEEPEST)
        while level or not self.text.startswith(closing, self.at):
            mark = self.peek()
            require(mark != "" and (quotes or mark != "'") and (level > 0 or mark != closing[0]))
            level += (mark == nests) - (mark == closing[0])
            if mark in "$`":
                self.expansion(quoted=not quotes)
            elif mark in "'\"\\" or (not nests and ShellToken.PROCESS.match(self.text, self.at)):
                self.piece(mark)
            else:
                self.at += 1
        self.at += len(closing)
        self.depth -= 1
        text = self.text[start : self.at]
        return opening + closing if ShellToken.SPECIAL.search(text, len(opening)) else text
