"""Its sign-in page."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from html import escape

STYLE = """
body { margin: 0; background: #f4f6fa; color: #16202e; font: 16px/1.6 "PingFang SC", "Microsoft YaHei", "Noto Sans CJK SC",
  system-ui, sans-serif; }
header { padding: 14px 20px; background: #0b6470; color: #fff; font-size: 18px; font-weight: 700; }
header span { display: inline-block; margin-left: 12px; padding: 0 8px; border-radius: 3px; background: #fff2cc;
  color: #6b3d00; font-size: 14px; }
main { max-width: 720px; margin: 24px auto; padding: 22px; border: 1px solid #d9e0ea; border-radius: 6px; background: #fff; }
h1 { margin: 0 0 8px; font-size: 22px; }
table { width: 100%; margin: 12px 0; border-collapse: collapse; font-size: 14px; }
th, td { padding: 8px; border-bottom: 1px solid #e8edf4; text-align: left; overflow-wrap: anywhere; }
label { display: block; margin-top: 12px; font-weight: 700; }
input { box-sizing: border-box; width: 100%; min-height: 44px; padding: 6px 10px; border: 1px solid #7a8ba3;
  border-radius: 4px; font: inherit; }
button { min-height: 44px; margin: 18px 8px 0 0; padding: 0 22px; border: 1px solid #0b6470; border-radius: 4px;
  background: #0b6470; color: #fff; font: inherit; }
button.plain { background: #fff; color: #0b6470; }
:focus-visible { outline: 3px solid #ffbf47; box-shadow: 0 0 0 5px #16202e; }
.problem { padding: 8px 12px; border-left: 4px solid #b91c27; background: #fdf1f1; color: #a3161f; }
"""


def page(hidden: Mapping[str, str], people: Sequence[Mapping[str, str]], password: str, problem: str) -> str:
    """The sign-in form; ``hidden`` carries the request of the site, ``people`` are listed with what they are."""
    fields = "".join(
        f'<input type="hidden" name="{escape(name)}" value="{escape(value)}">' for name, value in hidden.items()
    )
    rows = "".join(
        f"<tr><td><code>{escape(person['login'])}</code></td><td>{escape(person['name'])}</td>"
        f"<td>{escape(person['what'])}</td></tr>"
        for person in people
    )
    trouble = f'<p class="problem" role="alert">{escape(problem)}</p>' if problem else ""
    return f"""<!doctype html>
<html lang="zh-CN"><head><meta charset="utf-8"><meta name="viewport" content="width=device-width, initial-scale=1">
<title>演示身份认证 · 不是真实的认证平台</title><link rel="icon" href="data:,"><link rel="stylesheet" href="/style.css"></head>
<body><header>演示身份认证<span>演示 Demonstration</span></header>
<main><h1>登录</h1>
<p>这是演示用的身份认证服务，与网站分开运行，按 OpenID Connect 与网站对接。这里的人和企业都不存在。
<span lang="en">A demonstration identity provider; nobody here exists. The password is the same for all.</span></p>
{trouble}
<form method="post" action="/authorize">{fields}
<label for="login">账号 <span lang="en">Account</span></label><input id="login" name="login" autocomplete="username" required>
<label for="password">密码 <span lang="en">Password</span></label>
<input id="password" name="password" type="password" autocomplete="current-password" required>
<button type="submit" name="deed" value="allow">登录并授权网站读取姓名和任职企业</button>
<button class="plain" type="submit" name="deed" value="cancel" formnovalidate>取消</button>
</form>
<table><caption>演示账号，密码 <code>{escape(password)}</code></caption>
<thead><tr><th scope="col">账号</th><th scope="col">姓名</th><th scope="col">任职</th></tr></thead><tbody>{rows}</tbody></table>
</main></body></html>"""
