"""The built site in a browser: its search works on pages that are opened as files."""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]


@pytest.mark.slow
def test_search_finds_a_page_without_a_server_or_a_network() -> None:
    pytest.importorskip("zensical")
    program = next(filter(None, map(shutil.which, ("chromium", "google-chrome", "chrome"))), None)
    if program is None:
        pytest.skip("no Chromium")
    api = pytest.importorskip("playwright.sync_api")
    script = ROOT / "docs" / "scripts" / "build_site.py"
    done = subprocess.run([sys.executable, script], capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stdout + done.stderr
    asked = []
    with api.sync_playwright() as driver:
        root = ["--no-sandbox"] if hasattr(os, "geteuid") and os.geteuid() == 0 else []
        browser = driver.chromium.launch(executable_path=program, args=[*root, "--disable-gpu"])
        page = browser.new_page()
        page.on("request", lambda request: asked.append(request.url))
        page.goto((ROOT / "site" / "guides" / "touchosc.html").as_uri())
        page.wait_for_load_state()
        page.keyboard.press("/")
        page.get_by_role("combobox").last.wait_for()
        page.keyboard.type("truncation")
        page.get_by_role("option", name="Truncation").first.click(timeout=60_000)
        page.wait_for_url("**/walks.html*")
        browser.close()
    assert [url for url in asked if url.startswith("http")] == []
