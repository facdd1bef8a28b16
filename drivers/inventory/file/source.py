"""A YAML file whose every part still knows the line that it came from."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import Any

import yaml

from drivers.contracts.inventory import InventoryError

Trail = tuple[str | int, ...]  #: the keys and positions that lead to a part of the document


@dataclass(frozen=True)
class Source:
    """What a file says, and where it says it."""

    file: Path
    data: Any
    lines: dict[Trail, int]

    def where(self, trail: Trail) -> str:
        """``FILE:LINE`` of that part, or of the nearest part around it."""
        while trail and trail not in self.lines:
            trail = trail[:-1]
        return f'{self.file}:{self.lines.get(trail, 1)}'


def read(file: Path) -> Source:
    """Read and parse one YAML file.

    :raises InventoryError: it cannot be read, is not YAML, or says one thing twice.
    """
    try:
        text = file.read_text(encoding='utf-8')
    except OSError as error:
        raise InventoryError(f'{file}: cannot be read: {error.strerror}') from error
    except UnicodeDecodeError as error:
        raise InventoryError(f'{file}: is not UTF-8 text: {error.reason}') from error
    loader = yaml.SafeLoader(text)
    try:
        return _Reader(file, loader).read()
    except yaml.YAMLError as error:
        # Its own text quotes the line at fault, which may hold a password.
        mark = getattr(error, 'problem_mark', None)
        line = mark.line + 1 if mark else 1
        problem = getattr(error, 'problem', None) or 'it cannot be parsed'
        raise InventoryError(f'{file}:{line}: is not YAML: {problem}') from error
    finally:
        loader.dispose()


class _Reader:
    def __init__(self, file: Path, loader: yaml.SafeLoader) -> None:
        self._file = file
        self._loader = loader
        self._lines: dict[Trail, int] = {}
        self._open: set[int] = set()  # nodes being read: an alias to one of them has no end

    def read(self) -> Source:
        node = self._loader.get_single_node()
        data = {} if node is None else self._value(node, ())
        return Source(self._file, data, self._lines)

    def _value(self, node: yaml.Node, trail: Trail) -> Any:
        self._lines.setdefault(trail, node.start_mark.line + 1)
        if id(node) in self._open:
            raise self._error(node, 'an alias here contains itself')
        self._open.add(id(node))
        try:
            if isinstance(node, yaml.MappingNode):
                return self._mapping(node, trail)
            if isinstance(node, yaml.SequenceNode):
                return [self._value(item, (*trail, at)) for at, item in enumerate(node.value)]
            return self._loader.construct_object(node)
        finally:
            self._open.discard(id(node))

    def _mapping(self, node: yaml.MappingNode, trail: Trail) -> dict[str, Any]:
        self._refuse_doubles(node)
        self._loader.flatten_mapping(node)
        result: dict[str, Any] = {}
        for key_node, value_node in node.value:
            key = self._key(key_node)
            self._lines[(*trail, key)] = key_node.start_mark.line + 1
            result[key] = self._value(value_node, (*trail, key))
        return result

    def _refuse_doubles(self, node: yaml.MappingNode) -> None:
        # YAML keeps the last of two equal keys and says nothing: a host would lose its entry.
        seen: set[str] = set()
        for key_node, _ in node.value:
            if key_node.tag == 'tag:yaml.org,2002:merge':
                continue
            key = self._key(key_node)
            if key in seen:
                raise self._error(key_node, f'"{key}" is here for the second time; join the two')
            seen.add(key)

    def _key(self, node: yaml.Node) -> str:
        if not isinstance(node, yaml.ScalarNode):
            raise self._error(node, 'a key must be a plain word')
        return str(node.value)  # as it is written: a host named 0123 is no octal number

    def _error(self, node: yaml.Node, text: str) -> InventoryError:
        return InventoryError(f'{self._file}:{node.start_mark.line + 1}: {text}')
