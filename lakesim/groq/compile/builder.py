"""Collects the parts of a generated program: names, constants, helper functions, remembered values."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator
from contextlib import contextmanager
from dataclasses import replace
from typing import Any

from lakesim.groq.compile.fragment import ABSENT, Fragment, Kind
from lakesim.groq.compile.helpers import HELPERS
from lakesim.groq.values import Value

__all__ = ["NESTING_MAX", "Builder"]

NESTING_MAX = 16
"""Nested expressions after which the generated code continues in a function of its own; Python's parser has limits."""


class Builder:
    """The program under construction.

    Generated code is one function `run(rt)`. Inside it stand the prologue, the lifted functions and one `return`.
    """

    def __init__(self) -> None:
        """Start with an empty program."""
        self.namespace: dict[str, Any] = dict(HELPERS)
        self._constants: dict[int, tuple[Value, str]] = {}
        self._prologue: list[str] = []
        self._functions: list[str] = []
        self._count = 0
        self._bound: list[tuple[str, bool]] = []
        self.shares = False

    def name(self, prefix: str) -> str:
        """Return a fresh Python name."""
        self._count += 1
        return f"{prefix}{self._count}"

    def constant(self, value: Any, kind: Kind = "any") -> Fragment:
        """Return a fragment for an object that exists now."""
        known = self._constants.get(id(value))
        if known is None:
            known = (value, self.name("K"))
            self._constants[id(value)] = known
            self.namespace[known[1]] = value
        return Fragment(known[1], kind, simple=True, constant=value)

    def prologue(self, line: str) -> None:
        """Add a statement that runs once, before everything else."""
        self._prologue.append(line)

    def function(self, name: str, parameters: Iterable[str], body: str, before: str = "") -> None:
        """Add a function that returns the expression `body`; `before` are statements in front of it."""
        lines = [f"    def {name}({', '.join(parameters)}):"]
        lines += [f"        {line}" for line in before.split("\n") if line]
        lines.append(f"        return {body}")
        self._functions.append("\n".join(lines))

    def make(
        self,
        template: str,
        *parts: Fragment,
        kind: Kind = "any",
        heavy: bool = False,
        light: bool = False,
    ) -> Fragment:
        """Return a fragment whose text is `template` with `{0}`, `{1}` … replaced by the parts.

        `light` says that the template adds no nesting worth counting. Too deep a text moves into its own function.
        """
        code = template.format(*[part.code for part in parts])
        depth = max((part.depth for part in parts), default=0) + (0 if light else 1)
        used = frozenset[str]().union(*[part.uses for part in parts])
        fragment = Fragment(code, kind, uses=used, depth=depth, heavy=heavy or any(part.heavy for part in parts))
        return self.lift(fragment) if depth > NESTING_MAX else fragment

    def lift(self, fragment: Fragment) -> Fragment:
        """Move a fragment's text into a function and return a call of it."""
        name = self.name("f")
        arguments = sorted(fragment.uses)
        self.function(name, arguments, fragment.code)
        return replace(fragment, code=f"{name}({', '.join(arguments)})", depth=1, simple=False)

    def remember(self, fragment: Fragment) -> Fragment:
        """Return a fragment that is evaluated once for as long as the variables it reads stay the same.

        Only inside a loop whose variable it does not read, and only if it is heavy; otherwise the fragment itself.
        The variables are compared by identity: the same object gives the same value.
        """
        if not fragment.heavy or not self._is_invariant(fragment):
            return fragment
        self.shares = self.shares or fragment.kind in ("any", "list", "object")
        name = self.name("m")
        keys = sorted(fragment.uses)
        slots = [f"{name}_{key}" for key in keys]
        state = [f"v{name}", *slots]
        self.prologue(" = ".join([*state, "UNSET"]))
        before = f"nonlocal {', '.join(state)}\nv{name} = {fragment.code}"
        for slot, key in zip(slots, keys, strict=True):
            before += f"\n{slot} = {key}"
        self.function(name, keys, f"v{name}", before)
        same = " and ".join(f"{slot} is {key}" for slot, key in zip(slots, keys, strict=True))
        test = same or f"v{name} is not UNSET"
        code = f"(v{name} if {test} else {name}({', '.join(keys)}))"
        return replace(fragment, code=code, depth=1, heavy=False, simple=False)

    def _is_invariant(self, fragment: Fragment) -> bool:
        """Whether some enclosing loop runs while everything the fragment reads stays the same."""
        latest = max((place for place, (name, _) in enumerate(self._bound) if name in fragment.uses), default=-1)
        return any(is_loop for _, is_loop in self._bound[latest + 1 :])

    @contextmanager
    def binding(self, variable: str, *, loop: bool) -> Iterator[None]:
        """Generate code in which `variable` is bound, by a loop or once."""
        self._bound.append((variable, loop))
        try:
            yield
        finally:
            self._bound.pop()

    def variable(self, prefix: str, kind: Kind = "any") -> Fragment:
        """Return a fresh variable as a fragment that reads itself."""
        name = self.name(prefix)
        return Fragment(name, kind, simple=True, uses=frozenset({name}))

    def bind(
        self, fragment: Fragment, use: Callable[[Fragment], Fragment], guard: str, otherwise: str | Fragment
    ) -> Fragment:
        """Return `use(x)` if `guard` holds for x, the value of `fragment` under a name; else `otherwise`.

        In `guard`, `{}` stands for the place where the value is first needed.
        """
        if isinstance(otherwise, str):
            otherwise = Fragment(otherwise, "null" if otherwise == "None" else "any")
        if fragment.constant is not None and fragment.constant is not ABSENT:
            # A literal can neither be asked for an attribute nor be compared by identity without a warning.
            fragment = replace(fragment, code=self.constant(fragment.constant).code)
        held = fragment
        test = guard.format(fragment.code)
        if not fragment.simple:
            if fragment.depth > NESTING_MAX // 2:
                fragment = self.lift(fragment)
            held = replace(self.variable("t", fragment.kind), constant=fragment.constant, items=fragment.items)
            test = guard.format(f"({held.code} := {fragment.code})")
        if fragment.simple:
            inner = use(held)
        else:
            with self.binding(held.code, loop=False):
                inner = use(held)
        own = frozenset() if fragment.simple else held.uses
        result = Fragment(
            f"({inner.code} if {test} else {otherwise.code})",
            inner.kind if inner.kind == otherwise.kind else "any",
            uses=((inner.uses | otherwise.uses) - own) | fragment.uses,
            depth=max(inner.depth, fragment.depth, otherwise.depth) + 1,
            heavy=inner.heavy or fragment.heavy or otherwise.heavy,
            items=inner.items,
        )
        return self.lift(result) if result.depth > NESTING_MAX else result

    @contextmanager
    def apart(self) -> Iterator[None]:
        """Generate the body of a function that sees none of the variables bound so far."""
        bound, self._bound = self._bound, []
        try:
            yield
        finally:
            self._bound = bound

    def source(self, result: Fragment) -> str:
        """Return the text of the whole program."""
        lines = ["def run(rt):", *(f"    {line}" for line in self._prologue), *self._functions]
        lines.append(f"    return {result.code}")
        return "\n".join(lines) + "\n"

    def build(self, result: Fragment) -> Callable[[Any], Value]:
        """Compile the program and return its `run` function."""
        namespace = self.namespace
        exec(compile(self.source(result), "<groq>", "exec"), namespace)
        run: Callable[[Any], Value] = namespace["run"]
        return run
