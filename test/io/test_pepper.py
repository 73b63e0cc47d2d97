# Copyright 2026 The emotion_motion authors
# SPDX-License-Identifier: Apache-2.0
"""REBL-Pepper: angles through a URDF to a person-like body, ratings, and bad tables."""

from pathlib import Path

import numpy as np
import pytest

from emotion_motion.body.skeleton import load_skeleton
from emotion_motion.exceptions import MotionFileError
from emotion_motion.io.pepper import describe_rebl_pepper, read_rebl_pepper
from emotion_motion.io.pepper_body import JOINTS, PepperBody

pytest.importorskip('pinocchio', reason='Pinocchio turns joint angles into keypoints')

SHARED = Path(__file__).resolve().parents[3] / 'shared'
SKELETON = load_skeleton()
# The joints of the real robot that move keypoints: parent, child, place, axis.
TREE = {
    'HeadYaw': ('torso', 'Neck', '-0.038 0 0.17', '0 0 1'),
    'HeadPitch': ('Neck', 'Head', '0 0 0', '0 1 0'),
    'HipRoll': ('torso', 'Hip', '0 0 -0.139', '1 0 0'),
    'HipPitch': ('Hip', 'Pelvis', '0 0 -0.079', '0 1 0'),
    'KneePitch': ('Pelvis', 'Tibia', '0 0 -0.268', '0 1 0'),
}
for _side, _left in (('L', 1), ('R', -1)):
    TREE |= {
        f'{_side}ShoulderPitch': ('torso', f'{_side}S', f'-0.057 {0.15 * _left} 0.087', '0 1 0'),
        f'{_side}ShoulderRoll': (f'{_side}S', f'{_side}B', '0 0 0', '0 0 1'),
        f'{_side}ElbowYaw': (f'{_side}B', f'{_side}E', f'0.181 {0.015 * _left} 0', '1 0 0'),
        f'{_side}ElbowRoll': (f'{_side}E', f'{_side}F', '0 0 0', '0 0 1'),
        f'{_side}WristYaw': (f'{_side}F', f'{_side}W', '0.148 0 0.023', '1 0 0'),
    }
HANGING = {f'{side}ShoulderPitch': 1.57 for side in 'LR'}


def write_urdf(path, without=()):
    """Write a robot with Pepper's kinematics, less some joints."""
    links = ['torso', 'base_footprint']
    joints = [
        '<joint name="ground" type="fixed"><parent link="Tibia"/><child link="base_footprint"/>'
        '<origin xyz="0 0 -0.334"/></joint>'
    ]
    for name, (parent, child, place, axis) in TREE.items():
        kind = 'fixed' if name in without else 'revolute'
        links.append(child)
        joints.append(
            f'<joint name="{name}" type="{kind}"><parent link="{parent}"/><child link="{child}"/>'
            f'<origin xyz="{place}"/><axis xyz="{axis}"/>'
            f'<limit lower="-2.1" upper="2.1" effort="1" velocity="1"/></joint>'
        )
    body = ''.join(f'<link name="{link}"/>' for link in links) + ''.join(joints)
    path.write_text(f'<?xml version="1.0"?><robot name="pepper">{body}</robot>')
    return path


def write_csv(path, rows, columns=('', 'id', *JOINTS, 'LHand', 'R0R')):
    lines = [','.join(columns)]
    for number, row in enumerate(rows):
        lines.append(','.join(str({'': number, **row}.get(c, 0.0)) for c in columns))
    path.write_text('\n'.join(lines) + '\n')
    return path


@pytest.fixture
def urdf(tmp_path):
    return write_urdf(tmp_path / 'robot.urdf')


@pytest.fixture
def body(urdf):
    return PepperBody(urdf)


@pytest.fixture(scope='module')
def rebl():
    """All clips of the real data."""
    data = SHARED / 'data' / 'rebl_pepper' / 'data_raw.csv'
    robot = SHARED / 'robots' / 'pepper.urdf'
    if not (data.is_file() and robot.is_file()):
        pytest.skip(f'REBL-Pepper and its URDF are not in {SHARED}')
    return {clip.content: clip for clip in read_rebl_pepper(data, robot)}


def pose(body, **angles):
    """Keypoints by name, arms hanging unless told."""
    row = [{**HANGING, **angles}.get(name, 0.0) for name in JOINTS]
    return dict(zip(SKELETON.names, body.keypoints(np.array([row]))[0], strict=True))


def directions(points):
    """Unit vectors along the bones, [..., K - 1, 3]."""
    parents, children = np.array(SKELETON.edges).T
    bones = points[..., children, :] - points[..., parents, :]
    return bones / np.linalg.norm(bones, axis=-1, keepdims=True)


def test_an_upright_robot_stands_like_the_skeleton(body):
    points = np.array(list(pose(body).values()))
    upright = SKELETON.rest * 1.21
    assert points[:, 2].min() == pytest.approx(0.012, abs=0.01)
    assert 1.08 < points[:, 2].max() < 1.18
    np.testing.assert_allclose(points[8], [0.0, 0.0, 0.602], atol=1e-9)
    # The arms are the robot's own: a little bent outwards.
    arms = [
        n
        for n, (_, child) in enumerate(SKELETON.edges)
        if SKELETON.names[child].endswith(('Elbow', 'Wrist'))
    ]
    others = [n for n in range(24) if n not in arms]
    found, wanted = directions(points), directions(upright)
    assert (found[others] * wanted[others]).sum(axis=-1).min() > np.cos(np.radians(3.0))
    assert (found[arms] * wanted[arms]).sum(axis=-1).min() > np.cos(np.radians(25.0))


def test_the_body_is_mirrored_where_the_angles_are(body):
    random = np.random.default_rng(0)
    angles = dict(zip(JOINTS, random.uniform(-0.4, 0.4, len(JOINTS)), strict=True))
    mirrored = {}
    for name, angle in angles.items():
        other = {'L': 'R', 'R': 'L'}.get(name[0], name[0]) + name[1:]
        mirrored[other] = angle if name.endswith('Pitch') else -angle
    points = np.array(list(pose(body, **angles).values()))
    other = np.array(list(pose(body, **mirrored).values()))
    np.testing.assert_allclose(SKELETON.mirrored(points), other, atol=1e-12)


def test_arms_hang_forward_and_out_by_their_angles(body):
    hang, ahead = pose(body), pose(body, LShoulderPitch=0.0)
    out, bent = pose(body, LShoulderRoll=1.0), pose(body, LElbowYaw=-1.57, LElbowRoll=-1.2)
    assert hang['LElbow'][2] < hang['LShoulder'][2] - 0.17
    assert ahead['LElbow'][0] > ahead['LShoulder'][0] + 0.17
    assert out['LElbow'][1] > hang['LElbow'][1] + 0.1
    assert bent['LWrist'][0] > bent['LElbow'][0] + 0.1


def test_a_negative_head_pitch_looks_up_and_positive_yaw_looks_left(body):
    ahead, up, left = pose(body), pose(body, HeadPitch=-0.5), pose(body, HeadYaw=0.5)
    assert up['Nose'][2] - up['REar'][2] > ahead['Nose'][2] - ahead['REar'][2] + 0.03
    assert left['Nose'][1] > 0.03
    distances = [
        [np.linalg.norm(face[a] - face[b]) for a, b in (('Nose', 'LEye'), ('Neck', 'REar'))]
        for face in (ahead, up, left)
    ]
    np.testing.assert_allclose(distances[1:], distances[:1] * 2)


@pytest.mark.parametrize(
    ('joint', 'angle', 'axis', 'sign'),
    [
        ('HipPitch', -0.4, 0, 1),
        ('HipPitch', 0.4, 0, -1),
        ('HipRoll', 0.3, 1, 1),
        ('KneePitch', -0.2, 0, 1),
    ],
)
def test_the_trunk_leans_by_hip_and_knee_and_the_feet_stay(body, joint, angle, axis, sign):
    upright, leaning = pose(body), pose(body, **{joint: angle})
    trunk = leaning['Neck'] - leaning['MidHip']
    lean = np.arctan2(np.hypot(*trunk[:2]), trunk[2])
    assert lean == pytest.approx(abs(angle), abs=0.02)
    assert np.sign(trunk[axis]) == sign
    for name in ('LAnkle', 'RHeel', 'LBigToe'):
        np.testing.assert_array_equal(leaning[name], upright[name])
    assert leaning['LHip'][2] == pytest.approx(leaning['RHip'][2])


def test_only_legs_and_feet_are_made_up(body):
    sure = dict(zip(SKELETON.names, body.confidence, strict=True))
    assert {name for name, c in sure.items() if c == 1.0} == {
        'Neck',
        'MidHip',
        *(s + part for s in 'LR' for part in ('Shoulder', 'Elbow', 'Wrist')),
    }
    assert {name for name, c in sure.items() if c == 0.5} == {
        'Nose',
        'REye',
        'LEye',
        'REar',
        'LEar',
        'LHip',
        'RHip',
    }


def test_each_animation_is_a_clip_with_its_rating(tmp_path, urdf):
    rows = [{'id': 'Happy_4', **HANGING}] * 3 + [{'id': 'SadReaction_01'}] * 2
    table = write_csv(tmp_path / 'data_raw.csv', rows)
    ratings = [{'id': 'Happy_4', 'valence': 0.75, 'arousal': 0.25}]
    labels = write_csv(tmp_path / 'labels_raw.csv', ratings, ('', 'id', 'valence', 'arousal'))
    happy, sad = read_rebl_pepper(table, urdf)
    assert (happy.label, happy.content, len(happy)) == ('Happy', 'Happy_4', 3)
    assert happy.valence_arousal == (0.5, -0.5)
    assert (sad.label, sad.content, len(sad)) == ('SadReaction', 'SadReaction_01', 2)
    assert sad.valence_arousal is None
    assert happy.source == f'{table}#Happy_4'
    assert (happy.actor, happy.licence, happy.rate_hz) == ('animator', 'CC-BY-4.0', 25.0)
    labels.rename(tmp_path / 'ratings.csv')
    assert read_rebl_pepper(table, urdf)[0].valence_arousal is None
    rated = read_rebl_pepper(table, urdf, tmp_path / 'ratings.csv')
    assert rated[0].valence_arousal == (0.5, -0.5)
    text = '\n'.join(describe_rebl_pepper(table, urdf, tmp_path / 'ratings.csv').lines())
    for words in ('2 animations, 5 frames', 'Happy_4: 0.1 s, valence +0.50', 'ratings.csv'):
        assert words in text


ROW = {'id': 'Happy_4', **HANGING}
BAD_TABLES = {
    'missing columns': (
        lambda path: write_csv(path, [ROW], ('id', *JOINTS[2:])),
        'columns HeadYaw, HeadPitch;',
    ),
    'no id': (lambda path: write_csv(path, [ROW], JOINTS), 'columns id;'),
    'empty file': (lambda path: path.write_text(''), 'without the columns id'),
    'no rows': (lambda path: write_csv(path, []), 'without rows'),
    'text': (lambda path: write_csv(path, [ROW, {**ROW, 'HipRoll': 'x'}]), "line 3 is 'x'"),
    'empty number': (lambda path: write_csv(path, [{**ROW, 'HipRoll': ''}]), "line 2 is ''"),
    'NaN': (lambda path: write_csv(path, [{**ROW, 'HeadYaw': 'nan'}]), "HeadYaw .* 'nan'"),
    'infinite': (lambda path: write_csv(path, [{**ROW, 'HeadYaw': '1e999'}]), "'1e999'"),
    'no name': (lambda path: write_csv(path, [{**ROW, 'id': ''}]), 'line 2 has no id'),
    'apart': (
        lambda path: write_csv(path, [ROW, {**ROW, 'id': 'Sad_1'}, ROW]),
        'goes on in line 4',
    ),
    'degrees': (
        lambda path: write_csv(path, [ROW, {**ROW, 'LShoulderPitch': 89.0}]),
        'LShoulderPitch in line 3 is 89; expected radians',
    ),
    'truncated': (
        lambda path: path.write_text(write_csv(path, [ROW] * 3).read_text()[:-12]),
        'line 4 has 15 fields; expected 17',
    ),
    'binary': (lambda path: path.write_bytes(b'\xff\xfe\x00\x01' * 30), 'no CSV table'),
    'open quote': (lambda path: path.write_text('id,"HeadYaw\n1,2\n'), 'no CSV table'),
}


@pytest.mark.parametrize('case', BAD_TABLES)
def test_a_bad_table_is_named_with_the_reason(tmp_path, urdf, case):
    write, reason = BAD_TABLES[case]
    path = tmp_path / 'angles.csv'
    write(path)
    with pytest.raises(MotionFileError, match=reason) as error:
        read_rebl_pepper(path, urdf)
    assert str(path) in str(error.value)


@pytest.mark.parametrize(
    ('rating', 'reason'),
    [
        ({'valence': 1.2, 'arousal': 0.0}, 'from 0 to 1'),
        ({'valence': 'nan', 'arousal': 0.0}, 'finite number'),
    ],
)
def test_bad_ratings_are_named_with_the_reason(tmp_path, urdf, rating, reason):
    table = write_csv(tmp_path / 'a.csv', [ROW])
    columns = ('id', 'valence', 'arousal')
    ratings = write_csv(tmp_path / 'r.csv', [{'id': 'Happy_4', **rating}], columns)
    with pytest.raises(MotionFileError, match=reason) as error:
        read_rebl_pepper(table, urdf, ratings)
    assert str(ratings) in str(error.value)


def test_missing_files_are_errors(tmp_path, urdf):
    table = write_csv(tmp_path / 'a.csv', [ROW])
    no = tmp_path / 'no'
    for paths in ((no, urdf), (table, no), (table, urdf, no)):
        with pytest.raises(MotionFileError, match='No such file'):
            read_rebl_pepper(*paths)


@pytest.mark.parametrize('text', ['', 'no XML', '<a/>', '<robot name="x"/>', '<robot name="x">'])
def test_what_is_no_urdf_is_named(tmp_path, text):
    path = tmp_path / 'bad.urdf'
    path.write_text(text)
    with pytest.raises(MotionFileError, match=r'bad\.urdf'):
        read_rebl_pepper(write_csv(tmp_path / 'a.csv', [ROW]), path)


def test_a_robot_without_the_joints_is_refused_with_their_names(tmp_path):
    path = write_urdf(tmp_path / 'other.urdf', without=('HeadYaw', 'LElbowRoll'))
    with pytest.raises(MotionFileError, match=r'joints HeadYaw, LElbowRoll; .* Pepper'):
        read_rebl_pepper(write_csv(tmp_path / 'a.csv', [ROW]), path)


def test_the_real_data_has_36_rated_animations_of_sensible_bodies(rebl):
    assert len(rebl) == 36
    assert sum(len(clip) for clip in rebl.values()) == 5074
    assert all(clip.valence_arousal is not None for clip in rebl.values())
    assert rebl['Happy_4'].valence_arousal == pytest.approx((0.456, 0.381))
    points = np.concatenate([clip.keypoints for clip in rebl.values()])
    assert points[..., 2].min() > 0.0
    assert 1.1 < points[..., 2].max() < 1.3
    assert np.isfinite(directions(points)).all()
    # Arms and face keep their lengths; the made-up legs nearly so.
    parents, children = np.array(SKELETON.edges).T
    lengths = np.linalg.norm(points[:, children] - points[:, parents], axis=-1)
    spread = np.ptp(lengths, axis=0)
    rigid = [n for n, child in enumerate(children) if rebl['Happy_4'].confidence[0, child] > 0]
    assert spread[rigid].max() < 1e-5
    assert (spread / lengths.mean(axis=0)).max() < 0.1


def test_real_animations_show_what_they_are_called(rebl):
    """Heads sink in sadness and rise in happiness; fear raises the arms."""
    nose, ear = SKELETON.index('Nose'), SKELETON.index('REar')

    def lowest_gaze(name):
        face = rebl[name].keypoints
        return float((face[:, nose, 2] - face[:, ear, 2]).min())

    assert max(lowest_gaze('Sad_01'), lowest_gaze('Disappointed_1')) < lowest_gaze('Happy_01')
    wrists = [SKELETON.index('LWrist'), SKELETON.index('RWrist')]
    lift = {name: clip.keypoints[:, wrists, 2].max() for name, clip in rebl.items()}
    assert lift['Fearful_1'] > lift['SadReaction_01'] + 0.3


def test_the_real_table_cut_within_a_row_is_refused(tmp_path, rebl):
    data = (SHARED / 'data' / 'rebl_pepper' / 'data_raw.csv').read_bytes()
    path = tmp_path / 'cut.csv'
    path.write_bytes(data[:-40])
    with pytest.raises(MotionFileError, match='truncated'):
        read_rebl_pepper(path, SHARED / 'robots' / 'pepper.urdf')
