"""The report of a company's sites as CSV (RFC 4180), safe to open in a spreadsheet."""

import csv
import io
from collections.abc import Iterable

from clients.dreams.application import DREAMS
from clients.dreams.sites import STATUS_WORDS, Site

# A spreadsheet takes a cell that begins so as a formula, also after a blank, a tab or in full width.
FORMULA_SIGNS = tuple("=+-@\t\r\n|＝＋－＠")


def neutral(cell: str) -> str:
    """The cell's text so that no spreadsheet runs it: an apostrophe goes before what would be a formula."""
    return f"'{cell}" if cell.lstrip(" ").startswith(FORMULA_SIGNS) else cell


def sites_as_csv(sites: Iterable[Site], language: str) -> str:
    """The report with a head row in the page's language; a byte order mark tells Excel that it is UTF-8."""
    head = [
        "案場編號",
        "案場名稱",
        "案場地址",
        "縣市",
        "裝置容量（kW）",
        "狀態",
        "申請日期",
        "申請人",
        "經由鏈結帳號",
    ]
    text = io.StringIO()
    text.write("\ufeff")
    writer = csv.writer(text)
    writer.writerow([DREAMS.translated(title, language) for title in head])
    for site in sites:
        cells = [
            site.number, site.name, site.address, site.county, f"{site.capacity_kw:g}",
            DREAMS.translated(STATUS_WORDS[site.status], language), site.submitted_on, site.person or "",
            site.act_name or "",
        ]  # fmt: skip
        writer.writerow([neutral(cell) for cell in cells])
    return text.getvalue()
