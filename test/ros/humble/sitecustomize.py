# Copyright 2026 The emotion_motion authors
# SPDX-License-Identifier: Apache-2.0
"""Hides from a Python process what the rclpy of Humble (3.3) has not; test_humble.py uses it."""

import sys
import types

import rclpy.event_handler
import rclpy.node

for after_humble in (
    'add_pre_set_parameters_callback',
    'add_post_set_parameters_callback',
    'remove_pre_set_parameters_callback',
    'remove_post_set_parameters_callback',
    'wait_for_node',
):
    if hasattr(rclpy.node.Node, after_humble):
        delattr(rclpy.node.Node, after_humble)

events = types.ModuleType('rclpy.qos_event')
for name in ('PublisherEventCallbacks', 'SubscriptionEventCallbacks'):
    setattr(events, name, getattr(rclpy.event_handler, name))
sys.modules['rclpy.qos_event'] = events
sys.modules['rclpy.event_handler'] = None  # type: ignore[assignment]
