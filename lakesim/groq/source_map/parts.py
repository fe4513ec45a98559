"""Parts of a query as programs of their own: whatever hides where its value comes from is run as always."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from lakesim.groq.ast import Expression, FunctionDeclaration, Parameter, PipeCall
from lakesim.groq.compile.fragment import NOTHING, Fragment, Kind
from lakesim.groq.compile.fragment import Scope as CompiledScope
from lakesim.groq.compile.generator import Generator
from lakesim.groq.dataset import Dataset
from lakesim.groq.environment import Environment
from lakesim.groq.runtime import Runtime
from lakesim.groq.source_map.traced import NULL, Traced
from lakesim.groq.values import Value
from lakesim.jsonvalue import Json

__all__ = ["Parts", "Scope"]

_HELD = "0held"
"""Name of the parameter under which a part is handed a value; no parameter of a query can be called so."""


@dataclass(frozen=True, slots=True)
class Scope:
    """What `@` is at some place of the query, and the scope around it."""

    this: Traced
    parent: Scope | None = None

    def out(self, levels: int) -> Traced:
        """Return the value that many scopes further out, null beyond the last."""
        scope: Scope | None = self
        for _ in range(levels):
            scope = scope.parent if scope is not None else None
        return NULL if scope is None else scope.this

    def values(self) -> list[Value]:
        """Return the plain values from the inside out."""
        found: list[Value] = []
        scope: Scope | None = self
        while scope is not None:
            found.append(scope.this.value)
            scope = scope.parent
        return found


class _ScopedRuntime(Runtime):
    """A runtime that also knows what `@` and each `^` are."""

    __slots__ = ("scopes",)

    scopes: list[Value]


class _Part:
    """One part as a program, with its last value: it changes only if one of the scopes that the part reads does."""

    __slots__ = ("_keys", "_value", "reads", "run")

    def __init__(self, generator: Generator, fragment: Fragment, depth: int) -> None:
        self.run = generator.builder.build(fragment)
        self.reads = [place for place in range(depth) if _name(place) in fragment.uses]
        self._keys: list[Value] | None = None
        self._value: Value = None

    def value(self, runtime: _ScopedRuntime) -> Value:
        keys = [runtime.scopes[place] for place in self.reads]
        if self._keys is None or any(old is not new for old, new in zip(self._keys, keys, strict=True)):
            self._keys, self._value = keys, self.run(runtime)
        return self._value


class Parts:
    """Runs parts of one query on one dataset."""

    def __init__(
        self,
        functions: Mapping[tuple[str, str], FunctionDeclaration],
        kinds: Mapping[str, Kind],
        params: Mapping[str, Json],
        dataset: Dataset,
        environment: Environment,
    ) -> None:
        """Stand ready; `functions` are the query's own, `kinds` says what each parameter holds."""
        self._functions = functions
        self._kinds = {**kinds, _HELD: "list"}
        self._params = params
        self._dataset = dataset
        self._environment = environment
        self._programs: dict[tuple[int, int, bool], tuple[Expression, _Part]] = {}

    def value(self, node: Expression, scope: Scope) -> Value:
        """Return the value of an expression."""
        return self._part(node, scope, test=False).value(self._runtime(scope, self._params))

    def holds(self, node: Expression, scope: Scope) -> bool:
        """Return whether a condition is true."""
        return bool(self._part(node, scope, test=True).value(self._runtime(scope, self._params)))

    def reads(self, node: Expression, scope: Scope) -> list[int]:
        """Return which scopes an expression looks at, 0 the innermost."""
        return self._part(node, scope, test=False).reads

    def scored(self, pipe: PipeCall, element: Value, scope: Scope) -> Value:
        """Return what a piped `score` makes of one element: a copy with `_score`, None if it drops the element."""
        key = (id(pipe), -1, False)
        if key not in self._programs:
            held = PipeCall(Parameter(_HELD), pipe.name, pipe.arguments)
            self._programs[key] = (pipe, self._compiled(held, len(scope.values()), test=False))
        runtime = self._runtime(scope, {**self._params, _HELD: [element]})
        return next(iter(self._programs[key][1].run(runtime)), None)

    def _runtime(self, scope: Scope, params: Mapping[str, Json]) -> _ScopedRuntime:
        runtime = _ScopedRuntime(self._dataset, self._environment, params)
        runtime.scopes = scope.values()
        return runtime

    def _part(self, node: Expression, scope: Scope, *, test: bool) -> _Part:
        depth = 0
        outer: Scope | None = scope
        while outer is not None:
            depth, outer = depth + 1, outer.parent
        # The node is kept alive beside its program, so that its id stays its own.
        known = self._programs.get((id(node), depth, test))
        if known is None:
            known = self._programs[id(node), depth, test] = (node, self._compiled(node, depth, test=test))
        return known[1]

    def _compiled(self, node: Expression, depth: int, *, test: bool) -> _Part:
        generator = Generator(self._functions, self._kinds, regular=self._dataset.regular)
        scope: CompiledScope | None = None
        for place in reversed(range(depth)):
            name = _name(place)
            generator.builder.prologue(f"{name} = rt.scopes[{place}]")
            scope = CompiledScope(Fragment(name, simple=True, uses=frozenset({name})), scope)
        generator.builder.prologue("get = rt.get")
        inside = scope or CompiledScope(NOTHING)
        make: Any = generator.condition if test else generator.expression
        return _Part(generator, make(node, inside), depth)


def _name(place: int) -> str:
    return f"scope{place}"
