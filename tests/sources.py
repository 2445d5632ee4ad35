"""The package as text: what the tests read with `ast`, without importing it."""

import ast
import functools
import pathlib

ROOT = pathlib.Path(__file__).parents[1]
PACKAGE = ROOT / "kerazoo"
ZOO = sorted((PACKAGE / "zoo").glob("*/*.py"))
FILES = sorted(PACKAGE.rglob("*.py"))


@functools.cache
def tree(path):
    """Syntax tree of a file."""
    return ast.parse(path.read_text(encoding="utf-8"), str(path))


def dotted(node):
    """`a.b.c` of a name or an attribute; an empty string for anything else."""
    if isinstance(node, ast.Name):
        return node.id
    if isinstance(node, ast.Attribute):
        base = dotted(node.value)
        return f"{base}.{node.attr}" if base else ""
    return ""


@functools.cache
def builders():
    """Every builder's definition by its name, in the order of the files."""
    return {
        function.name: function
        for path in ZOO
        for function in tree(path).body
        if isinstance(function, ast.FunctionDef)
        and any(
            isinstance(d, ast.Call) and dotted(d.func) == "architecture"
            for d in function.decorator_list
        )
    }


def keywords(name):
    """Names of a builder's own keywords."""
    return [argument.arg for argument in builders()[name].args.kwonlyargs]


def module(path):
    """Dotted name of a file of the package."""
    parts = path.relative_to(ROOT).with_suffix("").parts
    return ".".join(parts[:-1] if parts[-1] == "__init__" else parts)


def imports(path):
    """Dotted names that a file imports, anywhere in it.

    `from a import b` counts as `a.b` where `a` is of this package, else as `a`.
    """
    found = set()
    for node in ast.walk(tree(path)):
        if isinstance(node, ast.Import):
            found |= {alias.name for alias in node.names}
        elif isinstance(node, ast.ImportFrom):
            assert node.level == 0, f"{path}: imports are absolute"
            if node.module.split(".")[0] == "kerazoo":
                found |= {f"{node.module}.{alias.name}" for alias in node.names}
            else:
                found.add(node.module)
    return found
