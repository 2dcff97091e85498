"""Names are compared without what typing makes of them; phones, postcodes and addresses of Taiwan."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from idp.policies.company_names import (
    address_problem,
    company_name_problem,
    folded_name,
    looks_like_company,
    parse_phone,
    phone_problem,
    postcode_problem,
    same_name,
    shown_phone,
)


@pytest.mark.parametrize(
    ("one", "other"),
    [
        ("臺灣電力股份有限公司", "台灣電力股份有限公司"),
        ("ＡＢＣ有限公司", "abc有限公司"),
        ("測試（股）公司", "測試(股)公司"),
        ("測試　一號 有限公司", "測試一號有限公司"),
    ],
)
def test_two_spellings_are_one_name(one: str, other: str) -> None:
    assert same_name(one, other)


def test_other_characters_are_another_name() -> None:
    assert not same_name("測試一號有限公司", "測試二號有限公司")
    assert not same_name("台灣電力公司", "臺灣電力股份有限公司")


@given(st.text())
def test_folding_twice_changes_nothing_more(text: str) -> None:
    once = folded_name(folded_name(text))
    assert folded_name(once) == once


@pytest.mark.parametrize(
    "name",
    [
        "測試一號有限公司", "測試一號有限公司高雄分公司", "範例企業社", "測試商行", "某某工廠", "王小明律師事務所",
        "台灣電力股份有限公司台北西區營業處", "測試市政府環境保護局", "測試公司（籌備處）", "測試公司（清算中）",
        "Acme Co., Ltd.", "ＡＣＭＥ　ＩＮＣ", "國立測試大學",
    ],
)  # fmt: skip
def test_a_name_that_ends_as_companies_do_looks_like_one(name: str) -> None:
    assert looks_like_company(name)


@pytest.mark.parametrize(
    "name", ["王小明", "歐陽測試", "Marco", "Kolas Yotaka", "谷辣斯·尤達卡", "", "（）", "有限公司王"]
)
def test_a_persons_name_does_not(name: str) -> None:
    assert not looks_like_company(name)


@pytest.mark.parametrize(
    ("typed", "kept", "shown"),
    [
        ("0912345678", "+886912345678", "0912-345-678"),
        ("０９１２－３４５－６７８", "+886912345678", "0912-345-678"),
        ("+886 912 345 678", "+886912345678", "0912-345-678"),
        ("+886(0)2 2345-6789", "+886223456789", "02-2345-6789"),
        ("(02)2345-6789", "+886223456789", "02-2345-6789"),
        ("07-765-4321 #123", "+88677654321#123", "07-765-4321 #123"),
        ("02-12345678#12345", "+886212345678#12345", "02-1234-5678 #12345"),
        ("02–2345–6789 分機：12", "+886223456789#12", "02-2345-6789 #12"),
        ("07-7654321轉9", "+88677654321#9", "07-765-4321 #9"),
        ("07-7654321 Ext. 12", "+88677654321#12", "07-765-4321 #12"),
        ("04-23456789", "+886423456789", "04-2345-6789"),
        ("037-234567", "+88637234567", "037-23-4567"),
        ("049-2345678", "+886492345678", "049-234-5678"),
        ("082-312345", "+88682312345", "082-31-2345"),
        ("0826-66123", "+88682666123", "0826-6-6123"),
        ("0836-22123", "+88683622123", "0836-2-2123"),
        ("089-345678", "+88689345678", "089-34-5678"),
    ],
)
def test_a_phone_number_is_kept_in_one_form_and_shown_in_another(typed: str, kept: str, shown: str) -> None:
    assert parse_phone(typed) == kept
    assert shown_phone(kept) == shown
    assert phone_problem(typed) is None


@pytest.mark.parametrize(
    "typed",
    [
        "", "12345678", "091234567", "09123456789", "0912345678#1", "02-0345-6789", "02-345-6789", "07-7654321#",
        "07-7654321#1234567", "07-7654321#x", "07-7654321分機", "07-7654321分機1轉2", "分機12",
        "+8190123456", "0912٣45678", "0912345678\0", "01-2345678",
    ],
)  # fmt: skip
def test_another_phone_number_is_refused(typed: str) -> None:
    assert parse_phone(typed) is None
    assert phone_problem(typed) == "phone.form"


def test_what_is_no_kept_number_is_shown_as_it_is() -> None:
    assert shown_phone("+81312345678") == "+81312345678"
    assert shown_phone("分機 12") == "分機 12"


@pytest.mark.parametrize("text", ["804", "80400", "804004", "８０４００４", " 100 "])
def test_a_postcode_has_three_five_or_six_digits(text: str) -> None:
    assert postcode_problem(text) is None


@pytest.mark.parametrize("text", ["", "80", "8040", "8040045", "004", "80A"])
def test_other_postcodes_are_refused(text: str) -> None:
    assert postcode_problem(text) == "postcode.form"


def test_an_address_is_a_line_one_can_see() -> None:
    assert address_problem("高雄市苓雅區四維三路２號") is None
    for text in ("", "高雄市", "高雄市苓雅區\n四維三路", "路" * 201, "高雄市苓雅區\u202e四維"):
        assert address_problem(text) == "address.form"


@pytest.mark.parametrize(
    ("name", "problem"),
    [
        ("測試一號有限公司", None),
        ("X" * 201, "company_name.form"),
        ("公司\u2028您好", "company_name.form"),
        ("中獎請至 HTTPS：//evil.test", "company_name.address"),
        ("www.evil.test 有限公司", "company_name.address"),
    ],
)
def test_a_companys_name_is_one_line_and_no_address(name: str, problem: str | None) -> None:
    assert company_name_problem(name) == problem
