"""Coverage-guided fuzzing of the query language, opt-in: `pip install atheris`, then run this file.

    python tests/lakesim/groq/fuzz_groq.py -max_total_time=60 [CORPUS_DIRECTORY]

Every input must give a value or a GroqError whose place lies inside the text; a value must be the same with and
without indexes, and the tree must survive printing and parsing. Anything else is a crash that the fuzzer reports.
"""

from __future__ import annotations

import json
import sys
from typing import Any

from lakesim.clock import parse_time
from lakesim.groq import Environment, GroqError, ListDataset, compile_filter, compile_query, parse, print_query, query

__all__ = ["check_text", "main"]

DOCUMENTS = [
    {"_id": "a", "_type": "t", "n": 1, "s": "Hello world", "ref": {"_ref": "b"}, "list": [1, None, "x", {"_ref": "c"}]},
    {"_id": "b", "_type": "t", "n": 2.5, "refs": [{"_ref": "a"}, {"_ref": "gone"}], "at": {"lat": 1, "lng": 2}},
    {"_id": "drafts.a", "_type": "u", "s": "", "pt": {"_type": "x", "children": [{"_type": "span", "text": "x"}]}},
    {"_id": "versions.r.a", "_type": "system.release", "n": None},
]
PARAMS: dict[str, Any] = {"a": 1, "b": "n", "c": ["a", "b"], "d": None, "e": True, "f": {"x": 1}}
ENVIRONMENT = Environment(now=parse_time("2026-01-01T00:00:00Z"))


def check_text(text: str) -> None:
    """Hold one text against everything that must be true of any text."""
    refusal: GroqError | None = None
    try:
        answer = query(text, DOCUMENTS, PARAMS, now=ENVIRONMENT.now)
    except GroqError as error:
        refusal = error
    if refusal is not None:
        assert 0 <= refusal.start <= refusal.end <= len(text)
        assert str(refusal)
        return
    plain = json.dumps(answer)
    indexed = compile_query(text, PARAMS).run(ListDataset(DOCUMENTS), ENVIRONMENT)
    assert json.dumps(indexed) == plain
    tree = parse(text)
    assert parse(print_query(tree)) == tree
    try:
        passes = compile_filter(text, PARAMS)
    except GroqError:
        return
    assert type(passes(DOCUMENTS[0], ENVIRONMENT)) is bool


def _input(data: bytes) -> None:
    check_text(data.decode("utf-8", "replace"))


def main() -> None:
    """Run the fuzzer with the arguments of the command line."""
    try:
        import atheris
    except ImportError:
        raise SystemExit("this needs atheris: pip install 'lakesim[fuzz]'") from None
    atheris.instrument_all()
    atheris.Setup(sys.argv, _input)
    atheris.Fuzz()


if __name__ == "__main__":
    main()
