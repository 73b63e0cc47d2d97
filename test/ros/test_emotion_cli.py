# Copyright 2026 The emotion_motion authors
# SPDX-License-Identifier: Apache-2.0
"""`ros2 run emotion_motion emotion_cli`, as a process, against a real node."""

from __future__ import annotations

from graph import Graph, ROOT, run
import pytest

from emotion_motion.ros import emotion_cli

CLI = str(ROOT / 'scripts' / 'nodes' / 'emotion_cli')


def test_an_emotion_is_with_the_node_when_the_command_ends(graph: Graph) -> None:
    _, tester = graph.node('/asked')
    tester.wait_frames(1)
    done = run(CLI, 'happiness:0.7, surprise:0.3', '--intensity', '0.5', '--namespace', '/asked')
    assert done.returncode == 0, done.stderr
    assert done.stdout == (
        '/asked/emotion: neutral:0.50, happiness:0.35, surprise:0.15, received by '
        '/asked/motion_node\n'
    )
    asked = 'neutral:0.50, happiness:0.35, surprise:0.15'
    tester.wait_status(lambda _, values: values.get('emotion') == asked, asked)
    assert run(CLI, '--hold', '--namespace', '/asked').returncode == 0
    again = run(CLI, 'joy', '--release', '--namespace', '/asked')
    assert again.returncode == 0 and '/asked/motion_node/hold' in again.stdout
    watched = run(CLI, '--watch', '--seconds', '3', '--namespace', '/asked')
    assert watched.returncode == 0, watched.stderr
    assert 'asked happiness:1.00 | recognised ' in watched.stdout.splitlines()[-1]


def test_without_a_node_it_gives_up_in_time_and_says_what_to_do() -> None:
    done = run(CLI, 'joy', '--topic', '/nobody/here', '--wait-s', '0.5')
    assert done.returncode == 1 and not done.stdout
    assert '/nobody/here' in done.stderr and 'ros2 launch' in done.stderr
    assert 'Traceback' not in done.stderr


@pytest.mark.parametrize(
    ('arguments', 'says'),
    [
        ([], '--watch'),
        (['melancholy'], "'melancholy'"),
        (['joy', '--intensity', '2'], '0 (neutral)'),
        (['joy', '--wait-s', '-1'], 'above 0'),
        (['joy', '--hold', '--release'], 'not allowed'),
        (['joy', '--topic', 'no topic'], 'no topic'),
        (['joy', '--namespace', '1/2'], '1/2'),
    ],
)
def test_wrong_options_are_named_with_exit_status_2(arguments, says, capsys) -> None:
    try:
        status = emotion_cli.main(arguments)
    except SystemExit as stop:
        status = stop.code
    assert status == 2
    error = capsys.readouterr().err
    assert says in error and 'Traceback' not in error
