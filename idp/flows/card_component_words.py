"""What a card component on the person's own machine can say, in words: the page's script picks a sentence by its code.

The codes are our own; which numbers of HiPKI's component (``ret_code``, with ``last_error`` after a colon, in hex) mean
them stands beside each sentence (card.md A2). The script knows no number and no sentence.
"""

from dataclasses import dataclass
from enum import StrEnum
from typing import Any
from urllib.parse import urlsplit

from flask_babel import lazy_gettext

from idp.config import settings


class Way(StrEnum):
    """What a person can do next; macros/card.html has its button or link."""

    AGAIN = "again"
    PIN = "pin"
    FRONT = "front"
    STOP = "stop"
    RELOAD = "reload"
    DOWNLOAD = "download"
    HELP = "help"
    UNLOCK = "unlock"
    ALLOW = "allow"


@dataclass(frozen=True, slots=True)
class CardState:
    """One state of the panel: tone and icon (design.md, ``.reader``), what is so, what to do, ways, HiPKI's codes.

    ``{code}``, ``{host}`` and ``{said}`` in a sentence are filled in by the script.
    """

    code: str
    tone: str
    sign: str
    heading: Any
    sentence: Any
    ways: tuple[Way, ...] = ()
    hipki: tuple[str, ...] = ()


STATES = (
    CardState("opening", "", "reader", lazy_gettext("正在尋找讀卡機"), lazy_gettext("請稍候，通常不到 3 秒。")),
    CardState(
        "agent", "", "card", lazy_gettext("請在讀卡元件的視窗繼續"),
        lazy_gettext("請在另外開啟的視窗核對公司並輸入憑證密碼。憑證密碼不會經過這個網頁。"), (Way.FRONT, Way.STOP),
    ),
    CardState(
        "checking", "", "reader", lazy_gettext("請查看讀卡元件的視窗"),
        lazy_gettext("檢測不會用到憑證密碼。結果也會顯示在這裡。"), (Way.FRONT, Way.STOP),
    ),
    CardState(
        "working", "", "clock", lazy_gettext("正在讀取卡片"), lazy_gettext("憑證元件正在讀取卡片，請勿取出。"),
        (Way.STOP,),
    ),
    CardState(
        "verifying", "", "clock", lazy_gettext("正在驗證憑證"),
        lazy_gettext("正在確認憑證是否有效，請勿取出卡片。"),
    ),
    CardState(
        "component_agent", "warn", "alert", lazy_gettext("讀不到讀卡元件"),
        lazy_gettext("讀不到讀卡元件，請安裝並啟動讀卡元件後再試。"), (Way.AGAIN, Way.HELP),
    ),
    CardState(
        "component_hipki", "warn", "alert", lazy_gettext("讀不到憑證元件"),
        lazy_gettext("讀不到憑證元件，請安裝並啟動 HiCOS 卡片管理工具後再試。"), (Way.DOWNLOAD, Way.HELP),
    ),
    CardState(
        "popup_blocked", "warn", "alert", lazy_gettext("瀏覽器擋住了視窗"),
        lazy_gettext("瀏覽器擋住了憑證元件的視窗。請允許本網站開啟彈出視窗，再按一次。"), (Way.AGAIN,),
    ),
    CardState(
        "closed", "warn", "alert", lazy_gettext("視窗已關閉"),
        lazy_gettext("憑證元件的視窗在完成前關閉了，沒有送出任何資料。"), (Way.AGAIN, Way.HELP),
    ),
    CardState(
        "cancelled", "warn", "alert", lazy_gettext("已取消"), lazy_gettext("您取消了這次操作，沒有送出任何資料。"),
        (Way.AGAIN,), ("76000999",),
    ),
    CardState(
        "no_card", "warn", "reader", lazy_gettext("讀卡機中沒有卡片"),
        lazy_gettext("讀卡機中沒有卡片，請插入工商憑證。"), (Way.AGAIN,), ("76000006",),
    ),
    CardState(
        "no_reader", "warn", "reader", lazy_gettext("找不到讀卡機"),
        lazy_gettext("找不到讀卡機，請接上讀卡機，確認燈號亮起後再試。"), (Way.AGAIN, Way.HELP), ("76100003",),
    ),
    CardState(
        "module", "warn", "alert", lazy_gettext("找不到卡片程式"),
        lazy_gettext("憑證元件找不到讀取卡片的程式，請安裝 HiCOS 卡片管理工具後再試。"), (Way.DOWNLOAD, Way.AGAIN),
        ("76100001",),
    ),
    CardState(
        "not_allowed", "warn", "lock", lazy_gettext("本網站尚未加入允許清單"),
        lazy_gettext(
            "憑證元件的允許清單中沒有本網站。請按「加入允許清單」，在開啟的頁面確認網站為 {host} 並加入，再回來重試。"
        ),
        (Way.ALLOW, Way.AGAIN), ("76000031", "7600000F"),
    ),
    CardState(
        "no_answer", "warn", "clock", lazy_gettext("憑證元件沒有回應"),
        lazy_gettext("憑證元件逾時，沒有完成。請關閉其他正在使用卡片的程式，重新插卡後再試。"),
        (Way.AGAIN, Way.HELP), ("7600000D",),
    ),
    CardState(
        "no_session", "warn", "card", lazy_gettext("無法使用卡片"),
        lazy_gettext("憑證元件無法與卡片連線。請關閉其他正在使用卡片的程式，重新插卡後再試。"),
        (Way.AGAIN, Way.HELP), ("76100005",),
    ),
    CardState(
        "unreadable", "warn", "card", lazy_gettext("讀不到卡片中的憑證"),
        lazy_gettext("讀不到卡片中的憑證，請確認插入的是工商憑證，晶片朝上並插到底。"),
        (Way.AGAIN, Way.HELP), ("76100008", "76100009"),
    ),
    CardState(
        "not_signed", "warn", "card", lazy_gettext("卡片沒有完成簽章"),
        lazy_gettext("卡片沒有完成簽章（代碼 {code}）。請重新插卡後再試；仍然失敗時，請做讀卡自我檢測。"),
        (Way.AGAIN, Way.HELP), tuple(f"7630000{digit}" for digit in range(1, 10)),
    ),
    CardState(
        "wrong_pin", "bad", "lock", lazy_gettext("憑證密碼不正確"),
        lazy_gettext("憑證密碼不正確，連續錯誤將會鎖卡。"), (Way.PIN, Way.HELP), ("76100006:A0",),
    ),
    CardState(
        "wrong_pin_2", "bad", "lock", lazy_gettext("憑證密碼不正確"),
        lazy_gettext("憑證密碼不正確，還可以再試 2 次；連續錯誤將會鎖卡。"), (Way.PIN, Way.HELP),
        ("76100006:80000002",),
    ),
    CardState(
        "last_try", "bad", "lock", lazy_gettext("只剩最後一次機會"),
        lazy_gettext("憑證密碼不正確，還可以再試 1 次；連續錯誤將會鎖卡。請先找出憑證密碼，確定之後再輸入。"),
        (Way.PIN, Way.HELP), ("76100006:80000001",),
    ),
    CardState(
        "pin_length", "bad", "lock", lazy_gettext("憑證密碼的長度不符"),
        lazy_gettext("卡片不接受這個長度的憑證密碼。憑證密碼為 6 至 8 碼的數字，請確認後重新輸入。"),
        (Way.PIN, Way.HELP), ("76100006:A2",),
    ),
    CardState(
        "no_pin", "warn", "lock", lazy_gettext("沒有收到憑證密碼"),
        lazy_gettext("憑證元件沒有收到憑證密碼，請重新輸入。"), (Way.PIN,), ("76000998",),
    ),
    CardState(
        "locked", "bad", "lock", lazy_gettext("卡片已鎖定"),
        lazy_gettext("卡片已鎖定，請至工商憑證管理中心辦理解鎖。"), (Way.UNLOCK,), ("76100006:A4",),
    ),
    CardState(
        "not_logged_in", "bad", "lock", lazy_gettext("卡片沒有接受憑證密碼"),
        lazy_gettext("卡片沒有接受憑證密碼（代碼 {code}）。連續錯誤將會鎖卡，請先做讀卡自我檢測，再重新輸入。"),
        (Way.PIN, Way.HELP), ("76100006",),
    ),
    CardState(
        "not_yet_valid", "bad", "cross", lazy_gettext("憑證尚未生效"),
        lazy_gettext("這張憑證尚未生效，請於生效日後再使用，或至工商憑證管理中心查詢憑證狀態。"), (Way.HELP,),
        ("76500001",),
    ),
    CardState(
        "expired", "bad", "cross", lazy_gettext("憑證已逾期"),
        lazy_gettext("這張憑證已經到期，請至工商憑證管理中心申請新憑證。"), (Way.HELP,), ("76500002",),
    ),
    CardState(
        "request", "bad", "alert", lazy_gettext("憑證元件不接受這次要求"),
        lazy_gettext("憑證元件不接受這次要求（代碼 {code}）。請更新憑證元件後再試；仍然失敗時，請把代碼告知客服。"),
        (Way.DOWNLOAD, Way.HELP), ("76000003", "7600000B", "7600000C"),
    ),
    CardState(
        "unknown", "warn", "alert", lazy_gettext("憑證元件發生錯誤"),
        lazy_gettext("憑證元件傳回錯誤代碼 {code}。請重新插卡後再試；仍然失敗時，請做讀卡自我檢測，並把代碼告知客服。"),
        (Way.AGAIN, Way.HELP),
    ),
    CardState(
        "answer", "warn", "alert", lazy_gettext("讀取的資料不完整"),
        lazy_gettext("憑證元件傳回的資料不完整，請確認插入的是工商憑證後再試一次。"), (Way.AGAIN, Way.HELP),
    ),
    CardState("refused", "warn", "alert", lazy_gettext("目前無法繼續"), "{said}", (Way.AGAIN,)),
    CardState(
        "stale", "warn", "clock", lazy_gettext("頁面已經過期"),
        lazy_gettext("這個頁面開啟太久了，請重新載入後再操作。"),
        (Way.RELOAD,),
    ),
    CardState(
        "offline", "warn", "alert", lazy_gettext("無法連線"),
        lazy_gettext("連不上本網站，請確認網路連線後再試。"), (Way.AGAIN,),
    ),
)  # fmt: skip

DOWNLOADS = "https://moeaca.nat.gov.tw/download/download_4.html"


@dataclass(frozen=True, slots=True)
class CheckLine:
    """One line of the self-test: what is looked for, and the sentence of each result (yes, no, and two of dates)."""

    name: str
    sign: str
    label: Any
    results: dict[str, Any]


# The results in which a line is passed, and those that ask for attention.
RESULT_TONES = {"yes": "ok", "undated": "ok", "soon": "warn", "no": "bad", "over": "bad", "unknown": ""}
LINES = (
    CheckLine("component", "link", lazy_gettext("憑證元件"), {
        "yes": lazy_gettext("已找到，並有回應。"),
        "no": lazy_gettext("沒有回應，請安裝並啟動後再檢測。"),
        "unknown": lazy_gettext("尚未檢測。"),
    }),
    CheckLine("reader", "reader", lazy_gettext("讀卡機"), {
        "yes": lazy_gettext("已找到。"),
        "no": lazy_gettext("找不到，請接上讀卡機，確認燈號亮起。"),
        "unknown": lazy_gettext("前一項通過後才能檢測。"),
    }),
    CheckLine("card", "card", lazy_gettext("卡片"), {
        "yes": lazy_gettext("讀卡機中有卡片。"),
        "no": lazy_gettext("讀卡機中沒有卡片，請插入工商憑證。"),
        "unknown": lazy_gettext("前一項通過後才能檢測。"),
    }),
    CheckLine("certificate", "file", lazy_gettext("憑證"), {
        "yes": lazy_gettext("已讀到簽章用的憑證。距離到期的日數：{days}。"),
        "soon": lazy_gettext("已讀到簽章用的憑證，即將到期，請申請展期或換發。距離到期的日數：{days}。"),
        "over": lazy_gettext("已讀到簽章用的憑證，但已經到期，請申請新憑證。"),
        "undated": lazy_gettext("已讀到簽章用的憑證。"),
        "no": lazy_gettext("讀不到憑證，請確認插入的是工商憑證，晶片朝上並插到底。"),
        "unknown": lazy_gettext("前一項通過後才能檢測。"),
    }),
)  # fmt: skip


def card_components() -> dict[str, Any]:
    """What macros/card.html needs: where the components are, and what each of their answers is called."""
    chosen = settings()
    host = urlsplit(chosen.issuer).hostname
    return {
        "agent": chosen.card_agent,
        "hipki": chosen.card_hipki,
        "host": host,
        "allow": f"{chosen.card_hipki}/addDomain?domain={host}",
        "downloads": DOWNLOADS,
        "states": STATES,
        "lines": LINES,
        "tones": RESULT_TONES,
    }
