from __future__ import annotations

from xinyong.reports.chapters import CHAPTERS, Content, Group, Item, Subject, arrange


def item(title: str = "x") -> Item:
    return Item(title=title, severity="", pairs=(("a", title),), clock="", source="s")


def group(category: str, *, adverse: bool = False, dataset: str = "d", total: int = 1) -> Group:
    items = tuple(item(str(n)) for n in range(total))
    return Group(dataset=dataset, title=dataset, category=category, adverse=adverse, total=total, items=items)


def content(*groups: Group) -> Content:
    subject = Subject(
        name="示例公司", code="91410100MA9D8EM07X", code_label="统一社会信用代码", kind="enterprise", status="存续"
    )
    return Content(subject=subject, chapters=arrange(groups), sources=(), advice=())


def test_nine_chapters_in_the_official_order_even_when_empty() -> None:
    assert [chapter.title for chapter in content().chapters] == [title for title, _ in CHAPTERS]
    assert all(chapter.total == 0 for chapter in content().chapters)


def test_penalties_stand_before_permits() -> None:
    chapter = content(
        group("administrative", dataset="licence"), group("administrative", adverse=True, dataset="penalty")
    ).chapters[1]
    assert [own.dataset for own in chapter.groups] == ["penalty", "licence"]


def test_a_class_nobody_names_goes_to_other_information() -> None:
    assert content(group("compliance")).chapters[8].total == 1


def test_the_summary_counts_what_the_chapters_hold() -> None:
    made = content(
        group("administrative", dataset="licence", total=3),
        group("administrative", adverse=True, dataset="penalty", total=2),
        group("serious-list", total=1),
    )
    figures = {tile["label"]: tile["count"] for tile in made.overview()}
    assert figures["行政许可"] == 3 and figures["行政处罚"] == 2 and figures["严重失信主体名单"] == 1
    assert sum(figures.values()) == sum(chapter.total for chapter in made.chapters)


def test_the_digest_follows_every_fact() -> None:
    one = content(group("honour"))
    assert one.digest() == content(group("honour")).digest()
    assert one.digest() != content(group("honour", total=2)).digest()
    assert one.digest() != content(group("honour", dataset="e")).digest()


def test_no_score_and_no_grade_is_printed() -> None:
    words = str(content(group("evaluation")))
    assert "score" not in words and "grade" not in words
