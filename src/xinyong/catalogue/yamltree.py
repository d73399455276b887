"""A YAML file as a small tree that remembers lines, from input nobody vouches for.

Only plain data is let in: mappings with text keys, sequences, scalars. Anchors, aliases and tags are refused (an alias
bomb is an alias), so are duplicate keys, a second document, files over the limit and text that is not UTF-8. The tree
is built from events, not by recursion, so that depth can be bounded before it hurts.
"""

from __future__ import annotations

from dataclasses import dataclass
from dataclasses import field as data_field

import yaml
from yaml.events import (
    AliasEvent,
    CollectionEndEvent,
    CollectionStartEvent,
    DocumentStartEvent,
    Event,
    MappingStartEvent,
    ScalarEvent,
)

from xinyong.catalogue.errors import Mistake

#: A dataset entry is a few dozen kilobytes; more than this is not an entry.
SIZE_LIMIT = 1_000_000
#: An entry nests six levels deep.
DEPTH_LIMIT = 20
#: A note is a paragraph; longer scalars are a mistake or an attack.
SCALAR_LIMIT = 10_000

_LOADER = getattr(yaml, "CSafeLoader", yaml.SafeLoader)
_RESOLVER = yaml.resolver.Resolver()


@dataclass(slots=True)
class Scalar:
    """A scalar as written. ``tag``: what YAML takes an unquoted one for (``str``, ``int``, ``bool``, …)."""

    line: int
    text: str
    tag: str


@dataclass(slots=True)
class Sequence:
    """A list."""

    line: int
    items: list[Node] = data_field(default_factory=list)


@dataclass(slots=True)
class Mapping:
    """A mapping; ``lines`` holds the line of each key."""

    line: int
    items: dict[str, Node] = data_field(default_factory=dict)
    lines: dict[str, int] = data_field(default_factory=dict)


Node = Scalar | Sequence | Mapping


class _Refused(Exception):
    """Reading cannot go on; carries line and both messages."""

    def __init__(self, line: int, zh: str, en: str) -> None:
        super().__init__(en)
        self.line, self.zh, self.en = line, zh, en


def read_tree(content: bytes, file: str, mistakes: list[Mistake]) -> Mapping | None:
    """The top mapping of the file, or None. What is wrong is added to ``mistakes``; duplicate keys do not stop it."""
    try:
        return _build(_decode(content), file, mistakes)
    except _Refused as refused:
        mistakes.append(Mistake(file, refused.line, refused.zh, refused.en))
    except yaml.MarkedYAMLError as error:
        mark = error.problem_mark or error.context_mark
        line = mark.line + 1 if mark is not None else 1
        mistakes.append(_broken(file, line, error.problem or "syntax error"))
    except yaml.YAMLError as error:
        mistakes.append(_broken(file, 1, str(error).splitlines()[0]))
    return None


def _broken(file: str, line: int, why: str) -> Mistake:
    return Mistake(
        file,
        line,
        f"不是合法的YAML：{why}。请检查此行及上一行的缩进、冒号和引号。",
        f"not valid YAML: {why}. Check indent, colons and quotes on this line and the one before.",
    )


def _decode(content: bytes) -> str:
    if len(content) > SIZE_LIMIT:
        raise _Refused(
            1,
            f"文件有{len(content)}字节，超过{SIZE_LIMIT}字节的上限；请拆分文件。",
            f"the file has {len(content)} bytes, the limit is {SIZE_LIMIT}; split it.",
        )
    try:
        return content.decode("utf-8")
    except UnicodeDecodeError as error:
        raise _Refused(
            content[: error.start].count(b"\n") + 1,
            "文件不是UTF-8编码；请另存为UTF-8。",
            "the file is not UTF-8; save it as UTF-8.",
        ) from None


def _build(text: str, file: str, mistakes: list[Mistake]) -> Mapping:
    """Walk the events with an explicit stack of open collections; ``keys`` holds the key each mapping waits to fill."""
    root: Node | None = None
    stack: list[Mapping | Sequence] = []
    keys: list[tuple[str, int] | None] = []
    documents = 0
    for event in yaml.parse(text, Loader=_LOADER):
        if isinstance(event, DocumentStartEvent):
            documents += 1
            if documents > 1:
                raise _Refused(
                    _line(event),
                    "一个文件只能有一个文档；请删除多余的“---”。",
                    "a file holds one document; remove the extra '---'.",
                )
        elif isinstance(event, CollectionEndEvent):
            stack.pop()
            keys.pop()
        elif isinstance(event, (AliasEvent, ScalarEvent, CollectionStartEvent)):
            _refuse_indirect(event)
            node = _node(event)
            if not stack:
                root = node
            else:
                _attach(stack[-1], keys, node, file, mistakes)
            if isinstance(node, (Mapping, Sequence)):
                if len(stack) >= DEPTH_LIMIT:
                    raise _Refused(
                        node.line,
                        f"嵌套超过{DEPTH_LIMIT}层；目录条目没有这么深。",
                        f"nested more than {DEPTH_LIMIT} levels deep; no entry is.",
                    )
                stack.append(node)
                keys.append(None)
    if not isinstance(root, Mapping):
        raise _Refused(
            1,
            "文件为空，或最外层不是“键: 值”；请按目录条目的格式填写。",
            "the file is empty or its top level is not 'key: value'; write it as an entry.",
        )
    return root


def _refuse_indirect(event: AliasEvent | ScalarEvent | CollectionStartEvent) -> None:
    """No anchors, aliases or tags: what an entry says must stand where it is said."""
    if event.anchor is not None:
        raise _Refused(
            _line(event),
            f"不允许使用锚点或别名“{event.anchor}”；请把内容写全。",
            f"anchors and aliases are not allowed ('{event.anchor}'); write the content out.",
        )
    tag = getattr(event, "tag", None)
    if tag is not None:
        raise _Refused(
            _line(event),
            f"不允许使用标签“{tag}”；请删除。",
            f"tags are not allowed ('{tag}'); remove it.",
        )


def _node(event: AliasEvent | ScalarEvent | CollectionStartEvent) -> Node:
    line = _line(event)
    if isinstance(event, ScalarEvent):
        if len(event.value) > SCALAR_LIMIT:
            raise _Refused(
                line,
                f"单个值超过{SCALAR_LIMIT}个字符；请缩短。",
                f"a single value has more than {SCALAR_LIMIT} characters; shorten it.",
            )
        tag = _plain_tag(event.value) if event.implicit[0] else "str"
        return Scalar(line, event.value, tag)
    if isinstance(event, MappingStartEvent):
        return Mapping(line)
    return Sequence(line)


def _line(event: Event) -> int:
    return event.start_mark.line + 1 if event.start_mark is not None else 1


def _plain_tag(text: str) -> str:
    tag = str(_RESOLVER.resolve(yaml.ScalarNode, text, (True, False)))  # type: ignore[no-untyped-call]
    return tag.rsplit(":", 1)[-1]


def _attach(
    parent: Mapping | Sequence, keys: list[tuple[str, int] | None], node: Node, file: str, mistakes: list[Mistake]
) -> None:
    if isinstance(parent, Sequence):
        parent.items.append(node)
        return
    waiting = keys[-1]
    if waiting is None:
        if not isinstance(node, Scalar):
            raise _Refused(
                node.line, "键必须是文字，不能是列表或映射。", "a key must be text, not a list or a mapping."
            )
        keys[-1] = (node.text, node.line)
        return
    key, line = waiting
    keys[-1] = None
    if key in parent.items:
        mistakes.append(
            Mistake(
                file,
                line,
                f"键“{key}”重复，前一个在第{parent.lines[key]}行；只能保留一个，否则后者会悄悄覆盖前者。",
                f"key '{key}' is written twice, first on line {parent.lines[key]}; keep one, "
                "or the second would silently win.",
            )
        )
        return
    parent.items[key] = node
    parent.lines[key] = line
