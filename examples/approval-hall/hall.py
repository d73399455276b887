"""A sample approval hall: applications are checked with the platform, officers decide, and what they decide flows back.

Small on purpose: the standard library, a database file of its own, the Python client, the page element and the webhook.

    make hall          # beside a running 'make demo'; http://127.0.0.1:8020/

A hall in the field has its own sign-in; here the officer's staff number is typed on the first page. Whoever may open a page may
decide: do not put this sample on a network.
"""

from __future__ import annotations

import argparse
import base64
import contextlib
import hashlib
import html
import http.server
import json
import os
import re
import sqlite3
import sys
import threading
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from datetime import date, datetime, timedelta, timezone
from pathlib import Path
from typing import Any
from urllib.parse import parse_qs, urlsplit

HERE = Path(__file__).parent
CLIENTS = HERE.parents[1] / "clients"
sys.path.insert(0, str(CLIENTS / "python" / "src"))

from xinyong_client import Client, NotReached, Problem, SigningKey, WebhookInvalid, read_webhook  # noqa: E402

CHINA = timezone(timedelta(hours=8))
POLICY = (
    "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self'; connect-src 'self'; form-action 'self'; base-uri 'none'; "
    "frame-ancestors 'none'"
)
SCHEMA = """
CREATE TABLE IF NOT EXISTS application (id INTEGER PRIMARY KEY, matter TEXT UNIQUE, code TEXT NOT NULL, subject TEXT NOT NULL,
    state TEXT NOT NULL DEFAULT '审查中', green INTEGER NOT NULL DEFAULT 0, made_at TEXT NOT NULL, answer TEXT);
CREATE TABLE IF NOT EXISTS work (number INTEGER PRIMARY KEY, application INTEGER NOT NULL REFERENCES application, measure TEXT NOT NULL,
    name TEXT NOT NULL, kind TEXT NOT NULL, record TEXT NOT NULL, state TEXT NOT NULL, seq INTEGER NOT NULL, due_on TEXT);
CREATE TABLE IF NOT EXISTS story (id INTEGER PRIMARY KEY, application INTEGER NOT NULL REFERENCES application, at TEXT NOT NULL,
    who TEXT NOT NULL, what TEXT NOT NULL);
CREATE TABLE IF NOT EXISTS delivery (id TEXT PRIMARY KEY, at TEXT NOT NULL);
"""
STATES = {
    "applied": "已决定采取", "not_applicable": "不适用", "waived": "免予采取", "executed": "已执行", "lift_due": "待解除", "lifted": "已解除",
}  # fmt: skip
TRIGGERS = {"repaired": "信用修复", "removed": "移出名单", "expired": "期满", "annulled": "撤销"}
_STAFF = re.compile(r"[A-Za-z0-9._-]{1,12}")


@dataclass(frozen=True, kw_only=True)
class Setting:
    """``config.json``, made by setup.py; kept from others, as it holds the keys."""

    platform: str
    keyid: str
    secret: str
    feed_key: str
    purpose: str = "permit"
    item: str = "food-licence"
    name: str = "食品经营许可"


def now() -> str:
    """The moment, as the pages show it."""
    return datetime.now(CHINA).strftime("%Y-%m-%d %H:%M:%S")


def today() -> date:
    """The day it is in China."""
    return datetime.now(CHINA).date()


class Hall:
    """What the hall does; pages call it."""

    def __init__(self, place: Path, setting: Setting) -> None:
        self.setting = setting
        self.client = Client(setting.platform, signing=SigningKey.hmac(setting.keyid, setting.secret), longest_wait=5)
        self._place = place
        self.vocabulary: dict[str, Any] = {}
        with self.open() as session:
            session.executescript(SCHEMA)

    @contextlib.contextmanager
    def open(self) -> Iterator[sqlite3.Connection]:
        """A session; its work is kept as a whole or not at all."""
        session = sqlite3.connect(self._place, timeout=10)
        session.row_factory = sqlite3.Row
        try:
            with session:
                yield session
        finally:
            session.close()

    @staticmethod
    def tell(session: sqlite3.Connection, application: int, who: str, what: str) -> None:
        """A line of the story of an application."""
        session.execute(
            "INSERT INTO story (application, at, who, what) VALUES (?, ?, ?, ?)", (application, now(), who, what)
        )

    def apply(self, code: str, subject: str, officer: str) -> int:
        """Take an application in."""
        with self.open() as session:
            found = session.execute(
                "INSERT INTO application (code, subject, made_at) VALUES (?, ?, ?)",
                (code.strip(), subject.strip(), now()),
            )
            number = int(found.lastrowid or 0)
            matter = f"XK-{today().year}-{number:04d}"
            session.execute("UPDATE application SET matter = ? WHERE id = ?", (matter, number))
            self.tell(session, number, officer, "受理申请")
        return number

    def check(self, number: int) -> dict[str, Any]:
        """Ask the platform about an application; the answer is kept with it. Raises Problem, NotReached."""
        with self.open() as session:
            row = session.execute("SELECT * FROM application WHERE id = ?", (number,)).fetchone()
        found: Any = self.client.verify_entity(
            row["code"], purpose=self.setting.purpose, item=self.setting.item, case=row["matter"]
        )
        with self.open() as session:
            session.execute("UPDATE application SET answer = ? WHERE id = ?", (json.dumps(found), number))
            self.tell(
                session,
                number,
                "平台",
                f"信用核验，查询编号 {found['query']}，可考虑的措施和激励 {len(found['measures'])} 项",
            )
        return dict(found)

    def decide(self, number: int, sent: Mapping[str, str], officer: str) -> None:
        """M3: an officer's decision on a measure of the kept answer. Raises Problem, NotReached, ValueError."""
        with self.open() as session:
            row = session.execute("SELECT * FROM application WHERE id = ?", (number,)).fetchone()
        record, _, measure = sent.get("which", "").partition("/")
        offered = json.loads(row["answer"] or "{}").get("measures", [])
        which = next((one for one in offered if one["id"] == measure and one["object"]["record"] == record), None)
        if which is None:
            raise ValueError("请先核验，再从核验结果中选择措施或激励")
        body: dict[str, Any] = {
            "code": row["code"], "record": record, "measure": measure, "item": self.setting.item, "matter": row["matter"],
            "officer": officer, "decision": sent.get("decision", ""), "reason": sent.get("reason", ""),
            "reason_code": sent.get("reason_code", ""), "relation": sent.get("relation", ""), "notice": sent.get("notice", ""),
            "notice_served_on": sent.get("notice_served_on") or None,
            "notice_says": ["basis", "reason", "relief"] if sent.get("notice_says") else [],
        }  # fmt: skip
        work: Any = self.client.decide_joint_work(body)  # type: ignore[arg-type]  # the platform judges what people typed
        with self.open() as session:
            session.execute(
                "INSERT INTO work VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?)",
                (
                    work["number"],
                    number,
                    measure,
                    which["name"],
                    which["kind"],
                    record,
                    work["state"],
                    work["seq"],
                    work["due_on"],
                ),
            )
            if which["kind"] == "incentive" and work["state"] == "applied":
                session.execute("UPDATE application SET green = 1 WHERE id = ?", (number,))
            self.tell(session, number, officer, f"{which['name']}：{STATES[work['state']]}。理由：{body['reason']}")

    def go_on(self, number: int, sent: Mapping[str, str], officer: str) -> None:
        """M4 or M6 on a piece of work. Raises Problem, NotReached."""
        with self.open() as session:
            row = session.execute("SELECT * FROM work WHERE number = ?", (number,)).fetchone()
        if row["state"] == "applied":
            work: Any = self.client.execute_joint_work(
                number,
                {"seen": row["seq"], "officer": officer, "executed_on": sent.get("day", ""), "result": sent.get("note", ""),
                 "document": sent.get("document", "")},
            )  # fmt: skip
        else:
            work = self.client.lift_joint_work(
                number,
                {
                    "seen": row["seq"],
                    "officer": officer,
                    "lifted_on": sent.get("day", ""),
                    "note": sent.get("note", ""),
                },
            )
        self.keep(work)
        with self.open() as session:
            self.tell(
                session, row["application"], officer, f"{row['name']}：{STATES[work['state']]}。{sent.get('note', '')}"
            )

    def keep(self, work: Mapping[str, Any]) -> None:
        """Where a piece of work is now."""
        with self.open() as session:
            session.execute(
                "UPDATE work SET state = ?, seq = ?, due_on = ? WHERE number = ?",
                (work["state"], work["seq"], work["due_on"], work["number"]),
            )
            if work["state"] in ("lifted", "lift_due") and work["favourable"]:
                session.execute(
                    "UPDATE application SET green = 0 WHERE id = (SELECT application FROM work WHERE number = ?)",
                    (work["number"],),
                )

    def told(self, body: bytes, signature: str) -> None:
        """A message of the platform: looked up, kept, and marked as seen in one step. Raises WebhookInvalid, Problem."""
        message = read_webhook(body, signature, self.setting.feed_key)
        with self.open() as session:
            if session.execute("SELECT 1 FROM delivery WHERE id = ?", (message["delivery"],)).fetchone():
                return  # comes at least once
        if message["type"] == "joint.lift-due":
            number = int(str(message["data"]["work"]))
            self.keep(self.client.get_joint_work(number))
            words = f"收到解除通知（{TRIGGERS.get(str(message['data'].get('trigger')), '')}），须在 {message['data'].get('due_on')} 前回执"
            self._note("SELECT application FROM work WHERE number = ?", number, words, message["delivery"])
        elif message["type"] in ("list.lifted", "record.lifted"):
            words = f"记录 {message['data'].get('record')} 已停止公示，重新核验后不再显示"
            self._note(
                "SELECT DISTINCT application FROM work WHERE record = ?",
                message["data"].get("record"),
                words,
                message["delivery"],
            )
        else:
            words = {
                "list.published": "该主体有新的名单记录，请重新核验",
                "record.changed": "该主体的记录有变更，请重新核验",
            }.get(message["type"], "")
            self._note(
                "SELECT id FROM application WHERE code = ? AND state = '审查中' AND answer IS NOT NULL",
                message.get("entity"), words, message["delivery"],
            )  # fmt: skip

    def _note(self, query: str, value: Any, words: str, delivery: str) -> None:
        with self.open() as session:
            if session.execute("INSERT OR IGNORE INTO delivery VALUES (?, ?)", (delivery, now())).rowcount and words:
                for row in session.execute(query, (value,)).fetchall():
                    self.tell(session, row[0], "平台", words)

    def close(self, number: int, state: str, officer: str) -> None:
        """The decision on the application itself: the hall's own, never the platform's."""
        with self.open() as session:
            session.execute("UPDATE application SET state = ? WHERE id = ?", (state, number))
            self.tell(session, number, officer, f"办理结果：{state}")

    def reasons(self) -> list[dict[str, str]]:
        """Reasons not to apply, as the platform lists them."""
        if not self.vocabulary:
            with contextlib.suppress(Problem, NotReached):
                self.vocabulary = dict(self.client.joint_vocabulary())
        return list(self.vocabulary.get("reasons", ()))


# --- pages ---------------------------------------------------------------------------------------------------------------------


def e(value: Any) -> str:
    """Text in a page."""
    return html.escape(str(value if value is not None else ""), quote=True)


def page(title: str, body: str, officer: str) -> str:
    """A whole page."""
    pinned = json.loads((CLIENTS / "web-component" / "integrity.json").read_text())["integrity"]
    own = base64.b64encode(hashlib.sha384((HERE / "static" / "hall.js").read_bytes()).digest()).decode()
    return f"""<!doctype html><html lang="zh-CN"><head><meta charset="utf-8"><meta name="viewport" content="width=device-width, initial-scale=1">
<title>{e(title)}</title><link rel="stylesheet" href="/static/hall.css">
<script type="module" src="/static/xinyong-check.js" integrity="{pinned}"></script>
<script type="module" src="/static/hall.js" integrity="sha384-{own}"></script></head><body>
<header class="top"><a href="/">示例市审批大厅</a><span>{f"工号 {e(officer)}" if officer else "未登录"}</span></header><main><h1>{e(title)}</h1>{body}</main></body></html>"""


def front(hall: Hall, officer: str, problem: str = "") -> str:
    """The list, and the form for another application."""
    with hall.open() as session:
        rows = session.execute("SELECT * FROM application ORDER BY id DESC LIMIT 200").fetchall()
        due = session.execute("SELECT * FROM work WHERE state = 'lift_due' ORDER BY due_on").fetchall()
    alert = f'<p class="problem" role="alert">{e(problem)}</p>' if problem else ""
    sign = '<form method="post" action="/officer"><label>工号 <input name="officer" required pattern="[A-Za-z0-9._\\-]{1,12}"></label> <button>进入</button></form>'
    if not officer:
        return page("工作人员登录", alert + sign, officer)
    listed = "".join(
        f'<tr><td><a href="/applications/{row["id"]}">{e(row["matter"])}</a></td><td>{e(row["subject"])}</td><td class="mono">{e(row["code"])}</td>'
        f"<td>{e(row['state'])}{' <b class=green>绿色通道</b>' if row['green'] else ''}</td><td>{e(row['made_at'])}</td></tr>"
        for row in rows
    )
    table = f'<table><caption>申请</caption><thead><tr><th scope="col">办件</th><th scope="col">申请人</th><th scope="col">代码</th><th scope="col">状态</th><th scope="col">受理</th></tr></thead><tbody>{listed}</tbody></table>'
    waiting = "".join(
        f'<li><a href="/applications/{row["application"]}">{e(row["name"])}</a> 须在 {e(row["due_on"])} 前解除</li>'
        for row in due
    )
    return page(
        "办件",
        alert
        + (f'<section><h2>待解除</h2><ul id="due">{waiting}</ul></section>' if waiting else "")
        + f'<section><h2>受理{e(hall.setting.name)}申请</h2><form method="post" action="/applications"><label>申请人名称 <input name="subject" required maxlength="200"></label>'
        '<label>统一社会信用代码 <input name="code" required maxlength="18" class="mono"></label><button>受理</button></form></section>'
        + (table if rows else "<p>还没有申请。</p>"),
        officer,
    )


def application(
    hall: Hall, number: int, officer: str, problem: str = "", sent: Mapping[str, str] | None = None
) -> str | None:
    """One application: the check, the decision, what is being done, the story."""
    with hall.open() as session:
        row = session.execute("SELECT * FROM application WHERE id = ?", (number,)).fetchone()
        works = session.execute("SELECT * FROM work WHERE application = ? ORDER BY number", (number,)).fetchall()
        story = session.execute("SELECT * FROM story WHERE application = ? ORDER BY id", (number,)).fetchall()
    if row is None:
        return None
    typed = sent or {}
    answer = json.loads(row["answer"] or "{}")
    offered = "".join(_offer(one, typed.get("which", "")) for one in answer.get("measures", []))
    reasons = "".join(f'<option value="{e(one["code"])}">{e(one["zh"])}</option>' for one in hall.reasons())
    check = (
        f'<xinyong-check code="{e(row["code"])}" item="{e(hall.setting.item)}" case="{e(row["matter"])}" src="/credit/check" choose></xinyong-check>'
        f'<noscript><form method="post" action="/applications/{number}/check"><button>核验</button></form></noscript>'
    )
    decision = f"""<section id="decision"><h2>决定</h2><form method="post" action="/applications/{number}/decision">
<label>措施或激励 <select name="which" required><option value="">请选择</option>{offered}</select></label>
<label>决定 <select name="decision"><option value="applied">采取</option><option value="not_applicable">不适用</option><option value="waived">免予采取</option></select></label>
<label>理由 <textarea name="reason" required maxlength="2000">{e(typed.get("reason", ""))}</textarea></label>
<label>不采取的理由类别 <select name="reason_code"><option value="">—</option>{reasons}</select></label>
<label>与办理事项的关联 <textarea name="relation" maxlength="2000">{e(typed.get("relation", ""))}</textarea></label>
<label>告知书文号 <input name="notice" maxlength="200" value="{e(typed.get("notice", ""))}"></label>
<label>送达日期 <input name="notice_served_on" type="date" value="{e(typed.get("notice_served_on", ""))}"></label>
<label class="line"><input name="notice_says" type="checkbox" value="1"> 告知书已写明依据、理由和救济途径</label><button>记录决定</button></form></section>"""
    cards = "".join(_work(one) for one in works)
    told = "".join(f"<li><span>{e(line['at'])} · {e(line['who'])}</span> {e(line['what'])}</li>" for line in story)
    closing = "".join(f'<button name="state" value="{state}">{state}</button> ' for state in ("准予许可", "不予许可"))
    return page(
        f"{row['matter']} {row['subject']}",
        (f'<p class="problem" role="alert">{e(problem)}</p>' if problem else "")
        + ('<p class="green" id="green">绿色通道</p>' if row["green"] else "")
        + check + decision + (f'<section id="works"><h2>实施</h2>{cards}</section>' if works else "")
        + f'<section><h2>办理结果：{e(row["state"])}</h2><form method="post" action="/applications/{number}/close">{closing}</form></section>'
        + f'<section><h2>经过</h2><ol id="story">{told}</ol></section>',
        officer,
    )  # fmt: skip


def _offer(measure: Mapping[str, Any], chosen: str) -> str:
    """A measure to choose: the same one may follow from several records."""
    source = measure["object"]
    value = f"{source['record']}/{measure['id']}"
    mark = " selected" if value == chosen else ""
    return (
        f'<option value="{e(value)}"{mark}>{e(measure["name"])}（{e(source["document"] or source["record"])}）</option>'
    )


def _work(row: sqlite3.Row) -> str:
    head = f'<h3>{e(row["name"])} · <span class="state">{e(STATES[row["state"]])}</span></h3>'
    if row["state"] not in ("applied", "lift_due"):
        return f'<article data-work="{row["number"]}">{head}</article>'
    label, button = ("执行情况", "反馈执行") if row["state"] == "applied" else ("解除情况", "回执解除")
    document = '<label>文书 <input name="document" maxlength="200"></label>' if row["state"] == "applied" else ""
    return f"""<article data-work="{row["number"]}">{head}<p>须在 {e(row["due_on"])} 前{button}</p><form method="post" action="/works/{row["number"]}">
<label>日期 <input name="day" type="date" required value="{today()}"></label>{document}<label>{label} <textarea name="note" required maxlength="2000"></textarea></label><button>{button}</button></form></article>"""


class Handler(http.server.BaseHTTPRequestHandler):
    """Addresses of the hall."""

    hall: Hall
    protocol_version = "HTTP/1.1"
    server_version = "ApprovalHall/1"
    sys_version = ""

    def log_message(self, *_: Any) -> None:
        """Quiet: the story of an application is its log."""

    def _send(self, status: int, body: str | bytes, kind: str = "text/html; charset=utf-8", **headers: str) -> None:
        content = body.encode() if isinstance(body, str) else body
        self.send_response(status)
        fields = {"Content-Type": kind, "Content-Length": str(len(content)), "Content-Security-Policy": POLICY,
                  "X-Content-Type-Options": "nosniff", "Referrer-Policy": "same-origin", "Cache-Control": "no-store"}  # fmt: skip
        for name, value in {**fields, **{name.replace("_", "-"): value for name, value in headers.items()}}.items():
            self.send_header(name, value)
        self.end_headers()
        if self.command != "HEAD":
            self.wfile.write(content)

    def _go(self, where: str, **headers: str) -> None:
        self._send(303, "", Location=where, **headers)

    def _officer(self) -> str:
        found = re.search(r"(?:^|;\s*)officer=([^;]+)", self.headers.get("Cookie", ""))
        return found.group(1) if found and _STAFF.fullmatch(found.group(1)) else ""

    def do_GET(self) -> None:
        parts = urlsplit(self.path)
        officer, hall = self._officer(), self.hall
        if parts.path == "/":
            self._send(200, front(hall, officer))
        elif parts.path == "/favicon.ico":
            self._send(204, "", "image/x-icon")
        elif parts.path.startswith("/static/"):
            self._static(parts.path.removeprefix("/static/"))
        elif not officer:
            self._go("/")
        elif parts.path == "/credit/check":
            self._check(parse_qs(parts.query))
        elif (found := re.fullmatch(r"/applications/(\d{1,9})", parts.path)) and (
            shown := application(hall, int(found.group(1)), officer)
        ):
            self._send(200, shown)
        else:
            self._send(404, page("没有这一页", "<p>请从办件列表进入。</p>", officer))

    do_HEAD = do_GET  # noqa: N815

    def _static(self, name: str) -> None:
        places = {
            "hall.css": (HERE / "static" / "hall.css", "text/css"),
            "hall.js": (HERE / "static" / "hall.js", "text/javascript"),
            "xinyong-check.js": (CLIENTS / "web-component" / "xinyong-check.js", "text/javascript"),
        }
        if name not in places:
            self._send(404, "", "text/plain")
            return
        place, kind = places[name]
        self._send(200, place.read_bytes(), f"{kind}; charset=utf-8")

    def _check(self, asked: Mapping[str, list[str]]) -> None:
        """What the page element asks: only about applications of this hall."""
        matter = asked.get("case", [""])[0]
        with self.hall.open() as session:
            row = session.execute("SELECT id FROM application WHERE matter = ?", (matter,)).fetchone()
        try:
            if row is None:
                raise ValueError("没有这一办件")
            status, body = 200, self.hall.check(row["id"])
        except Problem as error:
            status, body = error.status, dict(error.body)
        except (NotReached, ValueError) as error:
            status, body = 502, {"message_zh": f"无法核验：{error}", "message_en": f"Not checked: {error}"}
        self._send(status, json.dumps(body, ensure_ascii=False), "application/json")

    def do_POST(self) -> None:
        length = self.headers.get("Content-Length", "")
        if not length.isdecimal() or int(length) > 1 << 20:
            self.close_connection = True
            self._send(413, "", "text/plain")
            return
        body = self.rfile.read(int(length))
        if urlsplit(self.path).path == "/credit/feed":
            self._told(body)
            return
        origin = self.headers.get("Origin")
        if origin is None or urlsplit(origin).netloc != self.headers.get("Host"):
            self._send(403, page("请求来源不对", "<p>请从本大厅的页面办理。</p>", ""))
            return
        sent = {name: values[-1] for name, values in parse_qs(body.decode("utf-8", "replace")).items()}
        if self.path == "/officer" and _STAFF.fullmatch(sent.get("officer", "")):
            self._go("/", Set_Cookie=f"officer={sent['officer']}; Path=/; HttpOnly; SameSite=Strict")
            return
        officer = self._officer()
        if not officer:
            self._go("/")
            return
        self._deed(sent, officer)

    def _told(self, body: bytes) -> None:
        try:
            self.hall.told(body, self.headers.get("Xinyong-Signature", ""))
        except WebhookInvalid:
            self._send(401, "", "text/plain")
        except (Problem, NotReached, KeyError, ValueError):
            self._send(503, "", "text/plain")  # the platform sends it again
        else:
            self._send(204, "", "text/plain")

    def _deed(self, sent: Mapping[str, str], officer: str) -> None:
        hall = self.hall
        if self.path == "/applications":
            if not sent.get("code", "").strip() or not sent.get("subject", "").strip():
                self._send(422, front(hall, officer, "请填写申请人名称和代码"))
                return
            self._go(f"/applications/{hall.apply(sent['code'], sent['subject'], officer)}")
            return
        found = re.fullmatch(r"/(applications|works)/(\d{1,9})(?:/(check|decision|close))?", self.path)
        with hall.open() as session:
            row = session.execute(
                "SELECT id FROM application WHERE id = ?"
                if found and found.group(1) == "applications"
                else "SELECT application FROM work WHERE number = ?",
                (int(found.group(2)) if found else 0,),
            ).fetchone()
        if found is None or row is None:
            self._send(404, page("没有这一办件", "<p>请从办件列表进入。</p>", officer))
            return
        try:
            if found.group(1) == "works":
                hall.go_on(int(found.group(2)), sent, officer)
            elif found.group(3) == "check":
                hall.check(row[0])
            elif found.group(3) == "decision":
                hall.decide(row[0], sent, officer)
            elif sent.get("state") in ("准予许可", "不予许可"):
                hall.close(row[0], sent["state"], officer)
        except Problem as error:
            self._send(422, application(hall, row[0], officer, error.message_zh, sent) or "")
            return
        except (NotReached, ValueError) as error:
            self._send(422, application(hall, row[0], officer, str(error), sent) or "")
            return
        self._go(f"/applications/{row[0]}")


def serve(place: Path, setting: Setting, host: str = "127.0.0.1", port: int = 8020) -> http.server.ThreadingHTTPServer:
    """The hall's server, listening; ``serve_forever`` is the caller's."""
    handler = type("HallHandler", (Handler,), {"hall": Hall(place, setting)})
    return http.server.ThreadingHTTPServer((host, port), handler)


def main() -> None:
    """Serve with the folder's config.json until interrupted; the folder is ``hall`` in the house of the platform."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--folder", type=Path, default=Path(os.environ.get("XINYONG_HOME", "var")) / "hall")
    parser.add_argument("--port", type=int, default=8020)
    given = parser.parse_args()
    setting = Setting(**json.loads((given.folder / "config.json").read_text("utf-8")))
    server = serve(given.folder / "hall.sqlite", setting, port=given.port)
    print(f"http://127.0.0.1:{given.port}/", flush=True)
    with contextlib.suppress(KeyboardInterrupt):
        server.serve_forever()
    server.server_close()


if __name__ == "__main__":
    threading.current_thread().name = "hall"
    main()
