# Copyright 2026 The emotion_motion authors
# SPDX-License-Identifier: Apache-2.0
"""Dataclasses that check their fields, and their way in and out of YAML."""

from __future__ import annotations

from collections.abc import Mapping
import dataclasses
import math
from pathlib import Path
import types
from typing import Any, get_args, get_origin, get_type_hints, Literal, TypeVar, Union

from emotion_motion.exceptions import ConfigError

__all__ = ['Checked', 'from_mapping', 'plain', 'read_yaml', 'yaml_text']

_T = TypeVar('_T')


class Checked:
    """Base of a dataclass whose `__post_init__` checks its fields."""

    def expect(self, name: str, good: bool, wanted: str) -> None:
        """Raise ConfigError, naming the field and its value, unless `good`."""
        if not good:
            raise ConfigError(f'got {name} = {_shown(getattr(self, name))}; expected {wanted}')

    def expect_types(self) -> None:
        """Raise ConfigError for the first field whose value is not of its annotated type."""
        for name, kind in get_type_hints(type(self)).items():
            self.expect(name, _fits(getattr(self, name), kind), _named(kind))

    def expect_above_zero(self, *names: str) -> None:
        """Raise ConfigError for the first of `names` that is not a finite number above 0."""
        for name in names:
            self.expect(name, 0.0 < getattr(self, name) < math.inf, 'a number above 0')

    def expect_at_least_zero(self, *names: str) -> None:
        """Raise ConfigError for the first of `names` that is negative or not finite."""
        for name in names:
            self.expect(name, 0.0 <= getattr(self, name) < math.inf, '0 or more')

    def expect_share(self, *names: str, below: bool = False) -> None:
        """Raise ConfigError for the first of `names` outside 0 to 1 (1 itself too if `below`)."""
        for name in names:
            value = getattr(self, name)
            good = 0.0 <= value < 1.0 if below else 0.0 <= value <= 1.0
            self.expect(name, good, '0 or more, below 1' if below else 'a share from 0 to 1')

    def expect_bounds(self, *names: str) -> None:
        """Raise ConfigError for the first of `names` that is not 0 < smallest <= largest."""
        for name in names:
            low, high = getattr(self, name)
            good = 0.0 < low <= high < math.inf
            self.expect(name, good, 'two numbers, 0 < smallest <= largest')


def from_mapping(kind: type[_T], values: Any, source: str) -> _T:
    """Build a dataclass, and those in it, from nested plain values.

    Raises:
        ConfigError: an unknown name, with those that are known, or a value that cannot be.
    """
    if not isinstance(values, Mapping):
        raise ConfigError(f'got {values!r} in {source}; expected names and values')
    hints = {f.name: get_type_hints(kind)[f.name] for f in dataclasses.fields(kind)}
    unknown = [str(name) for name in values if name not in hints]
    if unknown:
        raise ConfigError(
            f'got the unknown {"entries" if len(unknown) > 1 else "entry"} '
            f'{", ".join(sorted(unknown))} in {source}; expected some of {", ".join(hints)}'
        )
    made = {}
    for name, value in values.items():
        if dataclasses.is_dataclass(hints[name]):
            made[name] = from_mapping(hints[name], value, f'{source}, {name}')
        else:
            made[name] = _read(value, hints[name])
    try:
        return kind(**made)
    except ConfigError as error:
        raise ConfigError(f'{error} (in {source})') from error


def plain(config: Any) -> dict[str, Any]:
    """Return a dataclass as nested plain values: lists instead of tuples."""
    found: dict[str, Any] = {}
    for entry in dataclasses.fields(config):
        value = getattr(config, entry.name)
        if dataclasses.is_dataclass(value):
            found[entry.name] = plain(value)
        else:
            found[entry.name] = list(value) if isinstance(value, tuple) else value
    return found


def read_yaml(path: str | Path) -> dict[str, Any]:
    """Read names and values from a YAML file.

    Raises:
        ConfigError: the file cannot be read, is not YAML or holds something else.
    """
    yaml = _yaml()
    try:
        values = yaml.safe_load(Path(path).read_text(encoding='utf-8'))
    except (OSError, UnicodeDecodeError) as error:
        raise ConfigError(f'could not read the settings {path} ({error})') from error
    except yaml.YAMLError as error:
        raise ConfigError(f'got {path}, which is not YAML ({error})') from error
    if values is not None and not isinstance(values, dict):
        raise ConfigError(f'got {path}, which holds no names and values; see --help for them')
    return values or {}


def yaml_text(values: dict[str, Any], path: str | Path | None = None) -> str:
    """Return values as YAML in their order, and write them where a path is given."""
    yaml = _yaml()

    class Dumper(yaml.SafeDumper):  # a setting a line, lists in it
        pass

    Dumper.add_representer(
        list,
        lambda dumper, value: dumper.represent_sequence(
            'tag:yaml.org,2002:seq', value, flow_style=True
        ),
    )
    text = yaml.dump(values, Dumper=Dumper, sort_keys=False, allow_unicode=True)
    if path is not None:
        try:
            Path(path).write_text(text, encoding='utf-8')
        except OSError as error:
            raise ConfigError(f'could not write the settings {path} ({error.strerror})') from error
    return text


def _yaml() -> Any:
    try:
        import yaml
    except ImportError as error:
        raise ConfigError(
            "settings in files need PyYAML: pip install 'emotion_motion[train]'"
        ) from error
    return yaml


def _read(value: Any, kind: Any) -> Any:
    """Turn what YAML gives into what a field wants, where that is plain; leave the rest."""
    if get_origin(kind) is tuple and isinstance(value, (list, tuple)):
        inner = get_args(kind)[0]
        return tuple(_read(item, inner) for item in value)
    if kind is float and isinstance(value, str):
        try:
            return float(value)  # YAML 1.1 takes 1e-3 for text
        except ValueError:
            return value
    return value


def _fits(value: Any, kind: Any) -> bool:
    """Tell whether a value is of an annotated type; a whole number is a number too."""
    origin, inner = get_origin(kind), get_args(kind)
    if origin in (Union, types.UnionType):
        return any(_fits(value, one) for one in inner)
    if origin is Literal:
        return value in inner
    if origin is tuple:
        if not isinstance(value, tuple):
            return False
        if inner[-1] is ...:
            return all(_fits(item, inner[0]) for item in value)
        pairs = zip(value, inner, strict=False)
        return len(value) == len(inner) and all(_fits(item, one) for item, one in pairs)
    if kind is float:
        return isinstance(value, (int, float)) and not isinstance(value, bool)
    if kind is int:
        return isinstance(value, int) and not isinstance(value, bool)
    return kind is Any or isinstance(value, kind)


_NAMES = {
    int: 'a whole number',
    float: 'a number',
    bool: 'true or false',
    str: 'text',
    type(None): 'none',
    ...: 'so on',
}


def _named(kind: Any) -> str:
    """Say an annotated type in words."""
    origin, inner = get_origin(kind), get_args(kind)
    if origin in (Union, types.UnionType):
        return ' or '.join(_named(one) for one in inner)
    if origin is Literal:
        return ' or '.join(repr(one) for one in inner)
    if origin is tuple and inner[-1] is ...:
        return f'a list, each {_named(inner[0])}'
    if origin is tuple:
        return f'{len(inner)} entries, each {_named(inner[0])}'
    return _NAMES.get(kind, str(kind))


def _shown(value: Any) -> str:
    return repr(list(value) if isinstance(value, tuple) else value)
