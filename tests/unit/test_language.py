"""Languages of the report: values by locale, catalogue complete, sentences of lower layers recognised."""

from __future__ import annotations

import ast
import datetime
import io
import re
from collections.abc import Iterator
from importlib import resources
from pathlib import Path
from typing import get_args

import pandas as pd
import pytest
from babel.messages.catalog import Catalog
from babel.messages.extract import extract
from babel.messages.pofile import read_po
from jinja2.ext import babel_extract

import layoutopt.report
from layoutopt.errors import InputError
from layoutopt.kernels.highs import StoppedBy
from layoutopt.plan.audit import CHECKS
from layoutopt.plan.closures import CONDITIONS
from layoutopt.policy import Policy
from layoutopt.policy.keys import GROUPS, note_of
from layoutopt.policy.policy import presets
from layoutopt.report.document import Column
from layoutopt.report.echoes import echoed, rule_words, violations_in_words
from layoutopt.report.language import LOCALES, language
from layoutopt.report.sentences import SENTENCES
from layoutopt.report.summary import ENDINGS

EN, ZH = language("en"), language("zh")
HERE = Path(layoutopt.report.__file__).parent
ONE, TWO = None, (1, 2)
CALLS = {
    "text": ONE, "say": ONE, "t": ONE, "_": ONE, "gettext": ONE, "message": ONE, "plural": TWO, "ngettext": TWO,
}  # fmt: skip
Message = str | tuple[str, ...]


@pytest.mark.parametrize(
    ("lang", "written"),
    [
        (
            "en",
            [
                "1,234,567",
                "0.0",
                "3",
                "-12.3",
                "+3",
                "30.8%",
                "–",
                "30.41 million CNY",
                "88,000 CNY",
                "12 min",
                "4.3 km",
            ],
        ),
        ("zh", ["1,234,567", "0.0", "3", "-12.3", "+3", "30.8%", "–", "3,040.71万元", "8.80万元", "12分钟", "4.3公里"]),
    ],
)
def test_values_are_written_by_locale(lang: str, written: list[str]) -> None:
    say = language(lang)
    values = [
        say.number(1_234_567), say.number(-0.04, 1), say.number(2.5), say.number(-12.34, 1), say.signed(3),
        say.share(0.3076, 1), say.number(float("inf")), say.money(30_407_076), say.money(88_000), say.minutes(12.3),
        say.km(4.25),
    ]  # fmt: skip
    assert values == written


def test_dates_and_lists() -> None:
    day = datetime.date(2025, 9, 1)
    assert EN.date(day) == "1 September 2025"
    assert ZH.date(day) == "2025年9月1日"
    assert EN.listed(["a", 2, 2.5]) == "a, 2 and 2.5"
    assert ZH.listed(["甲", "乙", "丙"]) == "甲、乙和丙"
    assert EN.sentences(["One.", "", "Two."]) == "One. Two."
    assert ZH.sentences(["一。", "二。"]) == "一。二。"


def test_one_and_many() -> None:
    assert [EN.plural("{n} school", "{n} schools", n) for n in (0, 1, 2, 1200)] == [
        "0 schools", "1 school", "2 schools", "1,200 schools",
    ]  # fmt: skip
    assert [ZH.plural("{n} school", "{n} schools", n) for n in (1, 2)] == ["1所学校", "2所学校"]


@pytest.mark.parametrize("name", ["{name}", "{0.__class__}", "100 % <b>", "مدرسة", "%s", "x" * 300])
def test_text_values_go_in_unchanged(name: str) -> None:
    assert EN.text("{school} is to close on {day}.", school=name, day="then") == f"{name} is to close on then."
    assert name in ZH.text("{school} is to close on {day}.", school=name, day="x")


def test_a_message_without_values_is_not_formatted() -> None:
    assert EN.text("as {it} stands") == "as {it} stands"
    assert EN.text("") == "" and ZH.text("") == "", "the empty message is the catalogue's own header"


@pytest.mark.parametrize(
    ("kind", "value", "en"),
    [
        ("count", 12.5, "13"),
        ("count", None, "–"),
        ("number", 1234.56, "1,234.6"),
        ("minutes", 30.4, "30"),
        ("share", 0.125, "12.5%"),
        ("money", 1e6, "1,000,000"),
        ("text", None, ""),
        ("text", "=1+1", "=1+1"),
        ("date", datetime.date(2025, 9, 1), "1 September 2025"),
        ("date", None, ""),
    ],
)
def test_cells(kind: str, value: object, en: str) -> None:
    column = Column("x", "X", kind)  # type: ignore[arg-type]
    assert EN.cell(value, column) == en


def test_headings_carry_their_unit() -> None:
    assert EN.heading(Column("x", "Average", "minutes", "min")) == "Average, min"
    assert ZH.heading(Column("x", "平均", "minutes", "分钟")) == "平均（分钟）"
    assert ZH.heading(Column("x", "学校")) == "学校"


def test_an_unknown_language_names_the_known_ones() -> None:
    with pytest.raises(ValueError, match=r"'fr'. Known languages: en, zh"):
        language("fr")
    with pytest.raises(InputError):
        language("")


def messages() -> dict[Message, str]:
    """Every message of the report's code and templates, the policy's words and the audit's rules, with its place."""
    found: dict[Message, str] = {}
    for place, message in (*_in_code(), *_in_templates(), *_elsewhere()):
        found.setdefault(message, place)
    found.pop("", None)
    return found


def _in_code() -> Iterator[tuple[str, Message]]:
    for path in sorted(HERE.rglob("*.py")):
        for line, message, _, _ in extract("python", io.BytesIO(path.read_bytes()), keywords=CALLS):
            yield f"{path.relative_to(HERE)}:{line}", message


def _in_templates() -> Iterator[tuple[str, Message]]:
    for path in sorted((HERE / "templates").glob("*.j2")):
        for line, call, message, _ in babel_extract(io.BytesIO(path.read_bytes()), list(CALLS), [], {}):
            several = message if isinstance(message, tuple) else (message,)
            parts = [part for part in several if isinstance(part, str)]
            if parts:
                yield f"{path.name}:{line}", tuple(parts[:2]) if CALLS[call] is TWO else parts[0]


def _elsewhere() -> Iterator[tuple[str, Message]]:
    for group, model in GROUPS.items():
        for key in model.model_fields:
            note = note_of(group, key)
            yield f"policy key {key}", note.meaning
            yield f"policy key {key}", note.unit
            yield f"policy key {key}", note.source
    for preset in presets():
        for key, source in Policy.preset(preset).sources.items():
            yield f"preset {preset}, key {key}", source
    for condition, text in CONDITIONS.items():
        yield f"condition {condition}", text
    for rule, check in CHECKS.items():
        yield f"audit rule {rule}", (check.__doc__ or "").splitlines()[0]


def catalogue(lang: str) -> Catalog:
    text = (resources.files("layoutopt.report") / "locale" / f"{lang}.po").read_bytes()
    return read_po(io.BytesIO(text), locale=lang, abort_invalid=True)


def as_key(message: Message) -> str:
    return message if isinstance(message, str) else message[0]


@pytest.mark.parametrize("lang", sorted(set(LOCALES) - {"en"}))
def test_the_catalogue_translates_exactly_what_the_report_says(lang: str) -> None:
    found = {as_key(message): place for message, place in messages().items()}
    written = {as_key(entry.id): entry for entry in catalogue(lang) if entry.id}
    texts = {key: (entry.string,) if isinstance(entry.string, str) else entry.string for key, entry in written.items()}
    missing = [f"{place}: {key!r}" for key, place in found.items() if not all(texts.get(key, [""]))]
    assert not missing, "say these in locale/zh.po"
    assert not sorted(set(written) - set(found)), "nobody says these any more"


@pytest.mark.parametrize("lang", sorted(set(LOCALES) - {"en"}))
def test_translations_keep_the_places(lang: str) -> None:
    wrong = []
    for entry in catalogue(lang):
        if entry.id:
            asked = set(places("".join([entry.id] if isinstance(entry.id, str) else entry.id)))
            for text in [entry.string] if isinstance(entry.string, str) else entry.string:
                if set(places(text)) != asked:
                    wrong.append((entry.id, text))
    assert not wrong


def places(text: str) -> list[str]:
    return re.findall(r"\{(\w*)\}", text)


def test_translations_are_chinese() -> None:
    """Words stay English only where they are codes: what has three letters in a row has Chinese characters beside."""
    english = [
        text
        for entry in catalogue("zh")
        if entry.id
        for text in ([entry.string] if isinstance(entry.string, str) else entry.string)
        if re.search(r"[A-Za-z]{3}", re.sub(r"\{\w*\}", "", text)) and not re.search(r"[\u4e00-\u9fff]", text)
    ]
    assert not english


def test_policy_terms_are_those_of_the_office() -> None:
    said = {as_key(entry.id): entry.string for entry in catalogue("zh") if isinstance(entry.string, str)}
    assert said["Teaching point"] == "教学点"
    assert said["Closes"] == "撤并"
    assert "总方案" in said["Master plan for the layout of schools: {county}"]
    assert all(text.startswith("分方案") for key, text in said.items() if key.startswith("Sub-plan:"))
    assert sum(key.startswith("Sub-plan:") for key in said) == 8


@pytest.mark.parametrize(
    ("english", "chinese"),
    [
        ("has 100 pupils or more", "学生达到100名以上"),
        ("closure decided already", "已决定撤并"),
        (
            "Today's schools: 3,162 pupils as their settlement names it; 33 pupils at the nearest school that teaches "
            "their band.",
            "现就读学校：3,162名学生按村庄数据指明的学校；33名学生按开设该学段的最近学校。",
        ),
        (
            "Along 610 km of roads, 97.6 % of them in one connected piece, but 3 ways as in the study's own travel table.",
            "沿610公里道路计算，其中97.6 %连成一体，但3条路程采用自有行程表。",
        ),
        ("walks 31.2 minutes to S1, limit 30.0", "步行31.2分钟到S1，限值30.0"),
        ("bus to S1, which is no hub", "乘车到S1，而该校不是区域中心学校"),
        ("45 primary pupils on 40 places", "小学（1—6年级）学生45名，学位40个"),
        ("must stay whole (has 100 pupils or more), but is closed", "应完整保留（学生达到100名以上），方案却为：撤并"),
        ("settlements V1, V2 and 3 more: town 'A' read as 'B'", "村庄V1, V2等（另有3个）：乡镇“A”按“B”读取"),
        ("o.pbf: 3 of 7 places give no population", "o.pbf：7个地点中有3个没有人口数"),
        ("o.pbf: 12 places of other kinds left out (farm)", "o.pbf：略去12个其他类别的地点（farm）"),
        ("v.csv: text read as GBK (no .cpg says so)", "v.csv：文字按GBK读取（没有.cpg说明）"),
        ("a reason of the planner's own", "a reason of the planner's own"),
        ("", ""),
    ],
)
def test_sentences_of_lower_layers_are_recognised(english: str, chinese: str) -> None:
    assert echoed(english, EN) == english
    assert echoed(english, ZH) == chinese


def test_every_known_sentence_is_recognised_as_itself() -> None:
    for sentence in SENTENCES:
        filled = re.sub(r"\{\w+\}", "residents", sentence)
        assert echoed(filled, EN) == filled
        assert re.search(r"[\u4e00-\u9fff]", echoed(filled, ZH)), sentence


def test_every_way_a_search_may_end_has_words() -> None:
    assert set(get_args(StoppedBy)) - {"done"} <= set(ENDINGS)


def test_rules_are_said_in_words() -> None:
    assert rule_words("beds", EN) == "No school has more boarders than beds."
    assert rule_words("beds", ZH) == "寄宿生不超过床位数。"
    assert rule_words("own_rule", ZH) == "own_rule"


ROOT = HERE.parent
NAMED = {"verb": "walks", "turned": "", "hint": "", "tail": "", "what": "1 polygon stands for a point inside it",
         "about": " V1", "why": "no .cpg says so", "text": "schools: height of 3 of 4 from dem.tif"}  # fmt: skip
"""What stands in a sentence at places that are words themselves; everywhere else a code or a number does."""


def sentences_of(path: Path, maker: str) -> Iterator[str]:
    """Every text that ``maker`` is called with in a module, written there or in a variable before, places filled."""
    for scope in [node for node in ast.parse(path.read_text("utf-8")).body if isinstance(node, ast.FunctionDef)]:
        calls = [node for node in ast.walk(scope) if isinstance(node, ast.Call) and name_of(node.func) == maker]
        named = {name_of(part) for call in calls for part in call.args}
        texts = [part for call in calls for part in call.args]
        texts += [
            node.value
            for node in ast.walk(scope)
            if isinstance(node, ast.Assign) and named & {name_of(target) for target in node.targets}
        ]
        yield from (filled(text) for text in texts if isinstance(text, ast.JoinedStr) or is_sentence(text))


def name_of(node: ast.expr) -> str:
    return node.id if isinstance(node, ast.Name) else ""


def is_sentence(node: ast.expr) -> bool:
    return isinstance(node, ast.Constant) and " " in str(node.value)


def filled(text: ast.expr) -> str:
    if isinstance(text, ast.Constant):
        return str(text.value)
    parts = text.values if isinstance(text, ast.JoinedStr) else []
    return "".join(NAMED.get(name_of(p.value), "7") if isinstance(p, ast.FormattedValue) else filled(p) for p in parts)


@pytest.mark.parametrize(
    ("modules", "maker", "least"),
    [("plan/*_checks.py", "Violation", 50), ("io/*.py", "Finding", 9), ("study/[!p]*.py", "Finding", 10)],
    ids=["audit", "files", "study"],
)
def test_what_is_found_in_detail_is_said_in_chinese(modules: str, maker: str, least: int) -> None:
    """``study/points.py`` is left out: its findings go to the check of the inputs, not into documents."""
    texts = [text for path in sorted(ROOT.glob(modules)) for text in sentences_of(path, maker)]
    assert len(texts) >= least
    assert not [text for text in texts if echoed(text, ZH) == text]


def test_violations_of_the_whole_county_say_so() -> None:
    message = "5,000,000 CNY a year, budget 4,000,000"
    found = pd.DataFrame({"rule": ["annual_budget"], "place": ["county"], "message": [message]})
    (row,) = violations_in_words(found, ZH).to_dict("records")
    assert (row["place"], row["message"]) == ("全县", "年费用5,000,000元，预算4,000,000元")
    assert violations_in_words(found, EN)["message"].tolist() == [message]
