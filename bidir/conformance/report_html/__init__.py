"""The report as one HTML page that needs nothing but itself: no script, no style sheet, no picture from elsewhere."""

from bidir.conformance.report_html.page import html_page, write_html

__all__ = ["html_page", "write_html"]
