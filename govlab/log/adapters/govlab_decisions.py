"""Decision logs of `govlab serve`: entries of what was decided, approved, started and ended (S21).

One row for each event that was decided. What was told of it later stands in entries of their own,
in whichever file: the last one that tells a column holds. The chain is one over all entries: a row
has the place and the hash of the entry of its decision, and `extra` what no column holds of each,
so that `govlab audit verify` finds every entry again in the rows, and proves their chain.
"""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from functools import partial
from typing import Any, Final

from govlab.authzen import OF_CONTEXT, SPOKEN
from govlab.entries import FIELDS, row_id
from govlab.entries import FORMAT as NAME
from govlab.log.adapters.objects import each_object
from govlab.log.decode import decode
from govlab.log.records import Action, Bad, Format, Options, Record, Skipped
from govlab.log.sources import Source
from govlab.runtime import arguments
from govlab.schema import ACTIONS, MARKS

__all__ = ["FORMAT", "heed", "read"]

_CHAIN: Final = ("seq", "prev_hash", "record_hash")
_DECISION: Final = tuple(c.name for c in ACTIONS.values() if c.group == "decision")
_TOLD: Final = tuple(dict.fromkeys(c for names in FIELDS.values() for c in names.values()))
_FILLS: Final = frozenset({
    *OF_CONTEXT, *(SPOKEN - {"step"}), *_DECISION, *_TOLD, *_CHAIN, "executed", "emitter",
    "time_source", "source_format", "source_ref", "extra",
})  # fmt: skip
_COLUMNS: Final = _FILLS - {"decision_origin", "emitter", "time_source", "extra"}
_NO_VALUE: Final[Mapping[str, Any]] = {}  # of no column's type, so that ingest marks it
_OF_ROW: Final = frozenset({*_COLUMNS, "type", "args"})


@dataclass(slots=True)
class _Known:
    """What was told of events, by chain and id, and the files that were read for it.

    Each server has a chain: another's event of the same id is another event.
    """

    told: dict[tuple[str, str], list[Mapping[str, Any]]] = field(default_factory=dict)
    files: set[str] = field(default_factory=set)


def heed(source: Source, options: Options) -> None:
    """Keeps what one file tells of events that may have been decided in another."""
    known = _known(options)
    known.files.add(source.name)
    for entry in each_object(source, _told):
        if not isinstance(entry, Bad):
            known.told.setdefault(_event(entry), []).append(entry)


def _known(options: Options) -> _Known:
    found: _Known = options.memory.setdefault(NAME, _Known())
    return found


def _told(data: bytes, place: int) -> Iterator[Mapping[str, Any]]:
    del place
    entry = decode(data, dict[str, Any])
    if _text(entry, "type") in FIELDS and "event_id" in entry:
        yield entry


def read(source: Source, options: Options) -> Iterator[Record]:
    """The decided events of one file, with what this and other files tell of them."""
    known = _known(options)
    if source.name not in known.files:
        heed(source, options)
    yield from each_object(source, partial(_records, known=known))


def _records(data: bytes, place: int, known: _Known) -> Iterator[Record]:
    entry = decode(data, dict[str, Any])
    kind = _text(entry, "type")
    if kind != "decided":
        yield Skipped(f"entry {kind}")
        return
    told = sorted(known.told.get(_event(entry), []), key=_place)
    columns, owners = _columns(entry), {}
    for place_told, later in enumerate(told):
        found = _columns(later, FIELDS[later["type"]].values())
        columns.update(found)
        owners.update(dict.fromkeys(found, place_told))
    yield Action(place, {
        **columns,
        **dict.fromkeys(_malformed(entry), _NO_VALUE),
        "event_id": row_id(entry.get("event_id"), entry),
        "decision_origin": "out_of_process",
        "emitter": "control_plane",
        "time_source": "event" if columns.get("ts") else "none",
        "extra": _notes(entry, told, owners),
    })  # fmt: skip


def _event(entry: Mapping[str, Any]) -> tuple[str, str]:
    return _text(entry, "chain"), str(entry.get("event_id"))


def _text(entry: Mapping[str, Any], name: str) -> str:
    found = entry.get(name)
    return found if isinstance(found, str) else ""


def _malformed(entry: Mapping[str, Any]) -> Iterator[str]:
    """The columns that the request held in another type than theirs."""
    return (name for name in _text(entry, MARKS[1]).split(",") if name in _COLUMNS)


def _place(entry: Mapping[str, Any]) -> int:
    seq = _text(entry, "seq")
    return int(seq[:18]) if seq.isascii() and seq.isdigit() else 0


def _columns(entry: Mapping[str, Any], names: Any = None) -> dict[str, Any]:
    """The columns of an entry, read back from their texts; `executed` may stand in any."""
    wanted = _COLUMNS if names is None else {*names, "executed"}
    return {n: _value(n, text) for n, text in entry.items() if n in wanted and text is not None}


def _value(name: str, text: Any) -> Any:
    """A cell from its text; one that is none of its column stays, to be marked as malformed."""
    kind = ACTIONS[name].type.name
    if not isinstance(text, str):
        return text if kind != "timestamp" else None
    try:
        match kind:
            case "int" | "double":
                return (int if kind == "int" else float)(text)
            case "timestamp":
                return arguments.timestamp(text)
            case _:
                return text
    except ValueError:
        return text


def _notes(
    entry: Mapping[str, Any], told: list[Mapping[str, Any]], owners: Mapping[str, int]
) -> str:
    """What the row does not hold of its entries: of the decision's, then of what was told.

    `columns` names the cells of the row that are what an entry told.
    """
    own = {n: v for n, v in entry.items() if n not in _OF_ROW or n in owners}
    later = [
        {
            "columns": sorted(n for n, owner in owners.items() if owner == place),
            **{n: v for n, v in one.items() if n != "event_id" and owners.get(n) != place},
        }
        for place, one in enumerate(told)
    ]
    return json.dumps({**own, "told": later} if later else own, ensure_ascii=False)


FORMAT: Final = Format(
    name=NAME,
    read=read,
    fills=_FILLS,
    origins=dict.fromkeys((*OF_CONTEXT, *SPOKEN - {"step", "ts", "event_id"}), "agent"),
    partly=frozenset({"executed", "outcome", "started_at", "ended_at"}),
    heed=heed,
    notes=(
        "what a request does not say the decision point was not told: absent, not unknown",
        "whether an action ran is known where its caller told the decision point",
        "an event that its caller named is `NAME@CHAIN`: two servers may be told of one name",
        "properties are known as far as the bundle that decided declared them: others are unknown",
    ),
)
