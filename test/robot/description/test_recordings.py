# Copyright 2026 The emotion_motion authors
# SPDX-License-Identifier: Apache-2.0
"""Recorded joint angles of any robot become a person's motion; tables that are none are named."""

import numpy as np
import pytest
from robot_support import PEPPER_URDF, robot as load_robot

from emotion_motion.body.skeleton import load_skeleton
from emotion_motion.exceptions import MotionFileError
from emotion_motion.io.clip import write_table
from emotion_motion.io.reading import find_motion, read_clips
from emotion_motion.robot.description.recordings import JointRecordings

pytest.importorskip('pinocchio', reason='Pinocchio turns joint angles into keypoints')

SKELETON = load_skeleton()
ROBOTS = ('humanoid', 'g1', 'talos', 'pepper')


@pytest.fixture(scope='module', params=ROBOTS)
def robot(request):
    return load_robot(request.param)


@pytest.fixture(scope='module')
def humanoid():
    return load_robot('humanoid')


def write_csv(path, header, rows):
    path.write_text('\n'.join(','.join(map(str, row)) for row in (header, *rows)) + '\n')
    return path


def rest_table(path, robot, frames=4, **moved):
    """Write a recording at 50 Hz of the resting robot, some of whose joints are elsewhere."""
    angles = dict(zip(robot.names, robot.rest, strict=True)) | moved
    rows = [(0.02 * n, *angles.values()) for n in range(frames)]
    return write_csv(path, ('time_s', *angles), rows)


def pose(path, robot, **moved):
    """Return the keypoints by name of the resting robot, some of whose joints are elsewhere."""
    [clip] = JointRecordings(robot).read(rest_table(path / 'pose.csv', robot, **moved))
    return dict(zip(SKELETON.names, clip.keypoints[0], strict=True))


def test_a_resting_robot_stands_like_a_person(tmp_path, robot):
    at = pose(tmp_path, robot)
    points = np.array(list(at.values()))
    assert abs(points[:, 2].min()) < 0.05 and np.hypot(*at['MidHip'][:2]) < 1e-6
    trunk = at['Neck'] - at['MidHip']
    assert trunk[2] > 0.99 * np.linalg.norm(trunk)
    for side, sign in (('L', 1), ('R', -1)):
        assert sign * at[f'{side}Shoulder'][1] > 0.05 and sign * at[f'{side}Hip'][1] > 0.03
        assert at[f'{side}Wrist'][2] < at[f'{side}Shoulder'][2]
        assert at[f'{side}BigToe'][0] > at[f'{side}Heel'][0]
    assert at['Nose'][0] > at['LEar'][0] and at['Nose'][2] > at['Neck'][2]


def test_arms_are_where_forward_kinematics_puts_them(tmp_path, robot):
    random = np.random.default_rng(0)
    angles = robot.rest + 0.2 * random.uniform(-1.0, 1.0, len(robot))
    angles = np.clip(angles, robot.limits.lower, robot.limits.upper)
    at = pose(tmp_path, robot, **dict(zip(robot.names, angles, strict=True)))
    exact = robot.keypoints(angles)
    for side in 'LR':
        for one, other in (('Shoulder', 'Elbow'), ('Elbow', 'Wrist')):
            bone = exact[side + other] - exact[side + one]
            np.testing.assert_allclose(at[side + other] - at[side + one], bone, atol=1e-5)


def test_heads_nod_and_trunks_lean_with_the_feet_planted(tmp_path):
    pepper = load_robot('pepper')
    rest = pose(tmp_path, pepper)
    up, left = pose(tmp_path, pepper, HeadPitch=-0.5), pose(tmp_path, pepper, HeadYaw=0.5)
    assert up['Nose'][2] - up['REar'][2] > rest['Nose'][2] - rest['REar'][2] + 0.03
    assert left['Nose'][1] > 0.03
    # The knee is no joint that is driven, and still in the recording.
    for joint, angle, axis, sign in (
        ('HipPitch', -0.4, 0, 1),
        ('HipRoll', 0.3, 1, 1),
        ('KneePitch', -0.2, 0, 1),
    ):
        lean = pose(tmp_path, pepper, **{joint: angle})
        trunk = lean['Neck'] - lean['MidHip']
        assert np.arctan2(np.hypot(*trunk[:2]), trunk[2]) == pytest.approx(abs(angle), abs=0.02)
        assert np.sign(trunk[axis]) == sign
        np.testing.assert_array_equal(lean['RHeel'], rest['RHeel'])


def test_only_legs_and_feet_are_made_up(tmp_path, humanoid):
    [clip] = JointRecordings(humanoid).read(rest_table(tmp_path / 'a.csv', humanoid))
    sure = dict(zip(SKELETON.names, clip.confidence[0], strict=True))
    derived = {'Nose', 'REye', 'LEye', 'REar', 'LEar', 'LHip', 'RHip'}
    arms = {side + part for side in 'LR' for part in ('Shoulder', 'Elbow', 'Wrist')}
    assert {name for name, c in sure.items() if c == 1.0} == {'Neck', 'MidHip', *arms}
    assert {name for name, c in sure.items() if c == 0.5} == derived


def test_times_set_the_rate_and_uneven_ones_are_made_even(tmp_path, humanoid):
    names = humanoid.names
    times = [0.0, 0.1, 0.15, 0.3, 0.4]
    rows = [(time, 'x', *(humanoid.rest + 0.2 * time)) for time in times]
    path = write_csv(tmp_path / 'a.csv', ('time', 'note', *names), rows)
    reader = JointRecordings(humanoid)
    [clip] = reader.read(path)
    assert (clip.rate_hz, len(clip), clip.content) == (10.0, 5, 'a')
    [even] = reader.read(path, 20.0)
    assert (even.rate_hz, len(even)) == (20.0, 9)
    np.testing.assert_allclose(even.keypoints[::2], clip.keypoints, atol=1e-6)
    fast = [(0.0005 * number, 'x', *humanoid.rest) for number in range(401)]
    [slowed] = reader.read(write_csv(tmp_path / 'fast.csv', ('time', 'note', *names), fast), 100.0)
    assert (slowed.rate_hz, len(slowed)) == (100.0, 21)
    text = '\n'.join(reader.describe(path))
    assert (
        '1 clips, 5 frames at 10 Hz' in text and 'columns that are no joints: time, note' in text
    )


def test_each_form_of_table_gives_the_same_motion(tmp_path, humanoid):
    reader, names = JointRecordings(humanoid), humanoid.names
    [plain] = reader.read(rest_table(tmp_path / 'plain.csv', humanoid))
    exported = tmp_path / 'exported.csv'  # as `emotion-motion generate --robot` writes it
    angles = np.tile(humanoid.rest, (4, 1))
    write_table(exported, 50.0, np.tile(np.eye(7)[0], (4, 1)), [f'{n}_rad' for n in names], angles)
    plotted = [(0.02 * n, *humanoid.rest) for n in range(4)]
    columns = ('__time', *(f'/joint_states/{name}/position' for name in names))
    echoed = [(7, 20_000_000 * n, '', *names, *humanoid.rest, *humanoid.rest) for n in range(4)]
    for path in (
        exported,
        write_csv(tmp_path / 'plotjuggler.csv', columns, plotted),
        write_csv(tmp_path / 'echo.csv', echoed[0], echoed[1:]),  # ros2 topic echo --csv
    ):
        [clip] = reader.read(path)
        assert clip.rate_hz == pytest.approx(50.0)
        np.testing.assert_allclose(clip.keypoints, plain.keypoints, atol=2e-5)
    write_csv(tmp_path / 'mixed.csv', echoed[0], [(7, 1, '', *names[::-1], *echoed[1][-32:])])
    with pytest.raises(MotionFileError, match='joints in line 2 are others'):
        reader.read(tmp_path / 'mixed.csv')


def test_rows_of_one_id_are_a_clip_with_its_name_as_label(tmp_path, humanoid):
    ids = ['Happy_4'] * 3 + ['SadReaction_01'] * 2
    rows = [(name, *humanoid.rest) for name in ids]
    table = write_csv(tmp_path / 'data.csv', ('id', *humanoid.names), rows)
    happy, sad = JointRecordings(humanoid).read(table, 25.0)
    assert (happy.label, happy.content, len(happy)) == ('Happy', 'Happy_4', 3)
    assert (sad.label, sad.source, sad.rate_hz) == ('SadReaction', f'{table}#SadReaction_01', 25.0)


def test_folders_are_searched_for_tables_of_the_robot(tmp_path, humanoid):
    table = rest_table(tmp_path / 'a.csv', humanoid)
    (tmp_path / 'ratings.csv').write_text('id,valence\na,1\n')
    assert find_motion(tmp_path) == []
    assert find_motion(tmp_path, JointRecordings(humanoid)) == [table]
    with pytest.raises(MotionFileError, match='--robot'):
        read_clips(table)


NAMES = load_robot('humanoid').names
ROW = dict.fromkeys(NAMES, 0.0) | {'id': 'a'}


def _lines(*rows, header=('id', *NAMES)):
    text = [','.join(header)]
    return '\n'.join([*text, *(','.join(str(row[name]) for name in header) for row in rows)])


BAD_TABLES = {
    'missing columns': (_lines(ROW, header=('id', *NAMES[2:])), f'{NAMES[0]}, {NAMES[1]} of'),
    'empty file': ('', 'without rows'),
    'no rows': (_lines(), 'without rows'),
    'text': (_lines(ROW, {**ROW, NAMES[0]: 'x'}), "line 3 is 'x'"),
    'empty number': (_lines({**ROW, NAMES[0]: ''}), "line 2 is ''"),
    'NaN': (_lines({**ROW, NAMES[0]: 'nan'}), f"{NAMES[0]} .* 'nan'"),
    'infinite': (_lines({**ROW, NAMES[0]: '1e999'}), "'1e999'"),
    'no name': (_lines({**ROW, 'id': ''}), "id '' in line 2"),
    'apart': (_lines(ROW, {**ROW, 'id': 'b'}, ROW), "id 'a' in line 4"),
    'degrees': (_lines(ROW, {**ROW, NAMES[0]: 89.0}), 'line 3 is 89; expected radians'),
    'truncated': (_lines(ROW, ROW)[:-12], 'line 3 has .* fields'),
    'binary': (b'\xff\xfe\x00\x01' * 30, 'no CSV table'),
    'open quote': ('id,"a\n1,2\n', 'no CSV table'),
    'no rate': (_lines(ROW), '--source-rate-hz'),
    'times': (
        _lines(*[{**ROW, 'time': t} for t in (0, 1, 1)], header=('time', *NAMES)),
        'time does not rise in line 4',
    ),
    'milliseconds': (
        _lines(*[{**ROW, 'time': t} for t in (0, 33, 67)], header=('time', *NAMES)),
        'Times are read as seconds: divide milliseconds by 1,000',
    ),
}


@pytest.mark.parametrize('case', BAD_TABLES)
def test_a_bad_table_is_named_with_the_reason(tmp_path, humanoid, case):
    content, reason = BAD_TABLES[case]
    path = tmp_path / 'angles.csv'
    path.write_bytes(content if isinstance(content, bytes) else content.encode())
    with pytest.raises(MotionFileError, match=reason) as error:
        JointRecordings(humanoid).read(path, None if case in ('no rate', 'times') else 25.0)
    assert str(path) in str(error.value)


def test_a_missing_file_is_an_error(tmp_path, humanoid):
    with pytest.raises(MotionFileError, match='No such file'):
        JointRecordings(humanoid).read(tmp_path / 'none.csv')


@pytest.fixture(scope='module')
def rebl():
    """All clips of REBL-Pepper."""
    data = PEPPER_URDF.parents[1] / 'data' / 'rebl_pepper' / 'data_raw.csv'
    if not data.is_file():
        pytest.skip(f'REBL-Pepper is not in {data.parent}')
    clips = JointRecordings(load_robot('pepper')).read(data, 25.0)
    return {clip.content: clip for clip in clips}


def test_rebl_pepper_has_36_animations_of_sensible_bodies(rebl):
    assert len(rebl) == 36 and sum(len(clip) for clip in rebl.values()) == 5074
    points = np.concatenate([clip.keypoints for clip in rebl.values()])
    assert points[..., 2].min() > 0.0 and 1.0 < points[..., 2].max() < 1.3
    # Arms and face keep their lengths.
    parents, children = np.array(SKELETON.edges).T
    lengths = np.linalg.norm(points[:, children] - points[:, parents], axis=-1)
    rigid = [n for n, child in enumerate(children) if rebl['Happy_4'].confidence[0, child] > 0]
    assert np.ptp(lengths, axis=0)[rigid].max() < 1e-5


def test_rebl_pepper_shows_what_its_animations_are_called(rebl):
    """Heads sink in sadness and rise in happiness; fear raises the arms."""
    nose, ear = SKELETON.index('Nose'), SKELETON.index('REar')

    def lowest_gaze(name):
        face = rebl[name].keypoints
        return float((face[:, nose, 2] - face[:, ear, 2]).min())

    assert max(lowest_gaze('Sad_01'), lowest_gaze('Disappointed_1')) < lowest_gaze('Happy_01')
    wrists = [SKELETON.index('LWrist'), SKELETON.index('RWrist')]
    lift = {name: clip.keypoints[:, wrists, 2].max() for name, clip in rebl.items()}
    assert lift['Fearful_1'] > lift['SadReaction_01'] + 0.3
