"""Compiling and running queries: the façade of the language, and its caches."""

from __future__ import annotations

from collections import OrderedDict
from collections.abc import Callable, Iterable, Mapping
from datetime import datetime
from functools import lru_cache
from threading import Lock
from typing import TypeVar

from lakesim.groq.answer_size import ANSWER_VALUES_MAX, answer_size
from lakesim.groq.arithmetic import normalize_number
from lakesim.groq.binding import Binding, bind, decide
from lakesim.groq.compile.generator import Program, generate
from lakesim.groq.dataset import Dataset, Document
from lakesim.groq.environment import ANONYMOUS, Environment
from lakesim.groq.errors import GroqError, GroqSyntaxError
from lakesim.groq.explain import Explanation, explain_run
from lakesim.groq.filters import filter_of
from lakesim.groq.list_dataset import ListDataset
from lakesim.groq.parser import ParsedQuery, parse_query
from lakesim.groq.runtime import Runtime
from lakesim.groq.source_map import Traced, Tracer
from lakesim.groq.values import Value, export
from lakesim.jsonvalue import Json, copy

__all__ = ["CompiledQuery", "DocumentFilter", "compile_filter", "compile_query", "query"]

T = TypeVar("T")

PARSE_CACHE_SIZE = 512
"""Texts whose trees are kept."""
PROGRAM_CACHE_SIZE = 512
"""Programs that are kept; one text has several if parameters of different types are used with it."""

DocumentFilter = Callable[[Document | None, Environment], bool]
"""Whether a document passes; None, no document, does not."""

_JSON_TYPES = frozenset({dict, list, str, int, float, bool, type(None)})
_NO_PARAMS: dict[str, Json] = {}


class CompiledQuery:
    """A query with its parameters, ready to run on any dataset, any number of times and from any thread."""

    __slots__ = ("_binding", "_params", "_parsed", "_programs")

    def __init__(self, parsed: ParsedQuery, binding: Binding, params: Mapping[str, Json]) -> None:
        """Keep the parts; `compile_query` makes one."""
        self._parsed = parsed
        self._binding = binding
        self._params = params
        self._programs: dict[bool, Program] = {}

    @property
    def text(self) -> str:
        """The query's text."""
        return self._parsed.text

    @property
    def params(self) -> Mapping[str, Json]:
        """The parameters."""
        return self._params

    def filter_program(self) -> Program:
        """Return the program of the filter alone, for a document as `@`.

        Raises: GroqError if the filter reads other documents.
        """
        return _PROGRAMS.get(self._parsed, self._binding, regular=False, only_filter=True)

    def program(self, *, regular: bool) -> Program:
        """Return the generated program, for regular documents only or for any values."""
        program = self._programs.get(regular)
        if program is None:
            program = self._programs[regular] = _PROGRAMS.get(self._parsed, self._binding, regular=regular)
        return program

    def run(self, dataset: Dataset, environment: Environment | None = None) -> Json:
        """Return the answer; it may share structure with documents and parameters, so it must not be changed."""
        program = self.program(regular=dataset.regular)
        runtime = Runtime(dataset, environment or Environment(), self._params)
        value = _guarded(self.text, lambda: program.run(runtime))
        if program.shares and answer_size(value) > ANSWER_VALUES_MAX:
            raise GroqError(f"the answer has more than {ANSWER_VALUES_MAX} values", self.text)
        return export(value) if program.exports else value

    def trace(self, dataset: Dataset, environment: Environment | None = None) -> Traced:
        """Run the query on values that know where they come from and return the answer as such a value.

        `lakesim.groq.source_map.SourceMap` takes it. The values are those of `run`, which is far quicker.
        """
        tree, kinds = decide(self._parsed, self._binding), dict(self._binding.kinds)
        tracer = Tracer(tree, kinds, self._params, dataset, environment or Environment())
        return _guarded(self.text, tracer.run)

    def explain(self, dataset: Dataset, environment: Environment | None = None) -> Explanation:
        """Run the query and return how it was done: the tree, the index of each filter, the documents looked at."""
        program = self.program(regular=dataset.regular)
        tree = decide(self._parsed, self._binding)
        return _guarded(
            self.text,
            lambda: explain_run(tree, program, dataset, environment or Environment(), self._params),
        )


def _guarded(text: str, run: Callable[[], T]) -> T:
    """Run and turn exhaustion of the stack, by data nested beyond all bounds, into a refusal."""
    try:
        return run()
    except RecursionError:
        raise GroqError("the query or its data is nested too deeply", text) from None


class _ProgramCache:
    """A bounded cache of programs by text, mode and binding, least recently used out first."""

    def __init__(self, size: int) -> None:
        self._size = size
        self._programs: OrderedDict[tuple[object, ...], Program] = OrderedDict()
        self._lock = Lock()

    def __len__(self) -> int:
        return len(self._programs)

    def get(self, parsed: ParsedQuery, binding: Binding, *, regular: bool, only_filter: bool = False) -> Program:
        # True and 1 are one dictionary key, so the types of bracket values are part of it.
        kinds = tuple(map(type, binding.brackets))
        key = (parsed.text, parsed.delta, binding, kinds, regular, only_filter)
        with self._lock:
            program = self._programs.get(key)
            if program is not None:
                self._programs.move_to_end(key)
                return program
        program = _guarded(parsed.text, lambda: _generated(parsed, binding, regular, only_filter))
        with self._lock:
            self._programs[key] = program
            while len(self._programs) > self._size:
                self._programs.popitem(last=False)
        return program


def _generated(parsed: ParsedQuery, binding: Binding, regular: bool, only_filter: bool) -> Program:
    tree = decide(parsed, binding)
    if only_filter:
        tree = filter_of(tree, parsed.text)
    return generate(tree, dict(binding.kinds), regular=regular)


_PROGRAMS = _ProgramCache(PROGRAM_CACHE_SIZE)
_NOTHING = ListDataset([])


@lru_cache(maxsize=PARSE_CACHE_SIZE)
def _parse(text: str, delta: bool) -> ParsedQuery:
    return _guarded(text, lambda: parse_query(text, delta=delta))


def compile_query(text: str, params: Mapping[str, Json] | None = None, *, delta: bool = False) -> CompiledQuery:
    """Return a query ready to run.

    Shape: `params` maps names without `$` to JSON values; `delta` admits the functions of delta mode.
    Raises: GroqSyntaxError for invalid text, a missing parameter or one that does not fit its place;
    GroqNotSupportedError for a function this engine does not have.
    """
    if not isinstance(text, str):
        raise GroqSyntaxError(f"a query is a string, not {type(text).__name__}")
    parsed = _parse(text, delta)
    given = _NO_PARAMS if params is None else _checked(params)
    binding = bind(parsed, given)
    # Only what is used, and in a dictionary of our own: the caller may change his later.
    compiled = CompiledQuery(parsed, binding, {name: given[name] for name, _ in binding.kinds})
    if binding.brackets:
        _guarded(text, lambda: decide(parsed, binding))
    return compiled


def _checked(params: Mapping[str, Json]) -> Mapping[str, Json]:
    if not isinstance(params, Mapping):
        raise GroqError(f"params are an object of names and values, not {type(params).__name__}")
    return params


def compile_filter(text: str, params: Mapping[str, Json] | None = None) -> DocumentFilter:
    """Return the test that a listener or a grant applies to single documents.

    Only the filters directly behind the outermost `*` count; `*` alone passes every document; projection, order and
    slices are ignored. Text that does not start at `*` is itself the condition, as in a grant.
    Raises: as `compile_query`; GroqError for a filter that reads other documents (`->`, a sub-query).
    """
    compiled = compile_query(text, params)
    program, given = compiled.filter_program(), compiled.params

    def passes(document: Document | None, environment: Environment) -> bool:
        if document is None:
            return False
        runtime = Runtime(_NOTHING, environment, given, root=document)
        return _guarded(text, lambda: program.run(runtime)) is True

    return passes


def query(
    text: str,
    documents: Iterable[Document],
    params: Mapping[str, Json] | None = None,
    *,
    now: datetime | None = None,
    identity: str = ANONYMOUS,
    project_id: str | None = None,
    dataset: str | None = None,
    root: Json = None,
    delta: bool = False,
    before: Json = None,
    after: Json = None,
) -> Json:
    """Return the answer to a GROQ query over a list of documents.

    Shape: `documents` are JSON values in dataset order; `params` maps names without `$` to JSON values; `now` is an
    aware datetime (default: the machine's time). `delta` admits delta mode, with the documents `before` and `after`.
    The answer shares nothing with what was given.
    Raises: GroqSyntaxError for invalid text, before any document is looked at; GroqError.
    """
    compiled = compile_query(text, params, delta=delta)
    environment = Environment(now, identity, project_id, dataset, root, before, after)
    answer = compiled.run(ListDataset(_listed(documents), transient=True), environment)
    return _guarded(text, lambda: _copied(answer))


def _listed(documents: Iterable[Document]) -> list[Document]:
    """Return the documents as a list of plain JSON values; relatives of the JSON types are turned into them."""
    if isinstance(documents, (str, bytes, Mapping)) or not isinstance(documents, Iterable):
        raise GroqError(f"documents are a list of JSON values, not {type(documents).__name__}")
    items = documents if isinstance(documents, list) else list(documents)
    if set(map(type, items)) <= _JSON_TYPES:
        return items
    try:
        return [copy(item) for item in items]
    except (TypeError, ValueError) as error:
        raise GroqError(f"documents are a list of JSON values: {error}") from None


def _copied(value: Value) -> Json:
    """Return a copy of an answer with every number as a double would hold it."""
    kind = type(value)
    if kind is str or value is None or kind is bool:
        return value
    if kind is dict:
        return {key: item if type(item) is str else _copied(item) for key, item in value.items()}
    if kind is list:
        return [item if type(item) is str else _copied(item) for item in value]
    if kind is int or kind is float:
        return normalize_number(value)
    return value
