"""Adds the README to the package as its description, with links that work outside the repository.

Everything else about the package is in pyproject.toml.
"""

from __future__ import annotations

import re
import tomllib
from pathlib import Path

from setuptools import setup

ROOT = Path(__file__).parent
_LINK = re.compile(r"(!?)\[([^\]]*)\]\((?!https?://|mailto:|#)([^)]+)\)")


def description(readme: str, source: str) -> str:
    """The README with absolute links.

    Args:
        readme: Markdown with links relative to the repository.
        source: the address of the repository; "" if there is none. Then the text of a relative link
            stays without the link, and a relative image is left out.
    """

    def absolute(match: re.Match[str]) -> str:
        image, text, target = match.groups()
        if not source:
            return "" if image else text
        return f"{image}[{text}]({source}/{'raw' if image else 'blob'}/HEAD/{target})"

    return re.sub(r"\n{3,}", "\n\n", _LINK.sub(absolute, readme))


if __name__ == "__main__":
    project = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))["project"]
    readme = (ROOT / "README.md").read_text(encoding="utf-8")
    setup(
        long_description=description(readme, project.get("urls", {}).get("Source", "")),
        long_description_content_type="text/markdown",
    )
