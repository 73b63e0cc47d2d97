# Copyright 2026 The emotion_motion authors
# SPDX-License-Identifier: Apache-2.0
"""The managed node `motion_node`: an emotion topic in, living keypoints out, at a fixed rate.

Callbacks store, one timer works. Everything runs in one thread: a step of the model takes about a
millisecond, and threads would cost more in jitter than they save.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
import gc
import os
import signal
import sys
import traceback
from typing import Any

import rclpy
from rclpy.clock import Clock, ClockType
from rclpy.exceptions import ParameterException
from rclpy.executors import SingleThreadedExecutor
from rclpy.lifecycle import LifecycleNode, LifecycleState, TransitionCallbackReturn
from rclpy.signals import SignalHandlerOptions
from rclpy.utilities import remove_ros_args

from emotion_motion.body.skeleton import Skeleton
from emotion_motion.exceptions import EmotionMotionError, RobotError
from emotion_motion.ros.node.health import HealthReport
from emotion_motion.ros.node.parameters import command_line, NodeParameters, PARAMETERS

__all__ = ['MotionNode', 'main', 'drive_robot']

# Makes the part of a node that drives a robot, where what that takes is installed.


def drive_robot(
    node: Any,
    values: Mapping[str, Any],
    skeleton: Skeleton,
    rate_hz: float,
    *,
    on_stop: Callable[[bool], None],
) -> Any:
    """Return the RobotOutput of a node; see there for arguments and errors.

    Imported here: Pinocchio and Pink take seconds, and a node without a robot does without them.

    Raises:
        RobotError: what drives robots is not installed.
    """
    try:
        from emotion_motion.ros.node.robot_output import RobotOutput
    except ModuleNotFoundError as error:
        raise RobotError(
            f'got the robot {values["robot"]!r}, and {error.name} is not installed; expected what '
            f'drives robots: pip install emotion_motion[robot]'
        ) from error
    return RobotOutput(node, values, skeleton=skeleton, rate_hz=rate_hz, on_stop=on_stop)


WATCH_PERIOD_S = 0.25


class MotionNode(LifecycleNode):
    """The node; see the README for its topics, services and parameters.

    With the parameter `autostart` it configures and activates itself as soon as it spins.
    """

    def __init__(
        self,
        node_name: str = 'motion_node',
        *,
        stopped: Callable[[], bool] = lambda: False,
        **kwargs: Any,
    ) -> None:
        """Make the node, unconfigured.

        Args:
            node_name: its name, which may be remapped.
            stopped: whether it was told to go meanwhile; then it does not activate itself.
            kwargs: of rclpy.node.Node.

        Raises:
            rclpy.exceptions.ParameterException: a parameter given at the start is invalid.
        """
        super().__init__(node_name, **kwargs)
        self._stopped = stopped
        self._motion: Any = None
        self._topics: Any = None
        self._loop: Any = None
        self._robot: Any = None
        self._error = self._log_problem = self._robot_problem = ''
        self._table = NodeParameters(
            self, check=self._check_parameters, changed=self._use_parameters
        )
        self._health = HealthReport(self)
        # Steady, so that diagnostics and watchdog go on where /clock stands.
        self._steady = Clock(clock_type=ClockType.STEADY_TIME)
        self.create_timer(WATCH_PERIOD_S, self._on_watch, clock=self._steady)
        if self._table['autostart']:
            self._starter = self.create_timer(0.0, self._on_start, clock=self._steady)

    @property
    def state(self) -> str:
        """The lifecycle state, such as `active`."""
        return self._state_machine.current_state[1]

    # Transitions: each thing that one of them makes, its opposite destroys.

    def on_configure(self, state: LifecycleState) -> TransitionCallbackReturn:
        """Load the model, open topics and services; without a model stay unconfigured."""
        try:
            self._configure()
        except Exception as error:  # whatever goes wrong, the node lives and says what
            self._report('could not configure', error)
            self._release()
            return TransitionCallbackReturn.FAILURE
        return super().on_configure(state)

    def on_activate(self, state: LifecycleState) -> TransitionCallbackReturn:
        """Begin to publish; the motion goes on from where it stands, gently."""
        result = super().on_activate(state)
        if self._robot is not None:
            self._robot.begin()
        self._loop.start()
        self.get_logger().info(f'publishing keypoints at {self._motion.rate_hz:g} Hz')
        return result

    def on_deactivate(self, state: LifecycleState) -> TransitionCallbackReturn:
        """Publish until the motion, and a robot, is at rest, about 0.4 s, then nothing more."""
        if not self._error:
            try:
                self._loop.stop()
                return super().on_deactivate(state)
            except Exception as error:
                self._report('the motion stopped', error)
        return TransitionCallbackReturn.ERROR

    def on_cleanup(self, state: LifecycleState) -> TransitionCallbackReturn:
        """Close topics and services and free the model."""
        self._release()
        return super().on_cleanup(state)

    def on_shutdown(self, state: LifecycleState) -> TransitionCallbackReturn:
        """Come to rest if the node is active, and let go of everything."""
        try:
            if self._loop is not None:
                self._loop.stop()
        finally:
            self._release()
        return super().on_shutdown(state)

    def on_error(self, state: LifecycleState) -> TransitionCallbackReturn:
        """Let go of everything after a failure; the node can be configured again."""
        self._release()
        super().on_error(state)
        return TransitionCallbackReturn.SUCCESS

    def _configure(self) -> None:
        # Imported here: torch takes seconds, and the generated messages may be missing. So the
        # node is there, answers, and can say what is wrong.
        from emotion_motion.ros.node.live_motion import LiveMotion
        from emotion_motion.ros.node.motion_loop import MotionLoop
        from emotion_motion.ros.node.topics import MotionTopics

        self._error = ''
        table = self._table
        motion = LiveMotion.load({spec.name: table[spec.name] for spec in PARAMETERS})
        self._motion = motion
        table.fill(motion.model_values)
        table.configured = True
        self._loop = MotionLoop(
            self, motion, show=self._show, fail=self._on_failure, settled=self._robot_rests
        )
        self._topics = MotionTopics(
            self,
            skeleton=motion.generator.skeleton,
            body_height_m=motion.generator.body_height_m,
            rate_hz=motion.rate_hz,
            on_emotion=lambda weights: motion.emotion.set(weights, self._loop.seconds()),
            on_hold=self._on_hold,
            on_reset=self._on_reset,
        )
        if table['robot']:
            values = {spec.name: table[spec.name] for spec in PARAMETERS}
            self._robot = drive_robot(
                self,
                values,
                motion.generator.skeleton,
                motion.rate_hz,
                on_stop=lambda stopped: motion.hold('stop', stopped),
            )
        # What is loaded by now lives long. Out of the garbage collector's sight, a full
        # collection in the loop has nothing to do; else it takes 50 ms for the modules alone.
        gc.collect()
        gc.freeze()
        self.get_logger().info(
            f'loaded the model {motion.generator.model_name!r} on {motion.generator.device}, '
            f'seed {motion.generator.seed}'
        )

    def _release(self) -> None:
        if self._loop is not None:
            self._loop.halt()
        if self._robot is not None:
            self._robot.destroy()
        if self._topics is not None:
            self._topics.destroy()
        if self._motion is not None:
            self._motion.close()
        self._loop = self._topics = self._motion = self._robot = None
        self._table.configured = False
        self._table.unfill()
        gc.unfreeze()

    def _report(self, what: str, error: Exception) -> None:
        """Log an error and keep it for the diagnostics; one that is not ours with its origin."""
        self._error = f'{what}: {error}'
        expected = isinstance(error, (EmotionMotionError, ParameterException))
        origin = '' if expected else '\n' + ''.join(traceback.format_exception(error))
        self.get_logger().error(self._error + origin)

    # Callbacks.

    def _on_start(self) -> None:
        self.destroy_timer(self._starter)
        if self.state != 'unconfigured' or self._stopped():
            return
        configured = self.trigger_configure() == TransitionCallbackReturn.SUCCESS
        if configured and not self._stopped():  # which takes seconds
            self.trigger_activate()

    def _on_failure(self, error: Exception) -> None:
        self._report('the motion stopped', error)
        self._loop.halt()
        self._rest_robot()
        self.trigger_deactivate()  # it fails for the error, and on_error lets go of everything

    def _show(self, stamp: Any) -> None:
        pose = self._motion.pose
        self._topics.publish(
            pose.keypoints[0],
            pose.recognised[0],
            stamp=stamp,
            frame_id=self._table['frame_id'],
            markers=self._table['publish_markers'],
        )
        if self._robot is not None:
            self._robot.advance(pose.keypoints[0], stamp, self._motion.holds)
            self._motion.pace = self._robot.pace

    def _robot_rests(self) -> bool:
        return self._robot is None or self._robot.at_rest

    def _rest_robot(self) -> None:
        """Bring the robot to rest where the motion has failed: there are no frames any more."""
        if self._robot is None:
            return
        try:
            self._robot.settle(self.get_clock().now(), 1.0 / self._motion.rate_hz)
        except Exception as error:  # it was the robot's part that failed
            self._report('the robot could not be told to rest; its last path ends at rest', error)

    def _on_hold(self, held: bool) -> str:
        self._motion.hold('user', held)
        return 'coming to rest within 0.5 s' if held else 'going on'

    def _on_reset(self) -> str:
        self._motion.reset()
        return f'in the rest pose, seed {self._motion.generator.seed}'

    def _check_parameters(self, values: Mapping[str, Any]) -> str:
        try:
            if self._motion is not None:
                self._motion.checked_sampler(values)
            if self._robot is not None and 'rate_hz' in values:
                return (
                    'rate_hz: a robot is driven at its rate; with one, this changes only while '
                    'the node is unconfigured (deactivate and clean it up first)'
                )
        except EmotionMotionError as error:
            return str(error)
        return ''

    def _use_parameters(self, values: Mapping[str, Any]) -> None:
        if self._motion is None:
            return
        self._motion.apply(values)
        if 'body_height_m' in values:
            self._topics.set_body_height(values['body_height_m'])
        if 'rate_hz' in values:
            self._topics.set_rate(self._motion.rate_hz)
            self._loop.set_rate()

    def _on_watch(self) -> None:
        problem = self._motion.log_problem if self._motion is not None else ''
        if problem != self._log_problem:
            self._log_problem = problem
            if problem:
                self.get_logger().warning(f'{problem}; the motion goes on without')
        problem = self._robot.problem if self._robot is not None else ''
        if problem != self._robot_problem:
            self._robot_problem = problem
            if problem:
                self.get_logger().error(f'the robot is not driven: {problem}')
        stands = self._loop.watch() if self._loop is not None else False
        self._health.watch(self.state, self._error, self._motion, self._loop, stands, self._robot)


def main(args: Sequence[str] | None = None) -> int:
    """Run the node until it is told to stop.

    SIGINT and SIGTERM bring the motion to rest before the node goes, so rclpy's own handlers,
    which close the middleware at once, stay out of the way.

    Returns:
        The exit status: 0 after a signal, 2 where an argument or a parameter is invalid.
    """
    argv = list(sys.argv if args is None else ['motion_node', *args])
    # The model's matrices are too small to share: a second thread would only add jitter.
    os.environ.setdefault('OMP_NUM_THREADS', '1')
    stopped = False

    def stop(_signal: int, _frame: Any) -> None:
        nonlocal stopped
        stopped = True

    for number in (signal.SIGINT, signal.SIGTERM):
        signal.signal(number, stop)
    try:
        command_line().parse_args(remove_ros_args(argv)[1:])
        rclpy.init(args=argv, signal_handler_options=SignalHandlerOptions.NO)
        node = MotionNode(stopped=lambda: stopped)
    except (ParameterException, RuntimeError) as error:  # rclpy's own errors are the latter
        print(f'motion_node: {type(error).__name__}: {error}', file=sys.stderr)
        rclpy.try_shutdown()
        return 2
    executor = SingleThreadedExecutor()
    executor.add_node(node)
    while not stopped and rclpy.ok():
        executor.spin_once()  # the watch timer ends it within 0.25 s
    if node.state in ('unconfigured', 'inactive', 'active'):
        node.trigger_shutdown()
    executor.shutdown()
    node.destroy_node()
    rclpy.shutdown()
    return 0


if __name__ == '__main__':
    sys.exit(main())
