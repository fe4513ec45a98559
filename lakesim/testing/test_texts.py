"""Finds the tests that ask for something by name."""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Iterable, Mapping
from pathlib import Path
from typing import Final

__all__ = ["TestTexts"]

ENDINGS: Final = (".py", ".mjs", ".yaml", ".json")
"""Files that hold tests, or the cases that tests play."""
SKIPPED: Final = "node_modules"
GENERAL: Final = (
    "test_openapi.py",
    "test_schemathesis.py",
    "test_coverage_page.py",
    "package.json",
    "package-lock.json",
)
"""Files that name everything, or nothing of ours."""
_WORD: Final = re.compile(r"[A-Za-z_$]\w*(?:\.\w+)*")
_CALL: Final = re.compile(r"(?<![\w.:])([A-Za-z]\w*(?:::\w+)?)\(")
_PLACEHOLDER: Final = re.compile(r"\\\{\w+\\\}")


class TestTexts:
    """The texts of all tests below a repository's root; paths are given from there, those first that say it most."""

    __test__ = False

    def __init__(self, root: Path) -> None:
        """Read them."""
        paths = [
            path for path in sorted(root.glob("tests/**/*")) if path.suffix in ENDINGS and SKIPPED not in path.parts
        ]
        self._texts: Final = {
            path.relative_to(root).as_posix(): path.read_text(encoding="utf-8")
            for path in paths
            if path.name not in GENERAL
        }
        self._words: Final = {path: Counter(_WORD.findall(text)) for path, text in self._texts.items()}
        in_groq = {path: text for path, text in self._texts.items() if "groq" in path or "server" in path}
        self._calls: Final = {path: Counter(_CALL.findall(text)) for path, text in in_groq.items()}

    def naming(self, *names: str) -> list[str]:
        """Return the tests that name something by one of its names, as a word of its own."""
        return _most(self._words, names)

    def calling(self, name: str) -> list[str]:
        """Return the tests that call a function of the query language."""
        return _most(self._calls, (name,))

    def asking(self, method: str, path: str) -> list[str]:
        """Return the tests that ask an endpoint, given by its path below the API version with placeholders."""
        beginning = path.partition("{")[0]
        pattern = _PLACEHOLDER.sub(r"[^\\s\"'/?]+", re.escape(path)) + r"(?=[\"'?`\s]|$)"
        found = [one for one, text in self._texts.items() if beginning in text and re.search(pattern, text)]
        if method == "GET":
            return found
        sent = re.compile(rf"\.{method.lower()}\(|\"{method}\"|'{method}'")
        return [one for one in found if sent.search(self._texts[one])]


def _most(counts: Mapping[str, Counter[str]], names: Iterable[str]) -> list[str]:
    wanted = tuple(names)
    found = {path: sum(words[name] for name in wanted) for path, words in counts.items()}
    return sorted((path for path in found if found[path]), key=lambda path: (-found[path], path))
