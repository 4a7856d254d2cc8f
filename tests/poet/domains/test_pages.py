"""docs/domains.md says what the domains do."""

from __future__ import annotations

from pathlib import Path

from dana.poet.domains import DOMAINS
from dana.poet.domains.pages import main, page

PAGE = Path(__file__).parents[3] / "docs" / "domains.md"


def test_the_page_is_what_the_domains_say() -> None:
    assert PAGE.read_text(encoding="utf-8") == page(), "run `make docs`"


def test_every_domain_has_a_heading() -> None:
    text = page()
    for name in DOMAINS:
        assert f"\n## {name}\n" in text


def test_a_page_out_of_date_is_told(tmp_path, capsys) -> None:
    path = tmp_path / "domains.md"
    assert main(["--check", str(path)]) == 1
    assert "make docs" in capsys.readouterr().err
    assert main([str(path)]) == 0
    assert main(["--check", str(path)]) == 0
