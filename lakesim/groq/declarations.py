"""Parses `fn` declarations and checks their rules (groq reference, section 13)."""

from __future__ import annotations

from lakesim.groq.ast import (
    Call,
    Dereference,
    Elements,
    Expression,
    FunctionDeclaration,
    Node,
    Parameter,
    Projection,
    Step,
    Traversal,
    walk,
)
from lakesim.groq.scopes import escaping_parents
from lakesim.groq.selectors import SelectorParser

__all__ = ["DeclarationParser"]

_BODIES = (
    (Projection,),
    (Dereference, Projection),
    (Elements, Projection),
    (Elements, Dereference, Projection),
)
_BODY_HINT = " It may be $x{…}, $x->{…}, $x[]{…} or $x[]->{…} with the function's own parameter."


class DeclarationParser(SelectorParser):
    """The part of the parser that reads declarations."""

    def declarations(self) -> tuple[FunctionDeclaration, ...]:
        """Parse all declarations at the start of a query.

        Raises: GroqSyntaxError for a malformed one and for recursion.
        """
        self.declared = self._names_ahead()
        found: dict[tuple[str, str], FunctionDeclaration] = {}
        while self._at_declaration():
            declaration = self._declaration()
            # A name that is declared twice means the last one.
            found.pop((declaration.namespace, declaration.name), None)
            found[(declaration.namespace, declaration.name)] = declaration
        self._refuse_recursion(found)
        return tuple(found.values())

    def bound_parameters(self, function: FunctionDeclaration) -> list[Parameter]:
        """Return the uses of the function's own parameter; a valid function has none besides the base."""
        return [
            node
            for step in function.steps
            for node in walk(step)
            if isinstance(node, Parameter) and node.name == function.parameter
        ]

    def _at_declaration(self, index: int | None = None) -> bool:
        """Whether `fn` stands here as a keyword and not as an attribute's name."""
        at = self.index if index is None else index
        token, after = self.tokens[at], self.tokens[min(at + 1, len(self.tokens) - 1)]
        if token.kind != "name" or token.text != "fn":
            return False
        if after.kind == "name" and after.text in ("in", "match"):
            return self.tokens[min(at + 2, len(self.tokens) - 1)].text == "::"
        return after.kind == "name" or after.text == "("

    def _names_ahead(self) -> set[tuple[str, str]]:
        """Return the names of all declarations, which may call one another in any order."""
        names: set[tuple[str, str]] = set()
        index = 0
        while self._at_declaration(index):
            kinds = [(token.kind, token.text) for token in self.tokens[index + 1 : index + 4]]
            if len(kinds) == 3 and kinds[0][0] == kinds[2][0] == "name" and kinds[1][1] == "::":
                names.add((kinds[0][1], kinds[2][1]))
            while self.tokens[index].kind != "end" and self.tokens[index].text != ";":
                index += 1
            index = min(index + 1, len(self.tokens) - 1)
        return names

    def _declaration(self) -> FunctionDeclaration:
        start = self.advance().start
        namespace = self._expect_name("expected function namespace")
        self._expect("::", "expected '::' followed by a function name")
        name = self._expect_name("expected a function name")
        self._expect("(", "expected '(' following function name")
        if self.token.kind != "parameter":
            raise self.error("expected parameter name", self.token.start)
        parameter = str(self.advance().value)
        if not self.at(")"):
            raise self.error("expected ')' following parameter", self.token.start, hint=" It takes one parameter.")
        self.advance()
        self._expect("=", "expected '=' following ()")
        body = self.expression()
        self._expect(";", "expected ';' at the end of function definition")
        steps = self._body_steps(body, parameter)
        declaration = FunctionDeclaration(namespace, name, parameter, steps, span=self.span_from(start))
        self._check_body(declaration)
        return declaration

    def _expect_name(self, description: str) -> str:
        if self.token.kind != "name":
            raise self.error(description, self.token.start)
        return self.advance().text

    def _expect(self, operator: str, description: str) -> None:
        if not self.accept(operator):
            raise self.error(description, self.token.start)

    def _body_steps(self, body: Expression, parameter: str) -> tuple[Step, ...]:
        if (
            isinstance(body, Traversal)
            and isinstance(body.base, Parameter)
            and body.base.name == parameter
            and tuple(map(type, body.steps)) in _BODIES
        ):
            # The base is the function's own parameter, not one that the caller of the query gives.
            base = body.base
            self.parameters = [known for known in self.parameters if known is not base]
            return body.steps
        raise self.error("invalid body of a function", *body.span, _BODY_HINT)

    def _check_body(self, declaration: FunctionDeclaration) -> None:
        for again in self.bound_parameters(declaration):
            raise self.error(f"${again.name} may be used once, at the start of the body", *again.span)
        for parent in escaping_parents(declaration.steps):
            raise self.error("^ may not reach outside the function's body", *parent.span)

    def _refuse_recursion(self, functions: dict[tuple[str, str], FunctionDeclaration]) -> None:
        """Walk the calls depth first; a function met again on the way down is recursive."""
        finished: set[tuple[str, str]] = set()
        for start in functions:
            stack: list[tuple[tuple[str, str], list[Call]]] = [(start, _calls(functions[start]))]
            active = {start}
            while stack:
                key, calls = stack[-1]
                if not calls:
                    active.discard(key)
                    finished.add(key)
                    stack.pop()
                    continue
                call = calls.pop()
                callee = (call.namespace, call.name)
                if callee in active:
                    raise self.error(f"function {callee[0]}::{callee[1]}() calls itself", *call.span)
                if callee in functions and callee not in finished:
                    active.add(callee)
                    stack.append((callee, _calls(functions[callee])))


def _calls(node: Node) -> list[Call]:
    return [child for child in walk(node) if isinstance(child, Call)]
