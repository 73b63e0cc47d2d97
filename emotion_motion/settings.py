# Copyright 2026 The emotion_motion authors
# SPDX-License-Identifier: Apache-2.0
"""Settings that say their range, unit and meaning once, check themselves, and go to YAML and back.

From a `Setting` come the check of a dataclass's field, the ROS descriptor, the comments of
config/motion.yaml, the help of the command line, the viewer's sliders and the tables of the docs.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
import dataclasses
from dataclasses import dataclass
import functools
import math
from pathlib import Path
import types
from typing import Any, cast, get_args, get_origin, get_type_hints, Literal, TypeVar, Union

import yaml

from emotion_motion.exceptions import ConfigError
from emotion_motion.files import YamlDumper

_T = TypeVar('_T')

LONGEST_TEXT = 4096  # characters

# When a setting of a node can change: at any time and at once; while no model is loaded; from a
# file, a launch file or the command line.
LIVE, UNCONFIGURED, AT_START = 'yes', 'while unconfigured', 'at start'

# The settings' names of earlier releases, each with its name now.
OLD_NAMES = {
    'plan_temperature': 'mixture_temperature',
    'plan_gain': 'target_gain',
    'leash': 'pose_radius',
    'fade': 'decay',
}


@dataclass(frozen=True)
class Setting:
    """What is known of one setting.

    Attributes:
        meaning: what it does, in a few words, with its unit in brackets.
        low: smallest value of a number, or of each number of a tuple; None: none.
        high: largest value, or length of a text; None: none, a text LONGEST_TEXT.
        above: `low` itself is refused.
        below: `high` itself is refused.
        rising: no number of a tuple is smaller than the one before.
        live: when it can change in a node: LIVE, UNCONFIGURED or AT_START.
        may_be_empty: whether a text may be empty.
        name: of the field.
        kind: its annotated type.
        default: its default value.
    """

    meaning: str
    low: float | None = None
    high: float | None = None
    above: bool = False
    below: bool = False
    rising: bool = False
    live: str = LIVE
    may_be_empty: bool = True
    name: str = ''
    kind: Any = float
    default: Any = None

    @property
    def range_text(self) -> str:
        """The range in words; '' where every value of the type is allowed."""
        low, high = (
            bound if bound is None else f'{bound:{"d" if isinstance(bound, int) else "g"}}'
            for bound in (self.low, self.high)
        )
        if low and high and not (self.above or self.below or self.rising):
            return f'{low} to {high}'
        parts = [f'above {low}' if self.above else f'{low} or more'] if low else []
        if high:
            parts.append(f'below {high}' if self.below else f'at most {high}')
        if self.rising:
            parts.append('the smallest first')
        return ', '.join(parts) + (' characters' if parts and self.kind is str else '')

    @property
    def expected(self) -> str:
        """The values that it takes, in words."""
        if not self.may_be_empty:
            return 'text that is not empty'
        return ', '.join(filter(None, (_named(self.kind), self.range_text)))

    def error(self, value: Any) -> str:
        """Return why `value` cannot be taken; '' if it can."""
        if get_origin(self.kind) is Mapping and isinstance(value, Mapping):
            text, kind = get_args(self.kind)
            wrong = [name for name in value if not _fits(name, text)]
            if wrong:
                return f'got {self.name} with the key {_shown(wrong[0])}; expected {_named(text)}'
            entries = (
                dataclasses.replace(self, name=f'{self.name}.{name}', kind=kind).error(entry)
                for name, entry in value.items()
            )
            return next(filter(None, entries), '')
        longest = (self.high if self.kind is str else None) or LONGEST_TEXT
        if isinstance(value, str) and len(value) > longest:
            return f'got {self.name} of {len(value)} characters; expected at most {longest:g}'
        if _fits(value, self.kind):
            numbers = _numbers(value)
            in_order = not self.rising or list(numbers) == sorted(numbers)
            filled = self.may_be_empty or value.strip()
            if filled and in_order and all(self._inside(number) for number in numbers):
                return ''
        return f'got {self.name} = {_shown(value)}; expected {self.expected}'

    def _inside(self, number: float) -> bool:
        low = -math.inf if self.low is None else self.low
        high = math.inf if self.high is None else self.high
        inside = low <= number <= high and -math.inf < number < math.inf
        return (
            inside and not (self.above and number == low) and not (self.below and number == high)
        )


def setting(
    default: Any, meaning: str, low: float | None = None, high: float | None = None, **rules: Any
) -> Any:
    """Return a field of a `Checked` dataclass; `rules` are other attributes of `Setting`."""
    of = Setting(meaning, low, high, default=default, **rules)
    if isinstance(default, dict):
        return dataclasses.field(default_factory=default.copy, metadata={'setting': of})
    return dataclasses.field(default=default, metadata={'setting': of})


class Checked:
    """Base of a dataclass whose fields are of their annotated types and in their ranges.

    What settings mean is put into the class's docstring, where readers and tyro look for it.
    """

    def __init_subclass__(cls, **kwargs: Any) -> None:
        """Write the docstring's list of attributes from the settings."""
        super().__init_subclass__(**kwargs)
        fields = {n: v for n, v in vars(cls).items() if isinstance(v, dataclasses.Field)}
        rows = [
            f'    {n}: {v.metadata["setting"].meaning}'
            for n, v in fields.items()
            if 'setting' in v.metadata
        ]
        if rows:
            cls.__doc__ = '\n'.join(
                [(cls.__doc__ or cls.__name__).rstrip(), '', 'Attributes:', *rows]
            )

    def __post_init__(self) -> None:
        """Raise ConfigError for the first field whose value cannot be, then for `check`."""
        for name, of in settings_of(cast(Any, type(self))).items():
            error = of.error(getattr(self, name))
            if error:
                raise ConfigError(error)
        self.check()

    def check(self) -> None:
        """Check what hangs on several fields; subclasses say what."""

    def expect(self, name: str, good: bool, wanted: str) -> None:
        """Raise ConfigError, naming the field and its value, unless `good`."""
        if not good:
            raise ConfigError(f'got {name} = {_shown(getattr(self, name))}; expected {wanted}')


@functools.cache
def settings_of(kind: Any) -> dict[str, Setting]:
    """Return the settings of a dataclass by name, those without a range too."""
    hints = get_type_hints(kind)
    return {
        f.name: dataclasses.replace(
            f.metadata.get('setting', Setting('')),
            name=f.name,
            kind=hints[f.name],
            default=f.default,
        )
        for f in dataclasses.fields(kind)
    }


@dataclass(frozen=True)
class SamplerConfig(Checked):
    """Settings of the live loop's sampler, see `emotion_motion.sampling`."""

    k: float = setting(1.0, "weight of certainty: penalty of a component's spread", 0.0, 20.0)
    emotion_weight: float = setting(5.0, 'weight of the emotion that would show', 0.0, 50.0)
    movement_weight: float = setting(0.65, 'weight of movement; below 0 a penalty', -5.0, 20.0)
    # log pi + guidance * (log pi with the emotion - log pi without)
    guidance: float = setting(
        4.5,
        'how much more probable what the emotion makes more probable becomes; 0 is none',
        0.0,
        20.0,
    )
    # At 0 limbs choose apart for their movement only.
    individual: float = setting(
        0.2, 'weight of what head or arm alone would add to the emotion', 0.0, 20.0
    )
    variance_div: float = setting(
        16.0, 'divisor of the spread of the draws; smaller is livelier', 0.1, 10000.0
    )
    temperature: float = setting(
        0.5, 'temperature of the choice between components; higher is more varied', 0.05, 5.0
    )
    mixture_temperature: float = setting(
        1.0,
        'temperature of the mixture that components come from; higher is more varied',
        0.05,
        5.0,
    )
    target_gain: float = setting(
        0.95,
        'how much of the way to its target the body is sent; above 1 gestures are wider',
        0.0,
        3.0,
    )
    pose_radius: float = setting(
        0.95,
        'how far a component may be from every anchor, in multiples of how far poses of the '
        'training motion are; 0 is anywhere',
        0.0,
        10.0,
    )
    # No target can undo it: a pelvis turned away from the feet stays turned.
    decay: float = setting(
        0.02,
        'share of what the principal axes do not know of a pose that decays in a frame',
        0.0,
        1.0,
    )
    # It shapes what is published, not what the model sees.
    stance: float = setting(
        1.0,
        'share of the way that standing feet are held where they stand; 0: they glide',
        0.0,
        1.0,
    )
    watchdog: float = setting(
        1.0,
        'how strongly a motion that stands or repeats itself is freed; 0 is not at all',
        0.0,
        3.0,
    )


def renamed(names: Iterable[Any]) -> str:
    """Return what the names that settings had in earlier releases are now; '' for other names."""
    old = [name for name in names if name in OLD_NAMES]
    return ''.join(f'; {name} is called {OLD_NAMES[name]} now' for name in sorted(old))


def from_mapping(kind: type[_T], values: Any, source: str) -> _T:
    """Build a dataclass, and those in it, from nested plain values.

    Raises:
        ConfigError: an unknown name, with those that are known, or a value that cannot be.
    """
    if not isinstance(values, Mapping):
        raise ConfigError(f'got {_shown(values)} in {source}; expected names and values')
    hints = {name: of.kind for name, of in settings_of(cast(Any, kind)).items()}
    unknown = [str(name) for name in values if name not in hints]
    if unknown:
        raise ConfigError(
            f'got the unknown {"entries" if len(unknown) > 1 else "entry"} '
            f'{", ".join(sorted(unknown))} in {source}; expected some of {", ".join(hints)}'
            f'{renamed(unknown)}'
        )
    made = {name: _read(value, hints[name], f'{source}, {name}') for name, value in values.items()}
    try:
        return kind(**made)
    except ConfigError as error:
        raise ConfigError(f'{error} (in {source})') from error


def plain(config: Any) -> dict[str, Any]:
    """Return a dataclass as nested plain values: lists instead of tuples."""
    values: dict[str, Any] = {}
    for entry in dataclasses.fields(config):
        value = getattr(config, entry.name)
        if dataclasses.is_dataclass(value):
            values[entry.name] = plain(value)
        else:
            values[entry.name] = list(value) if isinstance(value, tuple) else value
    return values


class _Dumper(YamlDumper):
    """Writes a setting a line, lists in it."""


_Dumper.add_representer(
    list,
    lambda dumper, value: dumper.represent_sequence(
        'tag:yaml.org,2002:seq', value, flow_style=True
    ),
)


def yaml_text(values: dict[str, Any], path: str | Path | None = None) -> str:
    """Return values as YAML in their order, and write them where a path is given."""
    text = yaml.dump(values, Dumper=_Dumper, sort_keys=False, allow_unicode=True)
    if path is not None:
        try:
            Path(path).write_text(text, encoding='utf-8')
        except OSError as error:
            raise ConfigError(f'could not write the settings {path} ({error.strerror})') from error
    return text


def _read(value: Any, kind: Any, source: str) -> Any:
    """Turn what YAML gives into what a field wants, where that is plain; leave the rest."""
    if isinstance(kind, type) and dataclasses.is_dataclass(kind):
        return from_mapping(kind, value, source)
    if get_origin(kind) is Mapping and isinstance(value, Mapping):
        inner = get_args(kind)[1]
        return {name: _read(item, inner, f'{source}, {name}') for name, item in value.items()}
    if get_origin(kind) is tuple and isinstance(value, (list, tuple)):
        inner = get_args(kind)[0]
        return tuple(_read(item, inner, source) for item in value)
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
    return kind is Any or isinstance(value, origin or kind)


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
    if origin is Mapping:
        return 'names and values'
    if origin is tuple and inner[-1] is ...:
        return f'a list, each {_named(inner[0])}'
    if origin is tuple:
        return f'{len(inner)} entries, each {_named(inner[0])}'
    return _NAMES.get(kind, str(kind))


def _numbers(value: Any) -> tuple[float, ...]:
    """Return the numbers of a value that have a range: itself, or those in a tuple."""
    if isinstance(value, tuple):
        return tuple(number for item in value for number in _numbers(item))
    return (value,) if isinstance(value, (int, float)) and not isinstance(value, bool) else ()


def _shown(value: Any) -> str:
    text = repr(list(value) if isinstance(value, tuple) else value)
    return text if len(text) <= 200 else f'{text[:200]}...'
