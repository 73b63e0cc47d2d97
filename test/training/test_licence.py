# Copyright 2026 The emotion_motion authors
# SPDX-License-Identifier: Apache-2.0
"""The licence of a model is the strictest of its data's, and doubt is told."""

import pytest

from emotion_motion.training.card import licence_of, spdx_names


@pytest.mark.parametrize(
    ('data', 'licence', 'commercial', 'shareable'),
    [
        (['Apache-2.0'], 'Apache-2.0', True, True),
        (['Apache-2.0', 'MIT', 'CC0-1.0'], 'Apache-2.0', True, True),
        (['Apache-2.0 AND MIT AND CC-BY-4.0'], 'CC-BY-4.0', True, True),
        (['MIT', 'CC BY 4.0'], 'CC-BY-4.0', True, True),
        (['CC-BY-3.0', 'CC-BY-4.0'], 'CC-BY-4.0', True, True),
        (['Apache-2.0', 'CC BY-NC 4.0'], 'CC-BY-NC-4.0', False, True),
        (['cc-by-4.0', 'CC_BY-NC 4.0'], 'CC-BY-NC-4.0', False, True),
        (['CC-BY-SA-4.0', 'CC-BY-4.0'], 'CC-BY-SA-4.0', True, True),
        (['CC-BY-NC-SA-4.0', 'CC-BY-NC-4.0'], 'CC-BY-NC-SA-4.0', False, True),
        (['CC-BY-NC-ND-4.0', 'MIT'], 'CC-BY-NC-ND-4.0', False, False),
        (['CC-BY-SA-4.0', 'CC-BY-NC-4.0'], 'conflicting', False, False),
        (['CC-BY-SA-4.0', 'CC-BY-NC-SA-4.0'], 'conflicting', False, False),
        (['MIT', ''], 'unclear', False, False),
        (['MIT', 'research only'], 'unclear', False, False),
        ([], 'unclear', False, False),
    ],
)
def test_the_strictest_decides(data, licence, commercial, shareable):
    terms = licence_of(data)
    assert (terms.licence, terms.commercial, terms.shareable) == (licence, commercial, shareable)
    assert licence in terms.text
    assert ('not for commercial use' in terms.text) == ('-NC' in licence)


def test_what_asks_for_credit_is_listed_and_what_is_unclear_is_named():
    terms = licence_of(['MIT', 'CC BY 4.0', 'CC BY-NC 4.0'])
    assert terms.credited == ('CC-BY-4.0', 'CC-BY-NC-4.0') and 'credits' in terms.text
    assert licence_of(['MIT']).credited == ()
    assert "'research only'" in licence_of(['research only', 'MIT']).text


def test_a_licence_is_read_however_people_write_it():
    assert spdx_names('CC BY-NC 4.0') == spdx_names('cc-by-nc-4.0') == ['CC-BY-NC-4.0']
    assert spdx_names('Apache-2.0 AND mit') == ['Apache-2.0', 'MIT']
    assert spdx_names(' ') == ['unknown']
