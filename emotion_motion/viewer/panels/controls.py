# Copyright 2026 The emotion_motion authors
# SPDX-License-Identifier: Apache-2.0
"""Controls of a motion that can be steered: emotions, hold, reset, settings."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from emotion_motion.emotion import emotion_weights, EMOTIONS
from emotion_motion.viewer.scene.look import EMOTION_RGB
from emotion_motion.viewer.sources.source import Setting, Sight, Steering

__all__ = ['EmotionControls', 'SettingControls', 'TOUR']

# Neighbours differ most, so that a change shows.
TOUR = ('happiness', 'sadness', 'surprise', 'neutral', 'anger', 'fear', 'disgust')
TOUR_S = 8.0
_FINE_RANGE = 60.0  # a wider one is no use as a slider
_MOST_SEED = 2**31 - 1


class EmotionControls:
    """Seven buttons, seven sliders for mixtures, intensity, tour, hold, reset with a seed.

    Args:
        gui: where to put them.
        steering: what they steer.
        tour_s: how long a tour stays with each emotion [s]; 0: the tour does not begin by itself.
    """

    def __init__(self, gui: Any, steering: Steering, tour_s: float = 0.0) -> None:
        self._steering = steering
        self._tour_s, self._next_s, self._place = tour_s or TOUR_S, -1e9, -1
        for name in EMOTIONS:
            button = gui.add_button(name, color=EMOTION_RGB[name])
            button.on_click(lambda _, name=name: self._chosen(name))
        self.intensity = gui.add_slider(
            'intensity', 0.0, 1.0, 0.05, 1.0, hint='share of the emotion; the rest is neutral'
        )
        self.intensity.on_update(lambda event: self._moved(event))
        with gui.add_folder('mixture', expand_by_default=False):
            self.sliders = {
                name: gui.add_slider(name, 0.0, 1.0, 0.05, float(name == 'neutral'))
                for name in EMOTIONS
            }
        for slider in self.sliders.values():
            slider.on_update(lambda event: self._moved(event))
        self.tour = gui.add_checkbox(
            'tour', tour_s > 0.0, hint=f'another emotion every {self._tour_s:g} s'
        )
        self.hold = gui.add_button('hold', hint='come to rest within 0.5 s and stay')
        self.hold.on_click(lambda _: steering.hold(True))
        self.release = gui.add_button('release', hint='go on from there', disabled=True)
        self.release.on_click(lambda _: steering.hold(False))
        self.seed = gui.add_number(
            'seed',
            -1,
            min=-1,
            max=_MOST_SEED,
            step=1,
            hint='of the random draws, used at reset; -1 draws another one each time',
        )
        self.reset = gui.add_button('reset', hint='begin again from the rest pose')
        self.reset.on_click(lambda _: steering.reset(int(self.seed.value)))

    def press(self, name: str) -> None:
        """Ask for one emotion at the intensity that is set, and show it in the sliders."""
        for emotion, slider in self.sliders.items():
            slider.value = float(emotion == name)
        self._ask()

    def show(self, sight: Sight, now_s: float) -> None:
        """Show whether the motion is held, and go on with the tour."""
        if self.tour.value and sight.figures and now_s >= self._next_s:
            self._next_s = now_s + self._tour_s
            self._place = (self._place + 1) % len(TOUR)
            self.press(TOUR[self._place])
        if self.hold.disabled != sight.held:
            self.hold.disabled, self.release.disabled = sight.held, not sight.held

    def _chosen(self, name: str) -> None:
        self.tour.value = False
        self.press(name)

    def _moved(self, event: Any) -> None:
        if event.client is not None:  # a person moved it, not this program
            self.tour.value = False
            self._ask()

    def _ask(self) -> None:
        mixture = {name: float(slider.value) for name, slider in self.sliders.items()}
        if sum(mixture.values()) == 0.0:
            mixture = {'neutral': 1.0}
        self._steering.ask(emotion_weights(mixture, float(self.intensity.value)))


class SettingControls:
    """A slider or a field for each setting; they follow what others set too."""

    def __init__(self, gui: Any, steering: Steering) -> None:
        self._gui, self._steering = gui, steering
        self._handles: dict[str, Any] = {}
        self._shown: dict[str, float] = {}

    def show(self, values: Mapping[str, float]) -> None:
        """Show the settings as they are; those that are not known yet have no control."""
        for setting in self._steering.settings:
            value = values.get(setting.name)
            if value is None:
                continue
            if setting.name not in self._handles:
                self._handles[setting.name] = self._made(setting, value)
            elif self._shown.get(setting.name) != value:
                self._handles[setting.name].value = value
            self._shown[setting.name] = value

    def restore(self) -> None:
        """Show again what holds, where a change was refused."""
        self._shown.clear()

    def _made(self, setting: Setting, value: float) -> Any:
        low, high = setting.minimum, setting.maximum
        value = min(max(value, low), high)
        if high - low <= _FINE_RANGE:
            step = 0.01 if high - low <= 10.0 else 0.1
            handle = self._gui.add_slider(
                setting.name, low, high, step, value, hint=setting.meaning
            )
        else:
            handle = self._gui.add_number(
                setting.name, value, min=low, max=high, step=0.1, hint=setting.meaning
            )
        handle.on_update(lambda event: self._moved(setting.name, event))
        return handle

    def _moved(self, name: str, event: Any) -> None:
        if event.client is not None:
            self._shown[name] = float(event.target.value)
            self._steering.set(name, float(event.target.value))
