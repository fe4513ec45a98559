"""House rules, read from the source: who may read the clock, what is documented, how large a file grows."""

import ast
from collections.abc import Iterator
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]
MODULES = sorted(path for name in ("lakesim", "bidir", "scenarios") for path in ROOT.glob(f"{name}/**/*.py"))
LINES_MAX = 700

# Reading any of these makes a run irreproducible; `clock.py` is where they are allowed.
IMPURE_MODULES = {"time", "secrets", "uuid"}
IMPURE_CALLS = {
    "datetime.now",
    "datetime.utcnow",
    "datetime.today",
    "date.today",
    "os.urandom",
    "time.time",
    "time.monotonic",
    "time.perf_counter",
}


def name_of(path: Path) -> str:
    return str(path.relative_to(ROOT))


def tree_of(path: Path) -> ast.Module:
    return ast.parse(path.read_text(encoding="utf-8"), filename=str(path))


def dotted(node: ast.expr) -> str:
    if isinstance(node, ast.Attribute):
        return f"{dotted(node.value)}.{node.attr}"
    return node.id if isinstance(node, ast.Name) else ""


def impure(tree: ast.Module) -> Iterator[str]:
    for node in ast.walk(tree):
        if isinstance(node, ast.Import):
            yield from (f"line {node.lineno}: import {a.name}" for a in node.names if a.name in IMPURE_MODULES)
        elif isinstance(node, ast.ImportFrom) and node.module in IMPURE_MODULES:
            yield f"line {node.lineno}: from {node.module} import …"
        elif isinstance(node, ast.Call):
            called = dotted(node.func)
            # A generator made from a seed is reproducible; the module's own functions are not.
            if called.startswith("random.") and not (called == "random.Random" and node.args):
                yield f"line {node.lineno}: {called}()"
            if any(called == one or called.endswith(f".{one}") for one in IMPURE_CALLS):
                yield f"line {node.lineno}: {called}()"


@pytest.mark.parametrize("path", [p for p in MODULES if p.name != "clock.py"], ids=name_of)
def test_only_the_clock_reads_time_and_randomness(path):
    assert list(impure(tree_of(path))) == []


def test_the_rule_about_the_clock_can_fail():
    tree = ast.parse(
        "import time\nfrom datetime import datetime\nx = datetime.now()\nrandom.random()\nrandom.Random(1)\n"
    )
    assert list(impure(tree)) == ["line 1: import time", "line 3: datetime.now()", "line 4: random.random()"]


def public_definitions(tree: ast.Module) -> Iterator[ast.FunctionDef | ast.AsyncFunctionDef | ast.ClassDef]:
    for node in tree.body:
        if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef) and not node.name.startswith("_"):
            yield node
        elif isinstance(node, ast.ClassDef) and not node.name.startswith("_"):
            yield node
            for inner in node.body:
                public = isinstance(inner, ast.FunctionDef | ast.AsyncFunctionDef) and not inner.name.startswith("_")
                if public and not is_overload(inner):
                    yield inner


def is_overload(node: ast.FunctionDef | ast.AsyncFunctionDef) -> bool:
    return any(
        dotted(one) in ("overload", "typing.overload") or dotted(one).endswith(".setter") for one in node.decorator_list
    )


def undocumented(tree: ast.Module) -> Iterator[str]:
    if not ast.get_docstring(tree):
        yield "the module has no docstring"
    for node in public_definitions(tree):
        if not ast.get_docstring(node):
            yield f"line {node.lineno}: {node.name} has no docstring"
        if isinstance(node, ast.ClassDef):
            continue
        arguments = [*node.args.posonlyargs, *node.args.args, *node.args.kwonlyargs]
        bare = [a.arg for a in arguments if a.annotation is None and a.arg not in ("self", "cls")]
        if bare or node.returns is None:
            yield f"line {node.lineno}: {node.name} is not fully annotated ({', '.join(bare) or 'return'})"


@pytest.mark.parametrize("path", MODULES, ids=name_of)
def test_everything_public_is_documented_and_annotated(path):
    assert list(undocumented(tree_of(path))) == []


@pytest.mark.parametrize("path", MODULES, ids=name_of)
def test_every_module_lists_its_names(path):
    tree = tree_of(path)
    names = [node for node in tree.body if isinstance(node, ast.Assign) and dotted(node.targets[0]) == "__all__"]
    assert names or path.name == "__main__.py" or not list(public_definitions(tree)), f"{name_of(path)} has no __all__"


@pytest.mark.parametrize("path", MODULES, ids=name_of)
def test_no_file_outgrows_a_sitting(path):
    assert path.read_text(encoding="utf-8").count("\n") <= LINES_MAX
