"""A browser without script: cookies, redirects one by one, and forms filled in by their fields' names."""

import random
from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from html.parser import HTMLParser
from typing import Any, Self
from urllib.parse import parse_qsl, urljoin, urlsplit

import requests
from requests.adapters import HTTPAdapter

MOST_HOPS = 12
BOUNDED = 20.0
# A file as it is sent: what its owner calls it, and its bytes.
File = tuple[str, bytes]


class FromAddress(HTTPAdapter):
    """Connects from one loopback address, so that limits per address do not join strangers."""

    def __init__(self, address: str) -> None:
        self._address = address
        super().__init__(pool_maxsize=32)

    def init_poolmanager(self, *args: Any, **kwargs: Any) -> None:
        super().init_poolmanager(*args, source_address=(self._address, 0), **kwargs)


def new_session() -> requests.Session:
    """An HTTP session from a loopback address of its own."""
    session = requests.Session()
    # A connection kept for long may be closed by the server in the moment of the next request.
    session.headers["Connection"] = "close"
    session.trust_env = False
    address = f"127.{random.randint(1, 254)}.{random.randint(0, 254)}.{random.randint(1, 254)}"
    session.mount("http://", FromAddress(address))
    return session


@dataclass
class Button:
    """One way to send a form."""

    id: str | None
    name: str | None
    value: str
    text: str = ""


@dataclass
class Form:
    """One form of a page."""

    action: str
    method: str
    fields: list[tuple[str, str]] = field(default_factory=list)
    kinds: dict[str, str] = field(default_factory=dict)
    buttons: list[Button] = field(default_factory=list)
    enctype: str = ""
    id: str | None = None

    def value(self, name: str) -> str | None:
        """The value that a field holds, or None."""
        return dict(self.fields).get(name)


class _Reader(HTMLParser):
    def __init__(self, url: str) -> None:
        super().__init__(convert_charrefs=True)
        self.url = url
        self.forms: list[Form] = []
        self.ids: list[str] = []
        self.links: list[str] = []
        self.text: list[str] = []
        self.scripts = 0
        self.controls_without_name: list[str] = []
        self.elsewhere: list[tuple[str, str, Button]] = []  # buttons that name their form: its id, and where to
        self._form: Form | None = None
        self._button: Button | None = None
        self._select: str | None = None
        self._area: Form | None = None
        self._hidden = 0

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        given = {name: value or "" for name, value in attrs}
        if "id" in given:
            self.ids.append(given["id"])
        if tag == "form":
            action = urljoin(self.url, given.get("action", ""))
            self._form = Form(action, given.get("method", "get").lower(), enctype=given.get("enctype", ""))
            self._form.id = given.get("id")
            self.forms.append(self._form)
        elif tag == "a" and "href" in given:
            self.links.append(urljoin(self.url, given["href"]))
        elif tag in {"script", "style"}:
            self._hidden += 1
            self.scripts += tag == "script"
        elif tag == "button" and given.get("form"):
            self._button = Button(given.get("id"), given.get("name"), given.get("value", ""))
            self.elsewhere.append((given["form"], given.get("formaction", ""), self._button))
        elif self._form is not None:
            self._control(self._form, tag, given)

    def _control(self, form: Form, tag: str, given: dict[str, str]) -> None:
        kind = given.get("type", "submit" if tag == "button" else "text").lower()
        if tag in {"input", "button"} and kind in {"submit", "image"}:
            button = Button(given.get("id"), given.get("name"), given.get("value", ""))
            form.buttons.append(button)
            self._button = button if tag == "button" else None
        elif tag in {"input", "textarea"} and given.get("name"):
            form.kinds[given["name"]] = kind
            if kind != "file" and (kind not in {"checkbox", "radio"} or "checked" in given):
                form.fields.append((given["name"], given.get("value", "")))
            self._area = form if tag == "textarea" else None
        elif tag == "select":
            self._select = given.get("name")
        elif tag == "option" and self._select and "selected" in given:
            form.fields.append((self._select, given.get("value", "")))
        if tag in {"input", "button", "select", "textarea"} and kind != "hidden" and not given.get("id"):
            self.controls_without_name.append(self.get_starttag_text() or tag)

    def handle_endtag(self, tag: str) -> None:
        if tag == "form":
            self._form = None
        elif tag == "button":
            self._button = None
        elif tag == "textarea":
            self._area = None
        elif tag == "select":
            self._select = None
        elif tag in {"script", "style"}:
            self._hidden -= 1

    def handle_data(self, data: str) -> None:
        if self._hidden:
            return
        self.text.append(data)
        if self._area is not None:
            name, value = self._area.fields[-1]
            # A line break that follows the tag is no part of the text (HTML §13.1.2.5).
            self._area.fields[-1] = (name, value + data if value else data.removeprefix("\r").removeprefix("\n"))
        if self._button is not None:
            self._button.text += data


class Page:
    """Where a chain of redirects ended: a page of the provider, or the address outside it was sent to."""

    def __init__(self, response: requests.Response, hops: list[requests.Response], left_to: str | None) -> None:
        self.response = response
        self.hops = hops
        self.left_to = left_to
        self.status = response.status_code
        self.url = response.url
        self.html = response.text if left_to is None else ""
        self._read = _Reader(self.url)
        self._read.feed(self.html)

    @property
    def forms(self) -> list[Form]:
        return self._read.forms

    @property
    def ids(self) -> list[str]:
        return self._read.ids

    @property
    def links(self) -> list[str]:
        return self._read.links

    @property
    def controls_without_id(self) -> list[str]:
        return self._read.controls_without_name

    @property
    def text(self) -> str:
        """The words that a person reads."""
        return " ".join("".join(self._read.text).split())

    @property
    def path(self) -> str:
        return urlsplit(self.url).path

    def button(self, identifier: str) -> tuple[Form, Button] | None:
        """The form and the button with that id, or None."""
        for form in self.forms:
            for button in form.buttons:
                if button.id == identifier:
                    return form, button
        for named, action, button in self._read.elsewhere:
            if button.id == identifier:
                form = next(form for form in self.forms if form.id == named)
                return replace(form, action=urljoin(self.url, action) if action else form.action), button
        return None

    def has(self, identifier: str) -> bool:
        """Whether an element with that id is on the page."""
        return identifier in self.ids

    @property
    def asks_for_password(self) -> bool:
        return self.left_to is None and self.button("sign-in") is not None

    @property
    def asks_for_consent(self) -> bool:
        return self.left_to is None and self.button("consent-accept") is not None

    @property
    def posts_itself_to(self) -> Form | None:
        """The form of a form_post page that goes to another origin, or None."""
        outside = [form for form in self.forms if urlsplit(form.action)[:2] != urlsplit(self.url)[:2]]
        assert len(outside) <= 1, f"forms to several places: {outside}"
        return outside[0] if outside and self.left_to is None else None

    def leads_to(self, host: str) -> bool:
        """Whether a link or a form of the page goes to that host."""
        addresses = [*self.links, *(form.action for form in self.forms)]
        return any(urlsplit(address).hostname == host for address in addresses)

    def __repr__(self) -> str:
        return f"<Page {self.status} {self.left_to or self.url}: {self.text[:300]}>"


class Browser:
    """One person's browser, held to one provider: what leads outside is noted, not fetched.

    ``others`` are origins, such as a real application's, to which it goes all the same.
    """

    def __init__(self, origin: str, *, language: str = "zh-TW", others: tuple[str, ...] = ()) -> None:
        self.origin = origin
        self._origins = {urlsplit(address)[:2] for address in (origin, *others)}
        self.http = new_session()
        self.http.headers.update({"Accept-Language": language, "Accept": "text/html", "User-Agent": "tests"})

    def get(self, address: str, params: Any = None, **kwargs: Any) -> Page:
        """Open an address of the provider and follow where it leads."""
        return self._follow("GET", urljoin(self.origin, address), params=params, **kwargs)

    def post(self, address: str, data: Any = None, **kwargs: Any) -> Page:
        """Post a form body without having seen a form."""
        return self._follow("POST", urljoin(self.origin, address), data=data, **kwargs)

    def submit(self, page: Page, button: str, *, files: Mapping[str, File] | None = None, **values: str) -> Page:
        """Press the button with that id, with fields filled in by name, and with files (their name and content)."""
        found = page.button(button)
        assert found is not None, f"no button {button} on {page!r}"
        form, pressed = found
        unknown = values.keys() - {name for name, _ in form.fields} - form.kinds.keys()
        assert not unknown, f"no fields {unknown} in the form of {button} on {page!r}"
        data = [(name, values.get(name, value)) for name, value in form.fields]
        # A choice that nothing was chosen of is in no field yet.
        data += [(name, value) for name, value in values.items() if name not in dict(form.fields)]
        if pressed.name:
            data.append((pressed.name, pressed.value))
        origin = "{0.scheme}://{0.netloc}".format(urlsplit(page.url))
        headers = {"Origin": origin, "Referer": page.url}
        if form.enctype == "multipart/form-data":
            chosen = {name: ("", b"") for name, kind in form.kinds.items() if kind == "file"} | dict(files or {})
            return self._follow("POST", form.action, data=data, files=chosen, headers=headers)
        assert not files, f"the form of {button} takes no files: {page!r}"
        if form.method == "post":
            return self._follow("POST", form.action, data=data, headers=headers)
        return self._follow("GET", form.action, params=data, headers=headers)

    def _follow(self, method: str, url: str, **kwargs: Any) -> Page:
        hops: list[requests.Response] = []
        kwargs.setdefault("timeout", BOUNDED)
        response = self.http.request(method, url, allow_redirects=False, **kwargs)
        hops.append(response)
        while "Location" in response.headers and response.is_redirect:
            target = urljoin(response.url, response.headers["Location"])
            if not self._is_ours(target):
                return Page(response, hops, target)
            assert len(hops) < MOST_HOPS, f"redirects in a circle: {[hop.url for hop in hops]}"
            keep = response.status_code in {307, 308}
            response = self.http.request(
                response.request.method or "GET" if keep else "GET",
                target,
                data=response.request.body if keep else None,
                allow_redirects=False,
                timeout=BOUNDED,
            )
            hops.append(response)
        return Page(response, hops, None)

    def _is_ours(self, url: str) -> bool:
        return urlsplit(url)[:2] in self._origins

    def copy(self) -> Self:
        """Another browser that stole this one's cookies."""
        other = type(self)(self.origin)
        other.http.cookies.update(self.http.cookies)
        return other

    def cookie(self, name: str) -> str | None:
        """The value of a cookie, or None."""
        return next((cookie.value for cookie in self.http.cookies if cookie.name == name), None)


def parameters_of(address: str) -> dict[str, str]:
    """The query of an address; a parameter sent twice is a failure of the sender."""
    pairs = parse_qsl(urlsplit(address).query, keep_blank_values=True)
    assert len(dict(pairs)) == len(pairs), f"a parameter is there twice: {address}"
    return dict(pairs)
