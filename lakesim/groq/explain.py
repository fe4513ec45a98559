"""How a query was answered: its tree, the index behind each filter, the documents looked at."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, fields

from lakesim.groq.ast import Node, Query
from lakesim.groq.compile.generator import Program
from lakesim.groq.dataset import Dataset
from lakesim.groq.environment import Environment
from lakesim.groq.printer import print_query
from lakesim.groq.runtime import Reading, TracingRuntime
from lakesim.groq.values import export
from lakesim.jsonvalue import Json

__all__ = ["Explanation", "SourceReading", "explain_run", "tree_of"]


@dataclass(frozen=True, slots=True)
class SourceReading:
    """One place where the query reads the dataset.

    Shape: `text` is the `*` with its filters; `lookups` what an index could be asked, as `index: value`; `index` the
    one that answered, None for a scan; `times` how often it was read; `documents` how many were looked at in all.
    """

    text: str
    lookups: tuple[str, ...]
    index: str | None
    times: int
    documents: int


@dataclass(frozen=True, slots=True)
class Explanation:
    """The account of one run.

    Shape: `query` canonical text; `tree` nested objects with `type`; `sources` in the order of the text; `documents`
    looked at in all, of `dataset_size`; `result` the answer; `program` the generated Python.
    """

    query: str
    tree: Json
    sources: tuple[SourceReading, ...]
    documents: int
    dataset_size: int
    result: Json
    program: str

    def to_json(self) -> Json:
        """Return all but the answer and the program as JSON."""
        return {
            "query": self.query,
            "tree": self.tree,
            "sources": [
                {
                    "query": source.text,
                    "lookups": list(source.lookups),
                    "index": source.index,
                    "times": source.times,
                    "documents": source.documents,
                }
                for source in self.sources
            ],
            "documents": self.documents,
            "datasetSize": self.dataset_size,
        }

    def __str__(self) -> str:
        """Return lines for people: the tree, then one line per source."""
        lines = [self.query, "", *_tree_lines(self.tree, 0), ""]
        for source in self.sources:
            how = f"index {source.index}" if source.index else "scan"
            often = "" if source.times == 1 else f", read {source.times} times"
            lines.append(f"{source.text}: {how}, {source.documents} documents{often}")
        lines.append(f"looked at {self.documents} documents; the dataset has {self.dataset_size}")
        return "\n".join(lines)


def explain_run(
    tree: Query, program: Program, dataset: Dataset, environment: Environment, params: Mapping[str, Json]
) -> Explanation:
    """Run a program and return the account of it."""
    runtime = TracingRuntime(dataset, environment, params)
    result = export(program.run(runtime))
    sources = []
    for number, source in enumerate(program.sources):
        reading = runtime.readings.get(number, Reading())
        sources.append(SourceReading(source.text, source.lookups, reading.index, reading.times, reading.documents))
    return Explanation(
        print_query(tree),
        tree_of(tree),
        tuple(sources),
        sum(source.documents for source in sources),
        len(dataset),
        result,
        program.text,
    )


def tree_of(node: Node) -> Json:
    """Return a tree as JSON: one object per node, with its class as `type`."""
    out: dict[str, Json] = {"type": type(node).__name__}
    for item in fields(node):
        if item.name == "span":
            continue
        value = getattr(node, item.name)
        if isinstance(value, Node):
            out[item.name] = tree_of(value)
        elif isinstance(value, tuple):
            out[item.name] = [tree_of(child) if isinstance(child, Node) else child for child in value]
        else:
            out[item.name] = value
    return out


def _tree_lines(tree: Json, level: int) -> list[str]:
    scalars = [
        f"{key}={value!r}" for key, value in tree.items() if key != "type" and not isinstance(value, (dict, list))
    ]
    lines = [f"{'  ' * level}{' '.join([tree['type'], *scalars])}"]
    for value in tree.values():
        if isinstance(value, dict):
            lines += _tree_lines(value, level + 1)
        elif isinstance(value, list):
            for child in value:
                lines += _tree_lines(child, level + 1) if isinstance(child, dict) else [f"{'  ' * (level + 1)}{child}"]
    return lines
