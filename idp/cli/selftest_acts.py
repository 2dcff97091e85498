"""What `idp client selftest` does at an application, act by act, and what each act tells of the rules.

wrong company --> as one company --> a record --> over and back --> two tabs --> one form under the other
              --> one sid ends --> one binding ends --> the sign-in is over
"""

import secrets
import time
from collections.abc import Callable
from urllib.parse import urlencode, urlsplit

from idp.cli.selftest_browser import Browser, Page, Parameters, Stuck
from idp.cli.selftest_cast import Seat, end_sid, shorten_sign_ins, sids_of, sign_ins_of, sub_in, unbind
from idp.cli.selftest_pages import Form
from idp.cli.selftest_rules import Report
from idp.cli.selftest_stage import Stage, swapped

ELSEWHERE = "https://elsewhere.example"
SIGN_IN_ENDS = 8  # seconds from its beginning, in the act about session_expiry
REFUSALS = frozenset({400, 401, 403, 409, 410, 412, 419})
HEADERS_OF_A_COMPANY = ("X-Tenant", "X-Tenant-Id", "X-Company", "X-Company-Id", "X-Company-Tax-Id", "X-Organization-Id")
NAMES_OF_A_COMPANY = ("tenant", "tenant_id", "company", "company_id", "company_tax_id", "tax_id", "org")


def new_mark() -> str:
    """What a record of the test can be told by."""
    return f"selftest{secrets.token_hex(4)}"


class Play:
    """One run of the test, with what its acts hand on to each other."""

    def __init__(self, stage: Stage, report: Report) -> None:
        self.stage = stage
        self.report = report
        self.first, self.second = stage.cast.first, stage.cast.second
        self.browser: Browser
        self.tab = self.other_tab = ""  # the addresses of the first company's tab and of the second's
        self.opened: tuple[Page, Form] | None = None
        self.mark = ""
        self.over: tuple[Browser, str, float] | None = None

    def run(self) -> None:
        """All acts; one that can't be finished leaves its rules unseen."""
        self._act(self.comes_in_for_another_company, 2)
        self._act(self.lets_a_sign_in_run_out, 9)
        if not self._act(self.comes_in, 6, 10):
            self.report.doubt(2, "Nobody could come in for the right company either.")
            return
        self._act(self.sends_a_record, 1, 7)
        self._act(self.goes_over_and_back, 3, 4)
        if self._act(self.opens_the_other_company, 5, 8):
            self._act(self.looks_for_the_record, 1)
            self._act(self.sends_the_form_of_the_other_company, 5)
            self._act(self.ends_one_sid, 8)
            self._act(self.ends_the_other_binding, 8)
        self._act(self.sees_the_sign_in_over, 9)
        self._act(self.looks_at_the_record_as_its_owner, 7)

    def _act(self, act: Callable[[], None], *rules: int) -> bool:
        try:
            act()
        except Stuck as stuck:
            for rule in rules:
                self.report.not_seen(rule, str(stuck))
            return False
        return True

    def comes_in_for_another_company(self) -> None:
        """Rule 2: the request asks for one company; whoever sits at the browser has the other one answered."""
        browser, turned = self.stage.signed_in(), []

        def turn(asked: Parameters) -> Parameters:
            turned.append(swapped(asked, self.first, self.second))
            return turned[0] if turned[0] != asked else asked

        browser.turn = turn
        page = self.stage.enter(browser, self.first, choose=self.second)
        asked = browser.asked[0] if browser.asked else {}
        # login_hint names a company softly: who sends that alone has asked for none.
        hard = " ".join(asked.get(name, "") for name in ("tenant", "scope", "claims"))
        if not any(mark in hard for mark in (self.second.tenant, self.second.sub, self.second.tax_id)):
            self.report.not_seen(2, "The application asked for no company although it was told which one.")
        elif not sids_of(self.stage.cast, self.second, self.stage.application.client_id):
            self.report.not_seen(2, "The provider gave the other company no code.")
        elif page.status >= 500:
            self.report.not_seen(2, f"The other company's answer ended in an error: {page}")
        else:
            there = self.stage.now_at(browser, self.stage.application.address)
            is_taken = self.second in (self.stage.shown(page), there)
            self.report.judge(
                2,
                not is_taken,
                "Asked for one company and answered for the other, it let nobody in.",
                f"Asked for {self.first.company} and answered for {self.second.company}, it let the person in.",
            )

    def lets_a_sign_in_run_out(self) -> None:
        """Rule 9, begun here and seen at the end: a sign-in with little time left."""
        before = sign_ins_of(self.stage.cast)
        browser = self.stage.signed_in()
        shorten_sign_ins(self.stage.cast, SIGN_IN_ENDS, before)
        ends = time.monotonic() + SIGN_IN_ENDS
        page = self.stage.enter(browser, self.first)
        if self.stage.shown(page) is not self.first:
            raise Stuck(f"The page does not say for which company it is: {page}")
        self.over = (browser, page.address, ends)

    def comes_in(self) -> None:
        """Rules 6 and 10: one company alone, and whatever else names the other one."""
        self.browser = self.stage.signed_in()
        page = self.stage.enter(self.browser, self.first)
        self.tab = page.address
        if self.stage.shown(page) is not self.first:
            raise Stuck(f"The page does not say for which company it is: {page}")
        cast = self.stage.cast
        self.report.judge(
            6,
            cast.name in page.text or cast.sub in page.text,
            "The page names the linked account's person.",
            "The page names the company and says nothing of the linked account that acts.",
        )
        self._names_the_other_everywhere()
        self.opened = self.stage.form_of(self.browser, self.tab)

    def _names_the_other_everywhere(self) -> None:
        company = (self.second.tenant, self.second.tax_id, self.second.sub)
        for value in company:
            query = urlencode(dict.fromkeys(NAMES_OF_A_COMPANY, value))
            joint = "&" if "?" in self.tab else "?"
            for address, headers in (
                (self.tab, dict.fromkeys(HEADERS_OF_A_COMPANY, value)),
                (f"{self.tab}{joint}{query}", {}),
                (swapped({"": self.tab}, self.first, self.second)[""], {}),
            ):
                page = self.browser.get(address, stay=True, headers=headers)
                if self.stage.shown(page) is self.second:
                    self.report.broken(10, f"{'A header' if headers else 'The address'} was enough to be {value}.")
                    return
        is_still = self.stage.now_at(self.browser, self.tab) is self.first
        self.report.judge(
            10,
            is_still,
            "Headers, paths and parameters that name the other company changed nothing.",
            "After headers and parameters that name the other company the tab is not the first one's any more.",
        )

    def sends_a_record(self) -> None:
        """Rules 1 and 7 begin with a record of the first company."""
        if not self.stage.wanted.is_marked:
            raise Stuck("No form was named whose record can be told: --form, and --field with {mark}.")
        opened = self.stage.form_of(self.browser, self.tab)
        if opened is None:
            raise Stuck(f"There is no form for a person at {self.stage.wanted.form}.")
        self.mark = new_mark()
        sent = self._send(opened[1], opened[1], self.mark)
        if self.mark not in self.browser.get(self.tab, stay=True).text:
            mark, self.mark = self.mark, ""
            raise Stuck(f"The page did not show the record {mark} after it was sent: {sent}")

    def _send(self, written: Form, through: Form, mark: str) -> Page:
        """Send what one form holds as the other form is sent."""
        data = written.named(self.stage.wanted.filled(mark))
        for button in written.buttons[:1]:
            data += [(button.name, button.value)] if button.name else []
        return self.browser.send(through, data, stay=True)

    def goes_over_and_back(self) -> None:
        """Rules 3 and 4: the application's own switcher."""
        page = self.browser.get(self.tab, stay=True)
        found, link = self.stage.control_for(page, self.second), self.stage.link_for(page, self.second)
        if found is None or found[0].method != "post":
            self._follows(page, link)
            return
        form, button = found
        forged = [(name, value) for name, value in form.fields if name not in form.hidden]
        answer = self.browser.send(form, [*forged, (button.name, button.value)], ELSEWHERE, stay=True)
        goes_on = bool(answer.left_to) or self.stage.shown(answer) is self.second
        is_still = self.stage.now_at(self.browser, self.tab) is self.first
        self.report.judge(
            4,
            is_still and not goes_on,
            "A switch without the form's hidden fields, from another site, was refused.",
            "A switch without the form's hidden fields, from another site, was obeyed.",
        )
        over = self._presses(page, self.second)
        over = self.browser.get(over.address, stay=True)
        back = self._presses(over, self.first)
        self.tab = back.address

    def _follows(self, page: Page, link: str | None) -> None:
        if link is None:
            raise Stuck("The page offers no way to the other company that names it (--switch names a button).")
        answer = self.browser.get(link, stay=True)
        is_switched = bool(answer.left_to) or self.stage.shown(answer) is self.second
        self.report.not_seen(3, "The application's own switcher is a link; it was followed no further.")
        if is_switched:
            self.report.broken(4, f"A link switches: GET {urlsplit(link).path}")
        else:
            self.report.not_seen(4, f"A link names the other company and does not switch: {urlsplit(link).path}")

    def _presses(self, page: Page, seat: Seat) -> Page:
        found = self.stage.control_for(page, seat)
        if found is None:
            raise Stuck(f"The page offers no way to {seat.company}: {page}")
        before = len(self.browser.asked)
        # The first company has been entered when this begins, the second only if this goes there.
        is_known = seat is self.first
        after = self.stage.walk(self.browser, self.browser.press(page, found), seat)
        if self.stage.shown(after) is not seat:
            raise Stuck(f"The application's own way to {seat.company} ends elsewhere: {after}")
        for asked in self.browser.asked[before:]:
            if "none" in asked.get("prompt", "").split():
                self._judge_hint(asked, seat, is_known)
        if seat is self.first:
            self.report.not_seen(3, "The application's own switcher asked nothing with prompt=none.")
        return after

    def _judge_hint(self, asked: Parameters, seat: Seat, is_known: bool) -> None:
        hinted = sub_in(asked.get("id_token_hint", ""))
        if hinted and hinted != seat.sub:
            self.report.broken(3, f"prompt=none on the way to {seat.company} had the hint of another account.")
        elif is_known:
            self.report.judge(
                3,
                bool(hinted),
                "prompt=none had the hint of the account asked for.",
                "prompt=none had no id_token_hint, although the account had been entered before.",
            )

    def opens_the_other_company(self) -> None:
        """Both companies in one browser, each in its own tab as far as the application has tabs."""
        self.tab = self._enters(self.first).address
        self.opened = self.stage.form_of(self.browser, self.tab) or self.opened
        self.other_tab = self._enters(self.second).address

    def _enters(self, seat: Seat) -> Page:
        page = self.stage.enter(self.browser, seat)
        if self.stage.shown(page) is not seat:
            raise Stuck(f"The way to {seat.company} ended elsewhere: {page}")
        return page

    def looks_for_the_record(self) -> None:
        """Rule 1: both accounts have one mailbox and one person's name; a record is one company's all the same."""
        if not self.mark:
            return
        is_mixed = self.mark in self.browser.get(self.other_tab, stay=True).text
        self.report.judge(
            1,
            not is_mixed,
            "A record of one company was not shown to the other, whose account has the same mailbox and name.",
            f"A record of {self.first.company} was shown to {self.second.company}.",
        )

    def sends_the_form_of_the_other_company(self) -> None:
        """Rule 5: a form opened for the first company is sent as the second one's."""
        there = self.stage.form_of(self.browser, self.other_tab)
        if self.opened is None or there is None:
            raise Stuck("No form for a person was found: --form names a page with one.")
        answer = self._send(self.opened[1], there[1], new_mark())
        if answer.status >= 500:
            raise Stuck(f"The old form was answered with an error: {answer}")
        again = self.stage.form_of(self.browser, self.other_tab)
        own = self._send(again[1], again[1], new_mark()) if again else answer
        if own.status in REFUSALS or own.left_to:
            raise Stuck(f"The form is refused for its own company too, so that nothing can be told: {own}")
        self.report.judge(
            5,
            answer.status in REFUSALS or bool(answer.left_to),
            f"A form opened for the other company was refused ({answer.status}).",
            f"A form opened for {self.first.company} was taken while acting for {self.second.company}.",
        )

    def ends_one_sid(self) -> None:
        """Rule 8: the same account in two browsers; the session of one is ended, and only that."""
        cast, client_id = self.stage.cast, self.stage.application.client_id
        browser = self.stage.signed_in()
        before = sids_of(cast, self.first, client_id)
        away = self.stage.enter(browser, self.first).address
        here = self.browser
        self.tab = self._enters(self.first).address
        for sid in sids_of(cast, self.first, client_id) - before:
            end_sid(sid)
            self._is_told({sid})
        is_over = self.stage.now_at(browser, away) is None
        lives = self.stage.now_at(here, self.tab) is self.first
        if not is_over:
            self.report.broken(8, "A session went on after the provider had ended its sid.")
        else:
            self.report.judge(
                8,
                lives,
                "The session whose sid was ended is over, the same account's in another browser goes on.",
                "One sid was ended, and the same account's session in another browser ended with it.",
            )

    def ends_the_other_binding(self) -> None:
        """Rule 8: unbinding ends the second company's session, and the first one's goes on."""
        sids = sids_of(self.stage.cast, self.second, self.stage.application.client_id)
        unbind(self.second)
        self._is_told(sids)
        if self.stage.now_at(self.browser, self.other_tab) is self.second:
            self.report.broken(8, f"The session for {self.second.company} went on after the binding had ended.")
        elif self.stage.now_at(self.browser, self.tab) is not self.first:
            self.report.broken(8, f"The session for {self.first.company} ended with the other company's binding.")

    def _is_told(self, sids: set[str]) -> None:
        taken, error = self.stage.told(sids)
        if not taken and error:
            self.report.broken(8, f"The application did not take a logout token: {error}")
        if not taken:
            raise Stuck(f"The logout token was not taken within {self.stage.wanted.wait:g} seconds. {error}".strip())

    def sees_the_sign_in_over(self) -> None:
        """Rule 9: the sign-in that was let run out is over by now."""
        if self.over is None:
            return
        browser, tab, ends = self.over
        time.sleep(max(0.0, ends + 1.5 - time.monotonic()))
        self.report.judge(
            9,
            self.stage.now_at(browser, tab) is None,
            "The session was over when session_expiry had come; that it outlives the ID token was not waited for.",
            "The session went on after session_expiry.",
        )

    def looks_at_the_record_as_its_owner(self) -> None:
        """Rule 7: the general account's own person, signed in directly, reads who sent the record."""
        if not self.mark:
            return
        browser = self.stage.browser()
        page = self.stage.enter(browser, self.first, who=self.first.username)
        pages = [page] + [browser.get(link.address, stay=True) for link in page.links if self.mark in link.text]
        if any(self.mark in one.text and self.stage.cast.name in one.text for one in pages):
            self.report.kept(7, "The record names the linked account's person to the company's own people.")
        else:
            raise Stuck("The list and the page of the record do not say who acted; perhaps another page does.")
