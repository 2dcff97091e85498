"""The PKI as one thing: a root, the companies' CA, the citizens' CA, a forger, and their cards."""

from collections.abc import Mapping
from functools import cached_property
from typing import Any

from asn1crypto import core
from cryptography import x509
from cryptography.hazmat.primitives.asymmetric import rsa

from clients.testca.authority import (
    CITIZEN,
    COMPANY,
    LAST_FOUR,
    MARK,
    TYPE,
    Authority,
    Card,
    company_attributes,
    directory_attributes,
    named,
    rsa_key,
)  # fmt: skip

BASE = "http://127.0.0.1:8099"
ROOT_NAME = named(C="TW", O="行政院", CN=MARK + "Government Root Certification Authority - G3")
COMPANIES_NAME = named(C="TW", O="行政院", OU=MARK + "工商憑證管理中心")
CITIZENS_NAME = named(C="TW", O="行政院", OU=MARK + "內政部憑證管理中心")
Held = tuple[rsa.RSAPrivateKey, x509.Certificate]


class Gpki:
    """Root, the companies' CA of two generations with one name, and the citizens' CA.

    ``base`` is where its certificates say that one may ask; ``held`` has keys and certificates of earlier
    runs by slug.
    """

    def __init__(self, base: str = BASE, held: Mapping[str, Held] | None = None) -> None:
        self.base = base
        self._held = held or {}
        self.root = self._authority("grca", ROOT_NAME, 0)
        self.companies = self._authority("moeaca", COMPANIES_NAME, 1, self.root)
        self.citizens = self._authority("moica", CITIZENS_NAME, 3, self.root)

    @cached_property
    def older_companies(self) -> Authority:
        """The generation before: the same name, another key."""
        return self._authority("moeaca-older", COMPANIES_NAME, 2, self.root)

    @cached_property
    def forger(self) -> Authority:
        """A CA of nobody's that calls itself like the companies' and names its addresses."""
        return Authority("moeaca", COMPANIES_NAME, rsa_key(4), None, self.base)

    @property
    def authorities(self) -> list[Authority]:
        """Those that answer."""
        older = [self.older_companies] if "older_companies" in vars(self) else []
        return [self.root, self.companies, self.citizens, *older]

    def company(self, tax_id: str = "00000016", name: str = "測試一號有限公司", **more: Any) -> Card:
        """A company's primary card. ``more``: rank, kind, issuer, subject, attributes, and what ``issue`` takes."""
        rank, kind = more.pop("rank", "primary"), more.pop("kind", COMPANY)
        issuer: Authority = more.pop("issuer", self.companies)
        subject = more.pop("subject", None) or named(C="TW", O=name, serial=tax_id)
        return issuer.issue(subject, more.pop("attributes", company_attributes(tax_id, rank, kind)), **more)

    def citizen(self, name: str = "測試人", **more: Any) -> Card:
        """A citizen's card: it names a person and proves no company. ``more``: issuer, and what ``issue`` takes."""
        attributes = directory_attributes((TYPE, core.ObjectIdentifier(CITIZEN)), (LAST_FOUR, core.UTF8String("6789")))
        issuer: Authority = more.pop("issuer", self.citizens)
        return issuer.issue(named(C="TW", CN=name, serial="9999000000000001"), attributes, **more)

    def _authority(self, slug: str, name: x509.Name, number: int, parent: Authority | None = None) -> Authority:
        key, certificate = self._held.get(slug) or (rsa_key(number), None)
        return Authority(slug, name, key, parent, self.base, certificate)
