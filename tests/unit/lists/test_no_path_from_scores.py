"""No path from a score, grade or risk class to a list or a measure: over imports, over writers, over what can be said."""

from __future__ import annotations

import ast
import re
from pathlib import Path

import grimp
import pytest

import xinyong
from xinyong.lists import gate, measures, procedure, registry
from xinyong.lists.steps import Context

PACKAGE = Path(xinyong.__file__).parent
#: Words a room, module or value of evaluation, supervision or monitoring would carry.
WORDS = re.compile(
    r"(^|[._])(score|scoring|grading|grade|rating|ranking|evaluation|risk|supervision|monitoring|appraisal)"
)
#: Who may call the writers of the listing procedure: its own console and effect, and the demonstration, which plays the officers.
LISTING = {
    "xinyong.demo.listing_cases",
    "xinyong.lists.console",
    "xinyong.lists.effects",
    "xinyong.lists.case_pages",
}
#: And those of joint work: its console, its effect, and the interface by which a department's system sends what its officer,
#: named in each call, has decided.
JOINT = {
    "xinyong.lists.effects",
    "xinyong.lists.joint_console",
    "xinyong.lists.joint_pages",
    "xinyong.verification.joint_api",
}


@pytest.fixture(scope="module")
def graph() -> grimp.ImportGraph:
    return grimp.build_graph("xinyong", cache_dir=None)


def test_lists_import_nothing_that_scores(graph: grimp.ImportGraph) -> None:
    """Everything the room reaches, however far."""
    rooms = {name for name in graph.modules if name.startswith("xinyong.lists")}
    reached = {up for name in rooms for up in graph.find_upstream_modules(name)}
    assert len(reached) > 50
    assert sorted(name for name in reached if WORDS.search(name)) == []


def test_only_the_officers_pages_call_the_writers(graph: grimp.ImportGraph) -> None:
    """So no effect, job or other room can list anybody or apply anything, whatever it computes."""
    assert graph.find_modules_that_directly_import("xinyong.lists.actions") <= LISTING
    assert graph.find_modules_that_directly_import("xinyong.lists.joint_actions") <= JOINT


def test_the_platform_itself_takes_only_steps_that_follow_from_an_officers() -> None:
    """Steps of the right ``system``: none of them begins a case, decides, or lists what no officer published."""
    for way in procedure.table().procedures.values():
        own = {step.code for step in way.steps if step.right == "system"}
        assert own == {"stored", "not_stored", "exit_stored", "exit_not_stored", "expire"}
        for step in way.steps:
            if step.to == "publishing" or step.code in ("propose", "decide"):
                assert step.right in ("propose", "decide")


def test_nothing_the_rules_may_know_is_a_score() -> None:
    names = {*Context.__slots__, *gate.Proposal.__slots__, *gate.Object.__slots__, *procedure.table().facts}
    assert sorted(name for name in names if WORDS.search(name)) == []
    texts = [
        *(ground.zh for row in registry.registry().values() for ground in row.grounds),
        *(row.target_zh for row in measures.book().rows.values()),
    ]
    assert [text for text in texts if re.search(r"信用分|评分|得分|积分|风险等级|信用等级", text)] == []


def test_no_source_of_the_room_reads_a_score() -> None:
    """Names in the code, beside the severity of a record, which the publicity clock needs and the gate takes as minor."""
    for path in sorted((PACKAGE / "lists").glob("*.py")):
        for node in ast.walk(ast.parse(path.read_text("utf-8"))):
            name = node.attr if isinstance(node, ast.Attribute) else node.id if isinstance(node, ast.Name) else ""
            assert not WORDS.search(name), f"{path.name}: {name}"
