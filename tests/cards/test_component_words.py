"""What a card component can answer has its words: each code of HiPKI's (card.md A2), one state each."""

from collections import Counter

import pytest

from idp.cardbridge.cards import TROUBLES
from idp.flows.card_component_words import LINES, RESULT_TONES, STATES
from tests.harness.processes import ROOT

SCRIPT = (ROOT / "idp" / "static" / "card.js").read_text(encoding="utf-8")
BY_CODE = {code: state for state in STATES for code in state.hipki}
# The states that the script shows by itself.
SHOWN = {
    *("opening", "agent", "checking", "working", "verifying", "component_agent", "component_hipki", "popup_blocked"),
    *("closed", "cancelled", "no_answer", "unknown", "answer", "refused", "stale", "offline"),
}
SENTENCES = {
    "76000003": "憑證元件不接受這次要求（代碼 {code}）",
    "76000006": "讀卡機中沒有卡片，請插入工商憑證。",
    "7600000B": "憑證元件不接受這次要求（代碼 {code}）",
    "7600000C": "憑證元件不接受這次要求（代碼 {code}）",
    "7600000D": "憑證元件逾時，沒有完成。",
    "7600000F": "請按「加入允許清單」，在開啟的頁面確認網站為 {host} 並加入",
    "76000031": "憑證元件的允許清單中沒有本網站。",
    "76000998": "憑證元件沒有收到憑證密碼，請重新輸入。",
    "76000999": "您取消了這次操作，沒有送出任何資料。",
    "76100001": "請安裝 HiCOS 卡片管理工具後再試。",
    "76100003": "找不到讀卡機，請接上讀卡機",
    "76100005": "憑證元件無法與卡片連線。",
    "76100006": "卡片沒有接受憑證密碼（代碼 {code}）",
    "76100006:A0": "憑證密碼不正確，連續錯誤將會鎖卡。",
    "76100006:A2": "卡片不接受這個長度的憑證密碼。",
    "76100006:A4": "卡片已鎖定，請至工商憑證管理中心辦理解鎖。",
    "76100006:80000001": "憑證密碼不正確，還可以再試 1 次；連續錯誤將會鎖卡。",
    "76100006:80000002": "憑證密碼不正確，還可以再試 2 次；連續錯誤將會鎖卡。",
    "76100008": "讀不到卡片中的憑證",
    "76100009": "讀不到卡片中的憑證",
    **{f"7630000{digit}": "卡片沒有完成簽章（代碼 {code}）" for digit in range(1, 10)},
    "76500001": "這張憑證尚未生效",
    "76500002": "這張憑證已經到期",
}


@pytest.mark.requirement("R-204")
def test_each_code_of_hipki_has_its_sentence() -> None:
    assert BY_CODE.keys() == SENTENCES.keys()
    for code, sentence in SENTENCES.items():
        # Before it is translated: the key is the Chinese sentence.
        assert sentence in BY_CODE[code].sentence._args[0]


def test_no_code_and_no_state_is_there_twice_and_every_state_can_be_met() -> None:
    for names in ([state.code for state in STATES], [code for state in STATES for code in state.hipki]):
        assert [name for name, times in Counter(names).items() if times > 1] == []
    assert {state.code for state in STATES if not state.hipki} <= SHOWN
    assert {state.code for state in STATES} >= SHOWN
    for state in SHOWN:
        assert f'"{state}"' in SCRIPT, state


def test_what_the_agents_self_test_reports_is_told() -> None:
    """A trouble is told by a line, or by a state of its own name, or as a card that can't be read."""
    told = {state.code for state in STATES}
    assert {"no_reader", "no_card", "unreadable", "module", "locked"} <= told & set(TROUBLES)
    for line in LINES:
        assert set(line.results) <= set(RESULT_TONES)


def test_the_script_holds_no_sentence_and_no_number_of_hipkis() -> None:
    assert not [character for character in SCRIPT if "\u4e00" <= character <= "\u9fff"]
    assert "0x76" not in SCRIPT
    assert "7610" not in SCRIPT
