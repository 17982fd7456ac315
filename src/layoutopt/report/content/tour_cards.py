"""Cards for the itinerant teams of each hub: the week, and every leg of the tours."""

from __future__ import annotations

from layoutopt.report.content import support_tables
from layoutopt.report.content.brief import Brief
from layoutopt.report.content.master import subtitle
from layoutopt.report.document import Document, Paragraph, Section


def tour_cards(b: Brief) -> Document:
    """Return the week of the itinerant teams of each hub, with every leg of its tours."""
    lang = b.lang
    hubs = sorted(set(b.plan.tours["school_id"]))
    lead = Paragraph(
        lang.text(
            "A team leaves its school, teaches at the schools in their order and comes back. Days and teams are a "
            "proposal; school hours are agreed by the schools."
        )
    )
    cards = [
        Section(f"tours_{hub}", b.school_name(hub), (support_tables.tour_week(b, hub), support_tables.tours(b, hub)))
        for hub in hubs
    ]
    title = lang.text("Tour cards of the itinerant teams: {county}", county=b.plan.study.name)
    sections = (Section("tours_all", lang.text("All tours"), (Paragraph(support_tables.tour_words(b)), lead)), *cards)
    return Document("tours", title, subtitle(b), sections, lang.code, b.stamp)
