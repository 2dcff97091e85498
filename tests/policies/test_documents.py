"""A file's name is its owner's to choose, ours to show, and nobody's to believe (DU02)."""

import pytest

from idp.policies.documents import LONGEST_NAME, FileKind, download_name, shown_name


@pytest.mark.parametrize(
    ("typed", "shown"),
    [
        ("商業登記證明文件.pdf", "商業登記證明文件.pdf"),
        ("../../etc/passwd", "passwd"),
        ("C:\\fakepath\\a.pdf", "a.pdf"),
        ("a\0b\x1b[2J.pdf", "ab[2J.pdf"),
        ("a.pdf\r\nX-Header: y", "a.pdfX-Header: y"),
        ("invoice\u202efdp.exe", "invoicefdp.exe"),
        ("\u2066a\u2069\u200f.pdf", "a.pdf"),
        ("  a   b .pdf. ", "a b .pdf"),
        ("...", "document"),
        ("", "document"),
        ("/", "document"),
        ("x" * 300 + ".jpeg", "x" * 195 + ".jpeg"),
        ("x" * 300, "x" * LONGEST_NAME),
        ("." + "x" * 300, "x" * LONGEST_NAME),
        ("e\u0301.pdf", "é.pdf"),
        ("<script>.pdf", "<script>.pdf"),
    ],
)
def test_a_name_is_shown_without_folders_and_without_tricks(typed: str, shown: str) -> None:
    assert shown_name(typed) == shown
    assert shown_name(shown) == shown


@pytest.mark.parametrize(
    ("name", "kind", "handed_out"),
    [
        ("a.pdf", FileKind.PDF, "a.pdf"),
        ("a.PDF", FileKind.PDF, "a.PDF"),
        ("a.html", FileKind.PDF, "a.html.pdf"),
        ("a.pdf", FileKind.PNG, "a.pdf.png"),
        ("a.jpeg", FileKind.JPEG, "a.jpeg"),
        ("document", FileKind.JPEG, "document.jpg"),
    ],
)
def test_a_file_is_handed_out_as_what_it_is(name: str, kind: FileKind, handed_out: str) -> None:
    assert download_name(name, kind) == handed_out
