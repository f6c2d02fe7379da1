"""Parameters and points that the distributions refuse, in words."""

import math

import numpy as np
import pytest

import mine_lib as ml
from mine_lib.distributions import Bijection

NAN = float("nan")
TABLE = [[0.375, 0.125, 0.0], [0.0625, 0.25, 0.1875]]


def stretch(values):
    return 3 * values + 0.1


def doubled(values):
    return np.hstack([(values - 0.1) / 3] * 2)


BAD = [
    (lambda: ml.Gaussian(1.0), r"rho = 1.0: must be a number in \(-1, 1\)"),
    (lambda: ml.Gaussian(-1.5), "rho = -1.5"),
    (lambda: ml.Gaussian(NAN), "rho = nan"),
    (lambda: ml.Gaussian("0.5"), "rho = '0.5'"),
    (lambda: ml.Gaussian(0.5, dim=0), "dim = 0: .* at least 1"),
    (lambda: ml.Gaussian(0.5, dim=-1), "dim = -1"),
    (lambda: ml.Student(0, 0.5), r"dof = 0: .*\(0, inf\)"),
    (lambda: ml.Student(math.inf, 0.5), "dof = inf"),
    (lambda: ml.Student(1, 1), "rho = 1"),
    (lambda: ml.Student(1, NAN), "rho = nan"),
    (lambda: ml.Student(1, 0.5, dim=0), "dim = 0"),
    (lambda: ml.Student(1, 0.5, dim=1.5), "dim = 1.5"),
    (lambda: ml.GaussianMixture(-1), "rho = -1"),
    (lambda: ml.GaussianMixture(1.0), "rho = 1.0"),
    (lambda: ml.Discrete([[0.5, 0.6], [-0.1, 0.0]]), r"table holds -0.1 at \[1, 0\]"),
    (lambda: ml.Discrete([[0.5, 0.4]]), "table sums to 0.9"),
    (lambda: ml.Discrete([[0.5, NAN]]), "table holds nan"),
    (lambda: ml.Discrete([0.5, 0.5]), r"table has shape \(2,\)"),
    (lambda: ml.Discrete(np.eye(2) / 2).log_ratio([2], [0]), "x holds 2: has probability zero"),
    (lambda: ml.Discrete(np.eye(2) / 2).log_ratio([-1], [0]), "x holds -1: has probability zero"),
    (lambda: ml.Discrete([[1, 0], [0, 0]]).log_ratio([0], [1]), "z holds 1: has probability zero"),
    (lambda: ml.Discrete(np.eye(2) / 2).log_ratio([0], [0.5]), "z holds 0.5: has"),
    (lambda: ml.Discrete(TABLE).log_ratio(*ml.Xor().sample(3)), r"x has shape \(3, 2\)"),
    (lambda: ml.Xor(-1), "distractors = -1: .* at least 0"),
    (lambda: ml.Xor().log_ratio([[0, 2]], [0]), "x holds 2: has probability zero"),
    (lambda: ml.Xor(1).log_ratio([[0, 0.5, 3]], [0]), "x holds 0.5: has probability zero"),
    (lambda: ml.Xor().log_ratio([[0, 1]], [-1]), "z holds -1: has probability zero"),
    (lambda: ml.StepsAndRamps(0), "steps = 0: .* at least 1"),
    (lambda: ml.StepsAndRamps(2.5), "steps = 2.5"),
    (lambda: ml.StepsAndRamps(5).log_ratio([5], [5.5]), "x holds 5: has probability zero"),
    (lambda: ml.StepsAndRamps(5).log_ratio([0.5], [1]), "x holds 0.5: has probability zero"),
    (lambda: ml.StepsAndRamps(5).log_ratio([4], [6.1]), r"z holds 6.1: must lie in \[0, 6\]"),
    (lambda: ml.Circle(noise=0), r"noise = 0: .*\(0.001, inf\)"),
    (lambda: ml.Circle(-1), "noise = -1"),
    (lambda: ml.Parabola(noise=NAN), "noise = nan"),
    (lambda: ml.Parabola().log_ratio([1.5], [0.0]), r"x holds 1.5: must lie in \[-1, 1\]"),
    (lambda: ml.Disk().log_ratio([0.0], [-1.5]), r"z holds -1.5: must lie in \[-1, 1\]"),
    (lambda: ml.Disk().log_ratio([1.00001], [0]), "x holds 1.00001"),
    (lambda: ml.AdditiveUniform(0), "half_width = 0"),
    (lambda: ml.AdditiveUniform(-0.1), r"half_width = -0.1: .*\(0, inf\)"),
    (lambda: ml.AdditiveUniform(0.1).log_ratio([-0.5], [0]), r"x holds -0.5: .*\[0, 1\]"),
    (lambda: ml.AdditiveUniform(0.1).log_ratio([0], [1.2]), r"z holds 1.2: .*\[-0.1, 1.1\]"),
    (lambda: ml.Transformed(0.9), "pair = 0.9: must be a distribution"),
    (lambda: ml.Transformed(ml.Disk(), z=np.exp), "z = <ufunc 'exp'>: must be a Bijection or None"),
    (lambda: ml.Transformed(ml.Gaussian(0.5, 2), x=ml.spiral), r"\(3, 2\): must be \(n, 1\)"),
    (lambda: ml.Transformed(ml.Gaussian(0.5), z=Bijection(np.exp, np.exp)), r"z = .*\(exp, exp\)"),
    (lambda: ml.Transformed(ml.Disk(), x=Bijection(np.ravel, np.vstack)), "must take rows to rows"),
    (lambda: ml.Transformed(ml.Disk(), x=Bijection(stretch, doubled)), "x = .* and back again"),
]


@pytest.mark.parametrize(("call", "message"), BAD)
def test_bad_input_is_refused_with_its_name_and_value(call, message):
    with pytest.raises(ValueError, match=message):
        call()
