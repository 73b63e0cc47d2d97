# Copyright 2026 The emotion_motion authors
# SPDX-License-Identifier: Apache-2.0
from dataclasses import replace
from pathlib import Path
import re

from bvh_humanoid import (
    CONVENTIONS,
    FRAMES,
    names_of,
    RATE_HZ,
    TREE,
    Variant,
    VARIANTS,
    world_places,
    write_humanoid,
)
import numpy as np
import pytest

from emotion_motion.body.skeleton import load_skeleton
from emotion_motion.exceptions import MotionFileError, StorageError
from emotion_motion.io.bvh.file import load_bvh
from emotion_motion.io.bvh.reader import describe_bvh, read_bvh
from emotion_motion.io.bvh.roles import MEASURED, roles_by_name
from emotion_motion.io.bvh.writer import write_bvh
from emotion_motion.io.reading import read_clips

BODY = load_skeleton()
DATA = Path(__file__).resolve().parents[4] / 'shared' / 'data'
LIMBS = [
    (f'{side}{a}', f'{side}{b}')
    for side in 'LR'
    for a, b in (('Hip', 'Knee'), ('Knee', 'Ankle'), ('Shoulder', 'Elbow'), ('Elbow', 'Wrist'))
]


def at(keypoints: np.ndarray, name: str) -> np.ndarray:
    return keypoints[..., BODY.index(name), :]


def remarks(path: Path) -> tuple[str, ...]:
    """Return what is said of a file besides its motion."""
    return read_clips(path)[0].remarks


def moved_onto(points: np.ndarray, onto: np.ndarray) -> np.ndarray:
    """Return points [n, 3] turned about z and shifted, never mirrored, to lie nearest `onto`."""
    one, other = points - points.mean(axis=0), onto - onto.mean(axis=0)
    angle = np.arctan2(
        (one[:, 0] * other[:, 1] - one[:, 1] * other[:, 0]).sum(),
        (one[:, :2] * other[:, :2]).sum(),
    )
    cos, sin = np.cos(angle), np.sin(angle)
    return one @ np.array([[cos, sin, 0.0], [-sin, cos, 0.0], [0.0, 0.0, 1.0]]) + onto.mean(axis=0)


def forward_of(keypoints: np.ndarray) -> np.ndarray:
    """Return the level direction [T, 3] in which hips and shoulders face."""
    across = (
        at(keypoints, 'LHip')
        - at(keypoints, 'RHip')
        + at(keypoints, 'LShoulder')
        - at(keypoints, 'RShoulder')
    )
    forward = np.cross(across, [0.0, 0.0, 1.0])
    return forward / np.linalg.norm(forward, axis=-1, keepdims=True)


def face_of(keypoints: np.ndarray) -> np.ndarray:
    """Return the line [..., 3] from the middle of the ears to the nose."""
    return at(keypoints, 'Nose') - 0.5 * (at(keypoints, 'LEar') + at(keypoints, 'REar'))


def lowest_of(keypoints: np.ndarray) -> np.ndarray:
    """Return the height [T] of the lowest keypoint of the feet."""
    names = [f'{side}{part}' for side in 'LR' for part in ('Heel', 'BigToe', 'SmallToe')]
    return np.min([at(keypoints, name)[:, 2] for name in names], axis=0)


@pytest.fixture(scope='module')
def standard(tmp_path_factory) -> np.ndarray:
    """The keypoints of the plainest variant."""
    path = tmp_path_factory.mktemp('bvh') / 'standard.bvh'
    return read_bvh(write_humanoid(path, Variant())).keypoints


@pytest.fixture(scope='session')
def real_clips():
    """Every real file, read: path -> clip."""
    folders = [DATA / name for name in ('bandai', 'reactidle')]
    paths = sorted(path for folder in folders for path in folder.glob('*.bvh'))
    if not paths:
        pytest.skip(f'the real motion is missing: no BVH files below {DATA}')
    return {path: read_bvh(path) for path in paths}


def real_files() -> list[Path]:
    return [
        DATA / name for name in ('bandai/dataset-1_bye_happy_001.bvh', 'reactidle/010_genuine.bvh')
    ]


# The same motion in every form.


@pytest.mark.parametrize('variant', VARIANTS, ids=str)
def test_the_same_motion_in_any_form_gives_the_same_keypoints(variant, standard, tmp_path):
    clip = read_bvh(write_humanoid(tmp_path / 'form.bvh', variant))
    assert clip.keypoints.shape == (FRAMES, 25, 3)
    placed = moved_onto(clip.keypoints.reshape(-1, 3), standard.reshape(-1, 3))
    assert np.abs(placed - standard.reshape(-1, 3)).max() < 0.004


def test_joints_are_where_forward_kinematics_puts_them(standard):
    places, _ = world_places()
    truth = np.concatenate([places[joint] for joint in MEASURED.values()])
    placed = moved_onto(np.concatenate([at(standard, name) for name in MEASURED]), truth)
    assert np.abs(placed - truth).max() < 2e-4


def test_the_face_turns_with_the_head_joint(standard):
    _, turns = world_places()
    usual, shown = face_of(BODY.rest), face_of(standard)
    shown /= np.linalg.norm(shown, axis=-1, keepdims=True)
    wanted = turns['head'] @ usual / np.linalg.norm(usual)
    placed = moved_onto(
        np.concatenate((shown, np.zeros((1, 3)))), np.concatenate((wanted, np.zeros((1, 3))))
    )
    assert np.degrees(np.arccos((placed[:-1] * wanted).sum(axis=-1).clip(-1, 1))).max() < 2.0


def test_a_clip_carries_rate_source_content_and_confidence(tmp_path):
    path = write_humanoid(tmp_path / 'wave.bvh', Variant())
    clip = read_bvh(path)
    assert (clip.rate_hz, clip.skeleton, clip.source) == (RATE_HZ, 'body_25', str(path))
    assert (clip.content, clip.label, clip.emotions, clip.prepared) == ('wave', '', None, False)
    for name in BODY.names:
        measured = name in MEASURED or name in ('Neck', 'MidHip')
        assert (at(clip.confidence[..., None], name) == (1.0 if measured else 0.5)).all()


def test_feet_stand_on_the_ground(standard):
    assert abs(lowest_of(standard).min()) < 0.03


# Names and structure.


@pytest.mark.parametrize('convention', [name for name in CONVENTIONS if name != 'none'])
def test_names_of_each_convention_are_known(convention):
    names = names_of(convention)
    roles = roles_by_name(list(names.values()))
    wanted = {role: index for index, role in enumerate(names) if role not in ('spine', 'chest')}
    assert {role: roles.get(role) for role in wanted} == wanted


def test_helper_joints_are_not_taken_for_the_body():
    names = 'pelvis upperarm_twist_01_l upperarm_l ik_foot_l foot_l LeftHandIndex1'
    roles = roles_by_name(names.split())
    assert roles == {'hips': 0, 'left_upper_arm': 2, 'left_foot': 4}


@pytest.mark.parametrize(
    'variant',
    [Variant(convention='none'), Variant(convention='none', up='+Z', along_bones=True)],
    ids=str,
)
def test_structure_finds_every_part_without_names(variant, tmp_path):
    report = describe_bvh(write_humanoid(tmp_path / 'plain.bvh', variant))
    names = names_of('none')
    for role, name in report.joint_names.items():
        assert role == 'hips' or name == names[role]
    assert {'neck', 'head', *(role for role in TREE if '_' in role)} <= set(report.joint_names)
    assert report.roles.how.startswith('structure (confidence ')
    assert float(report.roles.how.split()[2].rstrip(');')) > 0.7


def test_structure_without_feet_tells_left_by_the_knees(standard, tmp_path):
    variant = Variant(convention='none', without=('left_toe', 'right_toe'), ends=False)
    path = write_humanoid(tmp_path / 'plain.bvh', variant)
    assert 'by the knees' in describe_bvh(path).roles.how
    shown = np.concatenate([at(read_bvh(path).keypoints, name) for name in MEASURED])
    wanted = np.concatenate([at(standard, name) for name in MEASURED])
    assert np.abs(moved_onto(shown, wanted) - wanted).max() < 1e-3


def test_sides_that_the_names_tell_settle_left_and_right(tmp_path):
    path = write_humanoid(tmp_path / 'form.bvh', Variant())
    text = path.read_text()
    for word, other in (('UpLeg', 'A'), ('ForeArm', 'B'), ('Leg', 'C'), ('Arm', 'D')):
        text = text.replace(word, other)
    path.write_text(text)
    report = describe_bvh(path)
    assert report.roles.how.startswith('structure') and report.roles.how.endswith('by their names')
    assert report.joint_names['left_upper_leg'] == 'mixamorig:LeftA'


def test_exchanged_names_are_reported_and_left_stays_left(tmp_path):
    report = describe_bvh(write_humanoid(tmp_path / 'form.bvh', Variant(swapped=True)))
    assert any('mirrored or its names are exchanged' in text for text in report.clip().remarks)
    assert report.joint_names['left_hand'] == 'mixamorig:RightHand'


# Units, axes, position channels.


@pytest.mark.parametrize(
    ('scale', 'unit'),
    [(1.0, 'metres'), (100.0, 'centimetres'), (1000.0, 'millimetres'), (1.0 / 0.0254, 'inches')],
)
def test_units_are_found_by_the_height(scale, unit, tmp_path):
    path = write_humanoid(tmp_path / 'form.bvh', Variant(scale=scale))
    report = describe_bvh(path)
    assert (report.axes.unit, remarks(path)) == (unit, ())
    assert report.axes.height_m == pytest.approx(1.7, abs=0.06)


@pytest.mark.parametrize('scale', [1.0 / 1.7, 3.3, 17.7])
def test_a_body_of_no_unit_is_scaled_and_that_is_said(scale, standard, tmp_path):
    path = write_humanoid(tmp_path / 'form.bvh', Variant(scale=scale))
    report = describe_bvh(path)
    assert report.axes.unit == '' and report.axes.height_m == pytest.approx(1.7)
    assert any('fits no unit of length; scaled to 1.7 m' in text for text in remarks(path))
    ratio = (
        np.ptp(at(read_bvh(path).keypoints, 'LWrist'), axis=0)[2]
        / np.ptp(at(standard, 'LWrist'), axis=0)[2]
    )
    assert ratio == pytest.approx(1.0, abs=0.05)


@pytest.mark.parametrize('up', ['+Y', '+Z', '+X', '-Y', '-Z', '-X'])
def test_the_axis_that_is_up_is_found(up, tmp_path):
    path = write_humanoid(tmp_path / 'form.bvh', Variant(up=up))
    report = describe_bvh(path)
    assert (report.axes.up, remarks(path)) == (up, ())
    assert 'steadily' in report.facing


@pytest.mark.parametrize(
    ('positions', 'text'),
    [
        ('none', 'none'),
        ('replace', 'they stand for the offset'),
        ('add', 'they are added to the offset'),
    ],
)
def test_position_channels_below_the_root_are_reported(positions, text, tmp_path):
    report = describe_bvh(write_humanoid(tmp_path / 'form.bvh', Variant(positions=positions)))
    assert len(report.file.moved) == (0 if positions == 'none' else len(TREE) - 1)
    line = next(line for line in report.lines() if line.startswith('positions below the root'))
    assert text in line


def test_the_report_names_what_was_found(tmp_path):
    text = '\n'.join(describe_bvh(write_humanoid(tmp_path / 'form.bvh', Variant())).lines())
    for part in (
        'BVH, 21 joints, 5 end sites',
        '60 frames at 30 Hz, 2.00 s',
        'Mixamo',
        '+Y',
        'centimetres',
        'mixamorig:LeftForeArm',
        'keypoints built',
        'LHeel',
        'rest pose',
        'degrees down on average',
    ):
        assert part in text


def test_a_rest_pose_in_front_of_the_motion_is_reported(tmp_path):
    path = write_humanoid(tmp_path / 'form.bvh', Variant())
    lines = path.read_text().splitlines()
    first = lines.index('MOTION') + 3
    root = lines[first].split()[:3]
    lines[first] = ' '.join([*root, *['0'] * (len(lines[first].split()) - 3)])
    path.write_text('\n'.join(lines))
    assert any('frame 1 is a rest pose' in text for text in remarks(path))


# What files get wrong.


def _edit(*pairs):
    def edit(text: str) -> str:
        for old, new in pairs:
            assert old in text
            text = text.replace(old, new, 1)
        return text

    return edit


def _rows(change):
    def edit(text: str) -> str:
        lines = text.splitlines()
        first = lines.index('MOTION') + 3
        return '\n'.join([*lines[:first], *change(lines[first:])])

    return edit


HALF = 'mixamorig:LeftArm'
BAD = {
    'empty': (lambda text: '', 'the file is empty'),
    'blank': (lambda text: '\n \n', 'the file is empty'),
    'binary': (lambda text: '\0\1\2' + text, 'binary data'),
    'other text': (lambda text: '{"people": []}', 'expected HIERARCHY'),
    'header cut off': (lambda text: text[: text.index(HALF)], 'no line MOTION'),
    'bracket lost': (_edit(('}', '')), 'opens 26 brackets and closes 25'),
    'no motion': (lambda text: text[: text.index('MOTION')], 'without motion'),
    'cut after MOTION': (lambda text: text[: text.index('Frame Time')], 'after MOTION stands'),
    'zero frames': (_edit(('Frames: 60', 'Frames: 0')), 'it announces 0 frames'),
    'negative frames': (_edit(('Frames: 60', 'Frames: -3')), 'it announces -3 frames'),
    'frames no number': (_edit(('Frames: 60', 'Frames: many')), "its number of frames is 'many'"),
    'zero frame time': (_edit(('0.0333333', '0.0')), 'frame time of 0 s'),
    'milliseconds': (_edit(('0.0333333', '33.3333')), 'in milliseconds a frame (30 Hz)'),
    'rate for time': (_edit(('0.0333333', '30')), 'in frames a second (30 Hz)'),
    'huge frame time': (_edit(('0.0333333', '1e300')), 'expected 1 to 1,000 Hz'),
    'frame time not finite': (_edit(('0.0333333', 'nan')), "frame time is 'nan'"),
    'motion cut off': (_rows(lambda rows: rows[:40]), 'announces 60 frames and holds 40'),
    'motion cut in a row': (
        _rows(lambda rows: [*rows[:39], rows[39][:50]]),
        'announces 60 frames and holds 39',
    ),
    'last row cut': (
        _rows(lambda rows: [*rows[:-1], rows[-1][:50]]),
        'announces 60 frames and holds 59',
    ),
    'no rows': (_rows(lambda rows: []), 'announces 60 frames and holds 0'),
    'row too short': (
        _rows(lambda rows: [*rows[:5], '1 2 3', *rows[6:]]),
        'frame 6 has 3 numbers; expected 66',
    ),
    'row too long': (
        _rows(lambda rows: [*rows[:5], rows[5] + ' 7', *rows[6:]]),
        'frame 6 has 67 numbers; expected 66',
    ),
    'NaN': (
        _rows(lambda rows: [*rows[:7], 'nan ' + rows[7].split(' ', 1)[1], *rows[8:]]),
        'frame 8 holds a number that is not finite',
    ),
    'word': (_rows(lambda rows: ['x ' + rows[0].split(' ', 1)[1], *rows[1:]]), "float: 'x'"),
    'decimal comma': (_rows(lambda rows: [row.replace('.', ',') for row in rows]), 'no number'),
    'offset no number': (_edit(('OFFSET 0', 'OFFSET x')), "the offset 'x"),
    'offset not finite': (_edit(('OFFSET 0.000000', 'OFFSET nan')), 'offsets that are not finite'),
    'channel unknown': (_edit(('Zrotation', 'Wrotation')), "has a channel 'Wrotation'"),
    'channel count': (_edit(('CHANNELS 6', 'CHANNELS 5')), 'whose count is wrong'),
    'too deep': (_edit(('MOTION', 'JOINT a\n{\n' * 300 + '}\n' * 300 + 'MOTION')), '300 deep'),
    'no size': (lambda text: re.sub(r'OFFSET .*', 'OFFSET 0 0 0', text), 'bones with a length'),
    'two skeletons': (
        _edit(('MOTION', 'ROOT b\n{\nOFFSET 0 0 0\nCHANNELS 0\n}\nMOTION')),
        'it has 2 skeletons',
    ),
}


@pytest.mark.parametrize('case', BAD)
def test_bad_files_are_refused_with_the_reason(case, tmp_path):
    path = write_humanoid(tmp_path / 'bad.bvh', Variant())
    damage, reason = BAD[case]
    path.write_text(damage(path.read_text()))
    with pytest.raises(MotionFileError) as caught:
        read_bvh(path)
    assert reason in str(caught.value) and str(path) in str(caught.value)


@pytest.mark.parametrize(
    'without',
    [
        ('left_upper_leg', 'right_upper_leg'),
        ('left_upper_arm', 'right_upper_arm'),
        ('neck', 'left_clavicle'),
        ('right_lower_leg',),
    ],
    ids=str,
)
@pytest.mark.parametrize('convention', ['Mixamo', 'none'])
def test_another_skeleton_is_refused_with_its_joints(without, convention, tmp_path):
    variant = Variant(convention=convention, without=without)
    path = write_humanoid(tmp_path / 'other.bvh', variant)
    with pytest.raises(MotionFileError, match='no human body') as caught:
        read_bvh(path)
    assert names_of(convention)['hips'] in str(caught.value)


@pytest.mark.parametrize('convention', ['Mixamo', 'none'])
def test_arms_without_wrists_are_refused(convention, tmp_path):
    variant = Variant(convention=convention, without=('left_hand', 'right_hand'))
    with pytest.raises(MotionFileError, match=r'no wrist|no human body'):
        read_bvh(write_humanoid(tmp_path / 'stumps.bvh', variant))


def test_a_file_that_is_missing_is_refused(tmp_path):
    with pytest.raises(MotionFileError, match='No such file'):
        read_bvh(tmp_path / 'none.bvh')


def test_a_file_cut_anywhere_is_refused_or_whole(tmp_path):
    path = write_humanoid(tmp_path / 'cut.bvh', Variant())
    text = path.read_text()
    for end in np.random.default_rng(0).integers(0, len(text) - 10, 60):
        path.write_text(text[:end])
        with pytest.raises(MotionFileError):
            load_bvh(path)


@pytest.mark.parametrize(
    'change',
    [
        lambda text: text.replace('\n', '\r\n'),
        lambda text: text.replace('\n', '\r'),
        lambda text: '\ufeff' + text,
        lambda text: text.replace('\n{', ' {'),
        lambda text: text.replace('mixamorig:', 'Rig '),
        lambda text: text.replace('Frames: 60', 'Frames:\t60'),
        lambda text: text.replace('mixamorig:Spine1', 'Rücken'),
        lambda text: text + '\n\n',
        lambda text: text.replace('Xrotation', 'XRotation'),
    ],
)
def test_harmless_differences_of_writing_are_read(change, standard, tmp_path):
    path = write_humanoid(tmp_path / 'form.bvh', Variant())
    path.write_text(change(path.read_text()), encoding='utf-8')
    assert np.array_equal(read_bvh(path).keypoints, standard)


def test_rows_beyond_the_announced_are_left_out_and_reported(tmp_path):
    path = write_humanoid(tmp_path / 'form.bvh', Variant())
    path.write_text(path.read_text().replace('Frames: 60', 'Frames: 50'))
    assert len(read_bvh(path)) == 50
    assert any('10 rows beyond' in text for text in remarks(path))


def test_a_single_frame_is_read(standard, tmp_path):
    path = write_humanoid(tmp_path / 'form.bvh', Variant())
    path.write_text(path.read_text().replace('Frames: 60', 'Frames: 1'))
    one = read_bvh(path).keypoints
    shift = (one[0] - standard[0]).mean(axis=0)
    assert one.shape == (1, 25, 3) and np.abs(one[0] - standard[0] - shift).max() < 0.01


# Writing.


def test_a_written_file_reads_back(standard, tmp_path):
    body = 1.7 * BODY.project((standard / 1.7).astype(np.float32))
    path = write_bvh(tmp_path / 'out' / 'walk.bvh', body, 30.0, BODY)
    clip = read_bvh(path)
    assert clip.rate_hz == 30.0
    rise = (clip.keypoints - body)[..., 2].mean()
    assert np.linalg.norm(clip.keypoints - body - [0.0, 0.0, rise], axis=-1).max() < 0.002
    assert remarks(path) == ()


def test_other_proportions_read_back_nearly(standard, tmp_path):
    clip = read_bvh(write_bvh(tmp_path / 'walk.bvh', standard, 30.0, BODY))
    rise = (clip.keypoints - standard)[..., 2].mean()
    error = np.linalg.norm(clip.keypoints - standard - [0.0, 0.0, rise], axis=-1)
    assert error.max() < 0.03
    assert np.quantile(error, 0.5) < 0.005


def test_bvhio_reads_what_is_written(standard, tmp_path):
    bvhio = pytest.importorskip('bvhio')

    path = write_bvh(tmp_path / 'walk.bvh', standard, 30.0, BODY)
    root = bvhio.readAsHierarchy(str(path)).loadPose(10, recursive=True)
    knee = next(j for j, _, _ in root.layout() if j.Name == 'LeftLeg').PositionWorld.to_list()
    wanted = 100.0 * at(standard, 'LKnee')[10]
    assert np.array(knee)[[2, 0, 1]] == pytest.approx(wanted, abs=0.1)


@pytest.mark.parametrize(
    ('change', 'reason'),
    [
        ({'keypoints': np.zeros((4, 25, 2))}, 'shape'),
        ({'keypoints': np.zeros((0, 25, 3))}, 'shape'),
        ({'keypoints': np.full((4, 25, 3), np.nan)}, 'not finite'),
        ({'keypoints': np.zeros((4, 25, 3))}, 'one place'),
        ({'rate_hz': 0.0}, 'rate'),
        ({'path': 'walk.npz'}, 'ending'),
        ({'skeleton': None}, 'lacks'),
    ],
)
def test_what_cannot_be_written_is_refused(change, reason, standard, tmp_path):
    given = {'path': 'walk.bvh', 'keypoints': standard, 'rate_hz': 30.0, 'skeleton': BODY}
    given.update(change)
    if given['skeleton'] is None:
        given['skeleton'] = replace(BODY, names=tuple(f'point {i}' for i in range(25)))
    with pytest.raises(MotionFileError, match=reason):
        write_bvh(tmp_path / given.pop('path'), **given)


def test_an_unwritable_place_is_reported(standard, tmp_path):
    (tmp_path / 'file').write_text('')
    with pytest.raises(StorageError, match='could not write'):
        write_bvh(tmp_path / 'file' / 'walk.bvh', standard, 30.0, BODY)


# Real files.


@pytest.mark.parametrize('path', real_files(), ids=lambda path: path.stem)
def test_joints_lie_where_bvhio_puts_them(path):
    if not path.is_file():
        pytest.skip(f'the real motion is missing: {path}')
    bvhio = pytest.importorskip('bvhio')

    file = load_bvh(path)
    root = bvhio.readAsHierarchy(str(path))
    index = {node.name: i for i, node in enumerate(file.nodes)}
    for frame in (0, len(file.numbers) // 2, len(file.numbers) - 1):
        places = file.place(frames=[frame])[0][0]
        root.loadPose(frame, recursive=True)
        for joint, _, _ in root.layout():
            theirs = np.array(joint.PositionWorld.to_list())
            assert places[index[joint.Name]] == pytest.approx(theirs, abs=2e-6 * 100 + 1e-6)


def test_every_real_file_is_read(real_clips):
    assert len(real_clips) == 144 + 19
    assert sum(len(clip) for clip in real_clips.values()) == 27120 + 57348
    assert {clip.rate_hz for clip in real_clips.values()} == {24.0, 30.0}


def test_real_bones_keep_their_length(real_clips):
    for path, clip in real_clips.items():
        for a, b in LIMBS:
            lengths = np.linalg.norm(at(clip.keypoints, a) - at(clip.keypoints, b), axis=-1)
            assert np.ptp(lengths) < 0.001 * lengths.mean() + 1e-5, f'{path.name}: {a} to {b}'


def test_real_bodies_are_of_human_size(real_clips):
    for path, clip in real_clips.items():
        height = np.median(at(clip.keypoints, 'LEye')[:, 2])
        assert 1.0 < height < 2.0, path.name


def share(points: np.ndarray, front: str, back: str, along: np.ndarray) -> float:
    """Return in which share of the frames `front` lies farther along than `back`."""
    return float((((at(points, front) - at(points, back)) * along).sum(axis=-1) > 0.0).mean())


def test_real_left_is_left_and_feet_point_forward(real_clips):
    for path, clip in real_clips.items():
        points, forward = clip.keypoints, forward_of(clip.keypoints)
        left = np.cross([0.0, 0.0, 1.0], forward)
        assert share(points, 'LShoulder', 'RShoulder', left) == 1.0, path.name
        assert share(points, 'LHip', 'RHip', left) == 1.0, path.name
        for side in 'LR':
            assert share(points, f'{side}BigToe', f'{side}Heel', forward) > 0.5, path.name


def test_real_faces_look_where_the_chest_faces(real_clips):
    for path, clip in real_clips.items():
        points = clip.keypoints
        trunk = at(points, 'Neck') - at(points, 'MidHip')
        chest = np.cross(at(points, 'LShoulder') - at(points, 'RShoulder'), trunk)
        # Left ear, nose and eyes stand to each other as in a face, not as in its mirror image.
        across = at(points, 'LEar') - at(points, 'REar')
        ahead = face_of(points)
        assert ((ahead * chest).sum(axis=-1) > 0.0).mean() > 0.75, path.name
        above = at(points, 'LEye') + at(points, 'REye') - at(points, 'LEar') - at(points, 'REar')
        assert (np.cross(ahead, across) * above).sum(axis=-1).min() > 0.0, path.name


def test_who_really_walks_bends_knees_forward_and_elbows_back(real_clips):
    walks = {p: clip for p, clip in real_clips.items() if '_walk_' in p.name or '_run_' in p.name}
    assert len(walks) > 20
    for path, clip in walks.items():
        points, forward = clip.keypoints, forward_of(clip.keypoints)
        for side in 'LR':
            for inner, joint, outer, sign in (
                ('Hip', 'Knee', 'Ankle', 1.0),
                ('Shoulder', 'Elbow', 'Wrist', -1.0),
            ):
                ends = 0.5 * (at(points, side + inner) + at(points, side + outer))
                bend = ((at(points, side + joint) - ends) * forward).sum(axis=-1).mean()
                assert sign * bend > 0.0, f'{path.name}: {side}{joint}'


def test_real_feet_stand_on_the_ground(real_clips):
    for path, clip in real_clips.items():
        lowest = lowest_of(clip.keypoints)
        assert abs(np.quantile(lowest, 0.05)) < 0.03, path.name
        assert lowest.min() > -0.15, path.name


def test_real_heads_of_the_sad_and_unsure_hang(real_clips):
    def pitch(style: str) -> float:
        clips = [clip.keypoints for path, clip in real_clips.items() if f'_{style}_' in path.name]
        ahead = [face_of(keypoints) for keypoints in clips]
        return float(np.mean([(-a[:, 2] / np.linalg.norm(a, axis=-1)).mean() for a in ahead]))

    # Calibrated on each clip's own mean, all heads would be level.
    assert pitch('sad') > pitch('normal') + 0.2
    assert pitch('not-confident') > pitch('proud') + 0.3


@pytest.mark.parametrize('path', real_files(), ids=lambda path: path.stem)
def test_structure_alone_finds_the_real_bodies(path, tmp_path):
    if not path.is_file():
        pytest.skip(f'the real motion is missing: {path}')
    head, motion = path.read_text().split('MOTION')
    lines, number = [], 0
    for line in head.splitlines():
        words = line.split()
        if words and words[0] in ('ROOT', 'JOINT'):
            line, number = line.replace(words[1], f'j{number}'), number + 1
        lines.append(line)
    plain = tmp_path / path.name
    plain.write_text('\n'.join([*lines, 'MOTION']) + motion)
    assert describe_bvh(plain).roles.how.startswith('structure')
    assert np.array_equal(read_bvh(plain).keypoints, read_bvh(path).keypoints)
