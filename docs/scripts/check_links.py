"""Checks a built site: every link, image and anchor of every page leads to something in it."""

from __future__ import annotations

from html.parser import HTMLParser
from pathlib import Path
from urllib.parse import unquote, urlsplit


class _Page(HTMLParser):
    """The targets and the anchors of one page."""

    def __init__(self) -> None:
        super().__init__()
        self.targets: list[str] = []
        self.anchors: set[str] = set()

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        given = dict(attrs)
        self.anchors |= {value for name in ("id", "name") if (value := given.get(name))}
        self.targets += [value for name in ("href", "src") if (value := given.get(name))]


def read_page(file: Path) -> tuple[list[str], set[str]]:
    """What a page links to, and its anchors."""
    page = _Page()
    page.feed(file.read_text(encoding="utf-8"))
    return page.targets, page.anchors


def broken_links(site: Path) -> list[str]:
    """Links within a built site that lead nowhere, and whatever a page would load from elsewhere.

    Args:
        site: the folder of the built site.

    Returns:
        One line for each: the page, the target and the reason.
    """
    pages = {file.resolve(): read_page(file) for file in sorted(site.rglob("*.html"))}
    found = []
    for file, (targets, _) in pages.items():
        if file.name == "404.html":  # its links count from the root of a server
            continue
        for target in targets:
            if reason := _fault(file, target, pages):
                found.append(f"{file.relative_to(site.resolve())}: {target}: {reason}")
    return found


def _fault(file: Path, target: str, pages: dict[Path, tuple[list[str], set[str]]]) -> str:
    parts = urlsplit(target)
    if parts.scheme or parts.netloc:
        return ""
    other = (file.parent / unquote(parts.path)).resolve() if parts.path else file
    if other.is_dir():
        other = other / "index.html"
    if not other.is_file():
        return "no such file"
    anchor = unquote(parts.fragment)
    if anchor and other in pages and anchor not in pages[other][1]:
        return "no such anchor"
    return ""
