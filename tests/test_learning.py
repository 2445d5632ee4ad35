"""Every reduced configuration learns (marked: minutes in all)."""

import pytest

import kerazoo
from benchmarks.learning import learn, reached


@pytest.mark.learning
@pytest.mark.parametrize(
    "name", [n for n in kerazoo.list_models() if kerazoo.card(n).learns]
)
def test_reduced_configuration_learns(name):
    for row in learn(name):
        assert reached(row), row
