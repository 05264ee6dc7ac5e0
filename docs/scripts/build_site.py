"""Builds the documentation site in site/: `make docs`, or `python docs/scripts/build_site.py`.

README.md, CHANGELOG.md, CONTRIBUTING.md, the model cards and the pages of docs/ are copied to
build/docs, with links between them adapted. The API reference and the gallery of sketches are
written from the code. Zensical builds the site from these pages. A missing docstring, a broken link
or a missing image ends the build with a list.
"""

from __future__ import annotations

import json
import os
import re
import shutil
import subprocess
import sys
from pathlib import Path

sys.path.insert(0, str(Path(__file__).parent))
from api_reference import missing_docstrings, summary, write_reference
from check_links import broken_links

ROOT = Path(__file__).resolve().parents[2]
SOURCE, SITE = ROOT / "build" / "docs", ROOT / "site"
#: The script that starts the search on pages opened as files; named in zensical.toml.
WORKER = "javascripts/iframe-worker-inline.js"
_INLINE_WORKER = """\
if (location.protocol === "file:") {
  const NativeWorker = window.Worker, source = SOURCE;
  window.Worker = function (url, options) {
    const inline = String(url).includes("/workers/search");
    return new NativeWorker(inline ? URL.createObjectURL(new Blob([source])) : url, options);
  };
}
"""
#: Pages that lie outside docs/, and where in the site they go.
OUTSIDE = {
    "README.md": "index.md",
    "CHANGELOG.md": "changelog.md",
    "CONTRIBUTING.md": "contributing.md",
    "SECURITY.md": "security.md",
    "CODE_OF_CONDUCT.md": "code-of-conduct.md",
    "plugins/genart_pomona/card.md": "models/pomona.md",
    "plugins/genart_invert/pomona-encoder.md": "models/pomona-encoder.md",
    "plugins/genart_neural_style/styles/card.md": "models/fast-styles.md",
    "plugins/genart_translate/models/card.md": "models/fruit-translation.md",
}
_LINK = re.compile(r"(!?\[[^\]]*\]\()([^)\s]+)(\))|(<img[^>]* src=\")([^\"]+)(\")")


def main() -> None:
    """Build the site; exit with 1 and a list where something is missing."""
    stop_for("Public names without a docstring", missing_docstrings())
    prepare(SOURCE)
    stop_for("Pages that the navigation in zensical.toml lacks", unlisted(SOURCE))
    build()
    offline_search()
    stop_for("Broken links", broken_links(SITE))
    print(f"The site is in {SITE}; open {SITE / 'index.html'}")


def stop_for(title: str, faults: list[str]) -> None:
    """End the program with a list of faults, if there are any."""
    if faults:
        raise SystemExit("\n".join([f"{title}: {len(faults)}", *faults]))


def prepare(folder: Path) -> None:
    """Collect all pages and images of the site in a folder, which is emptied first."""
    shutil.rmtree(folder, ignore_errors=True)
    shutil.copytree(ROOT / "docs", folder, ignore=shutil.ignore_patterns("*.md", "scripts"))
    pages = {file: f"{file.relative_to(ROOT / 'docs')}" for file in (ROOT / "docs").rglob("*.md")}
    pages |= {ROOT / source: page for source, page in OUTSIDE.items()}
    pages = {file: page.replace("README.md", "index.md") for file, page in pages.items()}
    for file, page in pages.items():
        target = folder / page
        target.parent.mkdir(parents=True, exist_ok=True)
        target.write_text(relinked(file, page, pages, folder), encoding="utf-8")
    (folder / WORKER).parent.mkdir()
    (folder / WORKER).touch()  # `offline_search` writes it once the site is built
    (folder / "gallery.md").write_text(gallery(), encoding="utf-8")
    (folder / "api").mkdir(exist_ok=True)
    write_reference(folder / "api")


def relinked(file: Path, page: str, pages: dict[Path, str], folder: Path) -> str:
    """The text of a page whose links fit where the page lies in the site.

    A file that is linked to and is no page is copied into `files/`.
    """

    def adapt(match: re.Match[str]) -> str:
        before, target, after = (each or "" for each in match.groups()[:3])
        if not before:
            before, target, after = match.groups()[3:]
        path, hash_, anchor = target.partition("#")
        if not path or "://" in path or path.startswith("mailto:"):
            return match[0]
        source = (file.parent / path).resolve()
        if source in pages:
            at = pages[source]
        elif source.is_relative_to(ROOT / "docs"):
            at = str(source.relative_to(ROOT / "docs"))
        elif source.is_file():
            at = f"files/{source.relative_to(ROOT)}"
            (folder / at).parent.mkdir(parents=True, exist_ok=True)
            shutil.copy(source, folder / at)
        else:
            return match[0]  # Zensical and the link check name it
        near = os.path.relpath(at, Path(page).parent).replace(os.sep, "/")
        return f"{before}{near}{hash_}{anchor}{after}"

    return _LINK.sub(adapt, file.read_text(encoding="utf-8"))


def gallery() -> str:
    """The page that shows a still of every sketch."""
    from genart.playback.sketch import load_sketch, sketches

    lines = ["# Gallery of sketches", "", '<div class="grid cards" markdown>', ""]
    for name in sketches():
        lines += [
            f"-   [![A still of {name}](images/sketches/{name}.jpg)](sketches.md#{name})",
            f"    **{name}**: {summary(load_sketch(name))}",
            "",
        ]
    return "\n".join([*lines, "", "</div>", ""])


def unlisted(folder: Path) -> list[str]:
    """Pages that the navigation does not lead to."""
    config = (ROOT / "zensical.toml").read_text(encoding="utf-8")
    pages = (page.relative_to(folder).as_posix() for page in folder.rglob("*.md"))
    return sorted(page for page in pages if f'"{page}"' not in config)


def build() -> None:
    """Run Zensical in strict mode, which refuses links to pages and anchors that are not there."""
    shutil.rmtree(SITE, ignore_errors=True)
    done = subprocess.run(
        [sys.executable, "-m", "zensical", "build", "--strict", "--clean"],
        cwd=ROOT, capture_output=True, text=True, env={**os.environ, "NO_COLOR": "1"},
    )  # fmt: skip
    if done.returncode:
        lines = (done.stdout + done.stderr.partition("Traceback")[0]).splitlines()
        faults = [re.sub(r"\x1b\[[\d;]*m", "", line).rstrip() for line in lines]
        raise SystemExit("\n".join(faults + done.stderr.splitlines()[-1:]))


def offline_search() -> None:
    """Let the search work on pages that are opened as files.

    A browser starts no worker from a file, so the worker's source is put into a script of the page.
    """
    (worker,) = (SITE / "assets" / "javascripts" / "workers").glob("search*.js")
    source = json.dumps(worker.read_text(encoding="utf-8")).replace("</", "<\\/")
    (SITE / WORKER).write_text(_INLINE_WORKER.replace("SOURCE", source), encoding="utf-8")


if __name__ == "__main__":
    main()
