"""Where a page may lead back to: a path of ours and nothing else (RFC 9700 4.11)."""


def own_path(text: str | None) -> str | None:
    """A path of this provider, or None: browsers read a second slash or a backslash as another host."""
    path = text or ""
    is_ours = path.startswith("/") and not path.startswith("//") and "\\" not in path and path.isprintable()
    return path if is_ours and not path.startswith("/language") else None
