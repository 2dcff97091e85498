"""What stands while the browser tests run: provider, DREAMS, mailbox, a landing page, people and clients."""

import json
import secrets
import smtplib
import sys
from email.message import EmailMessage
from pathlib import Path
from typing import Any, Self
from urllib.parse import urlencode

import requests

from tests.browser.landing import Landing
from tests.harness.people import Town
from tests.harness.processes import ROOT, Process, free_port, wait_until
from tests.harness.relying_party import Person
from tests.harness.server import Server

NAMES = {"guest": "林小玉", "staff": "王小明", "group_admin": "陳美惠"}
OTHER_COMPANY, OTHER_NAME = "00000022", "李大華"
# As long as they get: a company's name, and 50 characters of a person's (domain.md 3.5).
LONG_COMPANY = "臺灣國際再生能源與離岸風力發電系統整合工程顧問股份有限公司高雄分公司"
LONG_NAME = "Wolfeschlegelsteinhausenbergerdorff Keihanaikukauakahihuliheekahaunaele"[:50]
SCOPE = "openid profile email company menus"
# The verifier of RFC 7636 appendix B: nobody exchanges the codes of these clients.
CHALLENGE = "E9Melhoa2OwvFrEMTJguCHaoeK1t8URWbuGJSstw-cM"


class Place:
    """Everything on loopback, on ports of its own. Use it as a context manager."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self.landing = Landing()
        ports = [free_port() for _ in range(6)]
        self.dreams = f"http://localhost:{ports[0]}"
        self.mailbox = f"http://localhost:{ports[1]}"
        self.smtp_port = ports[2]
        # Where the pages look for card components, and where cards say that one may ask about them. Who needs them
        # starts them: an agent, HiPKI, the CA.
        self.agent_port, self.hipki_port, self.ca_port = ports[3:]
        self.server = Server(
            folder,
            f"sqlite:///{folder / 'idp.db'}",
            settings={
                "IDP_CARD_AGENT": f"http://localhost:{self.agent_port}",
                "IDP_CARD_HIPKI": f"http://localhost:{self.hipki_port}",
                "IDP_CARD_HOSTS": f"127.0.0.1:{self.ca_port}",
                "IDP_CARD_SOFTWARE": "true",
            },
        )
        self.issuer = self.server.issuer
        self._processes: list[Process] = []
        self._clients: dict[str, str] = {}
        self._applications: dict[str, str] = {}
        self._people: dict[str, Person] = {}
        self._first_day: Server | None = None
        self._dreams_port, self._mailbox_port = ports[0], ports[1]

    def __enter__(self) -> Self:
        self.landing.__enter__()
        try:
            self._start()
        except BaseException:
            self.__exit__()
            raise
        return self

    def __exit__(self, *_: object) -> None:
        for process in self._processes:
            process.stop(kill=True)
        for server in (self.server, self._first_day):
            if server is not None:
                server.close()
        self.landing.__exit__()

    def _start(self) -> None:
        secret = secrets.token_urlsafe(32)
        self._run("clients.mailbox", {
            "MAILBOX_FOLDER": str(self.folder / "mails"),
            "MAILBOX_PORT": str(self._mailbox_port),
            "MAILBOX_SMTP_PORT": str(self.smtp_port),
        })  # fmt: skip
        self._run("clients.dreams", {
            "DREAMS_ISSUER": self.issuer,
            "DREAMS_CLIENT_ID": "dreams",
            "DREAMS_CLIENT_SECRET": secret,
            "DREAMS_DATA": str(self.folder / "dreams"),
            "DREAMS_PORT": str(self._dreams_port),
            "DREAMS_SECRET_KEY": secrets.token_urlsafe(32),
            # The provider is asked again every other second: a test must see what changed.
            "DREAMS_CHECK_SECONDS": "1",
        })  # fmt: skip
        self.town = Town(self.server)
        self._register_dreams(secret)
        self.server.start()
        wait_until("DREAMS answers", lambda: _answers(self.dreams + "/health"))
        wait_until("the mailbox answers", lambda: _answers(self.mailbox + "/newest"))

    def _run(self, module: str, settings: dict[str, str]) -> None:
        bare = {name: value for name, value in self.server.environment.items() if not name.startswith("IDP_")}
        log = self.folder / f"{module}.log"
        command = [sys.executable, "-m", module]
        self._processes.append(Process(command, folder=ROOT, environment=bare | settings, log=log))

    def _register_dreams(self, secret: str) -> None:
        self.town.idp(
            *("client", "add", "--client-id", "dreams", "--secret-stdin", "--service", "dreams"),
            *("--name", "DREAMS 案場申請", "--name-en", "DREAMS sites", "--colour", "#12462a", "--icon", "dreams"),
            *("--redirect-uri", f"{self.dreams}/callback"),
            *("--post-logout-redirect-uri", f"{self.dreams}/signed-out"),
            *("--initiate-login-uri", f"{self.dreams}/login"),
            *("--backchannel-logout-uri", f"{self.dreams}/backchannel-logout"),
            *("--grant-type", "authorization_code", "--grant-type", "refresh_token", "--no-consent", "--acting"),
            *("--scope", f"{SCOPE} linked_accounts offline_access"),
            stdin=secret,
        )
        self.town.idp("menu", "import", str(ROOT / "clients" / "dreams" / "menus.json"))

    def application(self, key: str, name: str, *, scope: str = "", service: str | None = None) -> str:
        """The address of another demo application, registered and started at its first use.

        ``scope`` is what it asks for beside what all do; with one of its own it is a client by itself too.
        """
        if key not in self._applications:
            port, secret = free_port(), secrets.token_urlsafe(32)
            home = self._applications[key] = f"http://localhost:{port}"
            grants = ("authorization_code", "refresh_token", *(("client_credentials",) if scope else ()))
            self.town.idp(
                *("client", "add", "--client-id", key, "--secret-stdin", "--name", name, "--name-en", key),
                *(("--service", service) if service else ()),
                *("--redirect-uri", f"{home}/callback", "--post-logout-redirect-uri", f"{home}/signed-out"),
                *("--initiate-login-uri", f"{home}/login", "--backchannel-logout-uri", f"{home}/backchannel-logout"),
                *(word for grant in grants for word in ("--grant-type", grant)),
                *("--no-consent", "--acting", "--scope", f"{SCOPE} linked_accounts {scope}".strip()),
                stdin=secret,
            )
            self.town.idp("menu", "import", str(ROOT / "clients" / key / "menus.json"))
            told = {"ISSUER": self.issuer, "CLIENT_ID": key, "CLIENT_SECRET": secret, "PORT": str(port)}
            told |= {"DATA": str(self.folder / key), "SECRET_KEY": secrets.token_urlsafe(32), "CHECK_SECONDS": "1"}
            self._run(f"clients.{key}", {f"{key.upper()}_{setting}": value for setting, value in told.items()})
            wait_until(f"{name} answers", lambda: _answers(home + "/health"))
        return self._applications[key]

    @property
    def ida(self) -> str:
        """The address of the application for duty-free letters, at a service of its own."""
        if "ida" not in self._applications:
            named = ("--name", "免稅函線上申辦", "--name-en", "Duty-free letters", "--mail-from", "ida@example.test")
            self.town.idp("service", "add", "--id", "ida", *named, "--preset", "ida")
        scope = "electronic_id electronic_id.lookup"
        return self.application("ida", "免稅函線上申辦", scope=scope, service="ida")

    @property
    def first_day(self) -> Server:
        """Another provider, where one person of one company lives and nothing is registered yet."""
        if self._first_day is None:
            folder = self.folder / "first-day"
            folder.mkdir()
            self._first_day = Server(folder, f"sqlite:///{folder / 'idp.db'}")
            self.first = Town(self._first_day).person("staff")
            self._first_day.start()
        return self._first_day

    # People and clients.

    def long_names(self) -> Person:
        """A person with the longest name in the company with the longest."""
        if "long" not in self._people:
            company = self.town.new_company(LONG_COMPANY)
            self._people["long"] = self.new_person("group_admin", tax_id=company["tax_id"], name=LONG_NAME)
        return self._people["long"]

    def person(self, role: str, *, tax_id: str = "00000016") -> Person:
        """The person of that role whom tests share, and who stays as she is."""
        key = role + tax_id
        if key not in self._people:
            self._people[key] = self.new_person(role, tax_id=tax_id)
        return self._people[key]

    def new_person(self, role: str, *, tax_id: str = "00000016", name: str | None = None) -> Person:
        """A person whom no other test knows."""
        usual = OTHER_NAME if tax_id == OTHER_COMPANY else NAMES[role]
        return self.town.person(role, tax_id=tax_id, name=name or usual)

    def client(self, kind: str) -> str:
        """The id of a client of that kind, registered at its first use: see KINDS."""
        if kind not in self._clients:
            self._clients[kind] = self._new_client(kind, **KINDS[kind])
        return self._clients[kind]

    def _new_client(
        self, kind: str, *, name: str, name_en: str, more: tuple[str, ...] = (), admission: dict[str, Any] | None = None
    ) -> str:
        client_id = f"{kind}-{secrets.token_hex(3)}"
        home = f"{self.landing.address}/{client_id}"
        self.town.idp(
            *("client", "add", "--client-id", client_id, "--name", name, "--name-en", name_en),
            *("--redirect-uri", f"{home}/callback", "--post-logout-redirect-uri", f"{home}/signed-out"),
            *("--scope", f"{SCOPE} offline_access", "--grant-type", "authorization_code"),
            *("--grant-type", "refresh_token", *more),
        )
        if admission is not None:
            # No command narrows who is admitted yet.
            values = {"admission": json.dumps(admission), "id": client_id}
            assert self.server.write("UPDATE clients SET admission = :admission WHERE id = :id", values) == 1
        return client_id

    def authorize(self, kind: str, **changes: str | None) -> str:
        """The address of an authorization request of such a client. None leaves a parameter out."""
        client_id = "dreams" if kind == "dreams" else self.client(kind)
        parameters: dict[str, str | None] = {
            "response_type": "code",
            "client_id": client_id,
            "redirect_uri": f"{self.landing.address}/{client_id}/callback",
            "scope": SCOPE,
            "state": secrets.token_urlsafe(9),
            "nonce": secrets.token_urlsafe(9),
            "code_challenge": CHALLENGE,
            "code_challenge_method": "S256",
            **changes,
        }
        kept = {name: value for name, value in parameters.items() if value is not None}
        return f"{self.issuer}/authorize?{urlencode(kept)}"

    def send_a_mail(self, to: str) -> None:
        """Put a mail with both parts into the mailbox."""
        mail = EmailMessage()
        mail["From"], mail["To"], mail["Subject"] = "noreply@idp.example", to, "您的帳號已停用"
        mail.set_content("王小明 您好：\n\n您的帳號已停用。請前往 http://localhost/account 查看。\n")
        mail.add_alternative('<html lang="zh-Hant-TW"><body><h1>您的帳號已停用</h1></body></html>', subtype="html")
        with smtplib.SMTP("127.0.0.1", self.smtp_port) as post:
            post.send_message(mail)


# Name, English name, further options; each kind is registered once.
KINDS: dict[str, dict[str, Any]] = {
    "silent": {"name": "港區通行證系統", "name_en": "Port passes", "more": ("--no-consent",)},
    "asking": {
        "name": "免稅函線上申辦",
        "name_en": "Duty-free letters",
        "more": (
            *("--policy-uri", "https://letters.example/privacy"),
            *("--tos-uri", "https://letters.example/terms"),
            *("--colour", "#7a2230", "--icon", "ida"),
        ),
    },
    # Of the service that scenes_of_agreements.py adds.
    "texts": {"name": "港區通行證系統", "name_en": "Port pass", "more": ("--no-consent", "--service", "texts")},
    "narrow": {"name": "港務管理", "name_en": "Port control", "admission": {"roles": ["group_admin"]}},
}


def _answers(address: str) -> bool:
    try:
        return requests.get(address, timeout=5).ok
    except requests.RequestException:
        return False
