"""Fixtures for the tests of the lake."""

import pytest

from lakesim import Dataset, Lake


@pytest.fixture(name="lake")
def fresh_lake() -> Lake:
    return Lake(seed=0)


@pytest.fixture(name="dataset")
def fresh_dataset(lake: Lake) -> Dataset:
    return lake.dataset("production")
