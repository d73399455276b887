"""Wrong rows on purpose, and odd rows that are right, each known by kind.

A kind works on the row's columns through the *roles* of the layout (``datapacks/demo/headers.yml``): the same kind
spoils ``XK_XDR_SHXYM`` of a licence and ``UNISCID`` of a registration.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any, Final

from xinyong.demo.rows import Columns
from xinyong.standards import credit_code, registration_number

#: Characters of an over-long text: above every hard limit of the catalogue, below what a cell of XLSX can hold.
LONG: Final = 30_000

REJECT, DUPLICATE, REMARK, ACCEPT = "reject", "duplicate", "remark", "accept"
#: Wrong, but no rule can tell: a fine of 30,000 yuan given as 30,000 万元.
UNNOTICED = "unnoticed"
#: Fines above this many 万元 are remarked on as probably yuan (rule fine-in-yuan of the penalty entry).
FINE_REMARKED = 100_000

#: Characters of names and texts with a traditional form; enough for the words of the demonstration.
_TRADITIONAL: Final = str.maketrans(
    "云区县镇开发财务药业机电电子设备建设园实验车辆运输货经营销售厅饭馆烟酒农产专业作个体门窗动术软网络环卫务学图书话国际",
    "雲區縣鎮開發財務藥業機電電子設備建設園實驗車輛運輸貨經營銷售廳飯館煙酒農產專業作個體門窗動術軟網絡環衛務學圖書話國際",
)
_FULL_WIDTH: Final = str.maketrans("0123456789", "０１２３４５６７８９")


@dataclass(slots=True)
class Row:
    """One row of a chunk that a kind may change; ``field`` is set to the column that was changed."""

    columns: Columns
    at: int
    roles: Mapping[str, Any]
    #: Varies the choice of a kind that has several ways.
    turn: int
    #: A row above it in the same file that is right, for duplicates; None when there is none.
    above: Mapping[str, str] | None
    field: str = ""
    #: Set where what intake does depends on the value.
    expected: str = ""

    def get(self, role: str) -> str:
        """The cell of a role; empty when the layout has no such role."""
        column = self.roles.get(role)
        return self.columns[column][self.at] if column else ""

    def put(self, role: str, value: str) -> None:
        """Change the cell of a role."""
        self.put_column(self.roles[role], value)

    def put_column(self, column: str, value: str) -> None:
        """Change a cell."""
        # A column may be one list under two names or shared with other rows: copy before writing is the caller's.
        self.columns[column][self.at] = value
        self.field = column

    def has_code(self) -> bool:
        """Whether the row names its entity by a valid credit code."""
        return len(self.get("code")) == credit_code.LENGTH and self.get("code") != credit_code.PLACEHOLDER


def _forget_numbers(row: Row) -> None:
    """Empty the other numbers, so that nothing else can tell the entity."""
    for role in ("number", "organisation"):
        if role in row.roles:
            row.columns[row.roles[role]][row.at] = ""


def _code(change: Callable[[str], str]) -> Callable[[Row], bool]:
    def apply(row: Row) -> bool:
        if not row.has_code():
            return False
        changed = change(row.get("code"))
        if changed == row.get("code"):
            return False
        _forget_numbers(row)
        row.put("code", changed)
        return True

    return apply


def _wrong_check(code: str) -> str:
    alphabet = credit_code.ALPHABET
    return code[:17] + alphabet[(alphabet.index(code[17]) + 7) % len(alphabet)]


def _old_number(row: Row) -> bool:
    if not row.has_code():
        return False
    region = row.get("code")[2:8]
    _forget_numbers(row)
    # A sequence that no entity has, so that no register can resolve it by chance.
    body = f"{region}{98_000_000 + row.turn % 1_000_000:08d}"
    row.put("code", body + registration_number.check_digit(body))
    return True


def _name_in_code(row: Row) -> bool:
    if not row.get("name"):
        return False
    _forget_numbers(row)
    row.put("code", row.get("name"))
    return True


def _put(role: str, value: str) -> Callable[[Row], bool]:
    def apply(row: Row) -> bool:
        if role not in row.roles:
            return False
        row.put(role, value)
        return True

    return apply


def _future(row: Row) -> bool:
    row.put("date", "2088-08-08")
    return True


def _missing(row: Row) -> bool:
    columns = row.roles["mandatory"]
    row.put_column(columns[row.turn % len(columns)], "")
    return True


def _yuan(row: Row) -> bool:
    value = row.get("amount")
    if not value or int(value.split(".")[0]) < 1:
        return False
    yuan = int(value.replace(".", "")) // 100
    row.put("amount", f"{yuan}.000000")
    row.expected = REMARK if yuan > FINE_REMARKED else UNNOTICED
    return True


def _no_amount(row: Row) -> bool:
    if not row.get("amount"):
        return False
    row.put("amount", "")
    return True


def _too_long(row: Row) -> bool:
    role = "long" if "long" in row.roles else "text"
    value = row.get(role)
    if not value:
        return False
    row.put(role, (value * (LONG // len(value) + 1))[:LONG])
    return True


def _formula(row: Row) -> bool:
    columns = row.roles["mandatory"]
    row.put_column(columns[-1], "=SUM(1,2)")
    return True


def _duplicate(row: Row) -> bool:
    if row.above is None:
        return False
    for column, value in row.above.items():
        row.columns[column][row.at] = value
    row.field = row.roles["name"]
    return True


def _person(row: Row) -> bool:
    if "paper_number" not in row.roles and "category" not in row.roles:
        return False
    number = "990101190001010011"
    _forget_numbers(row)
    row.columns[row.roles["name"]][row.at] = "样例某"
    row.columns[row.roles["code"]][row.at] = "" if "paper_number" in row.roles else number
    if "representative" in row.roles:
        row.columns[row.roles["representative"]][row.at] = ""
    if "paper_number" in row.roles:
        row.put("paper_number", number)
    if "paper_kind" in row.roles:
        row.columns[row.roles["paper_kind"]][row.at] = "身份证"
    if "category" in row.roles:
        row.put("category", "自然人")
    return True


def _traditional(row: Row) -> bool:
    changed = row.get("name").translate(_TRADITIONAL)
    if changed == row.get("name"):
        return False
    row.put("name", changed)
    return True


def _line_and_quote(row: Row) -> bool:
    value = row.get("text")
    if len(value) < 4:
        return False
    row.put("text", f'{value[:3]}"{value[3]}"\n{value[4:]}')
    return True


def _trailing(row: Row) -> bool:
    row.put("name", row.get("name") + "  ")
    return True


@dataclass(frozen=True, slots=True)
class Kind:
    """A kind of odd row. ``expected``: what a right intake does with it; ``wrong``: counted in the error rate."""

    name: str
    expected: str
    apply: Callable[[Row], bool]
    wrong: bool = True


#: In the order they take turns.
KINDS: Final = (
    Kind("wrong-check-character", REJECT, _code(_wrong_check)),
    Kind("bad-date", REJECT, _put("date", "2026/13/02")),
    Kind("missing-mandatory", REJECT, _missing),
    Kind("natural-person", REJECT, _person),
    Kind("duplicate-row", DUPLICATE, _duplicate),
    Kind("letter-o-for-zero", REJECT, _code(lambda code: code.replace("0", "O", 1))),
    Kind("decision-in-future", REJECT, _future),
    Kind("fine-without-amount", REJECT, _no_amount),
    Kind("wrong-enum", REJECT, _put("enum", "不在列的取值")),
    Kind("registration-number-in-code", REJECT, _old_number),
    Kind("amount-in-yuan", REMARK, _yuan),
    Kind("over-long-text", REJECT, _too_long),
    Kind("name-in-code", REJECT, _name_in_code),
    Kind("formula-cell", REMARK, _formula),
)
ODD_KINDS: Final = (
    Kind("trailing-spaces", ACCEPT, _trailing, wrong=False),
    Kind("lower-case-code", ACCEPT, _code(str.lower), wrong=False),
    Kind("line-break-and-quote", ACCEPT, _line_and_quote, wrong=False),
    Kind("full-width-digits", ACCEPT, _code(lambda code: code.translate(_FULL_WIDTH)), wrong=False),
    Kind("traditional-characters", ACCEPT, _traditional, wrong=False),
)


class Turns:
    """Whose turn it is in one dataset: a kind that cannot work on a row (a fine where there is none) waits in front."""

    def __init__(self, skip: frozenset[str]) -> None:
        self._queues = {
            True: [kind for kind in KINDS if kind.name not in skip],
            False: [kind for kind in ODD_KINDS if kind.name not in skip],
        }

    def spoil(self, row: Row, wrong: bool) -> Kind:
        """Make the row odd by the first kind in the queue that can; it goes to the end."""
        queue = self._queues[wrong]
        for place, kind in enumerate(queue):
            if kind.apply(row):
                queue.append(queue.pop(place))
                return kind
        raise ValueError("no kind of odd row fits; missing-mandatory and trailing-spaces fit every layout")
