"""The forms, files and words of DREAMS."""

import pytest
from flask import Flask

from clients.dreams.application import DREAMS
from clients.dreams.new_site import read_new_site
from clients.dreams.report import neutral
from clients.relying.explanations import EXPLANATIONS, explained
from clients.relying.settings import SettingRefused, settings_from
from tests.clients.dreams.people import HERE, SITE, STAFF
from tests.clients.issuer import Person, SmallIssuer, form_keys


def test_a_form_of_another_company_is_refused_and_loses_nothing(person: Person, issuer: SmallIssuer) -> None:
    person.sign_in()
    old = form_keys(person.get("/sites/new").text)
    issuer.be("staff2", "李大華", "staff", STAFF, company="two")
    person.sign_in()
    page = person.post("/sites/new", old | SITE)
    assert page.status_code == 409
    assert "這份表單是以「測試一號有限公司」開啟，目前身分為「測試二號有限公司」" in page.text
    assert 'value="永康屋頂"' in page.text
    assert "永康屋頂" not in person.get("/sites").text


def test_a_form_without_our_token_is_refused(person: Person) -> None:
    person.sign_in()
    keys = form_keys(person.get("/sites/new").text)
    for broken in ({}, keys | {"csrf_token": "x"}, keys | {"csrf_token": "é"}, keys | {"sid": "other"}):
        page = person.post("/sites/new", SITE | broken)
        assert page.status_code == 400
        assert 'value="永康屋頂"' in page.text


def test_what_was_written_waits_for_its_writer_to_sign_in_again(
    app: Flask, person: Person, issuer: SmallIssuer
) -> None:
    person.sign_in()
    keys, seat = form_keys(person.get("/sites/new").text), dict(issuer.person)
    person.post("/backchannel-logout", {"logout_token": issuer.logout_token()})
    assert person.post("/sites/new", keys | SITE).status_code == 401
    issuer.person = seat | {"sid": "sid-later"}
    person.sign_in()
    assert 'value="永康屋頂"' in person.get("/sites/new").text
    assert 'value="永康屋頂"' not in person.get("/sites/new").text


def test_sending_a_form_twice_makes_one_site(person: Person) -> None:
    person.sign_in()
    keys = form_keys(person.get("/sites/new").text)
    first, second = (person.post("/sites/new", keys | SITE).headers["Location"] for _ in range(2))
    assert first == second


@pytest.mark.parametrize(
    ("field", "text"),
    [
        ("name", ""),
        ("name", " \u3000"),
        ("name", "x" * 61),
        ("name", "a\x00b"),
        ("name", "a\ud800b"),
        ("name", "a\u202eb"),
        ("address", "x" * 201),
        ("capacity_kw", "0"),
        ("capacity_kw", "-5"),
        ("capacity_kw", "1e3"),
        ("capacity_kw", "nan"),
        ("capacity_kw", "500001"),
        ("capacity_kw", "9" * 400),
    ],
)
def test_each_field_says_what_is_wrong_with_it(field: str, text: str) -> None:
    new, errors = read_new_site(SITE | {field: text})
    assert new is None
    assert list(errors) == [field]


def test_full_width_figures_are_read() -> None:
    new, _errors = read_new_site(SITE | {"capacity_kw": "１，２００．５"})
    assert new is not None
    assert new.capacity_kw == 1200.5


def test_errors_stand_beside_the_field_and_nothing_is_lost(person: Person) -> None:
    person.sign_in()
    page = person.send("/sites/new", **SITE | {"capacity_kw": "many"})
    assert page.status_code == 422
    assert 'aria-describedby="capacity_kw-hint capacity_kw-error" aria-invalid="true"' in page.text
    assert 'value="永康屋頂"' in page.text


@pytest.mark.parametrize("cell", ["=1+1", "+1", "-1", "@x", "\t=1", " =1", "＝1+1"])
def test_no_cell_of_a_report_is_a_formula(cell: str) -> None:
    assert neutral(cell) == f"'{cell}"
    assert neutral("高雄市") == "高雄市"


def test_a_report_holds_the_companys_sites(person: Person) -> None:
    person.sign_in()
    person.send("/sites/new", **SITE | {"name": "=HYPERLINK(1)"})
    report = person.get("/reports/sites.csv")
    assert report.mimetype == "text/csv"
    assert report.text.startswith("\ufeff案場編號,案場名稱")
    assert ",'=HYPERLINK(1)," in report.text


def test_who_came_through_a_linked_account_is_shown_and_recorded(person: Person, issuer: SmallIssuer) -> None:
    issuer.person["act"] = {"iss": issuer.address, "sub": "la_1", "name": "錢大明"}
    assert "錢大明（測試一號有限公司／鏈結帳號）" in person.sign_in().text
    page = person.follow(person.send("/sites/new", **SITE))
    assert "王小明（經由鏈結帳號 錢大明）" in page.text


def test_every_claim_received_is_explained(person: Person, issuer: SmallIssuer) -> None:
    issuer.person["brand_new"] = "x"
    person.sign_in()
    page = person.get("/claims").text
    received = {*issuer.person, "iss", "aud", "exp", "iat", "nonce"}
    assert all(f"<code>{name}</code>" in page for name in received)
    assert received - EXPLANATIONS.keys() == {"brand_new"}
    assert "本頁還沒有這個宣告的說明" in page


@pytest.mark.parametrize(
    ("amr", "chinese", "english"),
    [
        (["pwd"], "密碼", "Password"),
        (["sc", "pin", "hwk"], "憑證（讀卡元件）", "Card (card agent)"),
        (["sc", "pin"], "憑證（HiPKI 元件）", "Card (HiPKI)"),
        (
            ["pwd", "sc", "pin", "swk"],
            "密碼、憑證（軟體憑證，試用）",
            "Password, Software card (for trying out)",
        ),
        (["pwd", "otp", "mfa"], "密碼、驗證碼", "Password, One-time code"),
        (["hwk", "user", "mfa"], "通行密鑰（只在一個裝置）", "Passkey (on one device only)"),
        (["pwd", "swk", "user", "mfa"], "密碼、通行密鑰（可同步）", "Password, Passkey (synced)"),
        (["face"], "", ""),
    ],
)
def test_the_ways_of_signing_in_are_named(amr: list[str], chinese: str, english: str) -> None:
    for language, words in (("zh-TW", chinese), ("en", english)):
        (row,) = explained(DREAMS, {"amr": amr}, {"amr": amr}, language)
        assert row.in_words == words


def test_pages_come_in_english_where_it_is_asked_for(person: Person) -> None:
    assert 'lang="zh-Hant-TW"' in person.get("/", **{"Accept-Language": "fr"}).text
    assert 'lang="zh-Hant-TW"' in person.get("/", **{"Accept-Language": "zh-Hant-TW, en;q=0.9"}).text
    assert 'lang="en"' in person.get("/", **{"Accept-Language": "en-GB, zh;q=0.5"}).text
    assert "Sign in" in person.get("/?lang=en").text
    assert "Sign in" in person.get("/").text


def test_no_page_needs_or_allows_a_script(person: Person) -> None:
    policy = person.sign_in().headers["Content-Security-Policy"]
    assert "default-src 'none'" in policy
    assert "unsafe" not in policy
    assert not any("<script" in person.get(path).text or "style=" in person.get(path).text for path in ("/", "/sites"))


def test_a_sign_in_begun_at_another_name_of_this_machine_begins_at_our_own(person: Person) -> None:
    answer = person.browser.get("/sites?x=1", base_url="http://127.0.0.1:5101")
    assert answer.headers["Location"] == f"{HERE}/sites?x=1"
    for name in ("[::1]:5101", "evil.example"):
        answer = person.browser.get("/", base_url=f"http://{name}")
        assert answer.headers["Location"] == f"{HERE}/"
        assert person.browser.post("/sites/new", base_url=f"http://{name}").status_code == 400


@pytest.mark.parametrize("missing", ["DREAMS_ISSUER", "DREAMS_CLIENT_SECRET", "DREAMS_SECRET_KEY", "DREAMS_DATA"])
def test_a_missing_setting_is_named(missing: str) -> None:
    names = ("DREAMS_CLIENT_ID", "DREAMS_CLIENT_SECRET", "DREAMS_SECRET_KEY", "DREAMS_DATA")
    given = dict.fromkeys(names, "x") | {"DREAMS_ISSUER": "http://localhost:5100"}
    assert settings_from(given, "dreams", 5101).address == HERE
    with pytest.raises(SettingRefused, match=missing):
        settings_from(given | {missing: ""}, "dreams", 5101)
