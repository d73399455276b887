"""The public addresses for programs, described for the OpenAPI document; each example is sent by a test."""

from __future__ import annotations

from xinyong.api.public_operations import Public, PublicExample, PublicOperation, PublicParameter
from xinyong.ui.twins import LABELS, MEDIA

_KEY = PublicParameter(
    name="key",
    place="path",
    words="统一社会信用代码或主体编号 / Credit code or public id",
    example="91410700000000019K",
)
_RECORD = PublicParameter(name="key", place="path", words="信息编号 / Id of the record")
_QUERY = PublicParameter(name="q", place="query", words="名称、代码或拼音 / Name, code or pinyin", example="示例")
_WORDS = PublicParameter(
    name="q", place="query", words="标题、文号或正文中的词 / Words of title, number or text", example="示例"
)
_ARTICLE = PublicParameter(name="number", place="path", words="内容编号 / Number of the article")
_PAGE = PublicParameter(name="page", place="query", words="页码 / Page number")
_SET = PublicParameter(name="code", place="path", words="数据集代码 / Code of the dataset", example="penalty")
_AFTER = PublicParameter(name="after", place="query", words="上次答复所附游标 / Cursor given with the last answer")
_HEADER = PublicParameter(name="header", place="query", words="codes：表头用字段代码 / codes: field codes as headings")
_BOM = PublicParameter(name="bom", place="query", words="0：不带字节序标记 / 0: without byte order mark")


_LISTS = ("json", "csv", "jsonld", "rss", "atom")


def _filters() -> tuple[PublicParameter, ...]:
    """What a list of records is narrowed by."""
    words = {
        "type": "数据集 / Dataset",
        "department": "来源部门 / Source",
        "district": "区划代码 / Region code",
        "from": "起始日期 / First day",
        "to": "截止日期 / Last day",
        "keyword": "关键词 / Keyword",
        "value": "状态 / State",
        "page": "页码 / Page number",
    }
    return tuple(PublicParameter(name=name, place="query", words=text) for name, text in words.items())


def _forms(
    name: str, path: str, words: str, forms: tuple[str, ...], example: str, *parameters: PublicParameter
) -> list[PublicOperation]:
    """The twins of one page."""
    zh, _, en = words.partition(" / ")
    found = []
    for form in forms:
        more = (_HEADER, _BOM) if form == "csv" else ()
        address, _, query = example.partition("?")
        tail = f"?{query}" if query else ""
        found.append(
            PublicOperation(
                route=f"{name}-{form}",
                path=f"{path}.{form}",
                words=f"{zh}（{LABELS[form]}） / {en} ({LABELS[form]})",
                media=(MEDIA[form],),
                parameters=(*parameters, *more),
                text="与页面同一网址、同一内容，也可用 Accept 取得。 / The page's own address and content; also by Accept.",
                examples=(
                    PublicExample(path=f"{address}.{form}{tail}", media=MEDIA[form]),
                    PublicExample(path=f"{address}{tail}", media=MEDIA[form], accept=MEDIA[form]),
                ),
                refusals=(410,) if name in ("record-page", "open-data-deletions", "article") else (),
            )
        )
    return found


def register() -> None:
    """Describe every public address that programs read."""
    dataset = PublicParameter(
        name="dataset", place="query", words="只要此数据集，字段各成一列 / This dataset alone, a column a field"
    )
    twins = [
        *_forms(
            "search", "/search", "查询结果 / Search results", ("json", "csv", "jsonld"), "/search?q=示例", _QUERY, _PAGE
        ),
        *_forms(
            "entity",
            "/entities/{key}",
            "信用档案 / Entity file",
            ("json", "csv", "jsonld", "rss", "atom"),
            "/entities/{code}",
            _KEY,
            dataset,
        ),
        *_forms(
            "record-page",
            "/records/{key}",
            "记录详情 / One record",
            ("json", "csv", "jsonld"),
            "/records/{record}",
            _RECORD,
        ),
        *_forms(
            "double-publicity",
            "/double-publicity",
            "双公示 / Double publicity",
            _LISTS,
            "/double-publicity?type=penalty",
            *_filters(),
        ),
        *_forms("public-lists", "/lists", "名单公示 / Public lists", ("json", "csv"), "/lists"),
        *_forms(
            "public-list",
            "/lists/{code}",
            "一份名单 / One list",
            _LISTS,
            "/lists/abnormal-list",
            PublicParameter(name="code", place="path", words="名单代码 / Code of the list", example="abnormal-list"),
            *_filters(),
        ),
        *_forms("commitments", "/commitments", "信用承诺 / Commitments", _LISTS, "/commitments", *_filters()),
        *_forms(
            "commitment-texts",
            "/commitments/texts",
            "承诺书文本 / Texts of commitments",
            ("json",),
            "/commitments/texts",
        ),
        *(
            operation
            for kind, words in (
                ("news", "信用动态 / News"),
                ("policies", "政策法规 / Policies"),
                ("interpretations", "政策解读 / Interpretations"),
                ("typical-cases", "典型案例 / Cases"),
            )
            for operation in _forms(
                kind, f"/{kind}", words, ("json", "csv", "rss", "atom"), f"/{kind}?q=示例", _WORDS, _PAGE
            )
        ),
        *_forms("article", "/articles/{number}", "一篇内容 / One article", ("json",), "/articles/{article}", _ARTICLE),
        *_forms("open-data", "/open-data", "数据开放 / Open data", ("json", "jsonld"), "/open-data"),
        *_forms(
            "open-data-set",
            "/open-data/datasets/{code}",
            "数据集 / One dataset",
            ("json", "jsonld"),
            "/open-data/datasets/penalty",
            _SET,
        ),
        *_forms(
            "open-data-deletions",
            "/open-data/deletions",
            "删除清单 / Deletion feed",
            ("json", "csv"),
            "/open-data/deletions",
            _AFTER,
            PublicParameter(name="dataset", place="query", words="数据集代码 / Code of a dataset"),
        ),
    ]
    absent = PublicExample(path="/entities/NOTHING.json", status=404)
    Public.register(*twins)
    Public.register(
        PublicOperation(
            route="search-suggest",
            path="/search/suggest",
            words="输入时的建议 / Suggestions while typing",
            media=("application/json", "text/html"),
            parameters=(_QUERY,),
            examples=(PublicExample(path="/search/suggest?q=示例", accept="application/json"), absent),
        ),
        PublicOperation(
            route="record-page-proof",
            path="/records/{key}/proof.json",
            words="记录的存证证明 / Proof of a record in the transparency log",
            media=("application/json",),
            parameters=(_RECORD,),
            examples=(PublicExample(path="/records/NOTHING/proof.json", status=404),),
            refusals=(410,),
        ),
        PublicOperation(
            route="open-data-schema",
            path="/open-data/datasets/{code}/schema.json",
            words="数据集的表结构 / Table schema of a dataset",
            media=("application/json",),
            parameters=(_SET,),
            examples=(
                PublicExample(path="/open-data/datasets/penalty/schema.json"),
                PublicExample(path="/open-data/datasets/shareholders/schema.json", status=404),
            ),
        ),
        PublicOperation(
            route="open-data-sample",
            path="/open-data/datasets/{code}/sample.csv",
            words="数据集的样例 / Sample rows of a dataset",
            media=("text/csv",),
            parameters=(_SET,),
            examples=(PublicExample(path="/open-data/datasets/penalty/sample.csv", media="text/csv"),),
        ),
        PublicOperation(
            route="open-data-changes",
            path="/open-data/datasets/{code}/changes.jsonl",
            words="数据集的变更 / Changes of a dataset",
            media=("application/jsonl",),
            parameters=(_SET, _AFTER),
            text="每行一条信息现在的样子，或已停止公示；末行是下一个游标。 / A line a record: as it is now, or gone; the last line is the next cursor.",
            examples=(
                PublicExample(path="/open-data/datasets/penalty/changes.jsonl", media="application/jsonl"),
                PublicExample(path="/open-data/datasets/penalty/changes.jsonl?after=x", status=410),
            ),
        ),
        PublicOperation(
            route="open-data-latest",
            path="/open-data/datasets/{code}/latest.{form}",
            words="最新完整文件（转到固定网址） / Newest whole file (leads to its permanent address)",
            media=("text/csv", "application/vnd.apache.parquet"),
            parameters=(_SET, PublicParameter(name="form", place="path", words="csv, parquet", example="csv")),
            examples=(PublicExample(path="/open-data/datasets/penalty/latest.csv", status=302, media=""),),
        ),
        PublicOperation(
            route="open-data-file",
            path="/open-data/files/{code}/{name}.{form}",
            words="完整文件，可断点续传 / Whole file; a download can be taken up again",
            media=("text/csv", "application/vnd.apache.parquet"),
            parameters=(
                _SET,
                PublicParameter(name="name", place="path", words="文件名 / Name of the file"),
                PublicParameter(name="form", place="path", words="csv, parquet", example="csv"),
            ),
            examples=(
                PublicExample(path="/open-data/files/penalty/{cut}.csv", media="text/csv"),
                PublicExample(path="/open-data/files/penalty/{cut}.parquet", media="application/vnd.apache.parquet"),
                PublicExample(path="/open-data/files/penalty/penalty-20200101T000000-00000000.csv", status=404),
            ),
        ),
        PublicOperation(
            route="open-data-dcat-ttl",
            path="/open-data/catalogue.ttl",
            words="开放目录 DCAT-AP（Turtle） / Catalogue, DCAT-AP (Turtle)",
            media=("text/turtle",),
            examples=(PublicExample(path="/open-data/catalogue.ttl", media="text/turtle"),),
        ),
        PublicOperation(
            route="open-data-dcat-jsonld",
            path="/open-data/catalogue.jsonld",
            words="开放目录 DCAT-AP（JSON-LD） / Catalogue, DCAT-AP (JSON-LD)",
            media=("application/ld+json",),
            examples=(PublicExample(path="/open-data/catalogue.jsonld", media="application/ld+json"),),
        ),
        PublicOperation(
            route="sitemap",
            path="/sitemap.xml",
            words="网站地图索引 / Index of the sitemap",
            media=("application/xml",),
            examples=(PublicExample(path="/sitemap.xml", media="application/xml"),),
        ),
        PublicOperation(
            route="sitemap-pages",
            path="/sitemap-pages.xml",
            words="网站地图：固定页面 / Sitemap: fixed pages",
            media=("application/xml",),
            examples=(PublicExample(path="/sitemap-pages.xml", media="application/xml"),),
        ),
        PublicOperation(
            route="sitemap-part",
            path="/sitemap-{number}.xml",
            words="网站地图：主体 / Sitemap: entities",
            media=("application/xml",),
            parameters=(PublicParameter(name="number", place="path", words="分卷 / Part", example="0"),),
            examples=(PublicExample(path="/sitemap-0.xml", media="application/xml"),),
        ),
        PublicOperation(
            route="robots",
            path="/robots.txt",
            words="爬虫规则 / Rules for crawlers",
            media=("text/plain",),
            examples=(PublicExample(path="/robots.txt", media="text/plain"),),
        ),
        PublicOperation(
            route="log-file",
            path="/log/{name}",
            words="透明日志的文件（C2SP tlog-tiles） / A file of the transparency log (C2SP tlog-tiles)",
            media=("text/plain", "application/octet-stream"),
            parameters=(
                PublicParameter(name="name", place="path", words="checkpoint, key.pub, tile/…", example="checkpoint"),
            ),
            examples=(PublicExample(path="/log/checkpoint", media="text/plain"),),
        ),
        PublicOperation(
            route="api-report",
            path="/api/v1/reports/{code}",
            words="验证信用报告 / Verification of a credit report",
            media=("application/json",),
            parameters=(PublicParameter(name="code", place="path", words="核验码或报告编号 / Code or number"),),
            text="未知的报告为 404，答复同样写明 standing。 / An unknown report is 404 with its standing.",
            examples=(PublicExample(path="/api/v1/reports/7F3K9QD2XA41", status=404),),
            not_found={"type": "object", "required": ["standing", "message_zh", "message_en"]},
        ),
        PublicOperation(
            route="share-json",
            path="/s/{token}.json",
            words="分享快照的签名数据 / Signed data of a share link",
            media=("application/json",),
            parameters=(PublicParameter(name="token", place="path", words="链接中的密码段 / Secret part of the link"),),
            text="到期或撤回为 410。 / 410 once expired or taken back.",
            examples=(PublicExample(path="/s/{share}.json", media="application/json"),),
            refusals=(410,),
        ),
        PublicOperation(
            route="healthz",
            path="/healthz",
            words="进程是否活着 / Whether the process is alive",
            media=("application/json",),
            examples=(PublicExample(path="/healthz"),),
        ),
        PublicOperation(
            route="readyz",
            path="/readyz",
            words="是否可以服务 / Whether it can serve",
            media=("application/json",),
            examples=(PublicExample(path="/readyz"),),
            refusals=(503,),
        ),
    )
