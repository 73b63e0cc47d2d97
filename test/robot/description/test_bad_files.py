# Copyright 2026 The emotion_motion authors
# SPDX-License-Identifier: Apache-2.0
"""Robot files that went wrong: each is refused in one line, or read with what was assumed."""

from __future__ import annotations

import math
from pathlib import Path
import re

import numpy as np
import pytest
from robot_support import robot, RobotError, settings, written
from support import DATA

from emotion_motion import files
from emotion_motion.exceptions import ConfigError
from emotion_motion.files import parse_xml, parse_yaml, read_json, read_yaml
from emotion_motion.robot.description.robot import read_model, Robot
from emotion_motion.robot.description.urdf import find_file, parse_urdf, read_urdf, Urdf

ROBOTS = DATA / 'robots'
ELBOW = 'left_elbow_pitch'
RING = ''.join(
    f'<link name="ring_{a}"/><joint name="{a}{b}" type="revolute"><parent link="ring_{a}"/>'
    f'<child link="ring_{b}"/></joint>'
    for a, b in ('ab', 'ba')
)
# What is between the name of the left elbow and its axis, and its limits.
AXIS = '<axis xyz="0.0 1.0 0.0"/><limit lower="-2.4" upper="0.0" velocity="3.0" effort="30"/>'
LEFT = '<child link="left_fore"/><origin xyz="0 0 -0.16" rpy="0 0 0"/>'


def changed_text(*changes: tuple[str, str], name: str = 'mini.urdf') -> str:
    """Return the text of a file of data/robots with parts replaced."""
    text = (ROBOTS / name).read_text()
    for old, new in changes:
        assert old in text
        text = text.replace(old, new)
    return text


def changed_urdf(*changes: tuple[str, str]) -> Urdf:
    return parse_urdf(changed_text(*changes), Path('changed.urdf'))


def loaded(folder: Path, *changes: tuple[str, str]) -> Robot:
    """Return the robot of mini.yaml with another URDF."""
    (folder / 'changed.urdf').write_text(changed_text(*changes))
    return Robot.load(ROBOTS / 'mini.yaml', folder / 'changed.urdf')


def limits_of(urdf: Urdf, joint: str = ELBOW) -> tuple[float | None, float | None]:
    return urdf.joints[joint].lower, urdf.joints[joint].upper


# YAML, JSON and XML


@pytest.mark.parametrize(
    ('text', 'says'),
    [
        ('a: 1\nb: 2\na: 3', "line 3: got the key 'a' a second time"),
        ('a: !!python/object/apply:os.getcwd []', 'line 1: got the tag'),
        ('a: ' + '9' * 5000, '4000 characters'),
        ('[' * 100 + ']' * 100, '50 levels'),
        ('[' + '1,' * 1_001 + ']', '1000 entries'),
        ('a: &a [*a]', 'a name that ends before'),
        ('a: &a [1,1,1,1,1,1,1,1]\n' + ''.join(
            f'{new}: &{new} [{",".join([f"*{old}"] * 8)}]\n'
            for old, new in zip('abcdefg', 'bcdefgh', strict=True)), 'entries'),
        ('? [a]\n: b', 'unhashable'),
        ('a: 0b_', 'invalid literal'),
        ('a: 1\n---\na: 2', 'another document'),
    ],
)  # fmt: skip
def test_yaml_beyond_its_bounds_is_one_line(text, says, monkeypatch):
    monkeypatch.setattr(files, '_YAML_ENTRIES', 1_000)  # in place of 100,000, which take seconds
    with pytest.raises(ConfigError, match=re.escape(says)) as caught:
        parse_yaml(text, 'some.yaml')
    message = str(caught.value)
    assert 'some.yaml' in message and '\n' not in message and len(message) < 300


def test_yaml_reads_exponents_as_numbers_and_dates_as_text():
    values = parse_yaml('{a: 1e0, b: -2E-3, c: 2026-01-01, d: &x {e: 1}, f: {<<: *x, e: 2}}', 'x')
    assert values == {'a': 1.0, 'b': -0.002, 'c': '2026-01-01', 'd': {'e': 1}, 'f': {'e': 2}}


def test_a_file_is_refused_by_its_size(tmp_path):
    large = tmp_path / 'large.yaml'
    large.write_text('a: 1\n#' + 10_000_000 * ' ')
    with pytest.raises(ConfigError, match='more than 1 MB'):
        read_yaml(large)
    with pytest.raises(RobotError, match='more than 1 MB'):
        Robot.load(large)
    with pytest.raises(ConfigError, match='more than 10 MB'):
        parse_xml('<a>' + 10_000_000 * ' ' + '</a>', 'large.urdf')


@pytest.mark.parametrize('text', ['{"a": 1, "a": 2}', '[' * 100_000, '9' * 5000 + '0', '{'])
def test_json_beyond_its_bounds_is_refused(text, tmp_path):
    (tmp_path / 'config.json').write_text(text if text[0] != '9' else f'[1{text}')
    with pytest.raises(ConfigError, match=r'config\.json'):
        read_json(tmp_path / 'config.json')


@pytest.mark.parametrize(
    ('text', 'says'),
    [
        ('<!DOCTYPE robot [<!ENTITY a "aa">]><robot name="&a;"/>', '<!DOCTYPE robot>'),
        ('<a>' * 60 + '</a>' * 60, '50 levels'),
        ('<robot>' + '<link/>' * 500_000 + '</robot>', '500000 elements'),
    ],
)
def test_xml_beyond_its_bounds_is_refused(text, says):
    with pytest.raises(RobotError, match=re.escape(says)):
        parse_urdf(text, Path('some.urdf'))


@pytest.mark.parametrize(
    ('old', 'new', 'says'),
    [
        ('clearance_m: 0.02', 'name: again', "got the key 'name' a second time"),
        ('clearance_m: 0.02', 'contacts: 5', 'got contacts = 5; expected a list'),
        ('_rad_s: 1.5', f'_rad_s: {"9" * 600}', 'got velocity_rad_s = 999'),
        ('_rad_s: 1.5', '_rad_s: 2026-01-01', "got velocity_rad_s = '2026-01-01'"),
        ('urdf: mini.urdf', 'urdf: package://../../../etc/passwd', 'leads out of a package'),
    ],
)
def test_a_yaml_file_that_went_wrong_is_named(old, new, says, tmp_path):
    path = tmp_path / 'changed.yaml'
    path.write_text(changed_text((old, new), name='mini.yaml'))
    with pytest.raises(RobotError, match=re.escape(says)) as caught:
        Robot.load(path)
    assert '\n' not in str(caught.value) and len(str(caught.value)) < 500
    assert str(tmp_path) in str(caught.value)


def test_a_speed_of_1e0_is_a_number(tmp_path):
    path = tmp_path / 'changed.yaml'
    path.write_text(changed_text(('_rad_s: 1.5', '_rad_s: 1e0'), name='mini.yaml'))
    assert (Robot.load(path, ROBOTS / 'mini.urdf').limits.velocity == 1.0).all()


ODD = [5, 'text', [1, 2], [['a', ['b']], {'c': 'd'}], {1: 2}, None, True, [], {}, 10**400, [None]]


@pytest.mark.parametrize('key', [*settings(), 'weights', 'contacts'])
@pytest.mark.parametrize('value', ODD, ids=repr)
def test_any_value_under_any_key_is_read_or_refused(key, value, tmp_path):
    data = settings() | {key: value}
    try:
        Robot.load(written(tmp_path, data))
    except RobotError as error:
        assert '\n' not in str(error)


@pytest.mark.parametrize(
    'place',
    ['package://../../etc/passwd', 'package://a/../../b', 'package://./b', 'package:///../b'],
)
def test_no_reference_leads_out_of_a_package(place, tmp_path):
    with pytest.raises(RobotError, match='leads out of a package'):
        find_file(place, tmp_path)


# URDF


@pytest.mark.parametrize(
    ('old', 'new', 'says'),
    [
        ('<mass value="1.0"/>', '<mass value="heavy"/>', "<mass value='heavy'>"),
        ('lower="-2.4"', 'lower="-inf"', "<limit lower='-inf'>; expected a finite number"),
        ('radius="0.08"', 'radius=""', "<cylinder radius=''>"),
        ('xyz="0 0 0.06"', 'xyz="0 0"', "<origin xyz='0 0'>; expected 3 finite numbers"),
        ('name="neck_yaw" type="revolute"', 'name="neck_yaw" type="ball"', "type='ball'"),
        ('<link name="head">', '<link name="neck">', "2 links 'neck'"),
        ('<link name="head">', '<link name="he&#10;ad">', r"link 'he\nad'; expected one line"),
        ('"neck_pitch"', f'"{ELBOW}"', f"2 joints '{ELBOW}'"),
        ('<cylinder radius="0.08" length="0.12"/>', '<box size="big"/>', "'head' has <box size="),
        ('</robot>', f'{RING}</robot>', 'lead in a circle (ring_a, ring_b)'),
    ],
)
def test_what_is_no_number_or_kind_is_named(old, new, says):
    with pytest.raises(RobotError, match=re.escape(says)):
        changed_urdf((old, new))


def test_too_many_or_too_deep_links_are_refused():
    joint = '<joint name="{0}" type="fixed"><parent link="{1}"/><child link="{0}"/></joint>'
    for count, star, says in ((5001, True, '5000 at most'), (600, False, 'more than 500')):
        links = ''.join(f'<link name="{i}"/>' for i in range(count))
        joints = ''.join(joint.format(i, 0 if star else i - 1) for i in range(1, count))
        with pytest.raises(RobotError, match=says):
            parse_urdf(f'<robot name="r">{links}{joints}</robot>', Path('many.urdf'))


def test_a_joint_without_limits_is_named_by_us(capfd, tmp_path):
    bare = (LEFT + AXIS, LEFT + AXIS.split('<limit')[0])
    urdf = changed_urdf(bare)
    assert limits_of(urdf) == (None, None)
    read_model(urdf)
    with pytest.raises(RobotError, match=rf"{ELBOW}'.*without position limits \(revolute\)"):
        loaded(tmp_path, bare)
    assert capfd.readouterr().err == ''


def test_what_only_the_library_refuses_is_one_line(capfd):
    urdf = changed_urdf(('effort="30"/>', 'effort="30"/><dynamics/>'))
    with pytest.raises(RobotError, match=r'changed\.urdf.*dynamics element') as caught:
        read_model(urdf)
    assert '\n' not in str(caught.value) and capfd.readouterr().err == ''


def test_a_joint_with_an_axis_of_0_is_not_driven(tmp_path):
    with pytest.raises(RobotError, match=f"{ELBOW}'.*the axis 0 0 0"):
        loaded(tmp_path, (LEFT + AXIS, LEFT + AXIS.replace('0.0 1.0 0.0', '0 0 0', 1)))


# What is assumed


def test_soft_limits_count_where_they_are_narrower(tmp_path):
    soft = '<safety_controller k_velocity="1" soft_lower_limit="-1" soft_upper_limit="-0.1"/>'
    given = loaded(tmp_path, (LEFT + AXIS, LEFT + AXIS + soft))
    row = given.names.index(ELBOW)
    assert (given.limits.lower[row], given.limits.upper[row]) == (-1.0, -0.1)
    wide = '<safety_controller soft_lower_limit="-9" soft_upper_limit="9"/></joint>'
    assert limits_of(changed_urdf(('</joint>', wide))) == (-2.4, 0.0)
    one_end = changed_urdf(('</joint>', '<safety_controller soft_lower_limit="-0.5"/></joint>'))
    assert limits_of(one_end) == (-0.5, 0.0)
    read_model(one_end)


def test_soft_limits_of_a_template_leave_the_limits(caplog):
    template = '<safety_controller soft_lower_limit="0" soft_upper_limit="0"/></joint>'
    assert limits_of(changed_urdf(('</joint>', template))) == (-2.4, 0.0)
    assert 'leaves no room' in caplog.text


def test_degrees_are_taken_for_degrees_with_a_warning(caplog):
    urdf = changed_urdf(('lower="-2.4"', 'lower="-137"'))
    assert limits_of(urdf) == pytest.approx((math.radians(-137), 0.0))
    assert urdf.joints['waist_yaw'].upper == 1.0
    assert 'left_elbow_pitch, right_elbow_pitch for degrees' in caplog.text
    # What others read of the URDF is in radians too.
    assert read_model(urdf).lowerPositionLimit.min() == -3.0


def test_all_of_a_file_mostly_in_degrees_is_turned():
    def in_degrees(match: re.Match[str]) -> str:
        return f'{match[1]}="{math.degrees(float(match[2])):.4f}"'

    text = (ROBOTS / 'mini.urdf').read_text()
    turned = parse_urdf(re.sub(r'(lower|upper|velocity)="([^"]+)"', in_degrees, text), Path('d'))
    plain = read_urdf(ROBOTS / 'mini.urdf')
    for name, joint in plain.joints.items():
        assert limits_of(turned, name) == pytest.approx(limits_of(plain, name), abs=1e-5)
        assert turned.joints[name].velocity == pytest.approx(joint.velocity)


def test_slow_and_soft_limited_joints_are_turned_with_the_others():
    fast, slow = (f'lower="-137" upper="0.0" velocity="{speed}"' for speed in (100, 10))
    soft = '<safety_controller soft_lower_limit="-90" soft_upper_limit="-5"/></joint>'
    text = (ROBOTS / 'mini.urdf').read_text()
    for limits in (slow, fast):  # of the left elbow, then of the right one
        text = text.replace('lower="-2.4" upper="0.0" velocity="3.0"', limits, 1)
    urdf = parse_urdf(text.replace('</joint>', soft), Path('degrees.urdf'))
    assert limits_of(urdf) == pytest.approx((math.radians(-90), math.radians(-5)))
    assert urdf.joints[ELBOW].velocity == pytest.approx(math.radians(10))


def test_millimetres_are_taken_for_millimetres_with_a_warning(caplog, tmp_path):
    def larger(match: re.Match[str]) -> str:
        return f'{match[1]}="{" ".join(f"{1e3 * float(x):g}" for x in match[2].split())}"'

    pattern = r'((?<=origin )xyz|radius|length)="([^"]+)"'
    (tmp_path / 'large.urdf').write_text(re.sub(pattern, larger, changed_text()))
    given = Robot.load(ROBOTS / 'mini.yaml', tmp_path / 'large.urdf')
    assert 'all lengths for millimetres' in caplog.text
    plain = Robot.load(ROBOTS / 'mini.yaml')
    for name, joint in plain.urdf.joints.items():
        np.testing.assert_allclose(given.urdf.joints[name].place, joint.place, atol=1e-9)
    cylinder = given.urdf.links['head'].find('collision/geometry/cylinder')
    assert cylinder is not None and float(cylinder.get('radius', '')) == pytest.approx(0.08)
    for name, at in plain.keypoints(plain.rest).items():
        np.testing.assert_allclose(given.keypoints(given.rest)[name], at, atol=1e-6)


def test_lengths_that_are_neither_are_refused():
    with pytest.raises(RobotError, match=r'60\.\d+ m away from the root; expected a robot in met'):
        changed_urdf(('xyz="0 0 0.06"', 'xyz="0 0 60"'))


@pytest.mark.parametrize('name', ['humanoid', 'g1', 'talos'])
def test_good_robots_are_read_as_they_are(name, caplog):
    given = robot(name).urdf
    again = read_urdf(given.path)
    assert again.text == given.path.read_text() and not caplog.records
