"""What is worked out once a process: the tests of a process make thousands of applications, all of the same parts.

Every test has an application, an engine, a database and a folder of its own. What they share is only what depends on
nothing but what it is made from: how the address of a rule is put together, what a statement is in SQL, the code of a
template. Nothing here knows a row, a setting or an application.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from typing import Any, NamedTuple

from flask import Flask
from jinja2.bccache import Bucket, BytecodeCache
from sqlalchemy import event
from sqlalchemy.engine import Connection, Dialect, Engine
from werkzeug.routing import BaseConverter, Rule
from werkzeug.routing.rules import RulePart

_Builder = Callable[..., tuple[str, str]]
_Asked = tuple[str, str, tuple[Any, ...], Mapping[str, Any]]


class _Parsed(NamedTuple):
    """What a rule's text comes to: parts that match, text and names in their order, and the converters it asks for."""

    parts: list[RulePart]
    trace: list[tuple[bool, str]]
    asked: list[_Asked]


_builders: dict[tuple[Any, ...], _Builder] = {}
_parsed: dict[tuple[Any, ...], _Parsed] = {}
_dialects: dict[type[Dialect], Dialect] = {}
_statements: dict[Any, Any] = {}


class RememberedRule(Rule):
    """A rule of the same text as one before takes over its parts and its builder: most of what a route costs.

    The parts are patterns, made of the text and the classes of the converters; each rule makes converters of its own.
    The builder gets the rule it builds for as an argument, so it holds no converter and no map. Where Werkzeug
    goes another way to make them, this asks for nothing and takes nothing away.
    """

    _asked: list[_Asked]

    def get_converter(
        self, variable_name: str, converter_name: str, args: tuple[Any, ...], kwargs: Mapping[str, Any]
    ) -> BaseConverter:
        self._asked.append((variable_name, converter_name, args, kwargs))
        return super().get_converter(variable_name, converter_name, args, kwargs)

    def _parse_rule(self, rule: str) -> Iterable[RulePart]:
        text = (rule, frozenset(self.map.converters.items()))
        self._asked = []
        if text not in _parsed:
            before = len(self._trace)
            parts = list(super()._parse_rule(rule))
            _parsed[text] = _Parsed(parts, self._trace[before:], self._asked)
            return parts
        known = _parsed[text]
        self._trace += known.trace
        for name, *asked in known.asked:
            self._converters[name] = super().get_converter(name, *asked)
            self.arguments.add(name)
        return known.parts

    def _compile_builder(self, append_unknown: bool = True) -> _Builder:
        made: _Builder
        if self.defaults:  # they are written into the builder
            made = super()._compile_builder(append_unknown)
            return made
        text = (self.rule, tuple(self._trace), append_unknown)
        if text not in _builders:
            _builders[text] = super()._compile_builder(append_unknown)
        return _builders[text]


class Templates(BytecodeCache):
    """The code of each template, by its name and its text."""

    def __init__(self) -> None:
        self._kept: dict[tuple[str, str], bytes] = {}

    def load_bytecode(self, bucket: Bucket) -> None:
        kept = self._kept.get((bucket.key, bucket.checksum))
        if kept is not None:
            bucket.bytecode_from_string(kept)

    def dump_bytecode(self, bucket: Bucket) -> None:
        self._kept[bucket.key, bucket.checksum] = bucket.bytecode_to_string()


def install() -> None:
    """From now on every application and every engine of this process remembers."""
    Flask.url_rule_class = RememberedRule
    Flask.jinja_options = {**Flask.jinja_options, "bytecode_cache": Templates()}
    event.listen(Engine, "engine_connect", _speak_as_before)


def _speak_as_before(connection: Connection) -> None:
    """Compiled SQL is kept by dialect: engines of one kind speak through that of the first, once it knows its server.

    Before SQLAlchemy's own memory there is one for all, whose key holds the dialect and the whole statement.
    """
    engine = connection.engine
    shared = _dialects.setdefault(type(engine.dialect), engine.dialect)
    if engine.dialect is not shared or "compiled_cache" not in engine.get_execution_options():
        engine.dialect = connection.dialect = shared
        engine.update_execution_options(compiled_cache=_statements)
        connection.execution_options(compiled_cache=_statements)
