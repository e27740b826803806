"""Checks of generated words against their source, independent of the code that writes them."""

import ast
import re
from collections.abc import Iterator
from dataclasses import dataclass

import docstring_parser

FunctionNode = ast.FunctionDef | ast.AsyncFunctionDef

_WORD = re.compile(r"[A-Z]+(?![a-z])|[A-Z]?[a-z]+|\d+")
_CODE = re.compile(r"`+([^`]+)`+")
_NUMBER = re.compile(r"\d+(?:[.,_]\d+)*")
_NAME = re.compile(r"\b(?:[a-z]+[A-Z]\w*|[A-Za-z]+_\w+|[A-Z][a-z]+[A-Z]\w*)\b")
_PROPER_NAME = re.compile(r"(?<=[a-z,] )[A-Z][a-z]{2,}\b")
_OPERATOR = re.compile(r"[<>=!+*/%|&~]|(?<!\w)-|\d|['\"]")
_EMPTY = frozenset(
    word
    for words in (
        "a about all also an and any are as at be but by can for from function get given has have",
        "if in is it its method new not object of on or other parameter passed result return",
        "returned returns set self that the their them then these this those to use used uses",
        "using value values was what when where whether which will with",
    )
    for word in words.split()
)
_PLACEHOLDER = re.compile(r"TODO:? describe\.?$")
_DEFAULT = re.compile(
    r"\b(?:defaults? to|default:) (?:(?P<marks>`+)(?P<code>.+?)(?P=marks)"
    r"|(?P<word>[^\s`;]+?)(?=[.,;]?(?:\s|$)))",
    re.IGNORECASE | re.DOTALL,
)
_PASSED = re.compile(r"passed to `+([^`]+)`+\.?", re.IGNORECASE)
_ALWAYS = re.compile(r"always `+([^`]+)`+\.?", re.IGNORECASE)
_LOOP_WORDS = 4


@dataclass(frozen=True)
class Statement:
    """One statement of a docstring."""

    kind: str
    """The section: "summary", "param", "returns" or "raises"."""
    subject: str
    text: str

    @property
    def is_placeholder(self) -> bool:
        """Return whether it is left to a person."""
        return _PLACEHOLDER.fullmatch(self.text.strip()) is not None


def statements(docstring: str) -> list[Statement]:
    """Return the statements of a docstring in the order of its sections."""
    parsed = docstring_parser.parse(docstring)
    found = [Statement("summary", "", one) for one in (parsed.description or "").split("\n\n")]
    found += [
        Statement("param", one.arg_name.lstrip("*"), one.description or "") for one in parsed.params
    ]
    for returned in parsed.many_returns:
        kind = "yields" if returned.is_generator else "returns"
        text = f"{returned.type_name or ''} {returned.description or ''}".strip()
        found.append(Statement(kind, "", text))
    found += [
        Statement("raises", one.type_name or "", one.description or "") for one in parsed.raises
    ]
    return [one for one in found if one.text]


def is_filler(statement: Statement, node: FunctionNode) -> bool:
    """Return whether a statement has no content word beyond the name and the signature."""
    prose = _CODE.sub(" ", statement.text)
    code = " ".join(_CODE.findall(statement.text))
    signature = f"{node.name} {ast.unparse(node.args)} {statement.subject}"
    signature += f" {ast.unparse(node.returns)}" if node.returns else ""
    known = {_stem(word) for word in _WORD.findall(signature)}
    words = {_stem(word) for word in _WORD.findall(f"{prose} {code}")} - known
    return not (words - _EMPTY) and not _OPERATOR.search(code)


def false_facts(statement: Statement, node: FunctionNode) -> list[str]:
    """Return what a statement says that the syntax tree refutes."""
    checks = {"raises": _false_raises, "returns": _false_result, "param": _false_parameter}
    check = checks.get(statement.kind)
    return list(check(statement, node)) if check else []


def unsupported(text: str, source: str) -> list[str]:
    """Return the numbers and names of a text that do not occur in its source."""
    lower = re.sub(r"[,_]", "", source.lower())
    words = [*_NUMBER.findall(text), *_NAME.findall(text), *_PROPER_NAME.findall(text)]
    return [word for word in words if re.sub(r"[,_]", "", word.lower()) not in lower]


def has_loop(text: str) -> bool:
    """Return whether four words in a row occur twice; code counts as one word."""
    words = _CODE.sub(lambda found: "".join(found[1].split()), text).lower().split()
    runs = [tuple(words[at : at + _LOOP_WORDS]) for at in range(len(words) - _LOOP_WORDS + 1)]
    return len(set(runs)) < len(runs)


def is_echo(text: str, source: str) -> bool:
    """Return whether a text is its source, or the beginning of it."""
    said, given = (" ".join(_WORD.findall(one.lower())) for one in (text, source))
    return bool(said) and (
        said == given or (len(said) > len(given) // 2 and given.startswith(said))
    )


def _stem(word: str) -> str:
    return re.sub(r"(?:ing|ed|es|s)$", "", word.lower())[:6]


def _own(node: FunctionNode) -> Iterator[ast.AST]:
    """Yield the nodes of a body, without those of functions and classes in it."""
    waiting: list[ast.AST] = list(node.body)
    while waiting:
        one = waiting.pop()
        if not isinstance(one, FunctionNode | ast.ClassDef | ast.Lambda):
            yield one
            waiting += ast.iter_child_nodes(one)


def _false_raises(statement: Statement, node: FunctionNode) -> Iterator[str]:
    raised = [one for one in _own(node) if isinstance(one, ast.Raise | ast.Assert)]
    names = {word for one in raised for word in re.findall(r"\w+", ast.unparse(one))}
    again = any(isinstance(one, ast.Raise) and not isinstance(one.exc, ast.Call) for one in raised)
    if again:  # of a variable, or of what was caught
        names |= set(re.findall(r"\w+", ast.unparse(node)))
    names |= {"AssertionError"} if any(isinstance(one, ast.Assert) for one in raised) else set()
    if statement.subject.rpartition(".")[2] not in names:
        yield f"{statement.subject} is not raised"


def _false_result(statement: Statement, node: FunctionNode) -> Iterator[str]:
    values = [one.value for one in _own(node) if isinstance(one, ast.Return) and one.value]
    is_generator = any(isinstance(one, ast.Yield | ast.YieldFrom) for one in _own(node))
    if not values and not is_generator and not node.returns:
        yield "nothing is returned"
    if always := _ALWAYS.fullmatch(statement.text):
        wanted = _plain(always[1])
        yield from (f"{ast.unparse(one)} is returned" for one in values if _code(one) != wanted)


def _false_parameter(statement: Statement, node: FunctionNode) -> Iterator[str]:
    name, text = statement.subject, statement.text
    loads = [one for one in ast.walk(node) if isinstance(one, ast.Name) and one.id == name]
    if text.lower().startswith("not used") and loads:
        yield f"{name} is used"
    if passed := _PASSED.fullmatch(text):
        calls = [one for one in ast.walk(node) if isinstance(one, ast.Call)]
        if not any(_code(one.func) == _plain(passed[1]) and _mentions(one, name) for one in calls):
            yield f"{name} is not passed to {passed[1]}"
    if default := _DEFAULT.search(text):
        said = _plain(default["code"] or default["word"])
        if said != _plain(_defaults(node).get(name, "no default")):
            yield f"the default of {name} is not {said}"


def _mentions(call: ast.Call, name: str) -> bool:
    given = [*call.args, *(one.value for one in call.keywords)]
    return any(
        isinstance(one, ast.Name) and one.id == name for arg in given for one in ast.walk(arg)
    )


def _defaults(node: FunctionNode) -> dict[str, str]:
    arguments = node.args
    places = [*arguments.posonlyargs, *arguments.args]
    found = dict(zip(reversed(places), reversed(arguments.defaults), strict=False))
    pairs = list(found.items())
    pairs += [
        (one, value)
        for one, value in zip(arguments.kwonlyargs, arguments.kw_defaults, strict=True)
        if value is not None
    ]
    return {one.arg: ast.unparse(value) for one, value in pairs}


def _code(node: ast.AST) -> str:
    return _plain(ast.unparse(node))


def _plain(code: str) -> str:
    return re.sub(r"\s", "", code).replace('"', "'")
