"""The documentation site: what stops its build, and how its pages are collected."""

from __future__ import annotations

import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]


@pytest.fixture(autouse=True)
def scripts(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.syspath_prepend(ROOT / "docs" / "scripts")
    for name in ("build_site", "api_reference", "check_links"):
        monkeypatch.delitem(sys.modules, name, raising=False)


@pytest.mark.parametrize(
    ("link", "reason"),
    [
        ("gone.html", "no such file"),
        ("other.html#gone", "no such anchor"),
        ("#gone", "no such anchor"),
        ("images/gone.png", "no such file"),
    ],
)
def test_a_broken_link_is_listed_with_its_page_and_reason(
    link: str, reason: str, tmp_path: Path
) -> None:
    from check_links import broken_links

    (tmp_path / "other.html").write_text('<h1 id="top">Other</h1>')
    (tmp_path / "page.html").write_text(
        f'<a href="other.html#top">good</a><a href="https://example.org">away</a><img src="{link}">'
    )
    assert broken_links(tmp_path) == [f"page.html: {link}: {reason}"]


@pytest.mark.slow
def test_every_public_name_and_method_has_a_docstring() -> None:
    from api_reference import missing_docstrings

    assert missing_docstrings() == []


@pytest.mark.slow
def test_a_missing_docstring_is_listed(monkeypatch: pytest.MonkeyPatch) -> None:
    import genart

    def bare(latent: object) -> None: ...

    from api_reference import missing_docstrings

    monkeypatch.setattr(genart, "join", bare)
    monkeypatch.setattr(genart.Walk, "at", bare)
    assert missing_docstrings() == ["genart.Walk.at", "genart.join"]


@pytest.mark.slow
def test_links_between_pages_lead_to_their_places_in_the_site(tmp_path: Path) -> None:
    from build_site import OUTSIDE, prepare, unlisted

    prepare(tmp_path / "site")
    card = (tmp_path / "site" / "models" / "pomona.md").read_text()
    assert "](../images/pomona-sheet.jpg)" in card
    assert "](sketches.md)" in (tmp_path / "site" / "index.md").read_text()
    assert "](models/pomona.md)" in (tmp_path / "site" / "training.md").read_text()
    patch = tmp_path / "site" / "files" / "tests" / "live" / "osc" / "clients" / "send.pd"
    assert patch.is_file()
    assert all((tmp_path / "site" / page).is_file() for page in OUTSIDE.values())
    assert unlisted(tmp_path / "site") == []


@pytest.mark.slow
def test_the_reference_has_every_public_name(tmp_path: Path) -> None:
    from api_reference import namespaces, page_name, public_names, write_reference

    write_reference(tmp_path)
    assert "genart.training" in namespaces()
    for namespace in namespaces():
        page = (tmp_path / page_name(namespace)).read_text()
        assert [n for n in public_names(namespace) if f"::: {namespace}.{n}\n" not in page] == []
