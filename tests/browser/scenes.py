"""What a scene is: a page of ours, who looks at it, and how one gets there."""

from collections.abc import Callable
from dataclasses import dataclass

from tests.browser.visitor import Visitor

BOTH = ("zh-TW", "en")
Way = Callable[[Visitor], None]


@dataclass(frozen=True)
class Scene:
    """A page. ``role`` is who looks at it, ``focus`` what has the focus when it opens or with the first tab stop."""

    name: str
    go: Way
    role: str | None = None
    focus: str = "skip"
    languages: tuple[str, ...] = BOTH


class Scenes(list[Scene]):
    """A list that grows by decorating the ways to its pages."""

    def page(
        self, role: str | None = None, *, focus: str = "skip", languages: tuple[str, ...] = BOTH
    ) -> Callable[[Way], Way]:
        """Put a page on the list, under the name of the function that goes there."""

        def listed(go: Way) -> Way:
            self.append(Scene(go.__name__, go, role, focus, languages))
            return go

        return listed
