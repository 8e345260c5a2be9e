"""The documents keep what they promise: links lead somewhere, commands exist."""

from __future__ import annotations

import doctest
import importlib
import pkgutil
import re
from pathlib import Path
from urllib.parse import unquote

import pytest

import sandtable
from docs import dictionary
from docs.levers import PAGE, page

ROOT = Path(__file__).parent.parent
DOCUMENTS = [ROOT / "README.md", *sorted((ROOT / "docs").rglob("*.md"))]
# A page is a script: importing it runs it.
MODULES = sorted(
    module.name
    for module in pkgutil.walk_packages(sandtable.__path__, "sandtable.", onerror=lambda _: None)
    if not module.name.endswith("__main__") and ".pages." not in module.name
)
LINK = re.compile(
    r"!?\[[^\]]*\]\(\s*<?([^)>\s]+)>?[^)]*\)|^\[[^\]]+\]:\s*<?([^>\s]+)", re.MULTILINE
)
CODE = re.compile(r"^(```|~~~).*?^\1|(`+)(?!`).+?(?<!`)\2(?!`)", re.MULTILINE | re.DOTALL)
HEADING = re.compile(r"^#{1,6}\s+(.+?)\s*#*$", re.MULTILINE)


def links(text: str) -> list[str]:
    """Targets of the links of a Markdown text, code left out."""
    return [inline or reference for inline, reference in LINK.findall(CODE.sub("", text))]


def anchors(text: str) -> set[str]:
    """Anchors that a Markdown text offers, formed as GitHub forms them."""
    titles = HEADING.findall(re.sub(r"^(```|~~~).*?^\1", "", text, flags=re.MULTILINE | re.DOTALL))
    kept = [re.sub(r"[^\w\- ]", "", title.lower()) for title in titles]
    return {title.replace(" ", "-") for title in kept}


def broken_links(document: Path) -> list[str]:
    """Links of a document that lead to no file or no heading; the web is left alone."""
    broken = []
    for link in links(document.read_text(encoding="utf-8")):
        if re.match(r"[a-z][a-z0-9+.\-]*:", link, re.IGNORECASE):
            continue
        name, _, anchor = unquote(link).partition("#")
        target = document.parent / name if name else document
        wrong_anchor = anchor and target.suffix == ".md" and target.is_file()
        if not target.exists() or (
            wrong_anchor and anchor not in anchors(target.read_text("utf-8"))
        ):
            broken.append(link)
    return broken


@pytest.mark.parametrize("document", DOCUMENTS, ids=lambda path: path.relative_to(ROOT).as_posix())
def test_every_relative_link_leads_somewhere(document: Path) -> None:
    assert broken_links(document) == []


def test_a_broken_link_would_be_found(tmp_path: Path) -> None:
    document = tmp_path / "page.md"
    document.write_text(
        "# One title\n[here](#one-title) [gone](#two) [no](no.md) ![no](no.png 'title')\n"
        "[web](https://example.org/no) `[code](code.md)` [page](page.md#one-title)\n\n[ref]: <ref.md>\n",
        encoding="utf-8",
    )
    assert broken_links(document) == ["#two", "no.md", "no.png", "ref.md"]


@pytest.mark.parametrize("command", ["make app", "make test"])
def test_the_readme_names_the_commands_to_begin_with(command: str) -> None:
    assert command in (ROOT / "README.md").read_text(encoding="utf-8")


def test_every_make_command_in_the_documents_exists() -> None:
    makefile = (ROOT / "Makefile").read_text(encoding="utf-8")
    targets = set(re.findall(r"^([a-z]+):", makefile, re.MULTILINE))
    named = {
        name
        for document in DOCUMENTS
        for name in re.findall(
            r"(?:`|^)make ([a-z]+)", document.read_text(encoding="utf-8"), re.MULTILINE
        )
    }
    assert named <= targets


@pytest.mark.parametrize("name", MODULES)
def test_every_example_in_a_docstring_gives_what_it_shows(name: str) -> None:
    assert doctest.testmod(importlib.import_module(name)).failed == 0


def test_the_page_of_levers_is_what_the_table_of_levers_says() -> None:
    assert PAGE.read_text(encoding="utf-8") == page(), "run python -m docs.levers"


def test_the_dictionary_is_what_the_definitions_say() -> None:
    written = dictionary.PAGE.read_text(encoding="utf-8")
    assert written == dictionary.page(), "run python -m docs.dictionary"
