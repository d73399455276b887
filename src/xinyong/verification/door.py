"""The fast door: verification beside the site, on the snapshot, with the same questions, answers and errors.

One process, one event loop. What a request needs lies in memory: clients and keys (read anew a few times a second), quotas,
the snapshot, the journal of the audit trail. Only an answer from the ledger itself, when the snapshot is too old, goes to a
thread with a session of the database.
"""

from __future__ import annotations

import asyncio
import json
import logging
import threading
import time
from collections.abc import Awaitable, Mapping
from concurrent.futures import ThreadPoolExecutor
from typing import Any, NamedTuple
from urllib.parse import parse_qs, unquote

from xinyong.accounts import client_actions
from xinyong.accounts.client_selectors import Caller, Refusal
from xinyong.accounts.rules import Right
from xinyong.api import gate, nonces, signatures
from xinyong.api.errors import BodyTooLarge, KeyMissing, KeyRefused, LengthMissing, MediaType
from xinyong.errors import XinyongError
from xinyong.ui import problems
from xinyong.verification import actions, answers, api, asking, rules, snapshot, source
from xinyong.verification.answers import Answer, Scope, Versions
from xinyong.verification.clients import Clients
from xinyong.verification.journal import Journal, text
from xinyong.verification.meter import Meter

PREFIX = "/api/v1/verify"
#: How often clients and keys are read anew and quotas settled, seconds: so long a revoked key lives on at most.
EVERY = 0.2
_JSON = [("content-type", "application/json"), ("cache-control", "no-store")]
_log = logging.getLogger("xinyong.verification")


class Incoming(NamedTuple):
    """A request as any server gives it."""

    method: str
    path: str
    query: str
    authority: str
    headers: Mapping[str, str]
    body: bytes


class Outgoing(NamedTuple):
    """An answer."""

    status: int
    headers: list[tuple[str, str]]
    body: bytes


#: Body of an answer, and its rows in the audit trail.
Made = tuple[bytes, bytes]


class Known(NamedTuple):
    """What a key and the words of a question come to, as long as clients and datasets were not read anew."""

    caller: Caller
    wanted: rules.Item
    scope: Scope
    #: The row in the audit trail around moment, key of the entity, and counts.
    before: str
    after: str
    fixed: str
    ends_at: float


class Group:
    """Questions that are answered together, and the answers: body and headers, an error, or None for the long way."""

    __slots__ = ("asked", "made")

    def __init__(self) -> None:
        self.asked: list[tuple[str, Known]] = []
        self.made: list[tuple[bytes, list[tuple[str, str]]] | XinyongError | None] = []


class Door:
    """Everything one process needs."""

    def __init__(self, loop: asyncio.AbstractEventLoop) -> None:
        asking.renew_process()
        self._loop = loop
        self._clients = Clients()
        self._clients.load()
        self._scopes: Mapping[str, Scope] = source.scopes(self._clients.datasets)
        self._meter = Meter()
        self._reader = snapshot.Reader()
        self._group = Group()
        self._journal = Journal(loop, self._gather)
        self._threads = ThreadPoolExecutor(4, thread_name_prefix="ledger")
        self._ending = threading.Event()
        self._keeper = threading.Thread(target=self._keep, name="door", daemon=True)
        self._keeper.start()
        self._oldest = source.oldest()
        self._prefixes: dict[tuple[str, str], tuple[str, str, str]] = {}
        self._questions: dict[str, tuple[str, str, str]] = {}
        self._known: dict[tuple[str, str], Known] = {}
        self._made: tuple[list[tuple[str, str]], list[tuple[str, str]]] = ([], [])

    def end(self) -> None:
        """Settle and let go."""
        self._ending.set()
        self._keeper.join(5)
        self._journal.end()
        self._reader.close()
        self._threads.shutdown(wait=False)

    def _keep(self) -> None:
        while not self._ending.wait(EVERY):
            try:
                self._meter.settle()
                if self._clients.load():
                    self._scopes = source.scopes(self._clients.datasets)
                    self._known = {}  # replaced, not emptied: a request under way goes on with what it holds
            except Exception:  # the database restarts, or is away: what is known holds, and the next round tries again
                from django.db import connection

                _log.exception("the door cannot read its clients; trying again")
                connection.close()
                self._ending.wait(1.0)

    # --- one request --------------------------------------------------------------------------------------------------

    async def answer(self, asked: Incoming) -> Outgoing:
        """The answer to a request. Every error is answered here."""
        limits: list[tuple[str, str]] = []
        fields = asked.headers
        known = self._known.get((fields.get("authorization") or "", asked.query))
        code = asked.path[len(PREFIX) + 1 :]
        if known is not None and asked.method == "GET" and _plain(code) and not _signed(fields):
            group = self._group
            place = len(group.asked)
            group.asked.append((code, known))
            try:
                await self._journal.join()
            except OSError:
                _log.exception("the journal cannot be written")
                return _problem(asked, XinyongError(detail="journal"), self._meter.headers_of(known.caller))
            made = group.made[place]
            if isinstance(made, tuple):
                return Outgoing(200, made[1], made[0])
            if made is not None:
                return _problem(asked, made, self._meter.headers_of(known.caller))
        try:
            found = self._now(asked, limits)
            if not isinstance(found, tuple):
                found = await found
            body, rows = found
            if rows:
                await self._journal.append(rows)
            return Outgoing(200, _JSON + limits, body)
        except XinyongError as error:
            return _problem(asked, error, limits)
        except OSError:
            _log.exception("the journal cannot be written")
            return _problem(asked, XinyongError(detail="journal"), limits)

    def _gather(self) -> bytes:
        """Answer the questions that wait, from one look at the snapshot; their rows for the audit trail.

        The same charge, look-up and row as the long way, without working out anew who asks and for what.
        """
        group = self._group
        if not group.asked:
            return b""
        self._group = Group()
        made = group.made
        try:
            return self._together(group.asked, made)
        except Exception:  # whoever waits goes the long way and is told there
            _log.exception("a group of questions could not be answered")
            made[:] = [None] * len(group.asked)
            return b""

    def _together(self, asked: list[tuple[str, Known]], made: list[Any]) -> bytes:
        now = time.time()
        stands = source.young(self._reader, now, self._oldest)
        if stands is None:
            made += [None] * len(asked)
            return b""
        try:
            at, day, ends = answers.moment(now), answers.today(now), b",%b}" % answers.versions(stands, now)
            look, charge, behind, rows = self._reader.look, self._meter.charge, f', "event": {stands.event}}}\n', []
            for code, known in asked:
                if now >= known.ends_at or source.behind(self._reader, code):
                    made.append(None)
                    continue
                try:
                    limits = charge(known.caller, now)
                    query = asking.query_id()
                    found = asking.answer(look, code, known.scope, known.caller.department_name, day, query)
                except XinyongError as error:
                    made.append(error)
                    continue
                rows.append(
                    f'{at}{known.before}{found.key}{known.after}{{"query": "{query}", {known.fixed}'
                    f'"outcome": "{found.outcome}", "facts": {found.facts}, "lists": {found.lists}, "shared": {found.shared}, '
                    f'"measures": {found.measures}{behind}'
                )
                if self._made[0] is not limits:
                    self._made = (limits, _JSON + limits)
                made.append((b"".join((b"{", found.body, ends)), self._made[1]))
        finally:
            self._reader.end()
        return "".join(rows).encode()

    def _now(self, asked: Incoming, limits: list[tuple[str, str]]) -> Made | Awaitable[Made]:
        """Body and rows of an answer, or what gives them when the ledger has to be asked."""
        now = time.time()
        known = self._known  # what follows may rest on clients that are read anew meanwhile: then this is the old one
        caller = self._caller(asked, now)
        path = asked.path
        try:
            limits += self._meter.charge(caller, now)
        except XinyongError:
            limits += self._meter.headers_of(caller)
            raise
        caller.require(Right.VERIFY)
        if path == PREFIX:
            return self._many(asked, caller, now)
        if asked.method not in ("GET", "HEAD"):
            raise problems.MethodNotAllowed(method=asked.method, allowed="GET")
        code = path[len(PREFIX) + 1 :]
        if code == "items":
            return json.dumps(api.items_of(caller), ensure_ascii=False).encode(), b""
        if "%" in code:
            code = unquote(code)
        purpose, item, case = self._question(asked.query)
        wanted = asking.item_of(purpose, item, caller.items)
        if case:
            case = asking.case_of(case)
        query = asking.query_id()
        stands = source.young(self._reader, now, self._oldest)
        if stands is None:
            return self._from_ledger(code, caller, wanted, case, now, query)
        try:
            if source.behind(self._reader, code):
                return self._from_ledger(code, caller, wanted, case, now, query)
            found = asking.answer(
                self._reader.look, code, self._scopes[item], caller.department_name, answers.today(now), query
            )
        finally:
            self._reader.end()
        row = self._row(caller, wanted, case, query, found, stands, now)
        authorization = asked.headers.get("authorization")
        if authorization and not case and len(known) < 1000 and not asked.headers.get("signature-input"):
            fixed = self._prefixes[caller.slug, wanted.code]
            ends_at = self._clients.ends_at(caller)
            known[authorization, asked.query] = Known(caller, wanted, self._scopes[item], *fixed, ends_at)
        return answers.whole(found, stands, now), row

    def _question(self, query: str) -> tuple[str, str, str]:
        known = self._questions.get(query)
        if known is None:
            fields = parse_qs(query)
            known = (
                fields.get("purpose", [""])[-1],
                fields.get("item", [""])[-1],
                fields.get("case", [""])[-1],
            )
            if not known[2] and len(self._questions) < 1000:
                self._questions[query] = known
        return known

    async def _from_ledger(
        self, code: str, caller: Caller, wanted: rules.Item, case: str, now: float, query: str
    ) -> Made:
        def look() -> Made:
            held, stands = source.packed(source.session(), asking.wanted(code))
            found = asking.answer(
                held, code, self._scopes[wanted.code], caller.department_name, answers.today(now), query
            )
            return answers.whole(found, stands, now), self._row(caller, wanted, case, query, found, stands, now)

        return await self._loop.run_in_executor(self._threads, look)

    # --- who ----------------------------------------------------------------------------------------------------------

    def _caller(self, asked: Incoming, now: float) -> Caller:
        fields = asked.headers
        given = fields.get("signature-input")
        if given is not None or fields.get("signature") is not None:
            return self._signer(asked, given or "", now)
        scheme, _, token = (fields.get("authorization") or "").partition(" ")
        if scheme.lower() != "bearer":
            raise KeyMissing()
        found = self._clients.of_key(token.strip(), now)
        if isinstance(found, Refusal):
            if found.prefix:
                self._threads.submit(client_actions.note_refusal, found.prefix, found.why)
            raise KeyRefused()
        return found

    def _signer(self, asked: Incoming, given: str, now: float) -> Caller:
        fields = asked.headers
        signed = signatures.read(
            method=asked.method,
            authority=asked.authority,
            path=asked.path,
            query=asked.query,
            signature_input=given,
            signature=fields.get("signature") or "",
            content_digest=fields.get("content-digest") or "",
            body=(lambda: asked.body) if asked.body else None,
        )
        found = self._clients.of_signature(signed.keyid)
        if found is None:
            raise signatures.SignatureWrong(
                why_zh=f"没有 keyid 为「{signed.keyid}」的密钥",
                why_en=f"there is no key with the keyid '{signed.keyid}'",
            )
        gate.accept(found, signed, now)
        if not nonces.take(signed.keyid, signed.nonce, now):
            raise signatures.SignatureReplayed()
        return found.caller

    # --- batches ------------------------------------------------------------------------------------------------------

    def _many(self, asked: Incoming, caller: Caller, now: float) -> Made | Awaitable[Made]:
        if asked.method != "POST":
            raise problems.MethodNotAllowed(method=asked.method, allowed="POST")
        batch = asking.batch_of(self._body(asked))
        wanted = asking.item_of(batch.purpose, batch.item, caller.items)
        self._meter.add_rows(caller, len(batch.codes), now)
        stands = source.young(self._reader, now, self._oldest)
        if stands is None:
            return self._loop.run_in_executor(self._threads, self._batch_of_ledger, batch, caller, wanted, now)
        try:
            if any(source.behind(self._reader, code) for code in batch.codes):
                return self._loop.run_in_executor(self._threads, self._batch_of_ledger, batch, caller, wanted, now)
            return self._batch(self._reader.look, stands, batch, caller, wanted, now)
        finally:
            self._reader.end()

    def _batch_of_ledger(self, batch: asking.Batch, caller: Caller, wanted: rules.Item, now: float) -> Made:
        numbers = [number for code in batch.codes for number in asking.wanted(code)]
        with source.looking(numbers, now) as (look, stands):
            return self._batch(look, stands, batch, caller, wanted, now)

    def _batch(
        self,
        look: answers.Look,
        stands: Versions,
        batch: asking.Batch,
        caller: Caller,
        wanted: rules.Item,
        now: float,
    ) -> Made:
        bodies, rows = [], []
        scope, day = self._scopes[wanted.code], answers.today(now)
        for code in batch.codes:
            query = asking.query_id()
            try:
                found = asking.answer(look, code, scope, caller.department_name, day, query)
            except XinyongError as error:
                bodies.append(api.no_answer(code, error))
                continue
            rows.append(self._row(caller, wanted, batch.case, query, found, stands, now))
            bodies.append(b"{%b}" % found.body)
        return b'{"answers":[%b],%b}' % (
            b",".join(bodies),
            answers.versions(stands, now),
        ), b"".join(rows)

    @staticmethod
    def _body(asked: Incoming) -> Any:
        if not asked.body:
            raise LengthMissing()
        media = (asked.headers.get("content-type") or "").partition(";")[0].strip().lower()
        if media != "application/json":
            raise MediaType(found=media or "-", allowed="application/json")
        if len(asked.body) > api.BODY_LIMIT:
            raise BodyTooLarge(
                limit_mib=api.BODY_LIMIT / (1 << 20),
                advice_zh="一次最多 1000 个代码；更多请按文件核验。",
                advice_en="At most 1 000 codes at a time; check more by file.",
            )
        return api.parse(asked.body)

    # --- the row in the audit trail -------------------------------------------------------------------------------------

    def _row(
        self, caller: Caller, item: rules.Item, case: str, query: str, found: Answer, stands: Versions, now: float
    ) -> bytes:
        """The row of :func:`actions.row` as the journal keeps it; a test holds both against each other."""
        key = (caller.slug, item.code)
        fixed = self._prefixes.get(key)
        if fixed is None:
            asked = actions.Asked(actor=caller.actor, department=caller.department_slug, item=item)
            fixed = self._prefixes[key] = (
                f"\t{text(asked.actor)}\t{actions.DEED}\t",
                f"\t{text(actions.purpose_words(item))}\t",
                f'"department": "{caller.department_slug}", "item": "{item.code}", '
                f'"rules": "{rules.rule_set().digest[:12]}", ',
            )
        named = f'"case": "{case}", ' if case else ""
        return (
            f'{answers.moment(now)}{fixed[0]}{found.key}{fixed[1]}{{"query": "{query}", {fixed[2]}{named}'
            f'"outcome": "{found.outcome}", "facts": {found.facts}, "lists": {found.lists}, "shared": {found.shared}, '
            f'"measures": {found.measures}, '
            f'"event": {stands.event}}}\n'
        ).encode()


def _plain(code: str) -> bool:
    """Whether the path names a number as it is."""
    return bool(code) and "%" not in code and "/" not in code and code != "items"


def _signed(fields: Mapping[str, str]) -> bool:
    return "signature-input" in fields or "signature" in fields


def _problem(asked: Incoming, error: XinyongError, limits: list[tuple[str, str]]) -> Outgoing:
    tongue = "en" if (asked.headers.get("accept-language") or "").lower().startswith("en") else "zh"
    headers = [("content-type", problems.CONTENT_TYPE), ("cache-control", "no-store"), *limits]
    headers += [(name.lower(), value) for name, value in error.headers().items()]
    body = json.dumps(problems.as_problem(error, tongue, asked.path), ensure_ascii=False).encode()
    return Outgoing(error.status, headers, body)
