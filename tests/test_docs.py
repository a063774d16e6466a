"""What the documentation describes exists, and what exists is documented."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

from contracts.compiler import compile_text
from tests.conftest import REPOSITORY

DOCS = REPOSITORY / "docs"
READMES = ("README.md", "CONTRIBUTING.md", "CHANGELOG.md", "SECURITY.md", "devcluster/README.md")
PAGES = sorted([*DOCS.rglob("*.md"), *map(REPOSITORY.joinpath, READMES)])
READS_ENVIRONMENT = re.compile(r"""\b(?:env|flag|words|_limit)\("([A-Z_]+)\"""")
READERS = ("portal/settings.py", "portal/input_limits.py")
SOURCE_PATH = re.compile(
    r"`((?:portal|contracts|catalog|reconciler|devcluster|static|templates|tests)/[\w./-]*)`"
)
LINK = re.compile(r"\]\(([^)#\s]+)(?:#[^)]*)?\)")


def test_every_setting_has_a_heading() -> None:
    read = {name for file in READERS for name in READS_ENVIRONMENT.findall((REPOSITORY / file).read_text())}
    documented = set(re.findall(r"^### ([A-Z_]+)$", (DOCS / "reference/settings.md").read_text(), re.M))
    assert read - documented == set()


@pytest.mark.parametrize("page", PAGES, ids=lambda page: page.name)
def test_links_lead_somewhere(page: Path) -> None:
    broken = [
        link
        for link in LINK.findall(page.read_text())
        if "://" not in link and not (page.parent / link).resolve().exists()
    ]
    assert broken == []


@pytest.mark.parametrize("page", PAGES, ids=lambda page: page.name)
def test_named_source_files_exist(page: Path) -> None:
    missing = [path for path in SOURCE_PATH.findall(page.read_text()) if not (REPOSITORY / path).exists()]
    assert missing == []


def test_every_command_of_the_readme_exists() -> None:
    targets = set(re.findall(r"^([a-z]+):", (REPOSITORY / "Makefile").read_text(), re.M))
    named = {
        name
        for page in PAGES
        for name in re.findall(r"^\$ (?:[A-Z]+=\S+ )*make ([a-z]+)", page.read_text(), re.M)
    }
    assert named - targets == set()


def test_the_tutorials_contract_compiles_without_a_complaint() -> None:
    text = re.search(r"```yaml\n(.*?)```", (DOCS / "tutorial/first-contract.md").read_text(), re.S)
    assert text
    assert compile_text(text[1]).problems == ()
