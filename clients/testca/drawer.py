"""A drawer of software cards for the card agent: ``NAME.p12`` opened by a PIN, ``NAME.der`` beside it, README.txt."""

from collections.abc import Callable, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from pathlib import Path

from cryptography.hazmat.primitives.serialization import BestAvailableEncryption
from cryptography.hazmat.primitives.serialization.pkcs12 import serialize_key_and_certificates

from clients.testca.authority import Card, Key, new_key
from clients.testca.cards import Gpki

PIN = "123456"
README = "README.txt"
FIRST, SECOND = ("00000016", "測試一號有限公司"), ("00000022", "測試二號有限公司")
COMING_IN, IN_THE_REGISTER = ("00000037", "測試三號有限公司"), ("00000043", "測試四號有限公司")
IN_NO_REGISTER = ("00000075", "測試七號有限公司")


@dataclass(frozen=True)
class Kind:
    """A card of the drawer: its file's name, which the agent shows, what it is for, and how it is made."""

    name: str
    purpose: str
    make: Callable[[Gpki, Key], Card]


def _revoked(pki: Gpki, key: Key) -> Card:
    card = pki.company(*SECOND, key=key)
    pki.companies.revoke(card)
    return card


def _revoked_citizen(pki: Gpki, key: Key) -> Card:
    card = pki.citizen(key=key)
    pki.citizens.revoke(card)
    return card


KINDS = (
    Kind(
        "1 測試一號有限公司 正卡",
        "示範資料中已有帳號的公司（00000016）。登入後可在帳號頁登錄這張卡，以後用它登入。",
        lambda pki, key: pki.company(*FIRST, key=key),
    ),
    Kind(
        "2 測試二號有限公司 正卡",
        "另一家已有帳號的公司（00000022），用來證明公司或登入。",
        lambda pki, key: pki.company(*SECOND, key=key),
    ),
    Kind(
        "3 測試三號有限公司 正卡",
        "還沒有任何帳號的公司（00000037）。由這張卡開始：證明公司、成為群組管理員、登出後再用卡片登入。",
        lambda pki, key: pki.company(*COMING_IN, key=key),
    ),
    Kind(
        "4 測試一號有限公司 附卡",
        "附卡（00000016）：不接受附卡的地方會拒絕它。",
        lambda pki, key: pki.company(*FIRST, rank="secondary", key=key),
    ),
    Kind(
        "5 測試一號有限公司 已過期",
        "憑證三天前到期（00000016），應被拒絕。",
        lambda pki, key: pki.company(*FIRST, days=(-390, -3), key=key),
    ),
    Kind("6 測試二號有限公司 已廢止", "憑證已被廢止（00000022），應被拒絕。", _revoked),
    Kind(
        "7 測試四號有限公司 正卡",
        "登記資料中有、系統裡沒有帳號的公司（00000043）。登入時會轉到註冊。",
        lambda pki, key: pki.company(*IN_THE_REGISTER, key=key),
    ),
    Kind(
        "8 測試七號有限公司 正卡",
        "登記資料中也查不到的公司（00000075）。",
        lambda pki, key: pki.company(*IN_NO_REGISTER, key=key),
    ),
    Kind(
        "9 自然人憑證 測試人",
        "個人的卡片：登錄在帳號後可以登入或再次確認是本人；不能證明公司，要求工商憑證的地方會拒絕它。",
        lambda pki, key: pki.citizen(key=key),
    ),
    Kind(
        "A 自然人憑證 已過期",
        "個人的卡片，三天前到期，應被拒絕。",
        lambda pki, key: pki.citizen(days=(-390, -3), key=key),
    ),
    Kind("B 自然人憑證 已廢止", "個人的卡片，已被廢止，應被拒絕。", _revoked_citizen),
)


def put_in_drawer(drawer: Path, name: str, card: Card, pin: str) -> None:
    """Put one card in, opened with this PIN."""
    drawer.mkdir(mode=0o700, exist_ok=True)
    sealed = serialize_key_and_certificates(
        name.encode(), card.key, card.certificate, None, BestAvailableEncryption(pin.encode())
    )
    (drawer / f"{name}.p12").write_bytes(sealed)
    (drawer / f"{name}.der").write_bytes(card.der)


def fill(drawer: Path, pki: Gpki, kinds: Sequence[Kind] = KINDS) -> None:
    """Make the cards and their README. Each has a key of its own: a card is known by it."""

    def add(kind: Kind) -> None:
        put_in_drawer(drawer, kind.name, kind.make(pki, new_key()), PIN)

    with ThreadPoolExecutor() as side_by_side:
        list(side_by_side.map(add, kinds))
    (drawer / README).write_text(readme(kinds), encoding="utf-8")


def readme(kinds: Sequence[Kind] = KINDS) -> str:
    """What every card is for, with its PIN."""
    lines = [
        "示範用的軟體卡片",
        "",
        "這個資料夾裡是測試憑證管理中心發的卡片，只在示範系統有效，不是真的工商憑證。",
        "每張卡片是兩個檔案：「.p12」是金鑰和憑證，「.der」是憑證。讀卡元件的視窗以檔名列出卡片。",
        "連續輸錯三次密碼，卡片就會鎖住，重新啟動示範系統即可解除。",
        "",
    ]
    for kind in kinds:
        lines += [kind.name, f"    憑證密碼：{PIN}", f"    用途：{kind.purpose}", ""]
    return "\n".join(lines)
