# Copyright 2026 The emotion_motion authors
# SPDX-License-Identifier: Apache-2.0
"""The command line, run in the process of the test."""

import sys
from typing import NamedTuple

import pytest

from emotion_motion import cli


class Done(NamedTuple):
    """What came of a command."""

    returncode: int
    stdout: str
    stderr: str


@pytest.fixture
def run(monkeypatch, capfd):
    """Return what runs the command line; a process of its own would take seconds to start."""

    def call(*arguments):
        monkeypatch.setattr(sys, 'argv', ['emotion-motion', *map(str, arguments)])
        status = 0
        try:
            cli.main()
        except SystemExit as stop:
            status = stop.code if isinstance(stop.code, int) else 0
        return Done(status, *capfd.readouterr())

    return call


@pytest.fixture
def refused(run):
    """Return what checks that a command says one thing in one line, and exits with 1."""

    def call(says, *arguments):
        done = run(*arguments)
        assert done.returncode == 1 and says in done.stderr, done
        assert len(done.stderr.strip().splitlines()) == 1, done.stderr

    return call
