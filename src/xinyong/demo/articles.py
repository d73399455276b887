"""Articles of the demonstration city, written and published through the editor's own actions."""

from __future__ import annotations

from datetime import date, timedelta
from importlib import resources

import yaml

from xinyong.accounts.models import User
from xinyong.content import actions
from xinyong.content.models import Article


def write(author: str, today: date) -> int:
    """Make and publish them once; how many there are. The oldest is published first, so that lists have an order."""
    if Article.objects.exists():
        return 0
    user = User.objects.get(username=author)
    text = (resources.files("xinyong.datapacks") / "demo" / "articles.yml").read_text(encoding="utf-8")
    items = yaml.safe_load(text)["articles"]
    for item in sorted(items, key=lambda row: -int(row["days"])):
        issued = item.get("issued_days")
        revision = actions.save(
            user,
            None,
            item["kind"],
            actions.Text(
                title=item["title"],
                summary=item["summary"],
                source=item["source"],
                index_number=item.get("index_number", ""),
                issued_on=today - timedelta(days=int(issued)) if issued else None,
                body=item["body"],
                attachments=[
                    actions.Attached(title=part["title"], body=part["body"]) for part in item.get("attachments", ())
                ],
            ),
        )
        actions.publish(user, revision.article, revision.number)
    return len(items)
