# Copyright 2026 The emotion_motion authors
# SPDX-License-Identifier: Apache-2.0
"""hri_msgs/Expression as an input; where hri_msgs is missing, through a look-alike built here."""

from __future__ import annotations

import importlib.util
import os
from pathlib import Path
import shutil
import subprocess
import sys

from graph import Graph
import numpy as np
import pytest
from support import one_hot

from emotion_motion.ros.node.emotion_input import valence_arousal_weights

HAS_HRI_MSGS = importlib.util.find_spec('hri_msgs') is not None
LOOKALIKE = Path(__file__).parents[1] / 'hri_msgs_lookalike'
with_hri_msgs = pytest.mark.skipif(not HAS_HRI_MSGS, reason='run through the look-alike below')
TOPIC = 'expression'


@with_hri_msgs
def test_expressions_are_asked_of_the_model(graph: Graph) -> None:
    from hri_msgs.msg import Expression

    running, tester = graph.node()
    half_happy = valence_arousal_weights(0.4, 0.25)
    for message, weights in [
        (Expression(expression='happy'), one_hot('happiness')),  # as recognisers send it
        (Expression(expression='scared', valence=0.9), one_hot('fear')),  # the label wins
        (Expression(valence=0.4, arousal=0.25), half_happy),
        (Expression(expression='sad', confidence=0.2), one_hot('sadness')),
        (Expression(), one_hot('neutral')),
    ]:
        tester.publish(TOPIC, message)
        tester.wait(
            lambda weights=weights: np.allclose(running.motion.generator.emotion[0], weights),
            f'the emotion of {message}',
        )


@with_hri_msgs
def test_bad_expressions_change_nothing_and_the_last_holds(graph: Graph) -> None:
    from hri_msgs.msg import Expression

    namespace = '/bad_expression'
    deep = {f'qos_overrides.{namespace}/expression.subscription.depth': 100}
    running, tester = graph.node(namespace, **deep)
    tester.publish(TOPIC, Expression(expression='angry'), 100)
    tester.wait(lambda: running.motion.generator.emotion[0][0] == 1.0, 'anger')
    for message in (
        Expression(expression='melancholy'),
        Expression(valence=2.0),
        Expression(arousal=float('nan')),
    ):
        tester.publish(TOPIC, message, 100)
    tester.wait_frames(30)
    assert running.motion.generator.emotion[0][0] == 1.0
    tester.publish(TOPIC, Expression(expression='surprised'), 100)
    tester.wait(lambda: running.motion.generator.emotion[0][6] == 1.0, 'surprise')


@pytest.mark.skipif(HAS_HRI_MSGS, reason='the tests above run with the hri_msgs that is there')
def test_node_without_hri_msgs_has_no_such_topic(graph: Graph) -> None:
    _, tester = graph.node()
    tester.wait_frames(1)
    assert not tester.node.get_subscriptions_info_by_topic(f'{tester.namespace}/{TOPIC}')


@pytest.fixture(scope='session')
def lookalike(tmp_path_factory: pytest.TempPathFactory) -> dict[str, str]:
    """Build the look-alike; return the environment in which it is found."""
    if shutil.which('cmake') is None or shutil.which('c++') is None:
        pytest.skip('cmake or a C++ compiler is missing')
    build, install = (tmp_path_factory.mktemp(name) for name in ('build', 'install'))
    prefixes = os.environ.get('AMENT_PREFIX_PATH', '').split(os.pathsep)
    options = {
        'CMAKE_INSTALL_PREFIX': install,
        'CMAKE_PREFIX_PATH': ';'.join(prefixes),
        'BUILD_TESTING': 'OFF',
        'Python3_EXECUTABLE': sys.executable,
    }
    settings = [f'-D{name}={value}' for name, value in options.items()]
    for command in (
        ['cmake', '-S', str(LOOKALIKE), '-B', str(build), *settings],
        ['cmake', '--build', str(build), '--target', 'install', '--parallel', '2'],
    ):
        made = subprocess.run(command, capture_output=True, text=True, timeout=150)
        assert made.returncode == 0, made.stdout[-3000:] + made.stderr[-3000:]
    (package,) = install.rglob('hri_msgs/__init__.py')

    def front(name: str, folder: Path) -> dict[str, str]:
        return {name: os.pathsep.join([str(folder), *filter(None, [os.environ.get(name)])])}

    return (
        dict(os.environ)
        | front('PYTHONPATH', package.parents[1])
        | front('LD_LIBRARY_PATH', install / 'lib')
        | front('AMENT_PREFIX_PATH', install)
    )


@pytest.mark.skipif(HAS_HRI_MSGS, reason='the tests above run with the hri_msgs that is there')
@pytest.mark.soak
def test_expressions_through_a_lookalike(lookalike: dict[str, str]) -> None:
    command = [sys.executable, '-m', 'pytest', '-q', '-p', 'no:cacheprovider', '-p', 'no:xdist']
    inner = subprocess.run(
        [*command, f'{__file__}', '-k', 'expressions and not lookalike'],
        env=lookalike,
        cwd=Path(__file__).parents[3],
        capture_output=True,
        text=True,
        timeout=150,
    )
    assert inner.returncode == 0, inner.stdout[-6000:]
    assert '2 passed' in inner.stdout, inner.stdout[-3000:]
