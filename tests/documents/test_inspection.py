"""What a file is, whatever it is called: good ones are kept, all others are refused for what is wrong with them."""

import io
import time
import zlib
from pathlib import Path
from typing import Any

import pikepdf
import pytest
from PIL import Image, ImageSequence

from idp.documents import inspection
from idp.documents.inspection import Inspected, draw_page, inspect_file
from idp.documents.refusals import DocumentRefused, StorageFailed
from idp.policies.documents import FileKind
from tests.harness.documents import EICAR, action, image, javascript, pdf, photo, png_that_says

Name, Dictionary, String = pikepdf.Name, pikepdf.Dictionary, pikepdf.String


def inspected(folder: Path, content: bytes) -> tuple[Inspected, bytes, Image.Image]:
    """What came of a file, what is kept of it, and the picture of its first page."""
    source, target, preview = folder / "source", folder / "target", folder / "preview"
    source.write_bytes(content)
    told = inspect_file(source, target, preview)
    return told, target.read_bytes(), opened(preview.read_bytes())


def opened(content: bytes) -> Image.Image:
    """A picture of these bytes."""
    return Image.open(io.BytesIO(content))


def problem(folder: Path, content: bytes) -> str:
    """Why a file is not taken; nothing of it is there then."""
    with pytest.raises(DocumentRefused) as refused:
        inspected(folder, content)
    assert not (folder / "target").exists()
    return refused.value.problem


def test_a_pdf_is_kept_as_it_came_and_its_first_page_drawn(tmp_path: Path) -> None:
    content = pdf(pages=3)
    told, kept, preview = inspected(tmp_path, content)
    assert told == Inspected(FileKind.PDF, 3)
    assert kept == content
    assert (preview.format, preview.size) == ("PNG", (840, 1188))
    assert preview.convert("L").getextrema() == (0, 255)
    draw_page(tmp_path / "target", tmp_path / "third", 2)
    assert opened((tmp_path / "third").read_bytes()).size == preview.size
    with pytest.raises(DocumentRefused) as refused:
        draw_page(tmp_path / "target", tmp_path / "fourth", 3)
    assert refused.value.problem == "document.pages"


def embedded(made: pikepdf.Pdf) -> None:
    made.attachments["virus.exe"] = pikepdf.AttachedFileSpec(made, b"MZ")


def unnamed_attachment(made: pikepdf.Pdf) -> None:
    """A file specification that leaves out every /Type."""
    specification = Dictionary(F=String("x.exe"), EF=Dictionary(F=made.make_stream(b"MZ")))
    made.pages[0].Annots = pikepdf.Array([Dictionary(Subtype=Name.Text, Rect=[0, 0, 9, 9], FS=specification)])


def rich_media(made: pikepdf.Pdf) -> None:
    made.pages[0].Annots = pikepdf.Array([Dictionary(Type=Name.Annot, Subtype=Name.RichMedia, Rect=[0, 0, 9, 9])])


def xfa(made: pikepdf.Pdf) -> None:
    made.Root.AcroForm = Dictionary(Fields=[], XFA=made.make_stream(b"<xdp/>"))


def deep_script(made: pikepdf.Pdf) -> None:
    inner: Any = Dictionary(S=Name.JavaScript)
    for _ in range(40):
        inner = Dictionary(Next=pikepdf.Array([inner]))
    made.Root.Deep = inner


def written_otherwise(content: bytes) -> bytes:
    """The same script by other letters, at the same places."""
    for before, after in ((b"/JavaScript", b"/Java#53cript"), (b"/JS", b"/J#53"), (b"app.alert", b"ap.al")):
        assert content.count(before) == 1
        content = content.replace(before, after)
    return content


ENCRYPTED = pikepdf.Encryption(owner="o", user="u")
UNLOCKED = pikepdf.Encryption(owner="o", user="")
OBJECT_STREAMS = pikepdf.ObjectStreamMode.generate
REFUSED: dict[str, tuple[bytes, str]] = {
    "a page of HTML": (b"<!doctype html><script>alert(1)</script>", "kind"),
    "a drawing with a script": (b'<svg xmlns="http://www.w3.org/2000/svg" onload="alert(1)"/>', "kind"),
    "a script": (b"alert(1)//%PDF-1.7", "kind"),
    "an archive": (b"PK\x03\x04" + b"\0" * 200, "kind"),
    "a program": (b"MZ" + b"\0" * 200, "kind"),
    "EICAR": (EICAR, "kind"),
    "a GIF": (image("GIF", mode="P"), "kind"),
    "a PDF behind HTML": (b"<script>alert(1)</script>" + pdf(), "kind"),
    "a PDF before an archive": (pdf() + b"PK\x03\x04" + b"\0" * 2000, "damaged"),
    "a PDF before a page": (pdf() + b"<script>alert(1)</script>" * 20, "damaged"),
    "only the beginning of a PDF": (b"%PDF-1.7\n", "damaged"),
    "half a PDF": (pdf()[:400], "damaged"),
    "a PDF of rubbish": (b"%PDF-1.7\n" + b"\xff\0" * 3000 + b"\n%%EOF\n", "damaged"),
    "a PDF whose table lies": (pdf().replace(b"startxref\n", b"startxref\n9"), "damaged"),
    "a PDF without pages": (pdf(pages=0), "pages"),
    "too many pages": (pdf(pages=61), "pages"),
    "a script at the opening": (pdf(change=javascript), "active"),
    "a script in object streams": (pdf(change=javascript, object_stream_mode=OBJECT_STREAMS), "active"),
    "a script written otherwise": (written_otherwise(pdf(change=javascript)), "active"),
    "a script down below": (pdf(change=deep_script), "active"),
    "a program to launch": (pdf(change=action(S=Name.Launch, F=String("cmd.exe"))), "active"),
    "another file to open": (pdf(change=action(S=Name.GoToR, F=String("//host/x"))), "active"),
    "a form to send": (pdf(change=action(S=Name.SubmitForm, F=String("http://x"))), "active"),
    "a form of XML": (pdf(change=xfa), "active"),
    "rich media": (pdf(change=rich_media), "active"),
    "a file within": (pdf(change=embedded), "attachments"),
    "a file within, unnamed": (pdf(change=unnamed_attachment), "attachments"),
    "a password": (pdf(encryption=ENCRYPTED), "encrypted"),
    "rights but no password": (pdf(encryption=UNLOCKED), "encrypted"),
    "half a PNG": (image()[:200], "damaged"),
    "half a JPEG": (image("JPEG")[:300], "damaged"),
    "only the beginning of a JPEG": (b"\xff\xd8\xff\xe0" + EICAR, "damaged"),
    "a picture that is too wide": (png_that_says(20_000, 100), "dimensions"),
    "a picture of 3.6 gigapixels": (png_that_says(60_000, 60_000), "dimensions"),
    "a picture of 100 megapixels": (png_that_says(10_000, 10_000), "dimensions"),
}


@pytest.mark.parametrize("kind", REFUSED)
def test_what_nobody_should_take_is_refused_for_what_it_is(tmp_path: Path, kind: str) -> None:
    """DU01, DU06."""
    content, told = REFUSED[kind]
    assert problem(tmp_path, content) == f"document.{told}"


def test_a_picture_is_made_anew_from_what_is_seen(tmp_path: Path) -> None:
    """DU08: no place, no words, no bytes behind the end; upright."""
    told, kept, preview = inspected(tmp_path, photo() + b"<script>alert(1)</script>")
    assert told == Inspected(FileKind.JPEG, 1)
    made = opened(kept)
    assert made.size == preview.size == (240, 320)
    assert not made.getexif()
    assert b"script" not in kept
    assert b"Exif" not in kept


SEEN = {
    "coloured": (image(), "RGB"),
    "grey": (image(mode="L"), "L"),
    "black and white": (image(mode="1"), "L"),
    "a palette": (image(mode="P"), "RGB"),
    "see-through": (image(mode="RGBA"), "RGB"),
    "grey and see-through": (image(mode="LA"), "RGB"),
    "16 bits": (image(mode="I;16"), "L"),
    "CMYK": (image("JPEG", mode="CMYK"), "RGB"),
    "animated": (image(save_all=True, append_images=[Image.new("RGB", (320, 240), "red")]), "RGB"),
    "with words": (image(pnginfo=None, exif=b"Exif\0\0"), "RGB"),
}


@pytest.mark.parametrize("kind", SEEN)
def test_every_sort_of_picture_is_seen_as_it_was(tmp_path: Path, kind: str) -> None:
    content, mode = SEEN[kind]
    _, kept, preview = inspected(tmp_path, content)
    made = opened(kept)
    assert (made.mode, made.size) == (mode, (320, 240))
    assert len(list(ImageSequence.Iterator(made))) == 1
    if mode == "L":
        assert preview.convert("L").getextrema() == (0, 255)


def test_what_is_see_through_lies_on_white_paper(tmp_path: Path) -> None:
    stream = io.BytesIO()
    Image.new("RGBA", (20, 20), (255, 0, 0, 0)).save(stream, "PNG")
    _, kept, _ = inspected(tmp_path, stream.getvalue())
    assert opened(kept).getpixel((5, 5)) == (255, 255, 255)


def test_a_page_that_unfolds_to_hundreds_of_megabytes_stays_within_the_bounds(tmp_path: Path) -> None:
    """Its content is small while it is packed twice; what can't be drawn of it is left out."""
    packed = pikepdf.Array([Name.FlateDecode, Name.FlateDecode])
    bomb = zlib.compress(zlib.compress(b"\0" * 400_000_000, 9), 9)

    def change(made: pikepdf.Pdf) -> None:
        made.pages[0].Contents = pikepdf.Stream(made, bomb, Filter=packed)

    content = pdf(change=change)
    assert len(content) < 100_000
    began = time.monotonic()
    told, kept, _ = inspected(tmp_path, content)
    assert (told.pages, kept) == (1, content)
    assert time.monotonic() - began < 30


def test_sixty_megapixels_are_taken_within_the_bounds(tmp_path: Path) -> None:
    """The most that is taken costs no more than it may."""
    told, _, preview = inspected(tmp_path, image(size=(10_000, 6_000), compress_level=1))
    assert told.kind is FileKind.PNG
    assert max(preview.size) == 1600


def test_a_disk_that_is_full_is_no_fault_of_the_file(tmp_path: Path) -> None:
    source = tmp_path / "source"
    for content in (pdf(), image()):
        source.write_bytes(content)
        with pytest.raises(StorageFailed):
            inspect_file(source, tmp_path / "gone" / "target", tmp_path / "preview")


def test_who_does_not_answer_in_time_is_not_waited_for(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(inspection, "SECONDS", 0.01)
    assert problem(tmp_path, pdf()) == "document.slow"
