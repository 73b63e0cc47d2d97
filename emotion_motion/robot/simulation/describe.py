# Copyright 2026 The emotion_motion authors
# SPDX-License-Identifier: Apache-2.0
"""A URDF as MuJoCo reads it: meshes by their place, what it would refuse repaired in memory."""

from __future__ import annotations

from pathlib import Path
from typing import NamedTuple
import xml.etree.ElementTree as ET

import numpy as np

from emotion_motion.robot.description.urdf import find_file, Urdf

__all__ = ['Description', 'describe']

_MESHES = ('.stl', '.obj', '.msh')
_MOST_FACES = 200_000  # that MuJoCo takes of an STL file
# What a moving link without weight gets: a gram, in a ball of a centimetre.
_LEAST_KG, _BALL_M = 1e-3, 0.01
_LEAST_MOMENT = 1e-14  # MuJoCo takes 1e-15 and less for 0
_KEYS = ('ixx', 'ixy', 'ixz', 'iyy', 'iyz', 'izz')
_TRIANGLE = np.dtype([('normal', '<f4', 3), ('corners', '<f4', (3, 3)), ('attribute', '<u2')])


class Description(NamedTuple):
    """What MuJoCo is given.

    Attributes:
        text: URDF.
        meshes: content of mesh files that were written anew, by name.
        left_out: what the simulation lacks of the URDF, in words.
        repaired: what it has otherwise than the URDF, in words.
    """

    text: str
    meshes: dict[str, bytes]
    left_out: tuple[str, ...]
    repaired: tuple[str, ...]


def describe(urdf: Urdf) -> Description:
    """Return a URDF that MuJoCo reads, and what of it is missing or repaired then."""
    root = ET.fromstring(urdf.text.encode())
    meshes: dict[str, bytes] = {}
    left_out, repaired = [], []
    for link in root.findall('link'):
        for shape in [*link.findall('visual'), *link.findall('collision')]:
            shape.attrib.pop('name', None)  # MuJoCo warns of each that stands twice
            if (mesh := shape.find('geometry/mesh')) is not None:
                problem = _place_mesh(mesh, urdf.path.parent, meshes)
                if problem:
                    left_out.append(f'{shape.tag} of {link.get("name")}: {problem}')
                    link.remove(shape)
        carried_by = urdf.moved_by.get(link.get('name', ''))
        problem = _repair_inertia(link, moves=carried_by is not None and carried_by.moves)
        if problem:
            repaired.append(f'{link.get("name")}: {problem}')
    repaired += [f'{Path(name).name}: an ASCII file, read as triangles' for name in meshes]
    for old in root.findall('mujoco'):
        root.remove(old)
    options = {'discardvisual': 'false', 'fusestatic': 'false', 'strippath': 'false'}
    options |= {'balanceinertia': 'true', 'autolimits': 'true'}
    ET.SubElement(ET.SubElement(root, 'mujoco'), 'compiler', options)
    text = ET.tostring(root, encoding='unicode')
    return Description(text, meshes, tuple(left_out), tuple(repaired))


def _place_mesh(mesh: ET.Element, folder: Path, meshes: dict[str, bytes]) -> str:
    """Let a <mesh> name its file as MuJoCo finds it; return why it cannot be, '' where it can."""
    reference = mesh.get('filename', '')
    file = find_file(reference, folder)
    if file is None:
        return f'{Path(reference).name} is not there'
    if file.suffix.lower() not in _MESHES:
        return f'{file.name} is a {file.suffix} file'
    place = str(file.resolve())
    mesh.set('filename', place)
    if file.suffix.lower() != '.stl' or place in meshes:
        return ''
    with file.open('rb') as stream:
        start = stream.read(84)
    faces = int.from_bytes(start[80:], 'little')
    if file.stat().st_size != 84 + _TRIANGLE.itemsize * faces:  # no binary file
        try:
            triangles = _ascii_triangles(file)
        except (OSError, ValueError) as error:
            return f'{file.name} is no STL file ({error})'
        faces, meshes[place] = len(triangles), _binary_stl(triangles)
    if not 0 < faces <= _MOST_FACES:
        meshes.pop(place, None)
        return f'{file.name} has {faces} triangles; expected 1 to {_MOST_FACES}'
    return ''


def _ascii_triangles(file: Path) -> np.ndarray:
    """Return the corners [N, 3, 3] in an ASCII STL file."""
    words = file.read_text(encoding='ascii', errors='replace').split()
    rows = [number for number, word in enumerate(words) if word == 'vertex']
    corners = np.array([words[row + 1 : row + 4] for row in rows], dtype=np.float64)
    return corners.reshape(-1, 3, 3)


def _binary_stl(triangles: np.ndarray) -> bytes:
    """Return a binary STL file of triangles [N, 3, 3]; readers work out the normals."""
    rows = np.zeros(len(triangles), _TRIANGLE)
    rows['corners'] = triangles
    return bytes(80) + len(rows).to_bytes(4, 'little') + rows.tobytes()


def _repair_inertia(link: ET.Element, *, moves: bool) -> str:
    """Give a link an inertia that a body can have; return what was wrong, '' for nothing."""
    inertial = link.find('inertial')
    if inertial is None:
        # One with shapes gets theirs from MuJoCo; one that stands still in its parent needs none.
        if not moves or link.find('visual') is not None or link.find('collision') is not None:
            return ''
        inertial = ET.SubElement(link, 'inertial')
    mass, inertia = (
        element if (element := inertial.find(tag)) is not None else ET.SubElement(inertial, tag)
        for tag in ('mass', 'inertia')
    )
    weight = float(mass.get('value', 0.0))
    xx, xy, xz, yy, yz, zz = (float(inertia.get(key, 0.0)) for key in _KEYS)
    moments, axes = np.linalg.eigh([[xx, xy, xz], [xy, yy, yz], [xz, yz, zz]])
    if weight < 0.0 or (weight > 0.0 and moments[0] > _LEAST_MOMENT):  # below 0: MuJoCo refuses it
        return ''
    if weight == 0.0 and not moves:
        link.remove(inertial)  # a frame: nothing that could fall
        return ''
    shown = np.array2string(moments, precision=2)
    problem = f'has moments of inertia {shown}, and got positive ones'
    if weight == 0.0:
        problem = 'has no weight, and got a gram'
    weight = max(weight, _LEAST_KG)
    least = max(0.4 * weight * _BALL_M**2, 1e-3 * moments[2])
    matrix = axes @ np.diag(np.maximum(moments, least)) @ axes.T
    mass.set('value', repr(weight))
    for key, value in zip(_KEYS, matrix[np.triu_indices(3)].tolist(), strict=True):
        inertia.set(key, repr(value))
    return problem
