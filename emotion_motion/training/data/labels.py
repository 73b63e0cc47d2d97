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

from emotion_motion.emotion import ALIASES, emotion_weights, valence_arousal_weights
from emotion_motion.exceptions import ConfigError, EmotionError, TrainingError
from emotion_motion.files import read_yaml
from emotion_motion.io.clip import Clip
from emotion_motion.settings import Checked, from_mapping, setting
from emotion_motion.training.data.splits import GroupBy

__all__ = ['LabelFile', 'LabelMap', 'LabelTable']

_SOURCES = ('folder', 'name', 'label', 'column')
_FOLDERS = 4  # above a file; farther up are drives and projects
_TEXTS = ('label', 'actor', 'content')  # that a pattern finds


@dataclass(frozen=True)
class LabelTable(Checked):
    """A CSV beside the label file with a row for each motion file."""

    file: str = setting('', 'name of the table')
    key: str = setting('', 'column of the motion files, with or without their ending')
    label: str = setting('', 'column of the labels')


@dataclass(frozen=True)
class LabelFile(Checked):
    """What a label file says besides `from`, which is a word of Python."""

    name: str = setting('', 'of the data set')
    licence: str = setting('', 'of all clips; empty: what the reader tells')
    attribution: str = setting('', 'whom to credit, for licences that ask for it')
    group: GroupBy = setting('auto', 'what must stay in one split')
    pattern: str = setting('(?P<label>.*)', 'regular expression of folder, name or label')
    actor: str = setting('', 'regular expression that finds the actor in a path')
    content: str = setting('', 'regular expression that finds the content in a path')
    table: LabelTable = setting(LabelTable(), 'where labels stand, with `from: column`')
    labels: dict | None = setting(None, 'label -> emotion, or emotions with weights')
    ignore: tuple[str | int, ...] = setting((), 'labels whose clips are left out')
    valence_arousal: bool = setting(False, "take a clip's valence and arousal where it has them")

    def check(self) -> None:
        """Raise ConfigError where nothing is mapped."""
        if not self.labels and not self.valence_arousal:
            raise ConfigError(
                f'got labels = {self.labels!r}; expected a mapping such as `angry: anger`'
            )


class LabelMap:
    """Where labels stand, and what they mean.

    Attributes:
        file: the settings of the label file.
        given: its content, for manifests.
        labels: label in small letters -> weights [7].
    """

    def __init__(self, given: Mapping[str, Any], where: str = 'label map') -> None:
        """Build a label map from the content of a label file.

        Raises:
            ConfigError: a key says something that cannot be; the message names it.
        """
        settings = dict(given)
        self.given, self._where = given, where
        self._source = settings.pop('from', 'label')
        if self._source not in _SOURCES:
            raise self._bad('from', self._source, f'one of {", ".join(_SOURCES)}')
        self.file = from_mapping(LabelFile, settings, where)
        self.labels = self._read_labels()
        self._ignored = {self._word('ignore', label).casefold() for label in self.file.ignore}
        if both := self._ignored & set(self.labels):
            raise self._bad('ignore', ', '.join(sorted(both)), 'labels that are not mapped')
        self._pattern = self._compiled('pattern')
        if 'label' not in self._pattern.groupindex:
            expected = 'the place of the label, (?P<label>...)'
            raise self._bad('pattern', self.file.pattern, expected)
        self._finders = {
            key: self._compiled(key) for key in ('actor', 'content') if getattr(self.file, key)
        }
        self._table = self._read_table()

    @classmethod
    def load(cls, path: str | Path) -> LabelMap:
        """Read a label file.

        Raises:
            ConfigError: it is missing, no YAML, or a key says something that cannot be; the
                message names file and key.
        """
        try:
            return cls(read_yaml(path), str(path))
        except ConfigError as error:
            raise ConfigError(f'{error}; config/labels/ has examples') from error

    def label_of(self, clip: Clip) -> str:
        """Return the label of a clip; TrainingError where the pattern does not match it."""
        return self._match(clip)['label'] or ''

    def ignores(self, clip: Clip) -> bool:
        """Tell whether the clip's label is to be left out."""
        return bool(self._ignored) and self.label_of(clip).casefold() in self._ignored

    def emotions(self, clip: Clip) -> np.ndarray:
        """Return the emotions [7] that the clip's label or rating means.

        Raises:
            TrainingError: the label is not mapped (the message lists what is) or cannot be found.
        """
        if self.file.valence_arousal and clip.valence_arousal is not None:
            try:
                return valence_arousal_weights(*clip.valence_arousal)
            except EmotionError as error:
                raise TrainingError(f'{clip.source}: {error}') from error
        label = self.label_of(clip)
        if label.casefold() in self.labels:
            return self.labels[label.casefold()].copy()
        mapped = ', '.join(self.labels) or 'none'
        raise TrainingError(
            f'got the label {label!r}, which {self._where} does not map; it maps {mapped}: add it '
            f'to `labels`, or to `ignore`'
        )

    def labelled(self, clip: Clip) -> Clip:
        """Return the clip with emotions, label and what else the file says of it.

        A clip that brings its own emotions keeps them.

        Raises:
            TrainingError: see `emotions`.
        """
        licence = self.file.licence
        if clip.emotions is not None:
            return dataclasses.replace(clip, licence=clip.licence or licence)
        emotions = self.emotions(clip)
        texts: dict[str, Any] = {}
        rated = self.file.valence_arousal and clip.valence_arousal is not None
        if not rated or self._source in ('folder', 'name'):
            groups = self._match(clip).groupdict()
            texts = {key: groups[key] for key in _TEXTS if groups.get(key)}
        for key, finder in self._finders.items():
            if match := finder.search(_path(clip).as_posix()):
                texts[key] = match[1] if finder.groups else match[0]
        licence = licence or clip.licence
        return dataclasses.replace(clip, emotions=emotions, licence=licence, **texts)

    def _match(self, clip: Clip) -> re.Match[str]:
        texts = self._texts(clip)
        for text in texts:
            if match := self._pattern.fullmatch(text):
                return match
        raise TrainingError(
            f'got {", ".join(texts)} (from: {self._source}), without a match for the pattern '
            f'{self._pattern.pattern!r} of {self._where}'
        )

    def _texts(self, clip: Clip) -> list[str]:
        """Return where the label may stand, best first."""
        path = _path(clip)
        part = clip.source.partition('#')[2]
        if self._source == 'folder':
            return [folder.name for folder in list(path.parents)[:_FOLDERS] if folder.name]
        if self._source == 'name':
            return [part or (path.stem if path.suffix else path.name)]
        if self._table is None:
            return [clip.label]
        for name in (part, path.name, path.stem):
            if name in self._table:
                return [self._table[name]]
        raise TrainingError(
            f'got {clip.source}, of which the table of {self._where} has no row; expected '
            f'{path.name!r} or {path.stem!r}'
        )

    def _read_labels(self) -> dict[str, np.ndarray]:
        labels = {}
        for key, meaning in (self.file.labels or {}).items():
            label = self._word('labels', key).casefold()
            if label in labels:
                raise self._bad('labels', str(key), 'each label once, case does not matter')
            if isinstance(meaning, Mapping) and len({*map(_emotion, meaning)}) < len(meaning):
                raise self._bad(f'labels.{key}', meaning, 'each emotion once, by name or alias')
            if not isinstance(meaning, (str, Mapping)):
                expected = 'an emotion, or emotions with weights'
                raise self._bad(f'labels.{key}', meaning, expected)
            try:
                labels[label] = emotion_weights(meaning)
            except EmotionError as error:
                raise ConfigError(f'{error} (labels.{key} in {self._where})') from error
        return labels

    def _read_table(self) -> dict[str, str] | None:
        """Return the label of each motion file; None without a table."""
        table = self.file.table
        if table == LabelTable():
            return None
        if self._source != 'column' or not (table.file and table.key and table.label):
            expected = '`file`, `key` and `label`, with `from: column`'
            raise self._bad('table', self.given['table'], expected)
        path = Path(self._where).parent / table.file
        try:
            with open(path, newline='', encoding='utf-8-sig') as file:
                rows = [
                    (row[table.key], (row[table.label] or '').strip())
                    for row in csv.DictReader(file)
                ]
        except (OSError, KeyError, UnicodeDecodeError, csv.Error) as error:
            expected = f'a CSV with these columns ({error})'
            raise self._bad('table', str(path), expected) from error
        labels = dict(rows)
        for key, label in rows:
            if labels[key].casefold() != label.casefold():
                raise ConfigError(
                    f'got {path} with {label!r} and {labels[key]!r} for {table.key} = {key!r}; '
                    f'expected one label (table in {self._where})'
                )
        return labels

    def _compiled(self, key: str) -> re.Pattern[str]:
        text = getattr(self.file, key)
        try:
            return re.compile(text)
        except re.error as error:
            raise self._bad(key, text, f'a regular expression ({error})') from error

    def _word(self, key: str, label: Any) -> str:
        """Return a label as text; YAML reads `no` as a truth value and 1 as a number."""
        if isinstance(label, bool) or not isinstance(label, (str, int)):
            raise self._bad(key, label, 'a label; write it in quotes')
        return str(label)

    def _bad(self, key: str, got: Any, expected: str) -> ConfigError:
        return ConfigError(f'got {key} = {got!r} in {self._where}; expected {expected}')


def _path(clip: Clip) -> Path:
    return Path(clip.source.partition('#')[0])


def _emotion(name: Any) -> str:
    """Return an emotion's own name where it is an alias; other texts stay, for a later error."""
    key = str(name).strip().lower()
    return ALIASES.get(key, key)
