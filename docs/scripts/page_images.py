"""Takes the images of the live page in docs/images/live, in every state and on three screens.

Run `python docs/scripts/page_images.py`; it needs playwright and Chromium, and takes two minutes.
"""

from __future__ import annotations

import argparse
import io
import os
import re
import shutil
import signal
import subprocess
import sys
import tempfile
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from PIL import Image
from playwright.sync_api import sync_playwright

FOLDER = Path(__file__).parents[1] / "images" / "live"
SCREENS = {"laptop": (1440, 900), "phone": (390, 844), "sideways": (844, 390)}
CUES = ("opening", "slow turn", "storm", "last")


class Night:
    """`genart live` in a process, which can be stopped for a while."""

    def __init__(self, folder: Path) -> None:
        command = [
            sys.executable, "-m", "genart", "live", "beat_cut", "--model", "pomona", "--headless",
            "--web", "127.0.0.1:0", "--osc", "127.0.0.1:0", "-p", "tempo.bpm=96",
        ]  # fmt: skip
        self.process = subprocess.Popen(command, cwd=folder, stderr=subprocess.PIPE, text=True)
        assert self.process.stderr is not None
        told = iter(self.process.stderr.readline, "")
        self.url = next(m[1] for line in told if (m := re.match(r"page (\S+)", line)))

    def close(self) -> None:
        """End the performance."""
        self.process.send_signal(signal.SIGCONT)
        self.process.send_signal(signal.SIGINT)
        self.process.wait(30)


def playing(page: Any, night: Night) -> None:
    """Nothing but music."""
    page.wait_for_timeout(1500)


def lost(page: Any, night: Night) -> None:
    """The server stands still."""
    night.process.send_signal(signal.SIGSTOP)
    page.wait_for_selector("body.lost")
    page.wait_for_timeout(1200)


def refused(page: Any, night: Night) -> None:
    """A value that cannot be."""
    field = page.locator('.row[data-path="walk.seeds"] input')
    field.scroll_into_view_if_needed()
    field.fill("one,two")
    field.press("Enter")
    page.wait_for_selector("#errors:not([hidden])")
    page.wait_for_timeout(800)


def learning(page: Any, night: Night) -> None:
    """A Param that waits for a controller."""
    page.locator('.row[data-path="model.truncation"] .learn').click()
    page.wait_for_selector("#learning:not([hidden])")


def recording(page: Any, night: Night) -> None:
    """A film that is being recorded."""
    page.locator("#record").click()
    page.wait_for_function("() => document.getElementById('time').textContent === '00:02'")


def search(page: Any, night: Night) -> None:
    """A search without a hit."""
    page.locator("#search").fill("brightness of the moon")


def explained(page: Any, night: Night) -> None:
    """What a Param does."""
    row = page.locator('.row[data-path="model.truncation"]')
    row.scroll_into_view_if_needed()
    row.locator(".about").click()
    page.wait_for_timeout(300)


STATES: dict[str, Callable[[Any, Night], None]] = {
    "playing": playing, "explained": explained, "refused": refused, "learning": learning,
    "recording": recording, "search": search, "lost": lost,
}  # fmt: skip


@contextmanager
def opened(browser: Any, night: Night, screen: str, *, starts: bool = False) -> Iterator[Any]:
    """The page on a screen; `starts`: before the server has answered."""
    width, height = SCREENS[screen]
    touch = {} if screen == "laptop" else {"has_touch": True, "is_mobile": True}
    context = browser.new_context(
        viewport={"width": width, "height": height}, device_scale_factor=2, **touch
    )
    page = context.new_page()
    if starts:
        page.route_web_socket("**/*", lambda socket: None)
    page.goto(night.url)
    if not starts:
        page.wait_for_selector(".row[data-path]")
        page.wait_for_selector("#wait", state="hidden")
    yield page
    context.close()


def back(page: Any, night: Night) -> None:
    """Undo what a state did."""
    night.process.send_signal(signal.SIGCONT)
    page.wait_for_selector("body:not(.lost)")
    page.wait_for_timeout(300)
    if page.locator('#record[aria-pressed="true"]').count():
        page.locator("#record").click()
    if page.locator('.learn[aria-pressed="true"]').count():
        page.locator('.learn[aria-pressed="true"]').click()
    page.locator("#errors").wait_for(state="hidden")  # so that the next image shows its state alone


def kept(page: Any, name: str, folder: Path) -> None:
    """Keep what the page shows as WebP, at most 80 kB."""
    shot = Image.open(io.BytesIO(page.screenshot())).convert("RGB")
    wide = shot.width // 2 if shot.width > 2000 else shot.width * 3 // 4
    shot = shot.resize((wide, round(shot.height * wide / shot.width)), Image.Resampling.LANCZOS)
    for quality in range(78, 30, -8):
        made = io.BytesIO()
        shot.save(made, "webp", quality=quality, method=6)
        if made.tell() < 80_000:
            break
    (folder / f"{name}.webp").write_bytes(made.getvalue())
    print(name, made.tell())


def main() -> None:
    """Take all images."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("-o", "--output", type=Path, default=FOLDER)
    parser.add_argument("--only", default="", help="states, by commas")
    parser.add_argument("--screens", default=",".join(SCREENS), help="which, by commas")
    options = parser.parse_args()
    wanted = options.only.split(",") if options.only else ["start", *STATES]
    options.output.mkdir(parents=True, exist_ok=True)
    program = shutil.which("chromium") or shutil.which("google-chrome")
    root = ["--no-sandbox"] if os.name == "posix" and os.geteuid() == 0 else []
    with tempfile.TemporaryDirectory() as folder, sync_playwright() as driver:
        browser = driver.chromium.launch(executable_path=program, args=[*root, "--disable-gpu"])
        night = Night(Path(folder))
        try:
            saved = False
            for screen in options.screens.split(","):
                if "start" in wanted:
                    with opened(browser, night, screen, starts=True) as page:
                        page.wait_for_timeout(500)
                        kept(page, f"start-{screen}", options.output)
                with opened(browser, night, screen) as page:
                    if not saved:
                        if page.locator("#more").is_visible():
                            page.locator("#more").click()
                        for cue in CUES:
                            page.locator("#cue").fill(cue)
                            page.locator("#cue").press("Enter")
                            page.locator(f'.cue[data-name="{cue}"]').wait_for()
                        saved = True
                for state in (each for each in STATES if each in wanted):
                    with opened(browser, night, screen) as page:
                        STATES[state](page, night)
                        kept(page, f"{state}-{screen}", options.output)
                        back(page, night)
        finally:
            night.close()
            browser.close()


if __name__ == "__main__":
    main()
