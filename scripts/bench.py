#!/usr/bin/env python3
# Copyright 2026 The emotion_motion authors
# SPDX-License-Identifier: Apache-2.0
"""
Run the benchmarks, one after the other: each file in benchmarks/ that can be run.

A benchmark prints one JSON object on stdout and whatever it has to say to a person on stderr. The
objects go to .build/bench/NAME.json.
"""

from __future__ import annotations

import json
from pathlib import Path
import subprocess
import sys

from console import say

ROOT = Path(__file__).resolve().parents[1]
RESULTS = ROOT / '.build' / 'bench'


def run(script: Path) -> bool:
    """Run one benchmark and keep its JSON; returns whether both went well."""
    say(f'[bench] {script.relative_to(ROOT)}')
    answer = subprocess.run(
        [sys.executable, str(script)], stdout=subprocess.PIPE, text=True, cwd=ROOT
    )
    if answer.returncode != 0:
        say(f'[bench] {script.name} ended with status {answer.returncode}')
        return False
    try:
        result = json.loads(answer.stdout)
    except ValueError as error:
        say(f'[bench] {script.name} printed no JSON object on stdout: {error}')
        return False
    path = RESULTS / f'{script.stem}.json'
    path.write_text(json.dumps(result, indent=2) + '\n')
    print(json.dumps(result, indent=2))
    say(f'[bench] {path.relative_to(ROOT)}')
    return True


def benchmarks() -> dict[str, Path]:
    """The scripts by name; a file without a main part is a module that they share."""
    return {
        path.stem: path
        for path in sorted((ROOT / 'benchmarks').glob('*.py'))
        if "if __name__ == '__main__':" in path.read_text()
    }


def main(names: list[str]) -> int:
    scripts = benchmarks()
    unknown = sorted(set(names) - set(scripts))
    if unknown or not scripts:
        say(f'no benchmark {", ".join(unknown) or "at all"}; there are: {", ".join(scripts)}')
        return 2
    RESULTS.mkdir(parents=True, exist_ok=True)
    failed = [name for name in names or scripts if not run(scripts[name])]
    return 1 if failed else 0


if __name__ == '__main__':
    sys.exit(main(sys.argv[1:]))
