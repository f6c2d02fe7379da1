"""Settings of a study: what is taken, and what is refused before anything runs."""

import numpy as np
import pytest

from mine_lib.study import study

SMALL = {"n": [400], "steps": [100], "batch_size": [16], "width": [8]}
BAD = [
    ({"variant": ["ema"]}, "setting = 'variant': must be one of 'rho'"),
    ({"rhos": [0.5]}, "setting = 'rhos': must be one of 'rho'"),
    ({"rho": 0.5}, "rho = 0.5: must be a list"),
    ({"product": "shift"}, "product = 'shift': must be a list"),
    ({"rho": [1.0]}, r"rho = 1.0: must be a number in \(-1, 1\)"),
    ({"rho": []}, "rho = \\[\\]: must hold one value or more"),
    ({"seed": [1, 2, 1]}, "seed = .*none twice"),
    ({"seed": [-1]}, "seed = -1"),
    ({"seed": [2**63]}, "seed = 9223372036854775808: must be at most"),
    ({"rho": np.array(0.5)}, r"rho = array\(0.5\): must be a list"),
    ({"n": [100.5]}, "n = 100.5: must be a whole number"),
    ({"product": ["shifty"]}, "product = 'shifty'"),
    ({"alpha": [0]}, "alpha = 0"),
    ({"steps": [50]}, "steps = 50: .* at least 100"),
    ({"n": [100], "batch_size": [128]}, "batch_size = 128: must be at most n = 100"),
    ({}, "part_size = 0: must be a whole number", {"part_size": 0}),
    ({}, "executor = 3: must be a concurrent.futures.Executor", {"executor": 3}),
]


@pytest.mark.parametrize("bad", BAD)
def test_bad_input_is_refused_before_a_file_is_made(bad, tmp_path):
    grid, message, *options = bad
    path = tmp_path / "study.sqlite"
    with pytest.raises(ValueError, match=message):
        study(grid, path=path, **dict(*options))
    assert not path.exists()


def test_numpy_values_ranges_and_large_seeds_are_values(tmp_path):
    grid = SMALL | {"rho": np.array([0.5, -0.0]), "seed": range(2**62 - 1, 2**62 + 1)}
    for _ in range(2):  # trained and read
        found = study(grid, path=tmp_path / "study.sqlite", progress=False)
        assert found.rho.tolist() == [0.5, 0.5, 0.0, 0.0]
        assert found.seed.tolist() == [2**62 - 1, 2**62] * 2
        assert found.held_out.notna().all()
