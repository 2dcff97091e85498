"""The ten rules for applications that people switch companies in, and what the self-test has seen of each.

docs/company-switching.md tells developers why; tokens.md "What a client must do" is where they come from.
"""

from dataclasses import dataclass, field
from enum import StrEnum

from idp.cli.selftest_answers import printable

# The rule, and what to look at by hand where no browser can tell.
RULES = {
    1: (
        "Records are kept by iss + tenant + sub.",
        "Look at the application's tables: no record may be found by e-mail, name, tax ID or IC number.",
    ),
    2: (
        "The tenant that comes is compared with the one asked for.",
        "Look where the application takes the ID token: another tenant than the one it asked for must end there.",
    ),
    3: (
        "Each prompt=none has the id_token_hint of the account asked for, where there is one.",
        "Look for prompt=none in the application: the hint is the last ID token of that very account.",
    ),
    4: (
        "Switching is a POST with a CSRF token.",
        "Look at the application's switcher: a link that switches, or a form without a token, is not one.",
    ),
    5: (
        "Each form names its sid and is refused under another.",
        "Open a form for one company, switch in another tab, send the old form: it must be refused with a choice.",
    ),
    6: (
        "Pages show act: who acts.",
        "Look at a page while a linked account acts: it must name the linked account's person.",
    ),
    7: (
        "Records keep act: who acted.",
        "Look at a record that was sent through a linked account: act.sub must be kept with it, and be shown.",
    ),
    8: (
        "A session ends by its sid, at the provider's word, and only that one.",
        "Run `idp worker`, sign out at the provider, and look at the application and at its other tabs.",
    ),
    9: (
        "A session ends at session_expiry, not at the ID token's exp.",
        "Leave a tab alone for eleven minutes: it must still be signed in, for the ID token's exp ends no session.",
    ),
    10: (
        "The company is taken from the token alone.",
        "Look for a company in paths, forms, headers and cookies: none of them may choose whose records are shown.",
    ),
}


class Verdict(StrEnum):
    """What was seen of a rule. Some leave no trace in a browser."""

    KEPT = "kept"
    BROKEN = "broken"
    NOT_SEEN = "not seen"


@dataclass(frozen=True, slots=True)
class Finding:
    """A verdict, with what was seen in a sentence."""

    verdict: Verdict
    seen: str


@dataclass
class Report:
    """What was found so far. What is broken stays so, whatever else is seen of the rule."""

    found: dict[int, Finding] = field(default_factory=dict)

    def kept(self, rule: int, seen: str) -> None:
        """The rule was seen to be kept."""
        self._note(rule, Finding(Verdict.KEPT, seen))

    def broken(self, rule: int, seen: str) -> None:
        """The rule was seen to be broken."""
        self._note(rule, Finding(Verdict.BROKEN, seen))

    def not_seen(self, rule: int, why: str) -> None:
        """Nothing can be said of the rule, and why."""
        if rule not in self.found:
            self._note(rule, Finding(Verdict.NOT_SEEN, why))

    def doubt(self, rule: int, why: str) -> None:
        """What looked like keeping the rule may have been something else."""
        if rule in self.found and self.found[rule].verdict is Verdict.KEPT:
            self.found[rule] = Finding(Verdict.NOT_SEEN, why)

    def judge(self, rule: int, is_kept: bool, kept: str, broken: str) -> None:
        """One of the two, with its sentence."""
        if is_kept:
            self.kept(rule, kept)
        else:
            self.broken(rule, broken)

    def _note(self, rule: int, finding: Finding) -> None:
        before = self.found.get(rule)
        if before is None or before.verdict is not Verdict.BROKEN:
            self.found[rule] = Finding(finding.verdict, printable(finding.seen))

    def rows(self) -> list[dict[str, str | int]]:
        """All ten, in order; of one that nothing was said of, that."""
        nothing = Finding(Verdict.NOT_SEEN, "The test did not come so far.")
        rows: list[dict[str, str | int]] = []
        for number, (rule, by_hand) in RULES.items():
            finding = self.found.get(number, nothing)
            row: dict[str, str | int] = {"rule": number, "says": rule}
            row |= {"verdict": finding.verdict.value, "seen": finding.seen}
            # Half of rule 9 takes longer than anybody waits for.
            if finding.verdict is Verdict.NOT_SEEN or (number == 9 and finding.verdict is Verdict.KEPT):
                row["by_hand"] = by_hand
            rows.append(row)
        return rows
