# Copyright 2026 The emotion_motion authors
# SPDX-License-Identifier: Apache-2.0
"""Label files: a YAML says where a clip's label stands and which emotions it means.

docs/labels.md describes the form; config/labels/ has one for each known data set.
"""

from __future__ import annotations

from collections.abc import Mapping
import csv
import dataclasses
from dataclasses import dataclass
from pathlib import Path
import re
from typing import Any

import numpy as np

from emotion_motion.emotion import emotion_weights, valence_arousal_weights
from emotion_motion.exceptions import EmotionError, TrainingError
from emotion_motion.io.clip import Clip

__all__ = ['LabelMap']

_SOURCES = ('folder', 'name', 'label', 'column')
_KEYS = (
    'name',
    'from',
    'pattern',
    'glob',
    'labels',
    'ignore',
    'valence_arousal',
    'actor',
    'content',
    'licence',
    'group',
    'table',
    'attribution',
)
_GROUPS = ('auto', 'actor', 'source')
_FOLDERS = 4  # above a file; farther up are drives and projects


@dataclass(frozen=True, eq=False)
class LabelMap:
    """Where labels stand, and what they mean.

    Attributes:
        where: the file that says so, for messages.
        source: 'folder', 'name', 'label' or 'column'.
        pattern: what the folder, name or label must match; group `label` is the label.
        labels: label in small letters -> weights [7].
        ignore: labels in small letters whose clips are left out.
        by_rating: take a clip's valence and arousal where it has them.
        actor: finds the actor in a path; None: only what pattern or reader tell.
        content: finds the content in a path.
        licence: of all clips, '' for what the reader tells.
        name: of the data set, '' for that of its folder.
        attribution: whom to credit, for licences that ask for it.
        group: what must not be split, see `splits`.
        table: a file's name -> label, of `column`.
        given: the content of the label file, for manifests.
    """

    where: str
    source: str
    pattern: re.Pattern[str]
    labels: Mapping[str, np.ndarray]
    ignore: frozenset[str] = frozenset()
    by_rating: bool = False
    actor: re.Pattern[str] | None = None
    content: re.Pattern[str] | None = None
    licence: str = ''
    name: str = ''
    attribution: str = ''
    group: str = 'auto'
    table: Mapping[str, str] | None = None
    given: Mapping[str, Any] = dataclasses.field(default_factory=dict)

    @classmethod
    def load(cls, path: str | Path) -> LabelMap:
        """Read a label file.

        Raises:
            TrainingError: it is missing, no YAML, or a key says something that cannot be; the
                message names file and key.
        """
        try:
            import yaml
        except ImportError as error:
            raise TrainingError(
                "got no PyYAML, which label files need; pip install 'emotion_motion[train]'"
            ) from error
        path = Path(path)
        try:
            data = yaml.safe_load(path.read_text(encoding='utf-8'))
        except OSError as error:
            raise TrainingError(
                f'got the label file {path}, which cannot be read ({error.strerror}); '
                f'config/labels/ has examples'
            ) from error
        except (yaml.YAMLError, UnicodeDecodeError) as error:
            raise TrainingError(f'got the label file {path}, which is no YAML: {error}') from error
        return cls.from_dict(data, str(path))

    @classmethod
    def from_dict(cls, data: Any, where: str = 'label map') -> LabelMap:
        """Build a label map from the content of a label file.

        Raises:
            TrainingError: see `load`.
        """
        if not isinstance(data, Mapping):
            raise _bad(where, '', data, 'keys such as `from` and `labels`')
        for key in data:
            if key not in _KEYS:
                raise _bad(where, key, 'it', f'one of {", ".join(_KEYS)}')
        source = _choice(data, 'from', _SOURCES, 'label', where)
        group = _choice(data, 'group', _GROUPS, 'auto', where)
        by_rating = data.get('valence_arousal', False)
        if not isinstance(by_rating, bool):
            raise _bad(where, 'valence_arousal', by_rating, 'true or false')
        labels = _labels(data.get('labels') or {}, where)
        if not labels and not by_rating:
            raise _bad(where, 'labels', data.get('labels'), 'a mapping such as `angry: anger`')
        ignore = _ignored(data.get('ignore') or [], labels, where)
        return cls(
            where=where,
            source=source,
            pattern=_pattern(data, where),
            labels=labels,
            ignore=ignore,
            by_rating=by_rating,
            actor=_finder(data, 'actor', where),
            content=_finder(data, 'content', where),
            licence=_text(data, 'licence', where),
            name=_text(data, 'name', where),
            attribution=_text(data, 'attribution', where),
            group=group,
            table=_table(data, source, where),
            given=data,
        )

    def label_of(self, clip: Clip) -> str:
        """Return the label of a clip as it stands there.

        Raises:
            TrainingError: the pattern does not match, or the table has no such file.
        """
        match = self._match(clip)
        return (match['label'] if 'label' in self.pattern.groupindex else match[0]) or ''

    def ignores(self, clip: Clip) -> bool:
        """Tell whether the clip's label is to be left out."""
        return bool(self.ignore) and self.label_of(clip).casefold() in self.ignore

    def emotions(self, clip: Clip) -> np.ndarray:
        """Return the emotions [7] that the clip's label or rating means.

        Raises:
            TrainingError: the label is not mapped (the message lists what is) or cannot be found.
        """
        if self.by_rating and clip.valence_arousal is not None:
            try:
                return valence_arousal_weights(*clip.valence_arousal)
            except EmotionError as error:
                raise TrainingError(f'{clip.source}: {error}') from error
        label = self.label_of(clip)
        if label.casefold() in self.labels:
            return self.labels[label.casefold()].copy()
        mapped = ', '.join(self.labels) or 'none'
        raise TrainingError(
            f'got the label {label!r}, which {self.where} does not map; it maps {mapped}: add it '
            f'to `labels`, or to `ignore`'
        )

    def labelled(self, clip: Clip) -> Clip:
        """Return the clip with emotions, label and what else the file tells of it.

        A clip that brings its own emotions keeps them.

        Raises:
            TrainingError: see `emotions`.
        """
        if clip.emotions is not None:
            return dataclasses.replace(clip, licence=clip.licence or self.licence)
        emotions = self.emotions(clip)
        found = {'emotions': emotions, 'licence': self.licence or clip.licence}
        rated = self.by_rating and clip.valence_arousal is not None
        if not rated or self.source not in ('label', 'column'):
            match = self._match(clip)
            found['label'] = self.label_of(clip)
            groups = match.groupdict()
            found |= {key: groups[key] for key in ('actor', 'content') if groups.get(key)}
        for key in ('actor', 'content'):
            finder = getattr(self, key)
            if finder is not None and (match := finder.search(_path(clip).as_posix())):
                found[key] = match[1] if finder.groups else match[0]
        return dataclasses.replace(clip, **found)

    def _match(self, clip: Clip) -> re.Match[str]:
        for text in self._texts(clip):
            if match := self.pattern.fullmatch(text):
                return match
        kind = {'folder': 'folders', 'name': 'name'}.get(self.source, 'label')
        raise TrainingError(
            f'got the {kind} {", ".join(self._texts(clip))}, without a match for the pattern '
            f'{self.pattern.pattern!r} of {self.where}'
        )

    def _texts(self, clip: Clip) -> list[str]:
        """Return where the label may stand, best first."""
        path = _path(clip)
        part = clip.source.partition('#')[2]
        if self.source == 'folder':
            return [folder.name for folder in list(path.parents)[:_FOLDERS] if folder.name]
        if self.source == 'name':
            return [part or (path.stem if path.suffix else path.name)]
        if self.table is None:
            return [clip.label]
        for name in (part, path.name, path.stem):
            if name in self.table:
                return [self.table[name]]
        raise TrainingError(
            f'got {clip.source}, of which the table of {self.where} has no row; expected '
            f'{path.name!r} or {path.stem!r}'
        )


def _path(clip: Clip) -> Path:
    return Path(clip.source.partition('#')[0])


def _bad(where: str, key: Any, got: Any, expected: str) -> TrainingError:
    text = repr(got) if not isinstance(got, str) or got != 'it' else 'it'
    text = text if len(text) <= 80 else f'{text[:77]}...'
    named = f' at the key {key!r}' if key != '' else ''
    return TrainingError(f'got {text} in {where}{named}; expected {expected}')


def _choice(data: Mapping, key: str, allowed: tuple[str, ...], default: str, where: str) -> str:
    value = data.get(key, default)
    if value not in allowed:
        raise _bad(where, key, value, f'one of {", ".join(allowed)}')
    return value


def _text(data: Mapping, key: str, where: str) -> str:
    value = data.get(key, '')
    if not isinstance(value, str):
        raise _bad(where, key, value, 'text')
    return value


def _word(value: Any, key: str, where: str) -> str:
    """Return a label as text; YAML reads `no` as a truth value and 1 as a number."""
    if isinstance(value, bool) or not isinstance(value, (str, int)):
        raise _bad(where, key, value, 'a label; write it in quotes')
    return str(value)


def _labels(given: Any, where: str) -> dict[str, np.ndarray]:
    if not isinstance(given, Mapping):
        raise _bad(where, 'labels', given, 'a mapping such as `angry: anger`')
    labels = {}
    for key, spec in given.items():
        label = _word(key, 'labels', where).casefold()
        if not isinstance(spec, (str, Mapping)):
            raise _bad(where, f'labels.{key}', spec, 'an emotion, or emotions with weights')
        try:
            labels[label] = emotion_weights(spec)
        except EmotionError as error:
            raise TrainingError(f'in {where} at the key {f"labels.{key}"!r}: {error}') from error
    return labels


def _ignored(given: Any, labels: Mapping, where: str) -> frozenset[str]:
    if not isinstance(given, list):
        raise _bad(where, 'ignore', given, 'a list of labels')
    ignored = frozenset(_word(value, 'ignore', where).casefold() for value in given)
    if both := ignored & set(labels):
        raise _bad(where, 'ignore', ', '.join(sorted(both)), 'labels that are not mapped as well')
    return ignored


def _pattern(data: Mapping, where: str) -> re.Pattern[str]:
    """Return the pattern of the label: a regular expression, or a glob with {label} in it."""
    if 'pattern' in data and 'glob' in data:
        raise _bad(where, 'glob', data['glob'], 'either `pattern` or `glob`')
    if 'glob' in data:
        parts = re.split(r'(\{\w+\}|\*|\?)', _text(data, 'glob', where))
        kinds = {'*': '.*', '?': '.'}
        text = ''.join(
            f'(?P<{part[1:-1]}>.+?)' if part[:1] == '{' else kinds.get(part, re.escape(part))
            for part in parts
        )
    else:
        text = _text(data, 'pattern', where) or '(?P<label>.*)'
    key = 'glob' if 'glob' in data else 'pattern'
    pattern = _compiled(text, key, where)
    if 'label' not in pattern.groupindex:
        named = '{label}' if key == 'glob' else '(?P<label>...)'
        raise _bad(where, key, data[key], f'the place of the label, {named}')
    return pattern


def _finder(data: Mapping, key: str, where: str) -> re.Pattern[str] | None:
    return _compiled(_text(data, key, where), key, where) if data.get(key) else None


def _compiled(text: str, key: str, where: str) -> re.Pattern[str]:
    try:
        return re.compile(text)
    except re.error as error:
        raise _bad(where, key, text, f'a regular expression ({error})') from error


def _table(data: Mapping, source: str, where: str) -> dict[str, str] | None:
    """Read the CSV of `table: {file, key, label}`, a row a motion file; None without it."""
    table = data.get('table')
    if table is None:
        return None
    if (
        source != 'column'
        or not isinstance(table, Mapping)
        or set(table) != {'file', 'key', 'label'}
    ):
        raise _bad(where, 'table', table, '`file`, `key` and `label`, with `from: column`')
    path = Path(where).parent / str(table['file'])
    try:
        with open(path, newline='', encoding='utf-8-sig') as file:
            rows = list(csv.DictReader(file))
        return {row[table['key']]: row[table['label']] or '' for row in rows}
    except (OSError, KeyError, UnicodeDecodeError, csv.Error) as error:
        raise _bad(where, 'table', str(path), f'a CSV with these columns ({error})') from error
