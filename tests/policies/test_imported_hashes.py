"""Hashes that other systems made: which are taken over, and that none can cost a sign-in more than a second."""

import base64

import pytest

from idp.policies.imported_hashes import Pbkdf2, Scheme, as_kept, hash_problem, read_pbkdf2, scheme_of

# All of “old-Passw0rd”, each made by the program it is named for.
MADE_BY = {
    "argon2-cffi": "$argon2id$v=19$m=1024,t=1,p=1$15FWU1+bPFernU4bBPhHCA$VgWPB4GiBG4BCox0vOfGJtUwaIyLC9dekxEnQZk7r+k",
    "bcrypt": "$2b$04$lcD2.8e5.k95xyYYA/6Iu.UlL3QEZJV1N4x9PmYOivVYesnjzjQ0e",
    "php": "$2y$04$lcD2.8e5.k95xyYYA/6Iu.UlL3QEZJV1N4x9PmYOivVYesnjzjQ0e",
    "old php": "$2a$04$lcD2.8e5.k95xyYYA/6Iu.UlL3QEZJV1N4x9PmYOivVYesnjzjQ0e",
    "django": "pbkdf2_sha256$1000$YDOMaYV6FHWR$4RwSQC27ONCw87nA28Ca+Lwq8A4fEIRg9LxlpFwr19Q=",
    "werkzeug": "pbkdf2:sha256:1000$ALdpmMEpVFGZftDC$0f253988479a9cb7eb47e38e581435c74601d9d3c2604b85e9200f2718995aa5",
    "werkzeug sha512": "pbkdf2:sha512:1000$Bcrv46CkccgvNL9q$df6aab5a9443dffb8137d7ff18e31fd445d674d92bf65ffbc4558beee"
    "fab7d923ebe1c78609c6622e28671bda6731061f618b5751b7a9e442ca7af8d117a778f",
    "passlib": "$pbkdf2-sha256$1000$VyoFgDCmNKZ0LmWMMaZU6g$w.WEe5z.vVSJYYY1QbwZd.vzT3fJ2By3H/nzKAyqIVY",
    "passlib sha1": "$pbkdf2$1000$KGVMiXHOmXOuFeJ8r7UWAg$mCYtPHzdNEW8rlynDhQueozf5bA",
    "passlib sha512": "$pbkdf2-sha512$1000$by0lxLiXMmZsTSmFMIaQ8g$4VfEMEpdyyi1d5x6DsV/2RpwS1M9EVHjxXFu88/rdfYbC.Hk4VDbn"
    "OGTxud8beKOYHZEiV10uSAPpc0aEM02Dg",
    "ldap": "{PBKDF2-SHA256}1000$gxAixJjzfu9d631vDeE8Zw$4VN9zQxGCEes/.m2GG5EfwI629Nyg/9faZ1.U4IHjv8",
}
BCRYPT = MADE_BY["bcrypt"]
ARGON2 = MADE_BY["argon2-cffi"]


@pytest.mark.parametrize("made", MADE_BY.values(), ids=MADE_BY)
def test_a_hash_of_a_known_form_is_taken(made: str) -> None:
    assert hash_problem(made) is None
    assert scheme_of(made) is not None


@pytest.mark.parametrize(
    ("written", "kept"),
    [
        (f"argon2{ARGON2}", ARGON2), (f"bcrypt${BCRYPT}", BCRYPT), (f"{{bcrypt}}{BCRYPT}", BCRYPT),
        (f"{{argon2}}{ARGON2}", ARGON2), (f"{{CRYPT}}{BCRYPT}", BCRYPT), (BCRYPT, BCRYPT), ("bcrypt$x", "bcrypt$x"),
    ],
)  # fmt: skip
def test_a_hash_is_kept_without_the_name_before_it(written: str, kept: str) -> None:
    assert as_kept(written) == kept


def test_the_parts_of_a_pbkdf2_hash_are_read() -> None:
    output = bytes(range(32))
    made = f"pbkdf2_sha256$7$salt!${base64.b64encode(output).decode()}"
    assert scheme_of(made) is Scheme.PBKDF2
    assert read_pbkdf2(made) == Pbkdf2("sha256", 7, b"salt!", output)


@pytest.mark.parametrize(
    "text",
    [
        "", "secret", "5f4dcc3b5aa765d61d8327deb882cf99", "{SSHA}abcdefghijklmnop", "!unusable", "$1$abc$def",
        "$6$rounds=5000$salt$" + "a" * 86, "pbkdf2_md5$1000$salt$" + "a" * 44, "pbkdf2_sha256$0$salt$" + "a" * 44,
        "pbkdf2_sha256$-1$saltsalt$" + "a" * 44, "pbkdf2_sha256$1000$salt$" + "a" * 21 + "===", "$2b$04$tooshort",
        "$2x$04" + BCRYPT[6:], BCRYPT[:28] + "/" + BCRYPT[29:], BCRYPT[:-1] + "f", BCRYPT + "$", BCRYPT + "\n",
        "$2b$０４" + BCRYPT[6:], "pbkdf2:sha256:1000$ALdpmMEpVFGZftDC$0f253988", "pbkdf2:sha1:1000$ALdpmM$" + "0" * 63,
        "pbkdf2_sha256$1000$abc$" + "A" * 43 + "=", "$pbkdf2-sha256$1000$A$" + "A" * 43, ARGON2 + "x" * 200,
        ARGON2.replace("argon2id", "argon2d"), ARGON2.replace("v=19", "v=20"), ARGON2.replace("m=1024", "m=0"),
        ARGON2.replace("m=1024", "m=4"), "$argon2id$v=19$m=1024,t=1,p=1$AAAA$AAAA", "$argon2id$damaged",
    ],
)  # fmt: skip
def test_what_is_no_such_hash_is_refused(text: str) -> None:
    assert hash_problem(text) == "hash.form"


@pytest.mark.parametrize(
    ("text", "problem"),
    [
        (BCRYPT.replace("$04$", "$14$"), None),
        (BCRYPT.replace("$04$", "$15$"), "hash.cost"),
        (BCRYPT.replace("$04$", "$31$"), "hash.cost"),
        (BCRYPT.replace("$04$", "$99$"), "hash.cost"),
        (BCRYPT.replace("$04$", "$03$"), "hash.cost"),
        (MADE_BY["django"].replace("$1000$", "$2000000$"), None),
        (MADE_BY["django"].replace("$1000$", "$2000001$"), "hash.cost"),
        (MADE_BY["werkzeug"].replace(":1000$", ":9999999999$"), "hash.cost"),
        (MADE_BY["passlib"].replace("$1000$", "$99999999999$"), "hash.form"),
        (ARGON2.replace("m=1024,t=1", "m=262144,t=4"), None),
        (ARGON2.replace("m=1024,t=1", "m=262144,t=5"), "hash.cost"),
        (ARGON2.replace("m=1024", "m=262145"), "hash.cost"),
        (ARGON2.replace("m=1024", "m=4294967295"), "hash.cost"),
        (ARGON2.replace("t=1", "t=4294967295"), "hash.cost"),
        (ARGON2.replace("p=1", "p=16"), None),
        (ARGON2.replace("p=1", "p=17"), "hash.cost"),
        (ARGON2.replace("$v=19", ""), None),
        (ARGON2.replace("argon2id", "argon2i"), None),
    ],
)
def test_what_would_cost_sign_in_too_much_is_refused(text: str, problem: str | None) -> None:
    assert hash_problem(text) == problem
