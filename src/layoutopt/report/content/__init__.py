"""What the documents say: a plan in, neutral documents and tables out, in one of the languages."""

from layoutopt.report.content.make import dossiers, notices, report_document, stamp, workbook_tables

__all__ = ["dossiers", "notices", "report_document", "stamp", "workbook_tables"]
