# Copyright 2026 The emotion_motion authors
# SPDX-License-Identifier: Apache-2.0
"""Controls of a motion that can be steered: emotions, hold, reset, settings."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from emotion_motion.emotion import emotion_weights, EMOTIONS
from emotion_motion.settings import Setting
from emotion_motion.viewer.scene.world import EMOTION_RGB
from emotion_motion.viewer.source import Snapshot, Steering

# Neighbours differ most, so that a change shows.
TOUR = ('happiness', 'sadness', 'surprise', 'neutral', 'anger', 'fear', 'disgust')
TOUR_S = 8.0
_FINE_RANGE = 60.0  # a wider one is no use as a slider
_MOST_SEED = 2**31 - 1


class EmotionControls:
    """Seven buttons, seven sliders for mixtures, intensity, tour, hold, reset with a seed.

    The tour stays `tour_s` with each emotion [s]; 0: it does not begin by itself.
    """

    def __init__(self, gui: Any, steering: Steering, tour_s: float = 0.0) -> None:
        self._steering = steering
        self._tour_s, self._next_s, self._place = tour_s or TOUR_S, -1e9, -1
        for name in EMOTIONS:
            button = gui.add_button(name, color=EMOTION_RGB[name])
            button.on_click(lambda _, name=name: self._on_button(name))
        self._intensity = gui.add_slider(
            'intensity', 0.0, 1.0, 0.05, 1.0, hint='share of the emotion; the rest is neutral'
        )
        with gui.add_folder('mixture', expand_by_default=False):
            self._sliders = {
                name: gui.add_slider(name, 0.0, 1.0, 0.05, float(name == 'neutral'))
                for name in EMOTIONS
            }
        for slider in (self._intensity, *self._sliders.values()):
            slider.on_update(self._on_slider)
        self._tour = gui.add_checkbox(
            'tour', tour_s > 0.0, hint=f'another emotion every {self._tour_s:g} s'
        )
        self._hold = gui.add_button('hold', hint='come to rest within 0.5 s and stay')
        self._hold.on_click(lambda _: steering.hold(True))
        self._release = gui.add_button('release', hint='go on from there', disabled=True)
        self._release.on_click(lambda _: steering.hold(False))
        hint = 'of the random draws, used at reset; -1 draws another one each time'
        seed = gui.add_number('seed', -1, min=-1, max=_MOST_SEED, step=1, hint=hint)
        reset = gui.add_button('reset', hint='begin again from the rest pose')
        reset.on_click(lambda _: steering.reset(int(seed.value)))

    def show(self, snapshot: Snapshot, now_s: float) -> None:
        """Show whether the motion is held, and go on with the tour."""
        if self._tour.value and snapshot.figures and now_s >= self._next_s:
            self._next_s = now_s + self._tour_s
            self._place = (self._place + 1) % len(TOUR)
            self._choose(TOUR[self._place])
        self._hold.disabled, self._release.disabled = snapshot.held, not snapshot.held

    def _on_button(self, name: str) -> None:
        self._tour.value = False
        self._choose(name)

    def _on_slider(self, event: Any) -> None:
        if event.client is not None:  # a person moved it, not this program
            self._tour.value = False
            self._ask()

    def _choose(self, name: str) -> None:
        """Ask for one emotion at the intensity that is set, and show it in the sliders."""
        for emotion, slider in self._sliders.items():
            slider.value = float(emotion == name)
        self._ask()

    def _ask(self) -> None:
        mixture = {name: float(slider.value) for name, slider in self._sliders.items()}
        if sum(mixture.values()) == 0.0:
            mixture = {'neutral': 1.0}
        self._steering.ask(emotion_weights(mixture, float(self._intensity.value)))


class SettingControls:
    """A slider or a field for each setting; they follow what others set too."""

    def __init__(self, gui: Any, steering: Steering, say: Callable[[str, str], None]) -> None:
        self._gui, self._steering, self._say = gui, steering, say
        self._folder = gui.add_folder('sampler and rate', expand_by_default=False)
        self._handles: dict[str, Any] = {}
        self._shown: dict[str, float] = {}

    def show(self) -> None:
        """Show the settings as they are; those that are not known yet have no control."""
        for problem in self._steering.problems():
            self._shown.clear()  # so that what holds is shown again
            self._say('Refused', problem)
        values = self._steering.values()
        for setting in self._steering.settings:
            value = values.get(setting.name)
            if value is None:
                continue
            if setting.name not in self._handles:
                with self._folder:
                    self._handles[setting.name] = self._make(setting, value)
            elif self._shown.get(setting.name) != value:
                self._handles[setting.name].value = value
            self._shown[setting.name] = value

    def _make(self, setting: Setting, value: float) -> Any:
        low, high = setting.low or 0.0, setting.high or 0.0
        value = min(max(value, low), high)
        add, step = self._gui.add_number, 0.1
        if high - low <= _FINE_RANGE:
            add, step = self._gui.add_slider, 0.01 if high - low <= 10.0 else 0.1
        handle = add(
            setting.name, min=low, max=high, step=step, initial_value=value, hint=setting.meaning
        )
        handle.on_update(lambda event: self._on_update(setting.name, event))
        return handle

    def _on_update(self, name: str, event: Any) -> None:
        if event.client is not None:
            self._shown[name] = float(event.target.value)
            self._steering.set(name, float(event.target.value))
