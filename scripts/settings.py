# Copyright 2026 The emotion_motion authors
# SPDX-License-Identifier: Apache-2.0
"""Write what is made of the table of parameters: config/motion.yaml and the tables of the docs.

python scripts/settings.py
"""

from __future__ import annotations

from pathlib import Path
import re

from emotion_motion.ros.node.parameters import markdown_table, yaml_file

ROOT = Path(__file__).resolve().parents[1]
TABLE = re.compile(r'(<!-- parameters -->\n).*?(<!-- /parameters -->)', re.DOTALL)


def generated() -> dict[Path, str]:
    """Return the text that each file should have."""
    texts = {ROOT / 'config' / 'motion.yaml': yaml_file()}
    for path in (ROOT / 'docs' / 'reference' / 'parameters.md', ROOT / 'README.md'):
        text = path.read_text(encoding='utf-8')
        texts[path] = TABLE.sub(lambda mark: f'{mark[1]}{markdown_table()}\n{mark[2]}', text)
    return texts


def main() -> None:
    for path, text in generated().items():
        path.write_text(text, encoding='utf-8')


if __name__ == '__main__':
    main()
