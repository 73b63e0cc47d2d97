# Copyright 2026 The emotion_motion authors
# SPDX-License-Identifier: Apache-2.0
"""Recorded joint angles of any robot with a YAML file, as motion of a person's body.

docs/formats.md says which tables are read.
"""

from __future__ import annotations

import csv
import itertools
import math
from pathlib import Path
import re
from typing import Any

import numpy as np

from emotion_motion.body.skeleton import load_skeleton
from emotion_motion.exceptions import MotionFileError
from emotion_motion.io.clip import checked_rate, Clip, MOST_FRAMES, SLOWEST_HZ
from emotion_motion.robot.description.robot import pin, read_model, Robot

__all__ = ['JointRecordings', 'RobotBody']

_TIMES = ('time_s', 'time', 't', 'timestamp', '__time')
# A recorded angle may pass its limit by the play of the joint, and a soft limit by its distance
# from the hard one; degrees pass both by far.
_PLAY_RAD = 0.25
_ARMS = tuple(side + part for side in 'LR' for part in ('Shoulder', 'Elbow', 'Wrist'))
_FACE = ('Nose', 'REye', 'LEye', 'REar', 'LEar')
_HIPS, _KNEES = ('LHip', 'RHip'), ('LKnee', 'RKnee')
_FEET = tuple(side + part for side in 'LR' for part in ('Ankle', 'BigToe', 'SmallToe', 'Heel'))


class RobotBody:
    """Where the keypoints of a person sit on a robot, by its YAML file and forward kinematics.

    Shoulders, elbows and wrists are where the YAML file has them. Neck lies between the shoulders
    and MidHip at the height of the lowest trunk joint; both are fixed in the link of Neck, one
    above the other, so that an upright robot has an upright trunk. The face is the skeleton's, in
    proportion to the shoulders' height, and turns about Neck as the link of Nose does. Hips are
    level beside MidHip; knees and feet are those of a standing person of that leg length, with the
    feet planted: joint angles do not say where the ground is.

    Attributes:
        joints: names of all joints of the robot that have one angle.
        confidence: [25] 1 measured (arms, neck, mid-hip), 0.5 derived (face, hips), 0 made up
            (knees and feet).
    """

    def __init__(self, robot: Robot) -> None:
        self._robot, self._skeleton = robot, load_skeleton('body_25')
        self._model = read_model(robot.urdf)
        self._data = self._model.createData()
        self._rest = pin.neutral(self._model)
        self.joints = [n for n, joint in robot.urdf.joints.items() if joint.moves]
        self.joints = [n for n in self.joints if self._model.existJointName(n)]
        self.confidence = np.ones(self._skeleton.size)
        self.confidence[self._indices(*_FACE, *_HIPS)] = 0.5
        self.confidence[self._indices(*_KNEES, *_FEET)] = 0.0
        for name, angle in (*robot.held.items(), *zip(robot.names, robot.rest, strict=True)):
            self._set(self._rest, name, angle)
        self._fit()

    def keypoints(self, joints: list[str], angles: np.ndarray) -> np.ndarray:
        """Return keypoints [T, 25, 3] in metres for angles [T, J] of the named joints.

        The robot faces +x and stands on z = 0; x = y = 0 is below the mid-hip of the resting one.
        """
        points = np.empty((len(angles), self._skeleton.size, 3))
        q = self._rest.copy()
        for frame, row in enumerate(angles):
            for name, angle in zip(joints, row, strict=True):
                self._set(q, name, angle)
            points[frame] = self._pose(q)
        return points

    def _pose(self, q: np.ndarray) -> np.ndarray:
        """Return the keypoints [25, 3] of one configuration."""
        below, trunk, head = self._place(q)
        points = np.empty((self._skeleton.size, 3))
        hip, neck = trunk.act(self._hip), trunk.act(self._neck)
        points[self._indices('MidHip', 'Neck')] = hip, neck
        for name in _ARMS:
            points[self._skeleton.index(name)] = self._at(name, below)
        points[self._indices(*_FACE)] = neck + self._face @ head.rotation.T
        # Legs hang on between the hips, which move, and the feet, which do not.
        for names, share in ((_HIPS, 1.0), (_KNEES, 0.5), (_FEET, 0.0)):
            indices = self._indices(*names)
            points[indices] = self._legs[indices] + share * (hip - self._start)
        points -= [*self._start[:2], self._ground]
        return points

    def _fit(self) -> None:
        """Place the person's keypoints on the resting robot."""
        names = self._skeleton.names
        rest = dict(zip(names, self._skeleton.rest, strict=True))
        below, trunk, head = self._place(self._rest)
        shoulders = 0.5 * (self._at('LShoulder', below) + self._at('RShoulder', below))
        rest_shoulders = 0.5 * (rest['LShoulder'] + rest['RShoulder'])
        self._ground = min(below.act(place.translation)[2] for place in self._data.oMf)
        height = float(shoulders[2] - self._ground) / rest_shoulders[2]
        neck = shoulders + height * (rest['Neck'] - rest_shoulders)
        spine = rest['MidHip'] - rest['Neck']
        hip = neck + spine * (self._waist(below) - neck[2]) / spine[2]
        self._neck, self._hip = trunk.actInv(neck), trunk.actInv(hip)
        self._start = hip
        face = height * np.stack([rest[name] - rest['Neck'] for name in _FACE])
        self._face = face @ head.rotation
        legs = self._skeleton.rest * (hip[2] - self._ground) / rest['MidHip'][2]
        self._legs = legs + np.array([hip[0], hip[1], self._ground])

    def _place(self, q: np.ndarray) -> tuple[Any, Any, Any]:
        """Return the world, the trunk and the head as seen from the base."""
        pin.framesForwardKinematics(self._model, self._data, q)
        below = self._frame(self._robot.base).inverse()
        keypoints = self._robot.config.keypoints
        trunk = keypoints['Neck'][0]
        head = keypoints.get('Nose', keypoints['Neck'])[0]
        return below, below * self._frame(trunk), below * self._frame(head)

    def _at(self, keypoint: str, below: Any) -> np.ndarray:
        link, offset = self._robot.config.keypoints[keypoint]
        return below.act(self._frame(link).act(np.array(offset)))

    def _frame(self, link: str) -> Any:
        kind = pin.FrameType.BODY
        return self._data.oMf[self._model.getFrameId(link, kind)]

    def _waist(self, below: Any) -> float:
        """Return the height of the lowest trunk joint, or else of the base."""
        trunk = map(self._model.getJointId, self._robot.config.chains.get('trunk', ()))
        heights = (below.act(self._data.oMi[joint].translation)[2] for joint in trunk)
        return float(min(heights, default=0.0))

    def _set(self, q: np.ndarray, name: str, angle: float) -> None:
        joint = self._model.joints[self._model.getJointId(name)]
        value = (np.cos(angle), np.sin(angle)) if joint.nq == 2 else angle  # 2: without end
        q[joint.idx_q : joint.idx_q + joint.nq] = value

    def _indices(self, *names: str) -> list[int]:
        return [self._skeleton.index(name) for name in names]


class JointRecordings:
    """Reads the tables of joint angles that were recorded from one robot."""

    def __init__(self, robot: Robot) -> None:
        self._robot, self._body = robot, RobotBody(robot)

    def recognises(self, path: Path) -> bool:
        """Tell whether a file is a table of this robot's joints."""
        try:
            return not self._missing(_Table(path).header)
        except MotionFileError:
            return False

    def read(self, path: Path, rate_hz: float | None = None) -> list[Clip]:
        """Read a table: a clip, or one for each stretch of rows with the same `id`.

        Args:
            path: .csv, see docs/formats.md.
            rate_hz: frames a second; None: as the table's times say.

        Raises:
            MotionFileError: with path and reason: no table, columns missing, a value that is no
                number or beyond the joint's limits, times that do not rise, or no rate.
        """
        table = _Table(path)
        missing = self._missing(table.header)
        if missing:
            raise MotionFileError(
                f'got {path} without columns for the joints {", ".join(missing)} of '
                f'{self._robot.config.name}; its columns are {_shown(table.header)}'
            )
        columns = {n: i for i, n in enumerate(table.joints) if n in self._body.joints}
        clips = []
        for name, first, rows in table.stretches():
            angles = table.numbers(rows, list(columns.values()), first)
            self._check_limits(path, list(columns), angles, first)
            times = table.times(rows, first)
            if times is None and rate_hz is None:
                raise MotionFileError(
                    f'got {path} without times; expected a column of {", ".join(_TIMES)} in '
                    f'seconds, or the rate (--source-rate-hz)'
                )
            if times is not None:
                angles, rate = _evenly(path, times, angles, rate_hz)
            clips.append(self._clip(path, name, list(columns), angles, rate_hz or rate))
        return clips

    def describe(self, path: Path, rate_hz: float | None = None) -> list[str]:
        """Return what a table holds, as lines of text; arguments and errors as `read`."""
        clips = self.read(path, rate_hz)
        frames = sum(map(len, clips))
        unknown = [n for n in _Table(path).joints if n and n not in self._body.joints]
        return [
            f'{path}: joint angles of {self._robot.config.name}, {len(clips)} clips, {frames} '
            f'frames at {clips[0].rate_hz:g} Hz',
            '  arms, neck and mid-hip measured; face and hips derived (confidence 0.5); legs '
            'made up (confidence 0)',
            f'  columns that are no joints: {_shown(unknown)}',
        ]

    def _missing(self, header: list[str]) -> list[str]:
        given = set(map(_joint_name, header))
        return [name for name in self._robot.names if name not in given]

    def _clip(
        self, path: Path, name: str, joints: list[str], angles: np.ndarray, rate_hz: float
    ) -> Clip:
        return Clip(
            keypoints=self._body.keypoints(joints, angles),
            rate_hz=rate_hz,
            confidence=np.tile(self._body.confidence, (len(angles), 1)),
            label=re.sub(r'_?\d+$', '', name),
            source=f'{path}#{name}' if name else str(path),
            content=name or path.stem,
        )

    def _check_limits(self, path: Path, joints: list[str], angles: np.ndarray, first: int) -> None:
        for joint, column in zip(joints, angles.T, strict=True):
            described = self._robot.urdf.joints[joint]
            low, high = described.lower, described.upper
            if low is None or high is None or low >= high or described.kind != 'revolute':
                continue
            beyond = (column < low - _PLAY_RAD) | (column > high + _PLAY_RAD)
            if beyond.any():
                row = int(beyond.argmax())
                raise MotionFileError(
                    f'got {path}, where {joint} in line {first + row} is {column[row]:g}; '
                    f'expected radians, {low:.2f} to {high:.2f} for this joint (not degrees)'
                )


class _Table:
    """A CSV table: a row of names, or the rows of `ros2 topic echo --csv /joint_states`."""

    def __init__(self, path: Path) -> None:
        self._path = path
        try:
            text = path.read_text(encoding='utf-8-sig')
            rows = [row for row in csv.reader(text.splitlines(), strict=True) if row]
        except OSError as error:
            raise MotionFileError(f'could not read {path} ({error.strerror})') from error
        except (csv.Error, UnicodeDecodeError) as error:
            raise MotionFileError(f'got {path}, which is no CSV table ({error})') from error
        self.header = [name.strip() for name in rows[0]] if rows else []
        self._rows, self._first = rows[1:], 2
        if len(self.header) > 3 and self.header[0].isdigit() and self.header[1].isdigit():
            self._rows, self._first = rows, 1
            self.header = _joint_state_header(path, rows)
        self.joints = [_joint_name(name) for name in self.header]
        for line, row in enumerate(self._rows, self._first):
            if len(row) != len(self.header):
                raise MotionFileError(
                    f'got {path}, where line {line} has {len(row)} fields; expected '
                    f'{len(self.header)}: the file may be truncated'
                )
        if not self._rows:
            raise MotionFileError(f'got {path} without rows below its header; expected motion')

    def stretches(self) -> list[tuple[str, int, list[list[str]]]]:
        """Return (id, first line, rows) of each stretch of rows with the same id."""
        if 'id' not in self.header:
            return [('', self._first, self._rows)]
        column, line = self.header.index('id'), self._first
        stretches: dict[str, tuple[int, list[list[str]]]] = {}
        for name, group in itertools.groupby(self._rows, lambda row: row[column].strip()):
            rows = list(group)
            if not name or name in stretches:
                raise MotionFileError(
                    f'got {self._path} with the id {name!r} in line {line}; expected an id in '
                    f'every row, and the rows of one id together in the order of time'
                )
            stretches[name] = (line, rows)
            line += len(rows)
        return [(name, first, rows) for name, (first, rows) in stretches.items()]

    def times(self, rows: list[list[str]], first: int) -> np.ndarray | None:
        """Return the time of each row [s]; None where the table has none."""
        if {'sec', 'nanosec'} <= set(self.header):
            columns = [self.header.index(name) for name in ('sec', 'nanosec')]
            times = self.numbers(rows, columns, first) @ [1.0, 1e-9]
        else:
            columns = [self.header.index(name) for name in _TIMES if name in self.header]
            if not columns:
                return None
            times = self.numbers(rows, columns[:1], first)[:, 0]
        if len(times) < 2 or not (np.diff(times) > 0.0).all():
            row = int((np.diff(times) <= 0.0).argmax()) + 1 if len(times) > 1 else 0
            raise MotionFileError(
                f'got {self._path}, whose time does not rise in line {first + row}; expected two '
                f'rows or more in the order of time'
            )
        return times

    def numbers(self, rows: list[list[str]], columns: list[int], first: int) -> np.ndarray:
        """Return the numbers [T, C] of some columns."""
        for line, row in enumerate(rows, first):
            for column in columns:
                if not _is_finite(row[column]):
                    raise MotionFileError(
                        f'got {self._path}, where {self.header[column]} in line {line} is '
                        f'{row[column][:40]!r}; expected a finite number'
                    )
        return np.array([[float(row[column]) for column in columns] for row in rows])


def _joint_state_header(path: Path, rows: list[list[str]]) -> list[str]:
    """Return a header for rows of seconds, nanoseconds, frame, N names, N positions and more."""
    names = list(itertools.takewhile(lambda text: not _is_finite(text), rows[0][3:]))
    for line, row in enumerate(rows, 1):
        if row[3 : 3 + len(names)] != names:
            raise MotionFileError(
                f'got {path}, whose joints in line {line} are others than in line 1; expected '
                f'the messages of one publisher'
            )
    header = ['sec', 'nanosec', '', *[''] * len(names), *names]
    return [*header, *[''] * (len(rows[0]) - len(header))]


def _joint_name(column: str) -> str:
    """Return the joint of a column: NAME, NAME_rad or, of PlotJuggler, TOPIC/NAME/position."""
    return column.removesuffix('/position').rsplit('/', 1)[-1].removesuffix('_rad')


def _evenly(
    path: Path, times: np.ndarray, angles: np.ndarray, rate_hz: float | None
) -> tuple[np.ndarray, float]:
    """Return angles [T, J] at even times, and their rate [Hz]."""
    seconds = float(times[-1] - times[0])
    own = (len(times) - 1) / seconds
    rate = own if rate_hz is None else rate_hz
    if own < SLOWEST_HZ or seconds * rate > MOST_FRAMES:
        raise MotionFileError(
            f'got {path} with {len(times):,} rows over {seconds:,g} s; expected a row a second or '
            f'more, and {MOST_FRAMES:,} frames at most, not {seconds * rate:,.0f} at {rate:g} '
            f'Hz. Times are read as seconds: divide milliseconds by 1,000'
        )
    rate = checked_rate(rate, given=rate_hz is not None)
    even = np.arange(round((times[-1] - times[0]) * rate) + 1) / rate + times[0]
    return np.stack([np.interp(even, times, column) for column in angles.T], axis=1), rate


def _is_finite(text: str) -> bool:
    try:
        return math.isfinite(float(text))
    except ValueError:
        return False


def _shown(names: list[str]) -> str:
    return (', '.join(names[:20]) or 'none') + (' ...' if len(names) > 20 else '')
