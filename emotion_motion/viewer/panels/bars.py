# Copyright 2026 The emotion_motion authors
# SPDX-License-Identifier: Apache-2.0
"""The requested and the recognised emotion as two rows of bars, in HTML."""

from __future__ import annotations

import numpy as np

from emotion_motion.emotion import EMOTIONS
from emotion_motion.viewer.scene.look import EMOTION_HEX

__all__ = ['bars_html', 'notice_html']

_ROW = (
    '<div style="display:flex;align-items:center;margin:2px 0" data-emotion="{name}" '
    'data-requested="{asked:.2f}" data-recognised="{seen:.2f}">'
    '<span style="width:5.6em">{name}</span><span style="flex:1">'
    '<span style="display:block;height:7px;width:{asked_share:.0f}%;min-width:1px;'
    'background:{colour};border-radius:2px"></span>'
    '<span style="display:block;height:7px;width:{seen_share:.0f}%;min-width:1px;margin-top:1px;'
    'background:{colour};opacity:0.5;border-radius:2px"></span></span>'
    '<span style="width:2.6em;text-align:right;font-variant-numeric:tabular-nums">{seen:.2f}'
    '</span></div>'
)


def bars_html(requested: np.ndarray, recognised: np.ndarray) -> str:
    """Return two bars an emotion: above what is asked for, below what is seen in the motion.

    Args:
        requested: weights [7].
        recognised: weights [7].
    """
    rows = [
        _ROW.format(
            name=name,
            colour=EMOTION_HEX[name],
            asked=float(asked),
            seen=float(seen),
            asked_share=100.0 * float(asked),
            seen_share=100.0 * float(seen),
        )
        for name, asked, seen in zip(EMOTIONS, requested, recognised, strict=True)
    ]
    told = '<div style="opacity:0.65;margin-top:4px">above: asked for; below: recognised</div>'
    return f'<div style="padding:4px 14px;font-size:0.8em">{"".join(rows)}{told}</div>'


def notice_html(text: str) -> str:
    """Return a notice that cannot be overlooked; its text comes from elsewhere and is escaped."""
    escaped = text.replace('&', '&amp;').replace('<', '&lt;').replace('>', '&gt;')
    return (
        '<div role="alert" data-notice style="margin:6px 10px;padding:8px 10px;border-radius:4px;'
        'background:#c62828;color:#fff;font-size:0.85em;overflow-wrap:anywhere">'
        f'{escaped}</div>'
    )
