"""Results as Markdown, and the sentence of them that README quotes."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from itertools import chain

from tests.bench.figures import Results
from tests.bench.jobs import PART, Job
from tests.bench.peers import PEERS, UNAVAILABLE, Peer
from tests.bench.workload import BROAD, SEED

__all__ = ["BEGIN", "END", "markdown", "quote"]

BEGIN, END = "<!-- speed, written by tests.bench.report -->", "<!-- end of speed -->"
_RULES = 100  # at which the peers are compared in one sentence
_UNKNOWN = "—"


def quote(results: Results | None) -> str:
    """The paragraph of README between `BEGIN` and `END`; without figures where there are none."""
    how = "`python -m tests.bench.report`, with the extra `bench`, measures"
    if results is None:
        return f"{how} replay against polars itself and against other policy engines."
    rows = results.counts("rows", "govlab")[-1]
    ours, peer = Job("govlab", _RULES, rows), results.fastest(_RULES)
    read = _ratio(results.faster(Job("read", _RULES, rows), ours))
    hand = _ratio(results.faster(Job("hand", _RULES, rows), ours))
    others = "" if peer is None else _beside(results, ours, peer)
    return (
        f"{_large(rows)} rows under {_RULES} rules, read, decided and written: "
        f"{_rate(results.per_second(ours))} decisions a second on {results.machine['processors']} "
        f"cores, {read} the time that polars takes to read and write the same columns and {hand} "
        f"that of hand-written when/then{others} "
        f"([table](tests/bench/results/replay.md)). {how} it again."
    )


def _beside(results: Results, ours: Job, peer: str) -> str:
    """The rate beside the fastest engine's: of rows in memory, and of all that a replay does."""
    theirs = Job("peer", ours.rules, 0, peer)
    alone = results.faster(Job("memory", ours.rules, ours.rows), theirs)
    whole = f"{_ratio(results.faster(ours, theirs))} the decisions a second of"
    if alone is None:
        return f"; {whole} the fastest engine compared, {peer}"
    return (
        f". Rows in memory are decided {_ratio(alone)} as fast as by the fastest engine compared, "
        f"{peer}; with all reading and writing it is {whole} that engine"
    )


def markdown(results: Results) -> str:
    """The whole report."""
    parts = [_HEAD, _machine(results), _REPLAY, _replays(results), *_many(results),
             *_large_log(results), _PEERS,
             _peers(results), _NOT_MEASURED, _missing(results)]  # fmt: skip
    return "\n\n".join(parts) + "\n"


_HEAD = """# Replay, measured

Written by `python -m tests.bench.report`: every job in a process of its own, the rounds \
interleaved, medians; a ratio is taken within each round. The rules and rows are those of \
[workload.py](../workload.py): three policies, 30 % of the rules with list macros, regular \
expressions, sums or arguments, 2 % of the cells absent or malformed.

![Decisions a second](replay.svg)"""

_REPLAY = """## Replay against polars

*read* is polars reading the columns that the rules read and sinking them; *when/then* the same \
rules by hand, which answers another question where cells are missing. *govlab* loads the bundle, \
reads, decides and sinks decision, rule, status and constraints. All from Parquet to Parquet. Few \
rules read few columns; *10 broad* are another ten, which read every column that a thousand do."""

_PEERS = """## Other engines

Decisions a second of one process, each engine in the fastest form found for it, on rows where \
every attribute is present (engines differ where one is missing). Their clocks run while they \
decide only: rules are compiled and inputs made before, nothing is read or written. *govlab is* is \
against the same of govlab: rows that are in memory as a frame, decided under a loaded bundle into \
a frame, on all cores, as many rules and the most rows; *to Parquet* against the replay above, \
loading, reading and writing included. *equal* counts the rows decided like govlab: decision and \
rule."""

_NOT_MEASURED = "## Not measured"


def _machine(results: Results) -> str:
    words = "; ".join(f"{name} {value}" for name, value in results.machine.items())
    return f"Measured on: {words}; {results.rounds()} rounds."


def _table(head: Sequence[str], rows: Iterator[Sequence[str]], *, words: int = 0) -> str:
    """The first `words` columns hold words, the others numbers."""
    lines = [head, [*["---"] * words, *["--:"] * (len(head) - words)], *rows]
    return "\n".join(f"| {' | '.join(line)} |" for line in lines)


def _replays(results: Results) -> str:
    head = ["rows", "rules", "read s", "when/then s", "govlab s", "govlab decisions/s",
            "govlab / read", "govlab / when/then", "govlab peak MB"]  # fmt: skip
    return _table(
        head,
        (
            _replay(results, rows, rules, seed)
            for rows in results.counts("rows", "govlab")
            for rules in results.counts("rules", "govlab")
            for seed in results.counts("seed", "govlab")
            if results.of(Job("govlab", rules, rows, seed=seed))
        ),
    )


def _many(results: Results) -> Iterator[str]:
    """What a thousand rules take beside ten, at the most rows."""
    rows, counts = results.counts("rows", "govlab")[-1], results.counts("rules", "govlab")
    few, many = counts[0], counts[-1]
    ours = Job("govlab", many, rows)
    ten, broad = (results.faster(Job("govlab", few, rows, seed=s), ours) for s in (SEED, BROAD))
    if ten is not None and broad is not None:
        yield (
            f"{_large(rows)} rows under {many} rules take {ten:.2f} times the time of {few}, and "
            f"{broad:.2f} times that of {few} that read as many columns."
        )


def _replay(results: Results, rows: int, rules: int, seed: int) -> list[str]:
    read, hand, ours = (
        Job(what, rules, rows, seed=seed)
        for what in ("read", "hand", "govlab")  # type: ignore[arg-type]
    )
    seconds = [_seconds(results.median(job, "seconds")) for job in (read, hand, ours)]
    ratios = [_ratio(results.faster(job, ours)) for job in (read, hand)]
    peak = results.median(ours, "peak_mb")
    rate = _rate(results.per_second(ours))
    named = f"{rules} broad" if seed == BROAD else str(rules)
    return [_large(rows), named, *seconds, rate, *ratios, f"{peak:,.0f}" if peak else _UNKNOWN]


def _large_log(results: Results) -> Iterator[str]:
    for rows in results.counts("rows", "large"):
        for rules in results.counts("rules", "large"):
            job = Job("large", rules, rows)
            seconds, peak = results.median(job, "seconds"), results.median(job, "peak_mb")
            if seconds is None or peak is None:
                continue
            yield (
                f"{_large(rows)} rows under {rules} rules, partition by partition of "
                f"{_large(PART)}: {seconds:,.0f} s, {_rate(rows / seconds)} decisions a second, "
                f"peak {peak:,.0f} MB."
            )


def _peers(results: Results) -> str:
    counts = results.counts("rules", "peer")
    head = ["engine", "package", *(f"{n} rules" for n in counts),
            *(f"govlab is, {n} rules" for n in counts),
            *(f"to Parquet, {n} rules" for n in counts), "equal"]  # fmt: skip
    measured = (peer for peer in PEERS if any(_of(results, peer, n) for n in counts))
    own = ["govlab", "rows in memory", *(_rate(_alone(results, n)) for n in counts)]
    blank = [""] * (len(head) - len(own))
    rows = (_peer(results, peer, counts) for peer in measured)
    table = _table(head, chain([[*own, *blank]], rows), words=2)
    forms = "\n".join(f"- {peer.name}: {peer.form}." for peer in PEERS)
    return f"{table}\n\nHow each is used:\n\n{forms}"


def _of(results: Results, peer: Peer, rules: int) -> float | None:
    return results.per_second(Job("peer", rules, 0, peer.name))


def _alone(results: Results, rules: int) -> float | None:
    """Of rows in memory."""
    return results.per_second(Job("memory", rules, results.counts("rows", "govlab")[-1]))


def _peer(results: Results, peer: Peer, counts: Sequence[int]) -> list[str]:
    rows = results.counts("rows", "govlab")[-1]
    jobs = [Job("peer", n, 0, peer.name) for n in counts]
    ours = [
        results.faster(Job(what, job.rules, rows), job)  # type: ignore[arg-type]
        for what in ("memory", "govlab")
        for job in jobs
    ]
    runs = [one for job in jobs for one in results.of(job).values()]
    compared, equal = (sum(one[key] for one in runs) for key in ("compared", "equal"))
    version = results.machine.get(peer.package, "")
    return [
        peer.name,
        f"`{peer.package}` {version} ({peer.licence})",
        *(f"{rate:,.0f}" if (rate := _of(results, peer, n)) else _UNKNOWN for n in counts),
        *map(_ratio, ours),
        f"{equal:,} of {compared:,}",
    ]


def _missing(results: Results) -> str:
    """Every engine and job without figures, with the reason."""
    found = dict(UNAVAILABLE)
    for one in results.found:
        if "failed" in one:
            name = one["peer"] or f"{one['what']}, {_large(one['rows'])} rows"
            found[f"{name} at {one['rules']} rules"] = one["failed"]
    return "\n".join(f"- {name}: {why}." for name, why in found.items())


def _seconds(value: float | None) -> str:
    return _UNKNOWN if value is None else f"{value:.2f}"


def _ratio(value: float | None) -> str:
    """Two significant digits below ten, whole numbers above."""
    return _UNKNOWN if value is None else f"{value:.1f}x" if value < 10 else f"{value:,.0f}x"


def _rate(value: float | None) -> str:
    if value is None:
        return _UNKNOWN
    return f"{value / 1e6:.2f} M" if value >= 1e6 else f"{value / 1e3:.0f} k"


def _large(count: int) -> str:
    return f"{count // 1_000_000} M" if count % 1_000_000 == 0 else f"{count:,}"
