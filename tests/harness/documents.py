"""Files as applicants upload them: good ones, and ones that nobody should take."""

import io
import zlib
from collections.abc import Callable
from typing import Any

import pikepdf
from PIL import Image

EICAR = rb"X5O!P%@AP[4\PZX54(P^)7CC)7}$EICAR-STANDARD-ANTIVIRUS-TEST-FILE!$H+H*"
# A whole PDF, as small as a test that sends many of them wants it.
PLAIN = {"compress_streams": False, "static_id": True}


def pdf(
    *,
    pages: int = 1,
    text: str = "Commercial registration",
    change: Callable[[pikepdf.Pdf], None] | None = None,
    **options: Any,
) -> bytes:
    """A PDF with a line of text a page; ``change`` does to it what it should not have had done."""
    made = pikepdf.new()
    font = made.make_indirect(
        pikepdf.Dictionary(Type=pikepdf.Name.Font, Subtype=pikepdf.Name.Type1, BaseFont=pikepdf.Name.Helvetica)
    )
    for number in range(pages):
        page = made.add_blank_page(page_size=(420, 594))
        page.Resources = pikepdf.Dictionary(Font=pikepdf.Dictionary(F1=font))
        content = f"BT /F1 24 Tf 40 500 Td ({text} {number + 1}) Tj ET 40 480 m 380 480 l S"
        page.Contents = made.make_stream(content.encode())
    if change is not None:
        change(made)
    stream = io.BytesIO()
    made.save(stream, **(PLAIN | options))
    return stream.getvalue()


def action(**entries: Any) -> Callable[[pikepdf.Pdf], None]:
    """Does something when it is opened."""

    def change(made: pikepdf.Pdf) -> None:
        made.Root.OpenAction = pikepdf.Dictionary(**entries)

    return change


def javascript(made: pikepdf.Pdf) -> None:
    """A script that runs when the file is opened."""
    action(S=pikepdf.Name.JavaScript, JS=pikepdf.String("app.alert(1)"))(made)


def image(kind: str = "PNG", *, size: tuple[int, int] = (320, 240), mode: str = "RGB", **options: Any) -> bytes:
    """A picture with something on it."""
    made = Image.new(mode, size, "black" if mode != "I;16" else 0)
    made.paste(Image.new(mode, (size[0] // 2, size[1]), "white" if mode != "I;16" else 65535))
    stream = io.BytesIO()
    made.save(stream, kind, **options)
    return stream.getvalue()


def photo() -> bytes:
    """A photograph that says where it was taken and lies on its side."""
    exif = Image.Exif()
    exif[0x010E] = "<script>alert(1)</script>"
    exif[0x0112] = 6
    exif.get_ifd(0x8825)[2] = (25.0, 2.0, 1.0)
    exif.get_ifd(0x8825)[1] = "N"
    return image("JPEG", exif=exif)


def png_that_says(width: int, height: int) -> bytes:
    """A PNG of some hundred bytes whose pixels would fill the memory."""

    def chunk(kind: bytes, content: bytes) -> bytes:
        body = kind + content
        return len(content).to_bytes(4, "big") + body + zlib.crc32(body).to_bytes(4, "big")

    header = width.to_bytes(4, "big") + height.to_bytes(4, "big") + bytes([8, 2, 0, 0, 0])
    content = zlib.compress(b"\0" * 100_000, 9)
    return b"\x89PNG\r\n\x1a\n" + chunk(b"IHDR", header) + chunk(b"IDAT", content) + chunk(b"IEND", b"")
