"""What every page is held to (design.md 7), asked of the browser. Each gives what is wrong, as sentences."""

import re
from collections.abc import Sequence

from playwright.sync_api import Page

# Words of ours and of others that are no English sentence in a Chinese page.
LATIN_NAMES = ("Access Token", "ID Token", "Refresh Token", "UserInfo", "OpenID Connect")
ENGLISH_SENTENCE = re.compile(r"\b[A-Za-z][a-z']+(?:[ ,]+[A-Za-z][a-z']+){2,}")
CHINESE = re.compile(r"[\u3000-\u303f\u3400-\u9fff\uff01-\uff5e]+")

# The rules of axe-core that ask for colours: all that another colour scheme changes.
OF_COLOURS = ("color-contrast", "link-in-text-block")

AXE = """async only => {
  const found = await axe.run(document, {
    resultTypes: ['violations'], iframes: false,
    ...(only.length ? {runOnly: {type: 'rule', values: only}} : {rules: {'target-size': {enabled: true}}}),
  });
  return found.violations.flatMap(v => v.nodes.map(n => `${v.id}: ${v.help}: ${n.target.join(' ')}: ${n.html}`));
}"""

WORDS = """() => {
  const own = document.documentElement.lang;
  const foreign = node => node.closest('[lang]').lang !== own
    || node.closest('[aria-hidden=true], script, style, code, .mono, iframe');
  const words = [document.title];
  const walker = document.createTreeWalker(document.body, NodeFilter.SHOW_TEXT);
  for (let node = walker.nextNode(); node; node = walker.nextNode())
    if (node.data.trim() && !foreign(node.parentElement)) words.push(node.data.trim());
  for (const element of document.querySelectorAll('[aria-label], [title], [alt], [placeholder]'))
    if (!foreign(element))
      for (const name of ['aria-label', 'title', 'alt', 'placeholder'])
        if (element.getAttribute(name)) words.push(element.getAttribute(name));
  return words;
}"""

# The outline of what has the focus, or a word for why there is none to be seen.
FOCUS = """() => {
  const element = document.activeElement;
  if (!element || element === document.body) return {what: 'nothing'};
  const style = getComputedStyle(element), box = element.getBoundingClientRect();
  const ring = (style.outlineStyle !== 'none' && parseFloat(style.outlineWidth) > 0) || style.boxShadow !== 'none';
  const seen = box.width > 1 && box.height > 1 && box.bottom > 0 && box.top < innerHeight
    && box.right > 0 && box.left < innerWidth;
  const tag = element.tagName.toLowerCase(), link = element.getAttribute('href') || '';
  const what = element.id ? '#' + element.id : [tag, ...element.classList].join('.') + ' ' + link;
  return {what, ring, seen, place: [...document.querySelectorAll('*')].indexOf(element)};
}"""

WIDER = """() => {
  const most = document.documentElement.clientWidth;
  if (document.documentElement.scrollWidth <= most) return [];
  return [...document.querySelectorAll('body *')].filter(e => e.getBoundingClientRect().right > most + 1)
    .slice(0, 4).map(e => e.outerHTML.slice(0, 120));
}"""


def axe_findings(page: Page, source: str, *, only: Sequence[str] = ()) -> list[str]:
    """What axe-core finds. Evaluated through the debugger, so that the page's own policy stays as it is."""
    if not page.evaluate("() => 'axe' in window"):
        page.evaluate(source)
    found: list[str] = page.evaluate(AXE, list(only))
    return found


def structure_problems(page: Page, language: str) -> list[str]:
    """One heading of the first rank, the right language, unique ids, a title."""
    problems = []
    if (count := page.locator("h1").count()) != 1:
        problems.append(f"{count} headings of the first rank")
    expected = "en" if language == "en" else "zh-Hant-TW"
    if (lang := page.get_attribute("html", "lang")) != expected:
        problems.append(f"lang is {lang}, not {expected}")
    main = page.locator("main .btn.go").count()
    if main > 1:
        problems.append(f"{main} main buttons")
    nameless = page.evaluate(
        "() => [...document.querySelectorAll('input:not([type=hidden]), select, textarea, form button')]"
        ".filter(e => !e.id).map(e => e.outerHTML.slice(0, 120))"
    )
    return problems + [f"a control without an id: {one}" for one in nameless]


def language_problems(page: Page, language: str, names: tuple[str, ...]) -> list[str]:
    """Sentences in the other language. ``names`` are allowed in both."""
    problems = []
    for words in page.evaluate(WORDS):
        left = words
        for name in (*names, *LATIN_NAMES):
            left = left.replace(name, "")
        wrong = (CHINESE if language == "en" else ENGLISH_SENTENCE).search(left)
        if wrong:
            problems.append(f"{wrong.group()!r} in {words!r}")
    return problems


def width_problems(page: Page, what: str) -> list[str]:
    """What sticks out to the right, so that one has to scroll."""
    return [f"{what}: wider than the window: {element}" for element in page.evaluate(WIDER)]


def first_focus_problems(page: Page, focus: str) -> list[str]:
    """Whether the focus begins where it should: at the error summary, or at the skip link with the first tab."""
    if focus == "none":
        return []
    if focus == "skip":
        page.keyboard.press("Tab")
    now = page.evaluate(FOCUS)
    expected = {"summary": "#summary", "file": "#file-name", "skip": "skip", "autofocus": "#choose-"}[focus]
    if expected not in now["what"]:
        return [f"the focus begins at {now['what']}, not at {expected}"]
    return [] if now["ring"] and now["seen"] else [f"the focus on {now['what']} is not to be seen"]


def let_go_of_the_focus(page: Page) -> None:
    """The skip link lies over the product's name while it has the focus."""
    page.evaluate("() => document.activeElement.blur()")


def tab_stop_problems(page: Page) -> list[str]:
    """Each tab stop shows its focus, and they come in the order of the document."""
    problems: list[str] = []
    before = -1
    for _ in range(80):
        page.keyboard.press("Tab")
        now = page.evaluate(FOCUS)
        if now["what"] == "nothing":
            return problems
        if not (now["ring"] and now["seen"]):
            problems.append(f"the focus on {now['what']} is not to be seen")
        if now["place"] <= before:
            return problems if before > 0 else [*problems, "the tab stops go in a circle"]
        before = now["place"]
    return [*problems, "the tab stops do not end"]
