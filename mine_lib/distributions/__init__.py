"""Joint distributions of (X, Z) with known mutual information.

Each is a frozen object, such as `Gaussian(rho=0.9)`, with `sample(n, seed)`, the mutual information
`mi` and the log density ratio `log_ratio(x, z)`, both in nats; `Distribution` says what they share.
"""

from mine_lib.distributions.base import Distribution
from mine_lib.distributions.discrete import Discrete, StepsAndRamps, Xor
from mine_lib.distributions.gaussian import Gaussian, GaussianMixture, Student
from mine_lib.distributions.shapes import AdditiveUniform, Circle, Disk, Parabola
from mine_lib.distributions.transformed import Bijection, Transformed, cube, spiral

__all__ = [
    "AdditiveUniform",
    "Bijection",
    "Circle",
    "Discrete",
    "Disk",
    "Distribution",
    "Gaussian",
    "GaussianMixture",
    "Parabola",
    "StepsAndRamps",
    "Student",
    "Transformed",
    "Xor",
    "cube",
    "spiral",
]
