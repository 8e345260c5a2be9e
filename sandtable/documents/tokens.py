"""The YAML parser of ruamel over tokens that were read ahead, and the type of a plain scalar.

The parser asks the scanner several times for each token, and each time the scanner proves anew that it has read enough.
With all tokens at hand that question needs no answer: a third of the time of small files.
"""

from __future__ import annotations

from functools import lru_cache
from typing import Any

from ruamel.yaml import YAML
from ruamel.yaml.nodes import ScalarNode
from ruamel.yaml.parser import Parser
from ruamel.yaml.scanner import Scanner


class _ReadAhead(Scanner):
    """A scanner that reads every token before it gives out the first."""

    def reset_scanner(self) -> None:
        super().reset_scanner()
        self.place = 0

    def _at(self) -> Any:
        while not self.done:
            self.fetch_more_tokens()
        return self.tokens[self.place] if self.place < len(self.tokens) else None

    def check_token(self, *choices: Any) -> bool:
        token = self._at()
        return token is not None and (not choices or isinstance(token, choices))

    def peek_token(self) -> Any:
        return self._at()

    def get_token(self) -> Any:
        token = self._at()
        self.place += 1
        return token


class _Parser(Parser):
    """A parser that looks its scanner up once."""

    _scanner: Any = None

    @property
    def scanner(self) -> Any:
        if self._scanner is None:
            self._scanner = super().scanner
        return self._scanner


def quick_yaml() -> YAML:
    """Return a parser that finds the same events in less time; of several faults it may name another one first."""
    yaml = YAML(typ="safe", pure=True)
    yaml.Scanner = _ReadAhead
    yaml.Parser = _Parser
    return yaml


@lru_cache(maxsize=1)
def _resolver() -> Any:
    return YAML(typ="safe", pure=True).resolver


@lru_cache(maxsize=8192)
def plain_tag(text: str) -> str:
    """Return what a scalar without quotes is in YAML 1.2: null, bool, int, float, str, or another word for text."""
    return str(_resolver().resolve(ScalarNode, text, (True, False))).rsplit(":", 1)[-1]
