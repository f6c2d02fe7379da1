"""Estimates for data of one's own: cross-fitted MINE, and KSG beside it."""

from mine_lib.estimation.columns import normal_scores
from mine_lib.estimation.consistency import SelfConsistency, self_consistency
from mine_lib.estimation.estimate import estimate_mi
from mine_lib.estimation.gaussian import GaussianCritic
from mine_lib.estimation.ksg import ksg
from mine_lib.estimation.pairs import PairEstimates, estimate_pairs
from mine_lib.estimation.result import MIEstimate

__all__ = [
    "GaussianCritic",
    "MIEstimate",
    "PairEstimates",
    "SelfConsistency",
    "estimate_mi",
    "estimate_pairs",
    "ksg",
    "normal_scores",
    "self_consistency",
]
