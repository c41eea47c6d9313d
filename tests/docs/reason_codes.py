"""Reading the code: every code that a reason can be made with, however it gets there.

A code is written out, or is a constant of a module, or is put together of such parts, or is handed to a function that
makes the reason; then its callers have it. What cannot be told in one of these ways is an error: no code goes unread.
"""

from __future__ import annotations

import ast
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from itertools import product

from registry.domain.scores import Reason

Scope = ast.FunctionDef | None


class UnreadableCodeError(Exception):
    """The code of a reason does not follow from what is written."""


@dataclass(frozen=True)
class Source:
    """Modules by dotted name, parsed."""

    modules: Mapping[str, ast.Module]

    def reason_codes(self) -> set[str]:
        """Answer every code of every reason that is made anywhere."""
        return {
            code
            for name in self.modules
            for call, scope in self._calls_of(name, Reason.__name__)
            for code in self._words(_argument(call, 0, "code"), name, scope)
        }

    def _calls_of(self, module: str, called: str) -> Iterator[tuple[ast.Call, Scope]]:
        """Yield the calls of a function by its plain name, and the function that each of them stands in."""
        for node, scope in _walk(self.modules[module], None):
            if isinstance(node, ast.Call) and isinstance(node.func, ast.Name) and node.func.id == called:
                yield node, scope

    def _words(self, said: ast.expr, module: str, scope: Scope) -> set[str]:
        """Answer every text that an expression can stand for."""
        match said:
            case ast.Constant(value=str(text)):
                return {text}
            case ast.JoinedStr(values=parts):
                each = [self._words(part, module, scope) for part in parts]
                return {"".join(words) for words in product(*each)}
            case ast.FormattedValue(value=inner):
                return self._words(inner, module, scope)
            case ast.Name(id=name) if scope and name in _parameters(scope):
                return self._handed(name, module, scope)
            case ast.Name(id=name):
                return {self._constant(name, module)}
        raise UnreadableCodeError(f"{module}, line {said.lineno}: {ast.unparse(said)}")

    def _handed(self, name: str, module: str, function: ast.FunctionDef) -> set[str]:
        """Answer what the callers of a function, all in its own module, hand to it under a name."""
        if not function.name.startswith("_"):
            raise UnreadableCodeError(f"{module}.{function.name} may be called with any {name}")
        place = _parameters(function).index(name)
        return {
            word
            for call, scope in self._calls_of(module, function.name)
            for word in self._words(_argument(call, place, name), module, scope)
        }

    def _constant(self, name: str, module: str) -> str:
        for node in self.modules[module].body:
            match node:
                case (
                    ast.Assign(targets=[ast.Name(id=known)], value=ast.Constant(value=str(text)))
                    | ast.AnnAssign(target=ast.Name(id=known), value=ast.Constant(value=str(text)))
                ) if known == name:
                    return text
                case ast.ImportFrom(module=str(origin), names=names) if name in {one.name for one in names}:
                    return self._constant(name, origin)
        raise UnreadableCodeError(f"{module}: {name} is no constant")


def _walk(node: ast.AST, scope: Scope) -> Iterator[tuple[ast.AST, Scope]]:
    yield node, scope
    inner = node if isinstance(node, ast.FunctionDef) else scope
    for child in ast.iter_child_nodes(node):
        yield from _walk(child, inner)


def _parameters(function: ast.FunctionDef) -> list[str]:
    return [one.arg for one in (*function.args.posonlyargs, *function.args.args, *function.args.kwonlyargs)]


def _argument(call: ast.Call, place: int, name: str) -> ast.expr:
    named = [keyword.value for keyword in call.keywords if keyword.arg == name]
    if named:
        return named[0]
    if place >= len(call.args):
        raise UnreadableCodeError(f"line {call.lineno}: {ast.unparse(call)} has no {name}")
    return call.args[place]
