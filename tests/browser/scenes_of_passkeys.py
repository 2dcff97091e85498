"""The pages about passkeys; what the browser says of one is shown by the panel."""

from tests.browser.scenes import Scenes
from tests.browser.visitor import Visitor

PASSKEYS = Scenes()


@PASSKEYS.page()
def passkey_sign_in(window: Visitor) -> None:
    window.open("/login/passkey")
    # As after a click that came to nothing.
    window.page.evaluate(
        "document.getElementById('passkey-status').append("
        "document.querySelector('[data-state=cancelled]').content.cloneNode(true))"
    )


@PASSKEYS.page(focus="summary", languages=("zh-TW",))
def passkey_refused(window: Visitor) -> None:
    window.open("/login/passkey")
    with window.page.expect_navigation():
        window.page.evaluate(
            "document.getElementById('passkey-form').elements.credential_id.value = 'AA';"
            "document.getElementById('passkey-form').submit()"
        )


@PASSKEYS.page("staff")
def passkey_new(window: Visitor) -> None:
    window.open("/account/credentials/passkeys/new")


@PASSKEYS.page("long")
def passkey_name(window: Visitor) -> None:
    window.open(_of_a_passkey(window))


@PASSKEYS.page("long")
def passkey_remove(window: Visitor) -> None:
    window.open(f"{_of_a_passkey(window)}/remove")


def _of_a_passkey(window: Visitor) -> str:
    """The address of a passkey of the person with the long name, put there by hand at its first use."""
    place, person = window.place, window.place.long_names()
    place.server.write(
        "INSERT INTO passkeys (id, account_id, credential_id, public_key, sign_count, name, aaguid, transports,"
        " is_synced, enrolled_at) SELECT 'pk_' || substr(:id, 4), :id, CAST(:id AS BLOB), CAST('x' AS BLOB), 0, :name,"
        " '', '[]', 1, '2026-01-01 00:00:00' WHERE NOT EXISTS (SELECT 1 FROM passkeys WHERE account_id = :id)",
        {"id": person.sub, "name": person.name},
    )
    return f"/account/credentials/passkeys/pk_{person.sub[3:]}"
