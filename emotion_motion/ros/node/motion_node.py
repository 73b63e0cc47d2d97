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
import sys
import traceback
from typing import Any, TYPE_CHECKING

from lifecycle_msgs.msg import Transition
from lifecycle_msgs.srv import ChangeState
import rclpy
from rclpy.callback_groups import ReentrantCallbackGroup
from rclpy.clock import Clock, ClockType
from rclpy.exceptions import ParameterException
from rclpy.lifecycle import LifecycleNode, LifecycleState, TransitionCallbackReturn
from rclpy.signals import SignalHandlerOptions
from rclpy.task import Future
from rclpy.utilities import remove_ros_args

from emotion_motion.exceptions import EmotionMotionError
from emotion_motion.ros.node.health import HealthReport
from emotion_motion.ros.node.node_parameters import NodeParameters
from emotion_motion.ros.node.parameters import command_line
from emotion_motion.ros.survival import answering, Executor
from emotion_motion.stop_signals import stop_signals

if TYPE_CHECKING:
    from emotion_motion.ros.node.live_parts import LiveParts

__all__ = ['MotionNode', 'main']

WATCH_PERIOD_S = 0.25
# The transitions that end motion, as requests name them: by number or by label.
ENDS = {Transition.TRANSITION_DEACTIVATE, Transition.TRANSITION_ACTIVE_SHUTDOWN}
END_LABELS = {'deactivate', 'shutdown'}


class MotionNode(LifecycleNode):
    """The node; docs/reference has its topics, services and parameters.

    With the parameter `autostart` it configures and activates itself as soon as it spins. The
    service `change_state` brings the motion, and a robot, to rest before it deactivates or shuts
    the node down. A program that calls `trigger_deactivate` waits for `come_to_rest` first; so
    should one that calls `trigger_shutdown`, which else blocks until all is at rest.
    """

    def __init__(
        self,
        node_name: str = 'motion_node',
        *,
        stopped: Callable[[], bool] = lambda: False,
        **kwargs: Any,
    ) -> None:
        """Make the node, unconfigured; once `stopped`, it does not activate itself.

        Raises:
            rclpy.exceptions.ParameterException: a parameter given at the start is invalid.
        """
        super().__init__(node_name, **kwargs)
        self._stopped = stopped
        self._live: LiveParts | None = None
        self._error = ''
        self._settings = NodeParameters(
            self, check=self._check_parameters, changed=self._use_parameters
        )
        self._wait_for_rest_before_transitions()
        for service in self.services:  # of rclpy, some of which raise for what they cannot do
            service.callback = answering(service.callback, service.srv_name, self.get_logger())
        self._health = HealthReport(self)
        # Steady, so that diagnostics and watchdog go on where /clock stands.
        self._steady = Clock(clock_type=ClockType.STEADY_TIME)
        self.create_timer(WATCH_PERIOD_S, self._on_watch, clock=self._steady)
        if self._settings['autostart']:
            self._starter = self.create_timer(0.0, self._on_start, clock=self._steady)

    @property
    def state(self) -> str:
        """The lifecycle state, such as `active`."""
        return self._state_machine.current_state[1]

    def come_to_rest(self) -> Future:
        """Bring the motion, and a robot, to rest, which takes about 0.4 s and 5 s at most.

        Returns:
            What is done at rest, and at once where nothing moves.
        """
        if self._live is not None and self.state in ('active', 'deactivating'):
            return self._live.loop.settle('inactive')
        rested = Future()
        rested.set_result(None)
        return rested

    def rest_now(self) -> None:
        """Bring the motion, and a robot, to rest before this returns, without an executor."""
        if self._live is not None:
            self._live.loop.rest_now()

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
        assert self._live is not None, 'the lifecycle activates only what is configured'
        result = super().on_activate(state)
        self._live.start()
        rate_hz = self._live.motion.rate_hz
        self.get_logger().info(f'publishing keypoints at {rate_hz:g} Hz')
        return result

    def on_deactivate(self, state: LifecycleState) -> TransitionCallbackReturn:
        """Publish nothing more; fails while something moves, which then comes to rest."""
        if self._error or self._live is None:
            return TransitionCallbackReturn.ERROR
        if not self.come_to_rest().done():
            self.get_logger().warning('asked to deactivate while it moves; ask again at rest')
            return TransitionCallbackReturn.FAILURE
        self._live.loop.halt()
        return super().on_deactivate(state)

    def on_cleanup(self, state: LifecycleState) -> TransitionCallbackReturn:
        """Close topics and services and free the model."""
        self._release()
        return super().on_cleanup(state)

    def on_shutdown(self, state: LifecycleState) -> TransitionCallbackReturn:
        """Come to rest, which blocks where nobody has waited for it, and let go of everything."""
        self.rest_now()
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
        from emotion_motion.ros.node.live_parts import LiveParts

        self._error = ''
        self._live = LiveParts(self, self._settings, self._on_failure)
        self._settings.configured = True
        # What is loaded by now lives long. Out of the garbage collector's sight, a full
        # collection in the loop has nothing to do; else it takes 50 ms for the modules alone.
        gc.collect()
        gc.freeze()
        generator = self._live.motion.generator
        self.get_logger().info(
            f'loaded the model {generator.model_name!r} on {generator.device}, '
            f'seed {generator.seed}'
        )

    def _release(self) -> None:
        if self._live is not None:
            self._live.destroy()
            self._live = None
        self._settings.configured = False
        self._settings.unfill()
        gc.unfreeze()

    def _report(self, what: str, error: Exception) -> None:
        """Log an error and keep it for the diagnostics; one that is not ours with its origin."""
        self._error = f'{what}: {error}'
        expected = isinstance(error, (EmotionMotionError, ParameterException))
        origin = '' if expected else '\n' + ''.join(traceback.format_exception(error))
        self.get_logger().error(self._error + origin)

    # Callbacks.

    def _wait_for_rest_before_transitions(self) -> None:
        service: Any = next(s for s in self.services if s.srv_type is ChangeState)
        self._change_state, service.callback = service.callback, self._rest_and_change_state
        # A group of its own: timers and the other callbacks go on while it waits.
        service.callback_group = ReentrantCallbackGroup()
        service.callback_group.add_entity(service)

    async def _rest_and_change_state(
        self, request: ChangeState.Request, response: ChangeState.Response
    ) -> ChangeState.Response:
        wanted = request.transition
        if wanted.label in END_LABELS if wanted.label else wanted.id in ENDS:
            moving = self.state == 'active'
            await self.come_to_rest()
            if moving and self.state != 'active':  # it failed meanwhile
                response.success = False
                return response
        return self._change_state(request, response)

    def _on_start(self) -> None:
        self.destroy_timer(self._starter)
        if self.state != 'unconfigured' or self._stopped():
            return
        configured = self.trigger_configure() == TransitionCallbackReturn.SUCCESS
        if configured and not self._stopped():  # which takes seconds
            self.trigger_activate()

    def _on_failure(self, error: Exception) -> None:
        """End a motion that has failed: a robot comes to rest, then everything is let go of."""
        assert self._live is not None, 'only what is configured can fail'
        if 'failure' in self._live.motion.holds:  # it is the robot's part that fails
            self._report('the robot could not be brought to rest; its last path ends there', error)
            self._live.loop.halt()
        else:
            self._report('the motion stopped', error)
            self._live.loop.settle('failure').add_done_callback(self._end_failed)

    def _end_failed(self, _rested: Future) -> None:
        if self.state == 'active':  # and not shutting down
            self.trigger_deactivate()  # which fails for the error: on_error lets go of everything

    def _check_parameters(self, values: Mapping[str, Any]) -> str:
        return self._live.refusal(values) if self._live is not None else ''

    def _use_parameters(self) -> None:
        if self._live is not None:
            self._live.apply_parameters()

    def _on_watch(self) -> None:
        stands = self._live is not None and self._live.watch()
        self._health.watch(self.state, self._error, self._live, stands)


def main(args: Sequence[str] | None = None) -> int:
    """Run the node until SIGINT or SIGTERM.

    They bring the motion to rest before the node goes, so rclpy's own handlers, which close the
    middleware at once, stay out of the way.

    Returns:
        The exit status: 0 after a signal, 1 where nothing works any more, 2 where an argument or
        a parameter is invalid.
    """
    argv = list(sys.argv if args is None else ['motion_node', *args])
    # The model's matrices are too small to share: a second thread would only add jitter.
    os.environ.setdefault('OMP_NUM_THREADS', '1')
    stopped = stop_signals()
    try:
        command_line().parse_args(remove_ros_args(argv)[1:])
        rclpy.init(args=argv, signal_handler_options=SignalHandlerOptions.NO)
        node = MotionNode(stopped=stopped)
    except (ParameterException, RuntimeError) as error:  # rclpy's own errors are the latter
        print(f'motion_node: {type(error).__name__}: {error}', file=sys.stderr)
        rclpy.try_shutdown()
        return 2
    executor = Executor(node)
    sound = executor.spin_until(lambda: stopped() or not rclpy.ok())  # the watch timer wakes it
    if not sound:
        node.rest_now()
    rested = node.come_to_rest()
    executor.spin_until(rested.done)
    if node.state in ('unconfigured', 'inactive', 'active'):
        node.trigger_shutdown()
    executor.shutdown(timeout_sec=1.0)  # somebody's request may wait for an answer
    node.destroy_node()
    rclpy.shutdown()
    return 0 if sound else 1


if __name__ == '__main__':
    sys.exit(main())
