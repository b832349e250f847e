"""Questions answered: one, several with a rule for when to stop, or all resources of a kind."""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field, replace
from datetime import datetime
from functools import partial
from typing import Any, Final, TypeVar

from govlab.entries import REQUEST_ID
from govlab.serving import limits
from govlab.serving.answers import Answer, Terms, supported
from govlab.serving.entry import decided
from govlab.serving.mapping import asked
from govlab.serving.reports import approval_bound, approval_names, approval_of, read_report
from govlab.serving.ruling import Ruling
from govlab.serving.service import Service
from govlab.serving.wire import Question, RefusedError, read_question

__all__ = ["SEMANTICS", "evaluate", "evaluate_each", "search"]

SEMANTICS: Final[Mapping[str, bool | None]] = {
    "execute_all": None,
    "deny_on_first_deny": False,
    "permit_on_first_permit": True,
}
"""How a batch runs: the answer after which it stops, if any."""
_TOGETHER: Final = 100  # resources that are tried before others are answered
_MEMBERS: Final = ("subject", "action", "resource", "context", "supported_obligations")


T = TypeVar("T")


@dataclass(slots=True)
class _Round:
    """The answers of one request and their entries, not yet written; `used` names approvals.

    `named` is what the caller named the request, if it did.
    """

    service: Service
    now: datetime
    ruling: Ruling
    named: str | None = None
    entries: list[dict[str, Any]] = field(default_factory=list)
    used: set[str] = field(default_factory=set)

    def answer(self, question: Question, event_id: str) -> Answer:
        """The answer to `question`; raises RefusedError where its approval cannot be read."""
        ruling, columns = self.ruling, self._approval(question)
        told = asked(question, ruling.declared, event_id, self.now)
        terms = _terms(self.service, question, columns)
        decision, answer = self.service.memory.answer(ruling, told.event, terms, self.now)
        if answer.consumes:
            self.used |= approval_names(columns)
        entry = decided(ruling, told, decision, answer, columns)
        self.entries.append({**entry, REQUEST_ID: self.named})
        return answer

    def write(self) -> None:
        """Hands the entries to the decision log, and counts them; raises JournalError."""
        if self.entries:
            self.service.journal.append(self.entries)
        for entry in self.entries:
            self.service.metrics.decisions[entry["decision"], entry["answer"]] += 1

    def _approval(self, question: Question) -> dict[str, Any]:
        """The columns of the approval that came with the question; one that was used says so."""
        said = question.context.get("approval")
        if said is None:
            return {}
        if not isinstance(said, dict):
            raise RefusedError(400, "`context.approval` is not an object")
        columns = dict(read_report("approval", said).columns)
        columns.setdefault("approval_id", approval_bound(columns))
        names = approval_names(columns)
        if names & self.used or any(map(self.service.was_consumed, names)):
            columns.setdefault("approval_consumed_at", self.now)
        return columns


def _terms(service: Service, question: Question, approval: Mapping[str, Any]) -> Terms:
    said = question.context.get("supported_obligations", question.supported)
    able = None if service.assume_obligations else supported(said)
    return Terms(able, approval_of(approval) if approval else None)


async def evaluate(service: Service, body: Mapping[str, Any], named: str | None) -> dict[str, Any]:
    """The answer to one question, written before it is given; its caller may have `named` it."""
    question = read_question(body)

    def answer(now: _Round, event_id: str) -> dict[str, Any]:
        return _shown(now.answer(question, event_id), event_id)

    return await _written(service, named, answer)


async def _written(service: Service, named: str | None, work: Callable[[_Round, str], T]) -> T:
    """What `work` gives, once its entries are written: in turn, so that their order is one."""
    async with service.memory.turn:
        now = _Round(service, service.now(), service.ruling, named)
        event_id = service.event_id(named)
        found = await service.memory.run(now.ruling, lambda: work(now, event_id))
        now.write()
    await service.durable.wait()
    return found


def _shown(answer: Answer, event_id: str) -> dict[str, Any]:
    return {"decision": answer.decision, "context": {"event_id": event_id, **answer.context}}


async def evaluate_each(
    service: Service, body: Mapping[str, Any], named: str | None
) -> dict[str, Any]:
    """The answers to the questions of a batch, in order; without any, that of the body itself.

    An item that cannot be read is answered false, with what is wrong with it.
    """
    items = body.get("evaluations")
    if not items and (items is None or isinstance(items, list)):
        return await evaluate(service, body, named)
    if not isinstance(items, list) or len(items) > limits.EVALUATIONS:
        raise RefusedError(400, f"`evaluations` is no list of at most {limits.EVALUATIONS} items")
    options = body.get("options") or {}
    last = _last(options)
    shown = options.get("item_context") is True
    defaults = {name: body[name] for name in _MEMBERS if name in body}

    def answer(now: _Round, event_id: str) -> list[dict[str, Any]]:
        answers = []
        for place, item in enumerate(items):
            answers.append(_item(now, defaults, item, service.event_id(f"{event_id}/{place}")))
            if answers[-1]["decision"] is last:
                break
        return answers

    answers = await _written(service, named, answer)
    return {"evaluations": [answer if shown else _bare(answer) for answer in answers]}


def _last(options: Any) -> bool | None:
    """The answer after which a batch stops; raises RefusedError for a semantic there is not."""
    if not isinstance(options, dict):
        raise RefusedError(400, "`options` is not an object")
    named = options.get("evaluations_semantic", "execute_all")
    if not isinstance(named, str) or named not in SEMANTICS:
        known = ", ".join(f"`{name}`" for name in SEMANTICS)
        raise RefusedError(400, f"`options.evaluations_semantic` is none of {known}")
    return SEMANTICS[named]


def _item(now: _Round, defaults: Mapping[str, Any], item: Any, event_id: str) -> dict[str, Any]:
    if not isinstance(item, dict):
        return _failed("the item is not an object")
    try:
        return _shown(now.answer(read_question({**defaults, **item}), event_id), event_id)
    except RefusedError as error:
        return _failed(error.message)


def _failed(message: str) -> dict[str, Any]:
    return {"decision": False, "context": {"error": {"status": 400, "message": message}}}


_CARRIED: Final = ("obligations", "error")


def _bare(answer: Mapping[str, Any]) -> dict[str, Any]:
    """Without the context that nobody asked for; a permit never goes without its obligations."""
    context = {name: answer["context"][name] for name in _CARRIED if name in answer["context"]}
    if "error" in context or (answer["decision"] and context):
        return {"decision": answer["decision"], "context": context}
    return {"decision": answer["decision"]}


async def search(service: Service, body: Mapping[str, Any]) -> dict[str, Any]:
    """The resources of the asked type that the subject may act on, a page of them, by id.

    Nothing is dispatched and nothing logged: whoever acts on one of them asks again.
    """
    question, ruling = read_question(body, search=True), service.ruling
    names = ruling.entities.get(question.resource_type, ())
    start, most = _page(body.get("page"), ruling.digest)
    terms, now = _terms(service, question, {}), service.now()

    def permitted(name: str) -> bool:
        event = asked(replace(question, resource_id=name), ruling.declared, "search", now).event
        return service.memory.look(ruling, event, terms, now)

    found: list[dict[str, str]] = []
    after, end = start, min(len(names), start + limits.SEARCHED)
    while after < end and len(found) < most:
        some = names[after : min(after + _TOGETHER, end)]
        async with service.memory.turn:
            held: list[bool] = await service.memory.run(ruling, partial(list, map(permitted, some)))
        for name, holds in zip(some, held, strict=True):
            after += 1
            found += [{"type": question.resource_type, "id": name}] if holds else []
            if len(found) == most:
                break
        await asyncio.sleep(0)  # others are answered meanwhile
    token = f"{ruling.digest[:16]}.{after}" if after < len(names) else ""
    page = {"page": {"next_token": token, "count": len(found)}} if body.get("page") or token else {}
    return {"results": found, **page}


def _page(page: Any, digest: str) -> tuple[int, int]:
    """Where a page begins and how many results it has at most; raises RefusedError."""
    if page is None:
        return 0, limits.PAGE
    if not isinstance(page, dict):
        raise RefusedError(400, "`page` is not an object")
    most, token = page.get("limit", limits.PAGE), page.get("token") or ""
    if isinstance(most, bool) or not isinstance(most, int) or most < 1:
        raise RefusedError(400, "`page.limit` is no number from 1 on")
    if not isinstance(token, str):
        raise RefusedError(400, "`page.token` is not text")
    of, _, place = token.partition(".")
    if token and (of != digest[:16] or not (place.isascii() and place.isdigit())):
        raise RefusedError(400, "`page.token` is of another version of the rules; begin anew")
    return int(place[:9] or 0), min(most, limits.PAGE)
