"""Every remark the row checks can make, in the words the department reads. The keys are the finding codes."""

from __future__ import annotations

from dataclasses import dataclass

from xinyong.intake.findings import FindingKind


@dataclass(frozen=True, slots=True)
class Message:
    """Templates (``str.format``) of a reason and of what to do about it."""

    kind: FindingKind
    zh: str
    en: str
    advice_zh: str = ""
    advice_en: str = ""


_CHECK_ZH = "请核对决定书原文"
_CHECK_EN = "Check the original document"

MESSAGES: dict[str, Message] = {
    "required-empty": Message(
        FindingKind.REQUIRED,
        "必填项为空",
        "A required field is empty",
        "请补填“{name}”",
        "Fill in “{name_en}”",
    ),
    "required-text-null": Message(
        FindingKind.REQUIRED,
        "必填项填写了“{value}”，视同未填",
        "A required field says “{value}”, which counts as empty",
        "请补填“{name}”的实际内容",
        "Fill in the actual “{name_en}”",
    ),
    "required-when": Message(
        FindingKind.REQUIRED,
        "{condition}时本项必填，现为空",
        "This field is required when {condition_en}; it is empty",
        "请补填“{name}”，或核对所依据的字段",
        "Fill in “{name_en}”, or check the field it depends on",
    ),
    "must-be-empty": Message(
        FindingKind.FORBIDDEN,
        "{condition}时本项应为空，现已填写",
        "This field must be empty when {condition_en}; it is filled",
        "请清空“{name}”，或核对所依据的字段",
        "Clear “{name_en}”, or check the field it depends on",
    ),
    "not-to-be-collected": Message(
        FindingKind.FORBIDDEN,
        "本列内容不得归集，本行已拒收，内容未保存{why}",
        "This column must not be collected; the row is refused and the content is not kept{why}",
        "请清空该列后重新报送本行",
        "Clear the cell and deliver the row again",
    ),
    "natural-person": Message(
        FindingKind.PERSON,
        "相对人为自然人；本平台只归集市场主体信息，本行已拒收，内容未保存",
        "The subject is a natural person; only market entities are kept here. The row is refused and not stored",
        "请勿报送自然人信息；如为个体工商户，请更正行政相对人类别",
        "Do not deliver natural persons; for an individual business, correct the kind of subject",
    ),
    "resident-number": Message(
        FindingKind.PERSON,
        "本项填写了居民身份证号码；本平台不接收自然人信息，本行已拒收，号码未保存",
        "This field holds a resident identity number; the row is refused and the number is not stored",
        "请填写市场主体的统一社会信用代码；自然人信息请勿报送",
        "Give the entity's unified social credit code; do not deliver natural persons",
    ),
    "formula": Message(
        FindingKind.VALUE,
        "内容形似电子表格公式，为防止在他人电脑上被执行，未予接收",
        "The cell looks like a spreadsheet formula; it is refused so that nobody's computer runs it",
        "请改为纯文本，去掉开头的“{first}”",
        "Give plain text without the leading “{first}”",
    ),
    "control-character": Message(
        FindingKind.VALUE,
        "含有不可见的控制字符（U+{point}）",
        "The cell contains an invisible control character (U+{point})",
        "请重新录入该单元格，或从来源系统重新导出",
        "Type the cell again, or export again from the source system",
    ),
    "too-long": Message(
        FindingKind.LENGTH,
        "共 {length} 个字，超过规定的 {limit} 个字，已照原文接收",
        "{length} characters, more than the {limit} laid down; accepted as sent",
        "请核对是否填错列",
        "Check that the text is in the right column",
    ),
    "too-long-refused": Message(
        FindingKind.LENGTH,
        "共 {length} 个字，超过上限 {limit} 个字",
        "{length} characters, more than the limit of {limit}",
        "请缩短内容或核对是否填错列",
        "Shorten the text, or check that it is in the right column",
    ),
    "columns-disagree": Message(
        FindingKind.LOGIC,
        "{columns}对应同一字段，但内容不一致",
        "{columns} stand for the same field and differ",
        "请保留正确的一个",
        "Keep the right one",
    ),
    # codes
    "code-repaired": Message(
        FindingKind.CODE,
        "{reason}；已按 {fix} 接收",
        "{reason_en}; accepted as {fix}",
        "请在来源系统中改为 {fix}",
        "Correct it to {fix} in the source system",
    ),
    "code-wrong": Message(FindingKind.CODE, "{reason}", "{reason_en}", "{advice}", "{advice_en}"),
    "placeholder-without-number": Message(
        FindingKind.CODE,
        "占位代码（17 个 0 加 X）只允许没有统一社会信用代码、但填有工商注册号的个体工商户使用",
        "The filler (17 zeros and X) is only for an individual business that has no credit code and gives its "
        "registration number",
        "请填写真实代码；个体工商户请补填工商注册号",
        "Give the real code; for an individual business add the registration number",
    ),
    "organ-code-placeholder": Message(
        FindingKind.CODE,
        "机关代码填写了占位代码（17 个 0 加 X），视同未填",
        "The organ code is the filler (17 zeros and X), which counts as empty",
        "请填写机关的统一社会信用代码",
        "Give the organ's unified social credit code",
    ),
    "organ-unknown": Message(
        FindingKind.CODE,
        "代码有效，但不在本平台的机关名录中",
        "The code is valid but is not in this platform's directory of organs",
        "请核对代码；如机关新设或改制，请联系平台管理员补录",
        "Check the code; for a new organ ask the platform's administrator to add it",
    ),
    "organisation-code-wrong": Message(
        FindingKind.CODE,
        "{reason}",
        "{reason_en}",
        "请核对组织机构代码证，或与统一社会信用代码第 9 至 17 位对照",
        "Check the certificate, or compare with positions 9 to 17 of the unified social credit code",
    ),
    "registration-number-check": Message(
        FindingKind.CODE,
        "15 位注册号的校验位不符（应为 {expected}），已照原文接收",
        "The check digit of the 15-digit registration number is wrong (it should be {expected}); accepted as sent",
        "请核对营业执照",
        "Check the business licence",
    ),
    "registration-number-form": Message(
        FindingKind.CODE,
        "不是已知的注册号格式（15 位数字、13 位数字或旧式文字号），已照原文接收",
        "Not a known form of a registration number (15 digits, 13 digits, or an old text form); accepted as sent",
        "请核对营业执照",
        "Check the business licence",
    ),
    "registration-number-resident": Message(
        FindingKind.CODE,
        "校验位不符，且形似居民身份证号码，为保护个人信息未予接收",
        "The check digit fails and the number looks like a resident identity number; it is refused",
        "请填写营业执照上的注册号；身份证号码不得填入",
        "Give the registration number on the licence; an identity number must not be entered",
    ),
    "personal-number-check": Message(
        FindingKind.CODE,
        "证件号码不符合居民身份证号码的校验规则，已加密保存",
        "The number fails the check of a resident identity number; it is kept encrypted",
        "请核对证件号码与证件类型",
        "Check the number and the kind of document",
    ),
    # dates and amounts
    "date-wrong": Message(FindingKind.DATE, "{reason}", "{reason_en}", _CHECK_ZH, _CHECK_EN),
    "date-unknown": Message(
        FindingKind.DATE,
        "“{value}”表示日期不详，已按空值接收",
        "“{value}” stands for an unknown date; accepted as empty",
        _CHECK_ZH,
        _CHECK_EN,
    ),
    "date-not-open": Message(
        FindingKind.DATE,
        "“{value}”表示长期有效，本项应为实际日期",
        "“{value}” means open-ended; this field needs an actual date",
        _CHECK_ZH,
        _CHECK_EN,
    ),
    "amount-wrong": Message(
        FindingKind.AMOUNT, "{reason}", "{reason_en}", "请填写数字，单位为万元", "Give a number, in 10 000 yuan"
    ),
    "amount-read": Message(
        FindingKind.AMOUNT,
        "“{value}”已按 {fix} 万元接收",
        "“{value}” was read as {fix} (10 000 yuan)",
        "请只填写数字，单位为万元",
        "Give the number only, in 10 000 yuan",
    ),
    "number-wrong": Message(FindingKind.VALUE, "不是{shape}", "Not {shape_en}", "请只填写数字", "Give digits only"),
    "capital-wrong": Message(
        FindingKind.AMOUNT,
        "{reason}",
        "{reason_en}",
        "请写明数字、单位和币种，如“100万元人民币”",
        "Give number, unit and currency, such as “100万元人民币”",
    ),
    # values
    "value-unknown": Message(
        FindingKind.VALUE,
        "“{part}”不在“{name}”的取值范围内",
        "“{part}” is not a permitted value of “{name_en}”",
        "{advice}",
        "{advice_en}",
    ),
    "value-needs-words": Message(
        FindingKind.VALUE,
        "选择“{part}”时须注明具体内容",
        "“{part}” must be followed by the words it stands for",
        "请写成“{part}-具体名称”",
        "Write it as “{part}-” and the name",
    ),
    "personal-number-in-text": Message(
        FindingKind.FORBIDDEN,
        "文字中含有{what}；公示前须隐去，本项暂不公示",
        "The text contains {what_en}; it must be masked first, so this field is not published for now",
        "请在来源系统中隐去后重新报送",
        "Mask it in the source system and deliver again",
    ),
    # subject
    "no-identifier": Message(
        FindingKind.SUBJECT,
        "没有可以确定主体的内容：{identifiers}均为空",
        "Nothing says which entity this is: {identifiers_en} are all empty",
        "请至少补填其中一项",
        "Fill in at least one of them",
    ),
    "kind-not-open": Message(
        FindingKind.SUBJECT,
        "本资源不归集“{kind}”的信息",
        "This dataset is not open to this kind of subject ({kind_en})",
        "请核对主体类别和代码，或改报相应的资源",
        "Check the kind and the code, or deliver it under the dataset meant for it",
    ),
    "kind-differs": Message(
        FindingKind.SUBJECT,
        "主体类别与统一社会信用代码不一致：填报为“{value}”，代码第 1、2 位 {prefix} 表示“{kind}”",
        "The kind of subject and the credit code differ: “{value}” was given, "
        "positions 1 and 2 ({prefix}) mean {kind_en}",
        "请核对主体类别",
        "Check the kind of subject",
    ),
}

#: What a rule says when its entry gives no words of its own: (kind of finding, Chinese, English).
RULE_REASONS: dict[str, tuple[FindingKind, str, str]] = {
    "not_after": (FindingKind.LOGIC, "“{name}”晚于“{other}”", "“{name_en}” is after “{other_en}”"),
    "not_in_future": (FindingKind.DATE, "“{name}”晚于接收当日", "“{name_en}” lies after the day of receipt"),
    "positive_when": (
        FindingKind.AMOUNT,
        "{condition}时本项应大于 0",
        "This field must be above 0 when {condition_en}",
    ),
    "organisation_code_matches": (
        FindingKind.CODE,
        "“{other}”与“{name}”第 9 至 17 位（{expected}）不一致",
        "“{other_en}” differs from positions 9 to 17 of “{name_en}” ({expected})",
    ),
    "at_most": (FindingKind.AMOUNT, "超过 {limit}，疑似单位有误", "More than {limit}; the unit is probably wrong"),
    "one_of_filled": (FindingKind.REQUIRED, "{names}至少填写一项", "At least one of {names_en} is needed"),
}
