"""What a browser without script reads of a page: words, forms, buttons and links."""

from dataclasses import dataclass, field, replace
from html.parser import HTMLParser
from urllib.parse import urljoin

UNREAD = frozenset({"script", "style", "template"})
# What names a company in here offers it, and says nothing of whom the page is for.
CONTROLS = frozenset({"a", "button", "option"})


@dataclass
class Button:
    """One way to send a form."""

    id: str
    name: str
    value: str
    of: str = ""
    action: str = ""
    text: str = ""

    def names(self, words: tuple[str, ...]) -> bool:
        """Whether it speaks of one of these, by its words or by what it sends."""
        return any(word in self.text or word in self.value for word in words)


@dataclass
class Form:
    """One form of a page, with its fields as they stand there."""

    action: str
    method: str
    id: str = ""
    fields: list[tuple[str, str]] = field(default_factory=list)
    hidden: set[str] = field(default_factory=set)
    ticks: list[tuple[str, str]] = field(default_factory=list)
    buttons: list[Button] = field(default_factory=list)

    def named(self, values: dict[str, str]) -> list[tuple[str, str]]:
        """Its fields with some of them filled in."""
        kept = [(name, value) for name, value in self.fields if name not in values]
        return [*kept, *values.items()]

    def is_for_a_person(self) -> bool:
        """Whether something is to be filled in: buttons alone are no form of records."""
        return self.method == "post" and any(name not in self.hidden for name, _ in self.fields + self.ticks)


@dataclass
class Link:
    """An address that a page offers."""

    address: str
    text: str = ""


class Reader(HTMLParser):
    """Reads one page."""

    def __init__(self, address: str, html: str) -> None:
        super().__init__(convert_charrefs=True)
        self.address = address
        self.forms: list[Form] = []
        self.links: list[Link] = []
        self.text: list[str] = []
        self.said: list[str] = []  # without what stands in controls
        self._open: list[Form] = []
        self._of_others: list[Button] = []
        self._within: list[str] = []
        self._named: Button | Link | None = None
        self._value: tuple[Form, str] | None = None
        self._select = ""
        self.feed(html)
        self.close()
        self._give_buttons()

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        """Note what begins."""
        given = {name: value or "" for name, value in attrs}
        if tag in UNREAD or tag in CONTROLS:
            self._within.append(tag)
        if tag == "form":
            action = urljoin(self.address, given.get("action", ""))
            self._open = [Form(action, given.get("method", "get").lower(), given.get("id", ""))]
            self.forms += self._open
        elif tag == "a" and given.get("href"):
            self._named = Link(urljoin(self.address, given["href"]))
            self.links.append(self._named)
        elif tag == "button" or (tag == "input" and given.get("type", "").lower() in {"submit", "image"}):
            self._button(tag, given)
        elif self._open:
            self._control(self._open[0], tag, given)

    def _button(self, tag: str, given: dict[str, str]) -> None:
        button = Button(given.get("id", ""), given.get("name", ""), given.get("value", ""), given.get("form", ""))
        button.action, button.text = given.get("formaction", ""), given.get("aria-label", "")
        self._named = button if tag == "button" else None
        if given.get("type", "submit").lower() == "button":
            return
        if button.of:
            self._of_others.append(button)
        elif self._open:
            self._open[0].buttons.append(button)

    def _control(self, form: Form, tag: str, given: dict[str, str]) -> None:
        kind, name = given.get("type", "text").lower(), given.get("name", "")
        if tag == "select":
            self._select = name
        elif tag == "option" and self._select and "selected" in given:
            form.fields.append((self._select, given.get("value", "")))
        elif tag == "input" and name and kind in {"checkbox", "radio"}:
            chosen = form.fields if "checked" in given else form.ticks
            chosen.append((name, given.get("value", "on")))
        elif tag in {"input", "textarea"} and name and kind != "file":
            form.fields.append((name, given.get("value", "")))
            form.hidden |= {name} if kind == "hidden" else set()
            self._value = (form, name) if tag == "textarea" else None

    def handle_endtag(self, tag: str) -> None:
        """Note what ends."""
        if tag in self._within:
            self._within.remove(tag)
        if tag == "form":
            self._open = []
        elif tag in {"a", "button"}:
            self._named = None
        elif tag == "textarea":
            self._value = None
        elif tag == "select":
            self._select = ""

    def handle_data(self, data: str) -> None:
        """Keep the words where they belong."""
        if UNREAD.intersection(self._within):
            return
        self.text.append(data)
        if not self._within:
            self.said.append(data)
        if self._named is not None:
            self._named.text += data
        if self._value is not None:
            form, name = self._value
            before = dict(form.fields)[name]
            form.fields[-1] = (name, before + data if before else data.lstrip("\r\n"))

    def _give_buttons(self) -> None:
        # A button may belong to a form elsewhere on the page, and send it to another address.
        for button in self._of_others:
            form = next((form for form in self.forms if form.id == button.of), None)
            if form is not None:
                form.buttons.append(button)


def to_send(form: Form, button: Button, address: str) -> Form:
    """The form as this button of it sends it."""
    return replace(form, action=urljoin(address, button.action)) if button.action else form
