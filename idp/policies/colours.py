"""Colours that are data: those of services and clients, on which white text must be readable (design.md)."""

import re

COLOUR = re.compile(r"#[0-9a-f]{6}", re.ASCII)
LEAST_CONTRAST = 4.5


def colour_problem(text: str) -> str | None:
    """Why a text can't be a colour (a key of the texts), or None: #rrggbb, at least 4.5:1 with white (WCAG 1.4.3)."""
    if not COLOUR.fullmatch(text):
        return "colour.form"
    return "colour.contrast" if contrast_with_white(text) < LEAST_CONTRAST else None


def contrast_with_white(colour: str) -> float:
    """The contrast ratio of #rrggbb with white, from 1 to 21 (WCAG 2.2, "contrast ratio")."""
    red, green, blue = (_linear(int(colour[i : i + 2], 16) / 255) for i in (1, 3, 5))
    return 1.05 / (0.2126 * red + 0.7152 * green + 0.0722 * blue + 0.05)


def _linear(part: float) -> float:
    return part / 12.92 if part <= 0.04045 else ((part + 0.055) / 1.055) ** 2.4
