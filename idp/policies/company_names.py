"""Names, addresses and phone numbers of companies as people type them (domain.md 3.5)."""

import re
import unicodedata

from idp.policies.names import has_control, holds_address

# Any of these at the end says that an organisation is meant. It warns and sends to review, and refuses nobody.
ENDINGS = (
    "公司", "企業", "合夥", "農場", "工作室", "診所", "學校", "大學", "中學", "高中", "國中", "國小", "小學", "幼兒園",
    "中心", "政府", "會", "所", "處", "局", "署", "部", "廳", "院", "館", "廠", "社", "行", "店", "號", "隊",
)  # fmt: skip
LATIN_ENDING = re.compile(r"\b(?:ltd|limited|inc|corp|corporation|company|co|llc|llp|plc|gmbh|ag|sa|bv|nv|kk)\.?$")
REMARK = re.compile(r"\([^()]*\)$")
AREAS = {
    "02": (8,), "037": (6,), "03": (7,), "049": (7,), "04": (7, 8), "05": (7,), "06": (7,), "07": (7,),
    "0826": (5,), "082": (6,), "0836": (5,), "089": (6,), "08": (7,),
}  # fmt: skip
MOBILE = re.compile(r"09[0-9]{8}", re.ASCII)
# Nobody has a number that begins with 1, but the example of the manuals and of our own page does: 02-12345678.
SUBSCRIBER = re.compile(r"[1-9][0-9]+", re.ASCII)
EXTENSION_WORDS = re.compile(r"#|分機|轉|ext\.?")
BETWEEN = re.compile(r"[ ()\-\u2010-\u2015\u2212]")
EXTENSION = re.compile(r"[0-9]{1,6}", re.ASCII)
POSTCODE = re.compile(r"[1-9][0-9]{2}(?:[0-9]{2,3})?", re.ASCII)
SHORTEST_ADDRESS = 5
LONGEST_ADDRESS = 200
LONGEST_NAME = 200


def folded_name(text: str) -> str:
    """A name as it is compared: half width, small letters, no spaces, 台 for 臺. Never shown, never kept as a name."""
    return "".join(unicodedata.normalize("NFKC", text).casefold().replace("臺", "台").split())


def name_key(text: str) -> str:
    """As much of a folded name as is kept to find its company by."""
    return folded_name(text)[:LONGEST_NAME]


def same_name(one: str, other: str) -> bool:
    """Whether two names differ in nothing but 臺/台, width, spaces and capitals."""
    return folded_name(one) == folded_name(other)


def looks_like_company(name: str) -> bool:
    """Whether a name ends as names of organisations do (R-063, R-149). A hint for the reviewer, never a refusal."""
    text = unicodedata.normalize("NFKC", name).casefold().strip()
    ending = REMARK.sub("", text).strip() or text
    return ending.endswith(ENDINGS) or LATIN_ENDING.search(ending) is not None


def parse_phone(text: str) -> str | None:
    """A Taiwanese phone number as it is kept, ``+886912345678`` or ``+88677654321#123``, or None when the text is none.

    Mobile 09 with 8 digits; landline with its area code and perhaps ``#`` (or 分機, 轉, ext) and an extension. Spaces,
    hyphens, dashes and brackets between are left out, full-width characters are folded, and +886 is taken for the
    first 0.
    """
    folded = EXTENSION_WORDS.sub("#", unicodedata.normalize("NFKC", text).casefold(), count=1)
    number, mark, extension = folded.partition("#")
    digits = BETWEEN.sub("", number)
    if digits.startswith("+886"):
        digits = "0" + digits[4:].removeprefix("0")
    if MOBILE.fullmatch(digits):
        return None if mark else f"+886{digits[1:]}"
    extension = extension.strip(" :")
    if not _landline_area(digits) or (mark and not EXTENSION.fullmatch(extension)):
        return None
    return f"+886{digits[1:]}{mark}{extension}"


def shown_phone(kept: str) -> str:
    """A kept number as people write it: ``0912-345-678``, ``07-765-4321 #123``; any other text as it is."""
    number, _, extension = kept.partition("#")
    digits = "0" + number.removeprefix("+886")
    if MOBILE.fullmatch(digits):
        return f"{digits[:4]}-{digits[4:7]}-{digits[7:]}"
    area = _landline_area(digits)
    if not number.startswith("+886") or not area:
        return kept
    rest = digits[len(area) :]
    return f"{area}-{rest[:-4]}-{rest[-4:]}" + (f" #{extension}" if extension else "")


def _landline_area(digits: str) -> str | None:
    """The area code that a number of the right length begins with; the longest such code is meant."""
    for area in sorted(AREAS, key=len, reverse=True):
        if digits.startswith(area):
            rest = digits[len(area) :]
            return area if len(rest) in AREAS[area] and SUBSCRIBER.fullmatch(rest) else None
    return None


def phone_problem(text: str) -> str | None:
    """Why a text can't be a phone number (a key of the texts), or None."""
    return None if parse_phone(text) else "phone.form"


def postcode_problem(text: str) -> str | None:
    """Why a text can't be a postcode, or None: 3 digits, 3+3 (since 2020-03-03) or the older 3+2."""
    return None if POSTCODE.fullmatch(unicodedata.normalize("NFKC", text).strip()) else "postcode.form"


def address_problem(text: str) -> str | None:
    """Why a text can't be an address, or None: 5 to 200 visible characters in one line."""
    address = text.strip()
    if not SHORTEST_ADDRESS <= len(address) <= LONGEST_ADDRESS or has_control(address):
        return "address.form"
    return None


def company_name_problem(text: str) -> str | None:
    """Why a text can't be a company's name, or None: 1 to 200 visible characters in one line, no address."""
    name = text.strip()
    if not 1 <= len(name) <= LONGEST_NAME or has_control(name):
        return "company_name.form"
    return "company_name.address" if holds_address(name) else None
