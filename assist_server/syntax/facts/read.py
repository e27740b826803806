"""All facts about one definition."""

import re

from assist_server.syntax.definition import Definition
from assist_server.syntax.facts.comments import opening_comment
from assist_server.syntax.facts.effects import calls_made, effects, places_set
from assist_server.syntax.facts.fact import Facts
from assist_server.syntax.facts.failures import failures
from assist_server.syntax.facts.guards import Guards
from assist_server.syntax.facts.lua_values import lua_values
from assist_server.syntax.facts.parameters import parameter_facts
from assist_server.syntax.facts.results import results
from assist_server.syntax.facts.source import BORDERS, source_of
from assist_server.syntax.facts.statements import simple_statements, skipped_when
from assist_server.syntax.facts.variables import Variables
from assist_server.syntax.parser import SyntaxTree

_DISPATCH = re.compile(r"@[\w.]*singledispatch")
_CACHE = re.compile(r"@[\w.]*(?:cache|memoi[sz]e)(?!d_property)")
"""A decorator by which a call may return what an earlier one did."""


def read_facts(tree: SyntaxTree, definition: Definition) -> Facts:
    """Return what is known about a function; nothing about anything else or without a body."""
    source = source_of(tree, definition)
    is_function = source is not None and source.body.type in BORDERS
    if source is None or source.body.has_error or is_function:  # `a => b => a(b)`
        return Facts()
    above = tree.text[definition.header.start : definition.keyword]
    if _DISPATCH.search(above):
        return Facts()
    variables = Variables.of(source)
    guards = Guards.of(source, variables)
    found = failures(source, guards)
    is_cached = _CACHE.search(above) is not None
    return Facts(
        failures=found,
        results=() if is_cached else results(source, guards, variables),
        parameters=parameter_facts(source, guards, found),
        comment=opening_comment(source),
        statements=() if is_cached else simple_statements(source, variables),
        effects=effects(source, guards, variables),
        places=places_set(source, variables),
        calls=calls_made(source),
        values=lua_values(source),
        skipped=skipped_when(source, variables),
    )
