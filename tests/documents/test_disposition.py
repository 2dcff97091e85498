"""The header that names a file to save holds any name, and nothing but it (DU02; RFC 6266, RFC 8187)."""

import pytest

from idp.flows.document_answers import disposition, size_of


@pytest.mark.parametrize(
    ("name", "header"),
    [
        ("a b.pdf", "attachment; filename=\"a b.pdf\"; filename*=UTF-8''a%20b.pdf"),
        ("登記.pdf", "attachment; filename=\"document.pdf\"; filename*=UTF-8''%E7%99%BB%E8%A8%98.pdf"),
        ('a";\r\nX: y.pdf', "attachment; filename=\"aX y.pdf\"; filename*=UTF-8''a%22%3B%0D%0AX%3A%20y.pdf"),
        ("é.pdf", "attachment; filename=\"e.pdf\"; filename*=UTF-8''%C3%A9.pdf"),
    ],
)
def test_a_name_is_whole_for_new_clients_and_plain_for_old_ones(name: str, header: str) -> None:
    assert disposition(name, ".pdf") == header


@pytest.mark.parametrize(("size", "shown"), [(1, "1 KB"), (438_272, "428 KB"), (2_516_582, "2.4 MB")])
def test_a_size_is_read_at_a_glance(size: int, shown: str) -> None:
    assert size_of(size) == shown
