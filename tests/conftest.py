"""Data and an estimate that several files of tests look at."""

import pytest
from quick import estimate, gaussians


@pytest.fixture(scope="session")
def data():
    """403 pairs: folds of 81 and 80 rows."""
    return gaussians(403)


@pytest.fixture(scope="session")
def plain(data):
    """The estimate from them, in a moment."""
    return estimate(*data)
