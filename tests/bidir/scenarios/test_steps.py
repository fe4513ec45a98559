"""Steps beside plain edits: other editors, faults, edits made elsewhere, memory, undo, repair, restart."""

from __future__ import annotations

from collections.abc import Callable

import pytest

from bidir.conformance.result import Result, render

Play = Callable[..., Result]

BOOKS = """
relations: ["book.author <-> author.books[]"]
given: {documents: {b1: book, b2: book, a1: author}}
when:
"""

STEPS = {
    "a second editor between reading and commit": """
  - set: {b1.author: -> a1}
    in: published
    meanwhile: [{set: {b1.title: Other}, in: published, by: second}]
    then: {documents: {b1: {author: -> a1, title: Other}, a1: {books: [~> b1]}}, retries: 1, writes: 2, transactions: 2}
""",
    "a lost answer": """
  - set: {b1.author: -> a1}
    in: published
    fault: {lose_response: 1}
    then: {documents: {b1: {author: -> a1}, a1: {books: [~> b1]}}, transactions: 1}
""",
    "a death before the commit": """
  - set: {b1.author: -> a1}
    in: published
    fault: {crash: before-commit}
    then: {documents: {}, transactions: 0}
  - set: {b1.author: -> a1}
    in: published
    then: {documents: {b1: {author: -> a1}, a1: {books: [~> b1]}}, transactions: 1}
""",
    "a death after the commit": """
  - set: {b1.author: -> a1}
    in: published
    fault: {crash: after-commit}
    then: {documents: {b1: {author: -> a1}, a1: {books: [~> b1]}}, transactions: 1}
  - set: {b1.author: -> a1}
    in: published
    then: {documents: {}, transactions: 0}
""",
    "edits made elsewhere": """
  - elsewhere: [{patch: {id: b1, set: {author: => a1}}}]
    then: {documents: {b1: {author: => a1}}, writes: 0, transactions: 1, audit: [one-sided]}
  - repair: {dry_run: true}
    then: {documents: {}, repaired: 1, transactions: 0}
  - repair: {}
    then: {documents: {a1: {books: [~> b1]}}, repaired: 1, audit: []}
""",
    "memory": """
  - set: {b1.author: -> a1}
    in: published
  - remember: {key: 'a1.books[0]._key'}
  - clear: 'a1.books[_key=="$key"]'
    in: published
    then: {documents: {b1: {author: null}, a1: {books: []}}, documents_written: 2}
""",
    "all short forms in one submit": """
  - create: {b3: book, b4: {_type: book, title: Four}}
    set: {b1.title: One, b1.subtitle: Two}
    clear: b2.title
    add: {a1.books: [b1, -> b3]}
    in: published
    then:
      documents:
        b3: {_type: book, author: -> a1}
        b4: {_type: book, title: Four}
        b1: {title: One, subtitle: Two, author: -> a1}
        b2: {}
        a1: {books: [-> b1, -> b3]}
      writes: 1
  - remove: {a1.books: b1}
    delete: [b4]
    in: published
    then:
      documents: {a1: {books: [-> b3]}, b1: {author: null}, b4: absent}
      writes: 1
""",
    "wire mutations with arrows": """
  - submit: [{patch: {id: b1, set: {author: -> a1, note: {$text: -> a1}}}}]
    in: published
    then: {documents: {b1: {author: => a1, note: {$text: -> a1}}, a1: {books: [~> b1]}}}
""",
    "a transaction id of one's own": """
  - set: {b1.author: -> a1}
    in: published
    transaction_id: mine
    then: {documents: {b1: {author: -> a1, _rev: mine}, a1: {books: [~> b1], _rev: mine}}}
""",
    "time passes": """
  - advance: 60
    then: {documents: {}, transactions: 0}
""",
    "a refused partner that heals": """
  - deny: [a1]
  - set: {b1.author: -> a1}
    in: published
    then: {documents: {b1: {author: -> a1}}, pending: [permission], audit: []}
  - allow: a1
  - settle: true
    then: {documents: {a1: {books: [~> b1]}}, pending: []}
""",
    "another declaration after a restart": """
  - restart: {relations: [{between: "book.author <-> author.books[]", enabled: false}]}
  - set: {b1.author: -> a1}
    in: published
    then: {documents: {b1: {author: -> a1}}, documents_written: 1}
  - repair: {}
    then: {documents: {}}
  - restart: {relations: ["book.author <-> author.books[]"]}
  - repair: {}
    then: {documents: {a1: {books: [~> b1]}}}
""",
}


@pytest.mark.parametrize("steps", STEPS.values(), ids=STEPS.keys())
def test_steps(play: Play, steps: str) -> None:
    result = play(BOOKS + steps)
    assert result.passed, render(result)


def test_an_operation_the_engine_does_not_have_is_named(play: Play) -> None:
    result = play(BOOKS + "  - archive_release: r1\n    then: {writes: 0}\n", _Bare)
    assert result.skipped == "the engine has no operation archive_release()"


class _Bare:
    def __init__(self, schema: object, backend: object) -> None:
        pass

    def submit(self) -> None:
        raise NotImplementedError

    def pending(self) -> list[object]:
        return []


def test_a_step_that_sends_no_commit_cannot_be_overtaken(play: Play) -> None:
    result = play(
        BOOKS + "  - set: {b1.author: null}\n    in: published\n    meanwhile: [{advance: 1}]\n    then: {writes: 0}\n"
    )
    assert "the step sent no commit, so nothing could come before it" in render(result)


def test_a_failing_expectation_inside_meanwhile_is_found(play: Play) -> None:
    result = play(
        BOOKS
        + """
  - set: {b1.author: -> a1}
    in: published
    meanwhile: [{set: {b2.author: -> a1}, in: published, by: second, then: {documents_written: 5}}]
    then: {transactions: 2}
"""
    )
    assert [(one.moment, one.mismatch.got) for one in result.findings] == [
        ("meanwhile: set {b2.author: -> a1}, in published, by second", "2")
    ]
