# Copyright 2026 The emotion_motion authors
# SPDX-License-Identifier: Apache-2.0
"""Emotion and actor from the names of folders and files, as data sets such as MEED write them.

MEED (Multi-view Emotional Expressions Dataset, Zhang et al. 2023, doi 10.1038/s41597-023-02551-y)
names folders by the emotion's code; the same group's kinematic data set joins actor, code and
numbers (`F01A0V1`). Both are read. Codes count only in capitals and as whole words.
"""

from __future__ import annotations

from pathlib import Path
import re

__all__ = ['EMOTION_CODES', 'actor_of', 'emotion_of']

EMOTION_CODES = {
    'A': 'anger',
    'D': 'disgust',
    'F': 'fear',
    'H': 'happiness',
    'N': 'neutral',
    'SA': 'sadness',
    'SU': 'surprise',
}
# Farther up are drives and projects, whose names mean something else.
_FOLDERS = 3
_JOINED = re.compile(r'([FM]\d{2})(SA|SU|[ADFHN])\d*(?:V\d+)?')
_ACTOR = re.compile(r'(?:actor|actress|person|participant|subject)_?\d+|[FMP]\d{1,3}', re.I)


def emotion_of(path: Path) -> str:
    """Return the emotion that the folders or the file's name say; '' for none.

    Looks at the three folders above the file, nearest first, then at the file's name. `F` beside
    another code in one name is taken for 'female' or 'front'.
    """
    for name in _names(path):
        words = _words(name)
        joined = [match[2] for word in words if (match := _JOINED.fullmatch(word))]
        codes = set(joined) or {word for word in words if word in EMOTION_CODES}
        if len(codes) > 1:
            codes.discard('F')
        if len(codes) == 1:
            return EMOTION_CODES[codes.pop()]
    return ''


def actor_of(path: Path) -> str:
    """Return the actor that the folders or the file's name say (`actor03`, `F01`); '' for none."""
    for name in _names(path):
        if _ACTOR.fullmatch(name):
            return name
        for word in _words(name):
            joined = _JOINED.fullmatch(word)
            if joined or _ACTOR.fullmatch(word):
                return joined[1] if joined else word
    return ''


def _names(path: Path) -> list[str]:
    """The names to look at, most telling first."""
    return [*(folder.name for folder in list(path.parents)[:_FOLDERS]), path.stem]


def _words(name: str) -> list[str]:
    return [word for word in re.split(r'[^0-9A-Za-z]+', name) if word]
