"""Function calls, the query's own functions included (groq reference, sections 12 to 15)."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import replace
from typing import Any

from lakesim.groq.ast import (
    AttributeStep,
    Call,
    Elements,
    Expression,
    Filter,
    FunctionDeclaration,
    Node,
    Pair,
    SelectorAnywhere,
    SelectorName,
    SelectorPath,
    SelectorTuple,
)
from lakesim.groq.compile.fragment import NOTHING, Fragment, Kind, Scope, quoted
from lakesim.groq.compile.pipes import PipeGenerator

__all__ = ["CallGenerator"]

_HELPERS: dict[tuple[str, str], tuple[str, Kind]] = {
    ("global", "dateTime"): ("to_datetime", "any"),
    ("global", "geo"): ("to_geo", "any"),
    ("global", "length"): ("length", "any"),
    ("global", "lower"): ("lower", "any"),
    ("global", "path"): ("path", "any"),
    ("global", "pt"): ("portable_text", "any"),
    ("global", "round"): ("round_half_away", "any"),
    ("global", "string"): ("string", "any"),
    ("global", "upper"): ("upper", "any"),
    ("array", "compact"): ("compact", "any"),
    ("array", "intersects"): ("intersects", "any"),
    ("array", "join"): ("join", "any"),
    ("array", "unique"): ("unique", "any"),
    ("geo", "latLng"): ("lat_lng", "any"),
    ("math", "avg"): ("average", "any"),
    ("math", "max"): ("greatest", "any"),
    ("math", "min"): ("least", "any"),
    ("math", "sum"): ("total", "any"),
    ("pt", "text"): ("text_of", "any"),
    ("string", "lower"): ("lower", "any"),
    ("string", "split"): ("split", "any"),
    ("string", "startsWith"): ("starts_with", "any"),
    ("string", "upper"): ("upper", "any"),
    ("text", "query"): ("text_query", "any"),
}
"""Functions that are plain functions of their arguments: the helper and what it always gives."""

_SURROUNDINGS: dict[tuple[str, str], tuple[str, Kind]] = {
    ("global", "now"): ("rt.now_text()", "string"),
    ("global", "identity"): ("rt.identity", "string"),
    ("dateTime", "now"): ("rt.now()", "any"),
    ("sanity", "projectId"): ("rt.project_id", "any"),
    ("sanity", "dataset"): ("rt.dataset_name", "any"),
    ("releases", "all"): ("rt.releases()", "list"),
    ("global", "before"): ("rt.before", "any"),
    ("global", "after"): ("rt.after", "any"),
    ("delta", "operation"): ("operation(rt.before, rt.after)", "string"),
}
"""Functions that ask the surroundings: the code and what it always gives."""

_GEO = {"contains": "geo_contains", "intersects": "geo_intersects", "distance": "geo_distance"}
_EXPORTING = {
    ("global", "dateTime"),
    ("dateTime", "now"),
    ("global", "path"),
    ("global", "geo"),
    ("geo", "latLng"),
    ("text", "query"),
}
"""Functions whose values are not JSON."""


class CallGenerator(PipeGenerator):
    """The part of the generator that knows functions."""

    function_names: dict[tuple[str, str], str]

    def call(self, node: Call, scope: Scope) -> Fragment:
        """Return the value of a call."""
        key = (node.namespace, node.name)
        if key in self.functions:
            return self._own(node, self.functions[key], scope)
        if key in _EXPORTING:
            self.exports = True
        if key in _SURROUNDINGS:
            code, kind = _SURROUNDINGS[key]
            return Fragment(code, kind, heavy=key[0] != "global" or key[1] == "now")
        special = _SPECIAL.get(key)
        if special is not None:
            return special(self, node, scope)
        if node.namespace == "geo" and node.name in _GEO:
            return self._geo(node, scope)
        if node.namespace in ("diff", "delta"):
            return self._changed(node, scope)
        helper, kind = _HELPERS[key]
        arguments = self._values(node.arguments, scope)
        places = ", ".join(f"{{{place}}}" for place in range(len(arguments)))
        return self.builder.make(f"{helper}({places})", *arguments, kind=kind, heavy=True)

    def _values(self, arguments: Sequence[Node], scope: Scope) -> list[Fragment]:
        return [self.expression(argument, scope) for argument in arguments if isinstance(argument, Expression)]

    def _own(self, node: Call, declaration: FunctionDeclaration, scope: Scope) -> Fragment:
        """Call one of the query's own functions; its body becomes a Python function of the argument's value."""
        key = (node.namespace, node.name)
        name = self.function_names.get(key)
        if name is None:
            name = self.function_names[key] = self.builder.name("u")
            value = self.builder.variable("a")
            with self.builder.apart(), self.builder.binding(value.code, loop=False):
                body = self.run_steps(value, declaration.steps, Scope(NOTHING))
            self.builder.function(name, [value.code], body.code)
        (argument,) = self._values(node.arguments, scope)
        return self.builder.make(f"{name}({{0}})", argument, heavy=True)

    def _coalesce(self, node: Call, scope: Scope) -> Fragment:
        result = NOTHING
        for value in reversed(self._values(node.arguments, scope)):
            if value.kind == "any":
                result = self.builder.bind(value, lambda held: held, "{} is not None", result)
            elif value.kind != "null":
                result = value
        return result

    def _select(self, node: Call, scope: Scope) -> Fragment:
        result = NOTHING
        for argument in reversed(node.arguments):
            if isinstance(argument, Pair):
                condition = self.condition(argument.condition, scope)
                value = self.expression(argument.value, scope)
                result = self.builder.make("({0} if {1} else {2})", value, condition, result)
            else:
                (result,) = self._values([argument], scope)
        return result

    def _count(self, node: Call, scope: Scope) -> Fragment:
        (value,) = self._values(node.arguments, scope)
        if value.kind == "list":
            return self.builder.make("len({0})", value, kind="number")
        return self.builder.make("count({0})", value)

    def _defined(self, node: Call, scope: Scope) -> Fragment:
        (value,) = self._values(node.arguments, scope)
        return self.identical(value, "None", negated=True)

    def _references(self, node: Call, scope: Scope) -> Fragment:
        values = self._values(node.arguments, scope)
        if all(value.is_constant for value in values):
            ids = self.builder.constant(self.builder.namespace["ids_of"](*[value.constant for value in values]))
        else:
            places = ", ".join(f"{{{place}}}" for place in range(len(values)))
            made = replace(self.builder.make(f"ids_of({places})", *values), heavy=True)
            ids = self.builder.remember(made)
        return self.builder.make("refers({0}, {1})", scope.this, ids, kind="boolean", heavy=True)

    def _version(self, node: Call, scope: Scope) -> Fragment:
        helper = "version_of" if node.name == "versionOf" else "part_of_release"
        (value,) = self._values(node.arguments, scope)
        return self.builder.make(f"{helper}({{0}}, {{1}})", scope.this, value)

    def _path(self, node: Call, scope: Scope) -> Fragment:
        (value,) = self._values(node.arguments, scope)
        if type(value.constant) is str:
            return self.builder.constant(self.builder.namespace["path"](value.constant))
        return self.builder.make("path({0})", value, heavy=True)

    def _geo(self, node: Call, scope: Scope) -> Fragment:
        """Turn both arguments into geometries first, so that one that stays the same is prepared once."""
        shapes = []
        for value in self._values(node.arguments, scope):
            made = replace(self.builder.make("to_geo({0})", value), heavy=True)
            shapes.append(self.builder.remember(made))
        return self.builder.make(f"{_GEO[node.name]}({{0}}, {{1}})", *shapes, heavy=True)

    def _changed(self, node: Call, scope: Scope) -> Fragment:
        helper = "changed_any" if node.name == "changedAny" else "changed_only"
        if node.namespace == "delta":
            values = [Fragment("rt.before"), Fragment("rt.after")]
        else:
            values = self._values(node.arguments[:2], scope)
        selector = self._selector(node.arguments[-1], scope)
        return self.builder.make(f"{helper}({{0}}, {{1}}, {{2}})", *values, selector, kind="boolean", heavy=True)

    def _selector(self, node: Node, scope: Scope) -> Fragment:
        """Return code that builds a selector; its conditions see the scope around the call."""
        make = self.builder.make
        if isinstance(node, (SelectorName, AttributeStep)):
            return make(f"select_attribute({quoted(node.name)})")
        if isinstance(node, Elements):
            return make("select_elements()")
        if isinstance(node, Filter):
            return self._where("select_elements", node.condition, scope)
        if isinstance(node, SelectorAnywhere):
            return self._where("select_anywhere", node.condition, scope)
        parts: tuple[Node, ...]
        if isinstance(node, SelectorTuple):
            helper, parts = "select_tuple", node.items
        else:
            assert isinstance(node, SelectorPath)
            helper, parts = "select_path", (node.base, *node.steps)
        fragments = [self._selector(part, scope) for part in parts]
        places = ", ".join(f"{{{place}}}" for place in range(len(fragments)))
        return make(f"{helper}({places})", *fragments)

    def _where(self, helper: str, condition: Expression, scope: Scope) -> Fragment:
        variable = self.builder.variable("e")
        with self.builder.binding(variable.code, loop=True):
            test = self.condition(condition, Scope(variable, scope))
        code = f"{helper}(lambda {variable.code}: {test.code})"
        return Fragment(code, uses=test.uses - variable.uses, depth=test.depth + 1)


_SPECIAL: dict[tuple[str, str], Callable[[Any, Call, Scope], Fragment]] = {
    ("global", "coalesce"): CallGenerator._coalesce,
    ("global", "count"): CallGenerator._count,
    ("global", "defined"): CallGenerator._defined,
    ("global", "path"): CallGenerator._path,
    ("global", "references"): CallGenerator._references,
    ("global", "select"): CallGenerator._select,
    ("sanity", "partOfRelease"): CallGenerator._version,
    ("sanity", "versionOf"): CallGenerator._version,
}
