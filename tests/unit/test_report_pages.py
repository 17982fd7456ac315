"""Documents as HTML pages, and the card of a notebook: all text as text, nothing to fetch, always the same."""

from __future__ import annotations

import datetime
import importlib.util
import re
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import pytest

from layoutopt.report.card import card
from layoutopt.report.document import Bullets, Column, Document, Paragraph, Picture, Section, Table
from layoutopt.report.html import report_page
from layoutopt.report.page_of import page


def _plans() -> Any:
    path = Path(__file__).with_name("test_report_plan.py")
    spec = importlib.util.spec_from_file_location("report_plan_for_pages", path)
    assert spec is not None and spec.loader is not None
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


PLANS = _plans()
COLUMNS = (
    Column("name", "School"),
    Column("pupils", "Pupils", "count", summed=True),
    Column("way", "Way", "minutes", "min"),
    Column("share", "Share", "share"),
    Column("cost", "Cost", "money", "CNY", summed=True),
    Column("day", "Day", "date"),
)


def a_document(text: str = "S1", *, rows: int = 2, lang: str = "en", stamp: str = "") -> Document:
    table = pd.DataFrame(
        {
            "name": [text, "S2", "S3", "S4", "S5", "S6"][:rows],
            "pupils": [1200.0, 30.0, 1.0, 1.0, 1.0, 1.0][:rows],
            "way": [12.4, np.nan, np.inf, 1.0, 1.0, 1.0][:rows],
            "share": 0.125,
            "cost": 1_000_000.0,
            "day": datetime.date(2025, 9, 1),
        }
    )
    blocks = (
        Paragraph(text, "lead"),
        Bullets((text, "Two"), numbered=True),
        Table("t", text, COLUMNS, table, "Nobody."),
    )
    inner = Section("inner", "Figures", blocks, owner=text)
    others = tuple(Section(name, name) for name in ("b", "c"))
    return Document(
        "dossier", text, text, (Section("why", text, (Paragraph("x", "warning"),), (inner,)), *others), lang, stamp
    )


def read(document: Document, **given: Any) -> Any:
    return PLANS.Page(page(document, **given))


def test_cells_are_written_by_their_kind_and_summed() -> None:
    rows = next(iter(read(a_document(rows=3)).tables.values()))
    cells = [cells for _, cells in rows]
    assert cells == [
        ["School", "Pupils", "Way, min", "Share", "Cost, CNY", "Day"],
        ["S1", "1,200", "12", "12.5%", "1,000,000", "1 September 2025"],
        ["S2", "30", "–", "12.5%", "1,000,000", "1 September 2025"],
        ["S3", "1", "–", "12.5%", "1,000,000", "1 September 2025"],
        ["Together", "1,231", "", "", "3,000,000", ""],
    ]


def test_the_sum_of_nothing_known_is_not_known() -> None:
    columns = (Column("name", "Road"), Column("km", "Danger sections", "km", "km", summed=True))
    for km, total in (([None, None], "–"), ([None, 1.5], "1.5")):
        table = Table("t", "T", columns, pd.DataFrame({"name": ["a", "b"], "km": pd.Series(km, dtype=float)}))
        rows = next(iter(read(Document("d", "D", "", (Section("a", "A", (table,)),))).tables.values()))
        assert rows[-1][1] == ["Together", total]


def test_a_table_without_rows_says_so() -> None:
    found = read(a_document(rows=0))
    assert not found.tables and "Nobody." in found.text


def test_only_a_table_worth_sorting_has_buttons_and_only_a_long_page_a_list_of_contents() -> None:
    tags = [tag for tag, _ in read(a_document(rows=6)).tags]
    assert tags.count("button") == len(COLUMNS) and "nav" in tags
    short = Document("d", "D", "", (Section("a", "A"), Section("b", "B")))
    assert not {"button", "nav"} & {tag for tag, _ in read(short).tags}


@pytest.mark.parametrize("name", PLANS.NASTY)
def test_text_of_a_document_stays_text(name: str) -> None:
    nasty, plain = read(a_document(name, stamp=name), home="../report.html"), read(a_document(stamp="x"), home="r")
    assert [tag for tag, _ in nasty.tags] == [tag for tag, _ in plain.tags]
    assert not [key for _, facts in nasty.tags for key in facts if key.startswith("on")]
    assert nasty.text.count(name) >= 8


def test_a_page_asks_for_nothing_and_is_always_the_same() -> None:
    text = page(a_document(), home="../report.html")
    assert text == page(a_document(), home="../report.html")
    found = PLANS.Page(text)
    links = {str(facts[key]) for _, facts in found.tags for key in ("href", "src") if key in facts}
    assert {link for link in links if not link.startswith(("#", "data:"))} == {"../report.html"}
    assert "url(" not in text and "@import" not in text
    assert any("default-src 'none'" in str(facts.get("content")) for tag, facts in found.tags if tag == "meta")


def test_the_stamp_stands_in_the_head_in_the_title_and_on_every_printed_page() -> None:
    text = page(a_document(stamp="NOT ADOPTABLE. 9 pupils would have no school."))
    assert "<title>NOT ADOPTABLE: S1" in text and "9 pupils would have no school." in text
    assert '@top-right { content: "NOT ADOPTABLE"' in text
    sound = page(a_document())
    assert "ADOPTABLE" not in sound
    assert '@top-right { content: "NOT ADOPTABLE"' in report_page(PLANS.unserved_plan())
    assert "@top-right" not in report_page(PLANS.small_plan())


def test_a_picture_is_inside_the_page() -> None:
    pytest.importorskip("matplotlib", reason="pictures are drawn with matplotlib")
    picture = Picture("p", "Ways <b>", lambda axes: axes.plot([0, 1], [1, 0]) and None, 4.0, 3.0)
    text = page(Document("d", "D", "", (Section("a", "A", (picture,)),)))
    assert re.search(r'<img src="data:image/png;base64,iVBOR[^"]+" alt="Ways &lt;b&gt;"', text)


def test_the_language_of_a_page() -> None:
    text = page(a_document(lang="zh"))
    assert '<html lang="zh-Hans-CN">' in text and "2025年9月1日" in text


def test_the_card_says_what_the_plan_does() -> None:
    plan = PLANS.small_plan()
    found = PLANS.Page(plan._repr_html_())
    assert "Small county" in found.text and "Closes 1" in found.text and "Hub 1" in found.text
    assert "At most 0.25% better is possible (the program with a price per rider)." in found.text
    assert "Not adoptable" not in found.text
    assert "Not adoptable" in PLANS.Page(card(PLANS.unserved_plan())).text
    assert "校" in card(plan, lang="zh")


def test_the_card_needs_no_script_and_names_stay_text() -> None:
    nasty, plain = PLANS.Page(card(PLANS.small_plan(PLANS.NASTY))), PLANS.Page(card(PLANS.small_plan()))
    assert [tag for tag, _ in nasty.tags] == [tag for tag, _ in plain.tags]
    assert not {"script", "style", "link", "img", "iframe"} & {tag for tag, _ in plain.tags}
    assert not [key for _, facts in nasty.tags for key in facts if key.startswith("on")]
    assert len(card(PLANS.small_plan())) < 12_000
