# Copyright 2026 The emotion_motion authors
# SPDX-License-Identifier: Apache-2.0
"""Metrics: a table that every kill leaves readable, and the same in TensorBoard."""

from pathlib import Path

import numpy as np
import pytest

from emotion_motion.exceptions import StorageError, TrainingError
from emotion_motion.training.run.metrics import MetricsLog, read_metrics


@pytest.fixture
def table(tmp_path) -> Path:
    return tmp_path / 'run' / 'metrics.csv'


def scalars(folder: Path) -> dict[str, dict[int, float]]:
    """Return what TensorBoard would show: value by step by name."""
    from tensorboard.backend.event_processing.event_accumulator import EventAccumulator

    seen = EventAccumulator(str(folder), purge_orphaned_data=True)
    seen.Reload()
    return {
        name: {event.step: event.value for event in seen.Scalars(name)}
        for name in seen.Tags()['scalars']
    }


def test_a_row_a_step_is_there_as_soon_as_it_is_logged(table):
    log = MetricsLog(table)
    for step in (1, 2, 10):
        log.log(step, {'loss': step / 3, 'mse': 2.0 * step})
        columns = read_metrics(table)
        assert columns['step'][-1] == step and columns['loss'][-1] == step / 3
    assert table.read_text().splitlines()[0] == 'step,loss,mse'
    assert len(table.read_text().splitlines()) == 4


def test_numbers_come_back_exactly_finite_or_not(table):
    values = {'a': 0.1 + 0.2, 'b': float('inf'), 'c': float('nan'), 'd': np.float32(0.1)}
    MetricsLog(table).log(3, values)
    columns = read_metrics(table)
    for name, value in values.items():
        np.testing.assert_array_equal(columns[name], [float(value)])


def test_a_later_value_becomes_a_column_that_is_empty_before(table):
    log = MetricsLog(table)
    log.log(1, {'loss': 1.0})
    log.log(2, {'loss': 0.5, 'score': 3.0})
    log.log(3, {'loss': 0.4})
    assert table.read_text().splitlines() == ['step,loss,score', '1,1.0,', '2,0.5,3.0', '3,0.4,']
    np.testing.assert_array_equal(read_metrics(table)['score'], [np.nan, 3.0, np.nan])


def test_a_table_cut_anywhere_goes_on_with_whole_rows(table):
    log = MetricsLog(table)
    for step in range(4):
        log.log(step, {'loss': step / 3, 'mse': 0.25})
    log.close()
    whole = table.read_bytes()
    for cut in range(len(whole)):
        table.write_bytes(whole[:cut])
        again = MetricsLog(table)
        again.log(9, {'loss': 1.0, 'mse': 2.0})
        again.close()
        columns = read_metrics(table)
        rows = whole[:cut].count(b'\n') - 1
        assert list(columns['step']) == [*range(max(rows, 0)), 9]
        np.testing.assert_array_equal(columns['loss'][:-1], np.arange(max(rows, 0)) / 3)


def test_zeros_that_a_power_cut_leaves_are_no_rows(table):
    log = MetricsLog(table)
    log.log(1, {'loss': 0.5})
    log.close()
    with open(table, 'ab') as file:
        file.write(bytes(30) + b'\n' + bytes(5))
    assert list(read_metrics(table)['step']) == [1]


def test_truncating_drops_the_rows_after_a_step_alone(table):
    log = MetricsLog(table)
    log.truncate(5)
    assert not table.exists(), 'nothing is no error'
    for step in range(0, 50, 10):
        log.log(step, {'loss': step / 7})
    before = table.read_text().splitlines()
    log.truncate(20)
    assert table.read_text().splitlines() == before[:4]
    log.log(30, {'loss': 0.0})
    assert list(read_metrics(table)['step']) == [0, 10, 20, 30]


@pytest.mark.parametrize('first_file', [0, 9], ids=['first', 'tenth'])
def test_tensorboard_shows_the_same_also_after_going_back(
    table, tmp_path, monkeypatch, first_file
):
    """Also where the second file of a second is the tenth, whose name comes before the ninth's."""
    from tensorboard.summary.writer import event_file_writer

    count = event_file_writer.AtomicCounter(first_file)
    monkeypatch.setattr(event_file_writer, '_global_uid', count)
    events = tmp_path / 'tensorboard'
    log = MetricsLog(table, events)
    for step in (10, 20, 30):
        log.log(step, {'losses/mse': step / 10, 'rate': 1.0})
    assert scalars(events)['rate'] == {10: 1.0, 20: 1.0, 30: 1.0}, 'before it is closed'
    log.truncate(20)
    log.log(25, {'losses/mse': 7.0, 'rate': 2.0})
    log.close()
    shown = scalars(events)
    assert shown['losses/mse'] == {10: 1.0, 20: 2.0, 25: 7.0}
    assert shown['rate'] == {10: 1.0, 20: 1.0, 25: 2.0}


def test_another_table_and_no_table_are_refused_by_name(tmp_path):
    other = tmp_path / 'other.csv'
    other.write_text('time,x\n1,2\n')
    with pytest.raises(TrainingError, match=r'other\.csv'):
        read_metrics(other)
    with pytest.raises(TrainingError, match=r'other\.csv'):
        MetricsLog(other).log(1, {'loss': 1.0})
    assert other.read_text() == 'time,x\n1,2\n'
    with pytest.raises(TrainingError, match=r'missing\.csv'):
        read_metrics(tmp_path / 'missing.csv')


def test_a_table_that_cannot_be_written_is_named(tmp_path):
    (tmp_path / 'file').write_text('in the way')
    with pytest.raises(StorageError, match='could not write the metrics'):
        MetricsLog(tmp_path / 'file' / 'metrics.csv').log(1, {'loss': 1.0})
