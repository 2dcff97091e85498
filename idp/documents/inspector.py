"""The process that looks at one file: ``python -I inspector.py judge FILE TARGET PREVIEW``; one line of JSON comes out.

Whatever a crafted file does to a parser ends with this process: it has some seconds, some memory, starts no other and
writes no large file. Images are made anew from their pixels (no metadata, no trailing bytes); a PDF is kept as it came,
for it is what the applicant put forward, and is refused where it holds anything but pages. A first page that can't be
drawn can't be reviewed either. It imports nothing of the provider: it is started by its path, without its settings.
"""

import json
import resource
import shutil
import sys
import warnings
from collections.abc import Iterator
from pathlib import Path
from typing import Any

MEMORY_BYTES = 1_500_000_000
CPU_SECONDS = 12
LARGEST_FILE = 256_000_000
MOST_PAGES = 60
MOST_OBJECTS = 100_000
MOST_PIXELS = 60_000_000
LONGEST_SIDE = 12_000
PREVIEW_SIDE = 1600
# What a file may end with behind its last %%EOF: a line end or two.
TRAILER_BYTES = 64
ACTIVE = frozenset(
    {"/JS", "/JavaScript", "/AA", "/Launch", "/RichMedia", "/XFA", "/SubmitForm", "/ImportData", "/GoToR", "/GoToE",
     "/Rendition", "/Movie", "/Sound", "/3D", "/U3D", "/PRC"}
)  # fmt: skip
# A file specification is an attachment by its /EF, whatever its /Type says or leaves out.
ATTACHED = frozenset({"/EmbeddedFile", "/EmbeddedFiles", "/EF", "/FileAttachment", "/Collection"})
SIGNATURES = {b"%PDF-": "pdf", b"\x89PNG\r\n\x1a\n": "png", b"\xff\xd8\xff": "jpeg"}


class Refusal(Exception):
    """The file is not taken; the text is a problem of idp.documents.refusals."""


class NotWritten(Exception):
    """The file was good, and the disk did not take it."""


def judge(source: Path, target: Path, preview: Path) -> dict[str, Any]:
    """Judge a file, write what is kept and a picture of its first page: ``{"kind", "pages"}``. Raises Refusal."""
    with source.open("rb") as file:
        head = file.read(8)
    kind = next((kind for signature, kind in SIGNATURES.items() if head.startswith(signature)), None)
    if kind is None:
        raise Refusal("document.kind")
    pages = 1
    if kind == "pdf":
        pages = _check_pdf(source)
        drawn = _drawn(source, 0)
        _write(lambda: shutil.copyfile(source, target))
    else:
        drawn = _remade(source, kind)
        options: dict[str, Any] = {"compress_level": 3} if kind == "png" else {"quality": 92}
        _write(lambda: drawn.save(target, kind.upper(), **options))
    _save_preview(drawn, preview)
    return {"kind": kind, "pages": pages}


def draw(source: Path, target: Path, page: int) -> dict[str, Any]:
    """Draw one page (from 0) as PNG, for a reviewer's eyes: ``{"width", "height"}``. Raises Refusal."""
    with source.open("rb") as file:
        is_pdf = file.read(5) == b"%PDF-"
    if is_pdf:
        image = _drawn(source, page)
    elif page == 0:
        image = _remade(source, "png" if source.read_bytes()[:1] == b"\x89" else "jpeg")
    else:
        raise Refusal("document.pages")
    _save_preview(image, target)
    return {"width": image.width, "height": image.height}


def _write(act: Any) -> None:
    try:
        act()
    except OSError as error:
        raise NotWritten from error


def _save_preview(image: Any, target: Path) -> None:
    image.thumbnail((PREVIEW_SIDE, PREVIEW_SIDE))
    _write(lambda: image.save(target, "PNG"))


def _check_pdf(source: Path) -> int:
    import pikepdf

    content = source.read_bytes()
    end = content.rfind(b"%%EOF")
    if end < 0 or len(content) - end - len(b"%%EOF") > TRAILER_BYTES:
        raise Refusal("document.damaged")
    try:
        with pikepdf.open(source, attempt_recovery=False) as pdf:
            if pdf.is_encrypted:
                raise Refusal("document.encrypted")
            if not 1 <= len(pdf.pages) <= MOST_PAGES or len(pdf.objects) > MOST_OBJECTS:
                raise Refusal("document.pages")
            _check_names(_names(pdf))
            return len(pdf.pages)
    except pikepdf.PasswordError as error:
        raise Refusal("document.encrypted") from error
    except (pikepdf.PdfError, ValueError, TypeError, RecursionError) as error:
        raise Refusal("document.damaged") from error


def _check_names(names: Iterator[str]) -> None:
    for name in names:
        if name in ACTIVE:
            raise Refusal("document.active")
        if name in ATTACHED:
            raise Refusal("document.attachments")


def _names(pdf: Any) -> Iterator[str]:
    """Every key and name of every object, however deep; objects refer to one another, so they are read flat."""
    import pikepdf

    waiting: list[Any] = [*pdf.objects, pdf.trailer]
    while waiting:
        one = waiting.pop()
        if isinstance(one, pikepdf.Name):
            yield str(one)
        elif isinstance(one, pikepdf.Array):
            waiting.extend(part for part in one if not _is_elsewhere(part))
        elif isinstance(one, pikepdf.Dictionary | pikepdf.Stream):
            for key, value in one.items():
                yield str(key)
                if not _is_elsewhere(value):
                    waiting.append(value)


def _is_elsewhere(value: Any) -> bool:
    return bool(getattr(value, "is_indirect", False))


def _drawn(source: Path, page: int) -> Any:
    import pypdfium2  # type: ignore[import-untyped]  # it has none

    try:
        document = pypdfium2.PdfDocument(source)
        try:
            if not 0 <= page < len(document):
                raise Refusal("document.pages")
            drawn = document[page]
            longest = max(drawn.get_size())
            if not longest > 0:
                raise Refusal("document.damaged")
            return drawn.render(scale=min(2.0, PREVIEW_SIDE / longest), may_draw_forms=False).to_pil().convert("RGB")
        finally:
            document.close()
    except (pypdfium2.PdfiumError, ValueError, OSError) as error:
        raise Refusal("document.damaged") from error


def _remade(source: Path, kind: str) -> Any:
    from PIL import Image, ImageOps, UnidentifiedImageError

    Image.MAX_IMAGE_PIXELS = MOST_PIXELS
    warnings.simplefilter("error", Image.DecompressionBombWarning)
    try:
        with Image.open(source, formats=[kind.upper()]) as image:
            if image.width * image.height > MOST_PIXELS or max(image.size) > LONGEST_SIDE:
                raise Refusal("document.dimensions")
            ImageOps.exif_transpose(image, in_place=True)
            flat = _flat(image)
            clean = Image.new(flat.mode, flat.size)
            clean.paste(flat)
            return clean
    except (Image.DecompressionBombError, Image.DecompressionBombWarning) as error:
        raise Refusal("document.dimensions") from error
    except (UnidentifiedImageError, OSError, ValueError, SyntaxError) as error:
        raise Refusal("document.damaged") from error


def _flat(image: Any) -> Any:
    """What a person sees: 8 bits a channel, grey or coloured, upon white paper where it is transparent."""
    from PIL import Image

    if image.mode.startswith(("I", "F")):
        return image.convert("I").point(lambda value: value * (1 / 256)).convert("L")
    if image.has_transparency_data:
        seen = image.convert("RGBA")
        paper = Image.new("RGB", image.size, "white")
        paper.paste(seen, mask=seen.getchannel("A"))
        return paper
    return image.convert("L" if image.mode in {"1", "L"} else "RGB")


def _bounded() -> None:
    for limit, most in (
        (resource.RLIMIT_AS, MEMORY_BYTES),
        (resource.RLIMIT_CPU, CPU_SECONDS),
        (resource.RLIMIT_FSIZE, LARGEST_FILE),
        (resource.RLIMIT_NPROC, 0),
        (resource.RLIMIT_CORE, 0),
    ):
        _, there = resource.getrlimit(limit)
        least = most if there == resource.RLIM_INFINITY else min(most, there)
        resource.setrlimit(limit, (least, least))


def main(words: list[str]) -> int:
    """``judge FILE TARGET PREVIEW`` or ``draw FILE TARGET PAGE``. Always 0: a refusal is an answer."""
    _bounded()
    what, source, target, last = words
    try:
        is_drawing = what == "draw"
        told = draw(Path(source), Path(target), int(last)) if is_drawing else judge(*map(Path, (source, target, last)))
    except Refusal as refusal:
        told = {"refused": str(refusal)}
    except NotWritten:
        told = {"failed": "storage"}
    except (MemoryError, RecursionError):
        told = {"refused": "document.slow"}
    sys.stdout.write(json.dumps(told) + "\n")
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
