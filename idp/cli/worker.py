"""The worker's rounds. Any number of workers may run: leases and locks in the database keep them apart."""

import logging
import signal
import time
from collections.abc import Callable
from contextlib import closing
from dataclasses import dataclass

from sqlalchemy.exc import SQLAlchemyError

from idp.app import create_app
from idp.cli.register_import import Importer
from idp.db import session, transaction
from idp.errors import DatabaseBusy
from idp.mails.delivery import deliver_due
from idp.oidc.backchannel import Messenger
from idp.services.audit import Circumstances, record, set_circumstances
from idp.services.audit_chain import seal
from idp.services.audit_checks import check_more
from idp.services.case_deadlines import keep_deadlines
from idp.services.closed_accounts import forget_closed_accounts
from idp.services.document_deadlines import lapse_unanswered
from idp.services.enrolled_cards import tell_of_ending_cards
from idp.services.file_duties import scan_waiting, tidy_files
from idp.services.gcis import answer_wanted
from idp.services.housekeeping import tidy
from idp.services.idle_accounts import keep_idle_accounts
from idp.services.infected_documents import ask_for_others
from idp.services.linked_deadlines import keep_linked_deadlines
from idp.services.reminders import remind_group_admins
from idp.services.revocation_refresh import refresh_answers
from idp.services.taken import release_overdue

ENDING = (signal.SIGTERM, signal.SIGINT)
PAUSE_SECONDS = 1.0
PAUSE_AFTER_ACCIDENT_SECONDS = 5.0

log = logging.getLogger(__name__)


@dataclass(slots=True)
class Duty:
    """Something the worker does every so often; it gives how much there was to do."""

    name: str
    every_seconds: float
    act: Callable[[], int]
    next_at: float = 0.0


def told_to_end() -> bool:
    """Whether a signal waits that asks the worker to end."""
    return bool(signal.sigpending() & set(ENDING))


def duties(messenger: Messenger, importer: Importer) -> list[Duty]:
    """All the worker does."""
    return [
        # What writes mails comes before what sends them.
        Duty("deadlines", 300.0, keep_deadlines),
        Duty("linked deadlines", 300.0, keep_linked_deadlines),
        Duty("idle accounts", 300.0, keep_idle_accounts),
        Duty("closed accounts", 300.0, forget_closed_accounts),
        Duty("more info", 300.0, lapse_unanswered),
        Duty("infected", 30.0, ask_for_others),
        Duty("overdue", 60.0, release_overdue),
        Duty("reminders", 300.0, remind_group_admins),
        Duty("cards", 300.0, tell_of_ending_cards),
        Duty("logout", 0.5, messenger.tell_due),
        Duty("mail", 1.0, lambda: deliver_due(told_to_end)),
        Duty("register", 1.0, answer_wanted),
        Duty("revocation", 10.0, refresh_answers),
        Duty("audit", 5.0, seal),
        Duty("audit check", 2.0, check_more),
        Duty("import", 2.0, importer.begin_due),
        Duty("scan", 30.0, scan_waiting),
        Duty("tidy", 300.0, tidy),
        Duty("files", 300.0, tidy_files),
    ]


def run(*, once: bool) -> None:
    """Do the rounds until a signal comes; what was begun is finished first."""
    logging.basicConfig(level=logging.INFO, format="%(asctime)s %(levelname)s %(name)s: %(message)s")
    # The signals wait while a duty is done, and are asked for between: nothing is cut in two.
    signal.pthread_sigmask(signal.SIG_BLOCK, ENDING)
    app = create_app()
    set_circumstances(Circumstances(actor="worker"))
    with closing(Messenger(app)) as messenger, closing(Importer(app)) as importer:
        listed = duties(messenger, importer)
        if once:
            with app.app_context():
                for duty in listed:
                    while duty.act():
                        messenger.finish()
                        importer.finish()
            return
        with app.app_context(), transaction():
            record("operator:worker:started")
        while not told_to_end():
            with app.app_context():
                pause = _round(listed)
            if signal.sigtimedwait(ENDING, pause) is not None:
                break
    log.info("the worker ends")


def _round(listed: list[Duty]) -> float:
    for duty in listed:
        if duty.next_at > time.monotonic():
            continue
        try:
            # More may be waiting where there was something to do.
            duty.next_at = time.monotonic() + (0.0 if duty.act() else duty.every_seconds)
        except (SQLAlchemyError, DatabaseBusy) as error:
            session.rollback()
            log.warning("%s: the database could not be used: %s", duty.name, type(error).__name__)
            return PAUSE_AFTER_ACCIDENT_SECONDS
        except Exception:
            session.rollback()
            log.exception("%s: an accident", duty.name)
            duty.next_at = time.monotonic() + PAUSE_AFTER_ACCIDENT_SECONDS
    soonest = min(duty.next_at for duty in listed) - time.monotonic()
    return min(max(soonest, 0.0), PAUSE_SECONDS)
