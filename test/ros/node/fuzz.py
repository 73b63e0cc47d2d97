# Copyright 2026 The emotion_motion authors
# SPDX-License-Identifier: Apache-2.0
"""Random messages of any kind, and bytes that are no message."""

from __future__ import annotations

import importlib
import random
from typing import Any

from rclpy.serialization import serialize_message

_TEXTS = [
    '',
    ' ',
    'happiness',
    'joy:0.5, fear',
    'x' * 5000,
    '\N{GRINNING FACE}' * 40,
    '../..',
    '%s%n',
]
_NUMBERS = [0.0, -0.0, 1.0, -1.0, 0.5, 1e300, -1e300, float('nan'), float('inf'), -float('inf')]


def type_named(name: str) -> type:
    """Return the class of a message or service, such as std_msgs/msg/String."""
    package, kind, own = name.split('/')
    return getattr(importlib.import_module(f'{package}.{kind}'), own)


def random_message(kind: type, draw: random.Random) -> Any:
    """Return a message with every field at random; a few of them nearly empty."""
    message = kind()
    if draw.random() < 0.05:
        return message
    fields = message.get_fields_and_field_types()
    for name, slot in zip(fields, kind.SLOT_TYPES, strict=True):
        setattr(message, name, _value(slot, draw))
    return message


def bad_bytes(kind: type, draw: random.Random) -> bytes:
    """Return a serialized message with some bytes changed or cut off."""
    content = bytearray(serialize_message(random_message(kind, draw)))
    for _ in range(draw.randrange(1, 8)):
        content[draw.randrange(len(content))] = draw.randrange(256)
    return bytes(content[: draw.randrange(1, len(content) + 1)])


def _value(slot: Any, draw: random.Random) -> Any:
    """Return a value of a type of rosidl's."""
    if hasattr(slot, 'value_type'):
        size = getattr(slot, 'size', None) or draw.choice([0, 1, 2, 3, 7, 40])
        return [_value(slot.value_type, draw) for _ in range(size)]
    if hasattr(slot, 'namespaces'):
        return random_message(type_named('/'.join(slot.namespaced_name())), draw)
    kind = getattr(slot, 'typename', 'string')
    if kind in ('float', 'double'):
        value = draw.choice([*_NUMBERS, draw.uniform(-7.0, 7.0)])
        return max(-3e38, min(3e38, value)) if kind == 'float' and abs(value) < 1e301 else value
    if kind == 'boolean':
        return draw.random() < 0.5
    if kind == 'octet':
        return bytes([draw.randrange(256)])
    if 'int' in kind:
        bits, signed = int(kind.strip('uint') or 8), not kind.startswith('u')
        low, high = (-(2 ** (bits - 1)), 2 ** (bits - 1) - 1) if signed else (0, 2**bits - 1)
        return draw.choice([low, high, 0, 1, 3, 10, draw.randint(low, high)])
    return draw.choice([*_TEXTS, 'x' * draw.choice([1, 300, 200_000])])
