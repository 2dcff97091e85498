"""憑證說明 (P40): self-test, three failures and what to do, programs, PIN, and what each sentence on cards means."""

from flask import Blueprint, render_template
from flask.typing import ResponseReturnValue

from idp.config import settings
from idp.flows.card_answers import keeps_popups
from idp.flows.card_help_words import EXAMPLES, MEANINGS
from idp.flows.card_words import CARD_MESSAGES
from idp.flows.page_context import STATIC, asset

bp = Blueprint("card_help", __name__)

# Put there by the operator, built by `make agent` (docs/cards.md).
AGENT_FILE = "card-agent.pyz"


@bp.get("/help/card")
@keeps_popups
def page() -> ResponseReturnValue:
    """Show it, to everybody."""
    return render_template(
        "help/card.html",
        takes_cards=settings().offers_cards,
        agent=settings().card_agent,
        agent_file=asset(AGENT_FILE) if (STATIC / AGENT_FILE).is_file() else None,
        sentences=[
            {"code": code, "text": CARD_MESSAGES[code](EXAMPLES.get(code, {})), "meaning": meaning, "say": say}
            for code, (meaning, say) in MEANINGS.items()
        ],
    )
