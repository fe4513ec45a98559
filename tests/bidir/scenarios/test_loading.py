"""Bad scenario files: every fault gets one line with its place and what would be right."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import pytest

from bidir.conformance.loading import ScenarioError, find_scenarios, load_scenario

REST = 'relations: ["book.author <-> author.currentBook"]\nthen: {pending: []}\n'

FAULTS = [
    pytest.param(f"sauce: x\n{REST}", 4, 'unknown key `sauce`. Did you mean "source"?', id="unknown key"),
    pytest.param(
        f"when:\n  - sett: {{b1.author: -> a1}}\n{REST}",
        5,
        'unknown key `sett` in `when[0]`. Did you mean "set" or "settle"?',
        id="unknown key in a step",
    ),
    pytest.param(
        "relations: [x]\nthen:\n  conflicts:\n    - {knd: held}\n",
        7,
        'unknown key `knd` in `then.conflicts[0]`. Did you mean "kind"?',
        id="unknown key in an alternative",
    ),
    pytest.param(
        "relations: [x]\nthen:\n  conflicts:\n    - {holder: b1}\n",
        7,
        "`kind` is missing in `then.conflicts[0]`",
        id="missing key in an alternative",
    ),
    pytest.param("relations: [x]\n", 1, "nothing is expected: add `then`, at the end or in a step", id="no then"),
    pytest.param("then: {pending: []}\n", 1, "exactly one of `schema` and `relations` declares", id="no schema"),
    pytest.param(
        f"{REST}when:\n  - set: {{b1.author: null}}\n    publish: b1\n",
        7,
        "two things in one step (submit and publish); make a step of each",
        id="two kinds in a step",
    ),
    pytest.param(f"{REST}when:\n  - {{by: me}}\n", 7, "a step says what happens", id="empty step"),
    pytest.param(
        f"{REST}when:\n  - publish: b1\n    consent: previous\n", 7, "consent belongs to a submit", id="stray consent"
    ),
    pytest.param(
        "relations: [x]\nthen:\n  documents_written: many\n",
        6,
        "`then.documents_written` should be a whole number or text like \"<= 3\", not 'many'",
        id="no count",
    ),
    pytest.param(
        "relations: [x]\nthen:\n  documents: {b1: gone}\n",
        6,
        "`then.documents.b1` should be 'absent' or 'unchanged' or a mapping, not 'gone'",
        id="no document",
    ),
    pytest.param(
        f"layers: [drafts]\ngiven: {{documents: {{drafts.b1: book}}}}\n{REST}",
        1,
        'with `layers` ids carry no prefix of their own; "drafts.b1"',
        id="prefixed id in layers",
    ),
    pytest.param(
        f"layers: [draft]\n{REST}", 4, "should be 'published', 'drafts' or 'drafts-over-published'", id="layer"
    ),
    pytest.param(
        f"given:\n  documents: {{}}\n  documents: {{}}\n{REST}", 6, "a second time (first on line 5)", id="twice"
    ),
    pytest.param("given: {a: [}\n", 4, "no valid YAML", id="syntax"),
    pytest.param("given: !date x\n", 4, "a value that JSON does not have", id="tag"),
    pytest.param("1: x\n", 4, "a key must be text", id="key"),
]


@pytest.mark.parametrize(("text", "line", "message"), FAULTS)
def test_a_fault_is_told_with_its_line_and_remedy(
    scenario_file: Callable[[str], Path], text: str, line: int, message: str
) -> None:
    path = scenario_file(text)
    with pytest.raises(ScenarioError) as caught:
        load_scenario(path)
    told = [problem for problem in caught.value.problems if message in problem]
    assert told, caught.value.problems
    assert told[0].startswith(f"{path}:{line}: ")


def test_all_faults_of_a_file_are_told_at_once(scenario_file: Callable[[str], Path]) -> None:
    path = scenario_file("sauce: x\nrelations: [x]\nthen: {notice: []}\n")
    with pytest.raises(ScenarioError) as caught:
        load_scenario(path)
    assert [problem.removeprefix(f"{path}:") for problem in caught.value.problems] == [
        '4: unknown key `sauce`. Did you mean "source"?',
        '6: unknown key `notice` in `then`. Did you mean "notices"?',
    ]


@pytest.mark.parametrize(
    ("content", "message"),
    [
        (b"", "is empty"),
        (b"[]", "a scenario is a mapping"),
        (b"\xff\xfe", "is not UTF-8 text"),
        (b"[" * 5000, "nests deeper"),
    ],
    ids=["empty", "list", "bytes", "deep"],
)
def test_a_file_that_is_no_scenario_at_all(tmp_path: Path, content: bytes, message: str) -> None:
    path = tmp_path / "case.yaml"
    path.write_bytes(content)
    with pytest.raises(ScenarioError, match=message):
        load_scenario(path)


def test_a_missing_file_is_told_with_its_neighbour(tmp_path: Path) -> None:
    (tmp_path / "002-chain-steal.yaml").write_text("x")
    with pytest.raises(ScenarioError, match=r"no such file or folder\. Did you mean .*002-chain-steal\.yaml"):
        find_scenarios([tmp_path / "002-chain-stael.yaml"])


def test_a_folder_without_scenarios_is_told(tmp_path: Path) -> None:
    with pytest.raises(ScenarioError, match="no scenario in this folder"):
        find_scenarios([tmp_path])


def test_a_file_named_twice_is_played_once_and_shared_schemas_are_no_scenarios(tmp_path: Path) -> None:
    (tmp_path / "schemas").mkdir()
    (tmp_path / "schemas" / "books.yaml").write_text("x")
    (tmp_path / "b.yaml").write_text("x")
    (tmp_path / "a.yaml").write_text("x")
    assert find_scenarios([tmp_path, tmp_path / "a.yaml"]) == [tmp_path / "a.yaml", tmp_path / "b.yaml"]
