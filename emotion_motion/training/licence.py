# Copyright 2026 The emotion_motion authors
# SPDX-License-Identifier: Apache-2.0
"""Under which licence a model can be given away, from those of the data it was trained on.

Weights carry the licence of their data here, the strictest where there are several. That is the
careful reading of an open question, and no advice of a lawyer.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
import re

__all__ = ['OWN', 'Terms', 'licence_of', 'spdx_names']

OWN = 'Apache-2.0'  # of this project, and so of models from data that asks for less
_FREE = {
    'APACHE-2.0': 'Apache-2.0', 'MIT': 'MIT', 'BSD-2-CLAUSE': 'BSD-2-Clause', 'ISC': 'ISC',
    'BSD-3-CLAUSE': 'BSD-3-Clause', 'CC0-1.0': 'CC0-1.0', 'UNLICENSE': 'Unlicense',
}  # fmt: skip
_CREATIVE = re.compile(r'CC-BY(?P<nc>-NC)?(?P<last>-SA|-ND)?-(?P<version>\d\.\d)')


@dataclass(frozen=True)
class Terms:
    """What may be done with a model.

    Attributes:
        licence: SPDX identifier, 'unclear' or 'conflicting'.
        commercial: whether it may be used for commercial purposes.
        shareable: whether it may be passed on.
        credited: licences among those of the data that ask to name the authors.
        text: the same in words.
    """

    licence: str
    commercial: bool
    shareable: bool
    credited: tuple[str, ...]
    text: str


def licence_of(licences: Iterable[str]) -> Terms:
    """Decide on a model from the licences of all its data.

    Args:
        licences: SPDX identifiers, joined by ' AND ' or not, or as people write them
            ('CC BY-NC 4.0'); '' where nobody knows.
    """
    names = {name for text in licences for name in spdx_names(text)}
    unknown = sorted(name for name in names if not _is_known(name))
    if unknown or not names:
        told = ' and '.join(repr(name) for name in unknown) or 'no licence at all'
        return Terms('unclear', False, False, (), (
            f'unclear: the data says {told}; ask its owners before you use or share this model'
        ))  # fmt: skip
    credited = tuple(sorted(name for name in names if _CREATIVE.fullmatch(name)))
    licence, conflict = _strictest(credited)
    commercial, shareable = '-NC' not in licence, '-ND' not in licence and not conflict
    if conflict:
        return Terms('conflicting', False, False, credited, (
            f'conflicting: {" and ".join(credited)} cannot both be kept; do not share this model'
        ))  # fmt: skip
    words = [licence]
    words += [] if commercial else ['not for commercial use']
    words += [] if shareable else ['not to be shared']
    words += ['with the credits below'] if credited else []
    return Terms(licence, commercial, shareable, credited, ', '.join(words))


def spdx_names(text: str) -> list[str]:
    """Return the identifiers in what a data set says of its licence, ['unknown'] for nothing."""
    parts = re.split(r'\s+AND\s+', text.strip()) if text.strip() else ['unknown']
    return [_spdx(part) for part in parts]


def _spdx(text: str) -> str:
    """Return the identifier that people's writing stands for, or the text itself."""
    key = re.sub(r'[\s_-]+', '-', text.strip()).upper()
    if key in _FREE:
        return _FREE[key]
    return key if _CREATIVE.fullmatch(key) else text.strip()


def _is_known(name: str) -> bool:
    return name in _FREE.values() or _CREATIVE.fullmatch(name) is not None


def _strictest(creative: Iterable[str]) -> tuple[str, bool]:
    """Return the licence that keeps all of them, and whether there is none."""
    matches = [match for name in creative if (match := _CREATIVE.fullmatch(name))]
    if not matches:
        return OWN, False
    commercial = not any(match['nc'] for match in matches)
    lasts = {match['last'] for match in matches} - {None}
    if '-ND' in lasts:
        last = '-ND'
    elif '-SA' in lasts:
        last = '-SA'
        # "Share alike" asks for the very same licence: commercial or not is not one's own choice.
        alike = {bool(match['nc']) for match in matches if match['last'] == '-SA'}
        if alike != {not commercial}:
            return 'conflicting', True
    else:
        last = ''
    version = max(match['version'] for match in matches)
    return f'CC-BY{"" if commercial else "-NC"}{last}-{version}', False
