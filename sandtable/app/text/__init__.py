"""Every sentence of the app, in two languages: one file each, equal keys, equal slots."""

from __future__ import annotations

from collections.abc import Mapping
from functools import cache
from importlib.resources import files
from typing import Literal

from sandtable.documents import parse_document
from sandtable.scenario.levers import lever_table

Language = Literal["en", "zh"]
LANGUAGES: dict[Language, str] = {"en": "EN", "zh": "中文"}


@cache
def catalogue(language: Language) -> Mapping[str, str]:
    """Return all sentences of one language by key."""
    raw = files("sandtable.app.text").joinpath(f"{language}.yaml").read_bytes()
    value = parse_document(raw, file=f"{language}.yaml").value
    return {str(key): str(text) for key, text in value.items() if key != "names"}


@cache
def names(language: Language) -> Mapping[str, str]:
    """Return the translations of names that come from data (segments, regions); the rest stays as it is."""
    raw = files("sandtable.app.text").joinpath(f"{language}.yaml").read_bytes()
    value = parse_document(raw, file=f"{language}.yaml").value
    return dict(value["names"])


class Text:
    """The sentences of one language.

    Examples
    --------
    >>> Text("en")("cars", count="1,200")
    '1,200 cars'
    """

    def __init__(self, language: Language) -> None:
        self.language = language
        self._sentences = catalogue(language)
        self._names = names(language)

    def __call__(self, key: str, **slots: object) -> str:
        """Return a sentence with its slots filled."""
        return self._sentences[key].format(**slots)

    def lever(self, name: str) -> str:
        """Return what a lever is called, as the table of levers says."""
        label: str = getattr(lever_table()[name].label, self.language)
        return label

    def name(self, name: str) -> str:
        """Return the translation of a name from the data, or the name itself."""
        return self._names.get(name, name)
