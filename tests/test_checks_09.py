"""The checks of chapter 9: wrong answers are refused in the right words, right ones in any form."""

import hashlib
import math
from collections import UserDict
from itertools import count

import numpy as np
import pandas as pd
import pytest
import torch

import mine_checks as check
import mine_lib as ml
from mine_checks import chapter_09

# rows_for


def chi2(rho, dim):
    return (1 - rho**2) ** -dim - 1


def crossed(rho, dim):
    return (1 - rho**4) ** -dim - 1


def limit(rho, dim, error):
    return (chi2(rho, dim) + crossed(rho, dim)) / error**2


def root(rho, dim, error):
    return 0.5 + math.sqrt(0.25 + limit(rho, dim, error))


def rows(rho, dim, error):
    return max(2, math.ceil(root(rho, dim, error)))


def by_information(rho, dim, error):
    mi, of_mirrors = ml.Gaussian(rho, dim).mi, ml.Gaussian(rho**2, dim).mi
    pairs = (math.expm1(2 * mi) + math.expm1(2 * of_mirrors)) / error**2
    return next(n for n in count(2) if n * (n - 1) >= pairs)


def in_single(rho, dim, error):
    rho, error = np.float32([rho, error])
    pairs = ((1 - rho**2) ** -dim + (1 - rho**4) ** -dim - 2) / error**2
    return np.maximum(np.ceil(np.float32(0.5) + np.sqrt(np.float32(0.25) + pairs)), 2)


@pytest.mark.parametrize(
    "answer",
    [
        rows,
        by_information,
        in_single,
        lambda *plan: [float(rows(*plan))],
        lambda *plan: torch.tensor(float(rows(*plan)), requires_grad=True),
        lambda rho, dim, error, least=2: np.array([[max(least, rows(rho, dim, error))]]),
    ],
)
def test_right_numbers_of_rows_pass(answer, capsys):
    check.rows_for(answer)
    assert "passed" in capsys.readouterr().out


def test_no_number_of_rows_is_near_a_tie():
    assert all(0.05 < root(*plan) % 1 < 0.95 or root(*plan) < 1.5 for plan in chapter_09.PLANS)


def test_plans_tell_mistakes_apart():
    right = np.array([rows(*plan) for plan in chapter_09.PLANS])
    many = right > 2
    wrong = [tuple(n[many]) for n, _ in chapter_09._wrong_rows(right)]
    assert 2 <= (~many).sum() < many.sum()
    assert len({*wrong, tuple(right[many])}) == len(wrong) + 1


def up(target):
    """A rule's number, rounded up and at least two."""
    return lambda *plan: max(2, math.ceil(target(*plan)))


def of(variance):
    """Rows from another variance of one product pair."""
    return up(lambda r, d, e: 0.5 + math.sqrt(0.25 + variance(r, d) / e**2))


@pytest.mark.parametrize(
    ("answer", "words"),
    [
        (of(chi2), "^the covariance of mirror images, .* is missing"),
        (of(crossed), "variance of r itself"),
        (of(lambda r, d: 2 * chi2(r, d)), "^the covariance of mirror images is less than chi2"),
        (of(lambda r, d: chi2(r, d) - crossed(r, d)), "mirror images add to the variance"),
        (of(lambda r, d: chi2(r, d) + crossed(r, d) + 1), "comes off"),
        (of(lambda r, d: (1 - r**2) ** -d + (1 - r**4) ** -d), "comes off"),
        (of(lambda r, d: chi2(r, 1) + crossed(r, 1)), "^that is for one pair of Gaussians"),
        (of(lambda r, d: d * (chi2(r, 1) + crossed(r, 1))), "do not add up"),
        (of(lambda r, d: math.expm1(ml.Gaussian(r, d).mi)), "not e.I - 1"),
        (of(lambda r, d: math.expm1(ml.Gaussian(r, d).mi) + crossed(r, d)), "not e.I - 1"),
        (lambda *plan: math.ceil(limit(*plan)), "number of product pairs"),
        (up(lambda r, d, e: chi2(r, d) / e**2), "one shift"),
        (lambda r, d, e: rows(r, d, math.sqrt(e)), "root of the variance: square it"),
        (lambda *plan: max(2, int(root(*plan))), "one row too few: round up"),
        (lambda *plan: int(root(*plan)), "one row too few: round up"),
        (lambda *plan: round(root(*plan)), "and round up"),
        (up(lambda *plan: math.sqrt(limit(*plan))), "no row with itself"),
        (lambda *plan: rows(*plan) + 1, "one row too many"),
        (lambda *plan: math.ceil(root(*plan)), "fewer than two rows"),
        # Wrong in a way that has no name
        (of(lambda r, d: 2 * (chi2(r, d) + crossed(r, d))), r"^46 .* 0.02\): fewer rows would do"),
        (of(lambda r, d: chi2(r, d) + crossed(r, 1)), r"\(-0.8, 2, 0.05\): too few, the error"),
        (lambda r, d, e: rows(r, d, math.log1p(e)), r"\(-0.8, 2, 0.05\): fewer rows would do"),
        (lambda *plan: int(math.sqrt(limit(*plan))), r"^31 .* \(0.5, 1, 0.02\): too few"),
        (lambda *plan: max(3, rows(*plan)), r"^3 rows for .* \(0.0, 4, 0.1\): fewer rows"),
        (root, r"is whole: 32.1267 for rho, dim, error = \(0.5, 1, 0.02\) is not"),
        (lambda r, d, e: rows(r, d, e) if r else float("nan"), r"nan for .* \(0.0, 4, 0.1\)"),
        (lambda r, d, e: rows(r, d, e) * (1 if r else 1 / r), "raised ZeroDivisionError: .*0.0, 4"),
        (lambda r, d, e: np.full(d, rows(r, d, e)), "should be one number, got shape"),
        (lambda *plan: str(rows(*plan)), "got str"),
        (lambda r, d: 33, "should take 3 arguments"),
        (33, "rows_for should be a function"),
    ],
)
def test_wrong_numbers_of_rows_are_named(answer, words):
    with np.errstate(all="ignore"), pytest.raises(AssertionError, match=words):
        check.rows_for(answer)


# outcome_codes


def statistic(rule, pick=lambda learn: learn, new=lambda z, learn: z[learn].mean()):
    """Codes by a rule, from some rows, and a code where none of them has the label."""

    def answer(labels, z, learn):
        found = []
        for each in labels[~learn]:
            same = pick(learn) & (labels == each)
            found.append(rule(z[same]) if same.any() else new(z, learn))
        return np.array(found)

    return answer


codes = statistic(np.mean)


def by_pandas(labels, z, learn):
    table = pd.DataFrame({"label": labels, "z": z})
    means = table[learn].groupby("label")["z"].mean()
    return table[~learn]["label"].map(means).fillna(table[learn]["z"].mean())


@pytest.mark.parametrize(
    "answer",
    [
        codes,
        by_pandas,
        lambda *survey: by_pandas(*survey).to_frame(),
        lambda *survey: codes(*survey).tolist(),
        lambda *survey: codes(*survey)[None].astype("float32"),
        lambda *survey: torch.tensor(codes(*survey), requires_grad=True),
        lambda *survey: np.squeeze(codes(*survey)),  # one row: 0-d
    ],
)
def test_right_codes_pass(answer, capsys):
    check.outcome_codes(answer)
    assert "passed" in capsys.readouterr().out


def test_surveys_tell_mistakes_apart():
    surveys = chapter_09._surveys()
    for labels, z, learn in surveys[2:]:
        assert len({len(labels), learn.sum(), (~learn).sum()}) == 3
        assert len(set(z[learn])) < learn.sum()
    new = [set(labels) > set(labels[learn]) for labels, _, learn in surveys]
    assert 2 <= sum(new) < len(new)


def filled(new):
    return statistic(np.mean, new=new)


def one_out(beside):
    """The mean of the label's other rows, or of those outside learn."""

    def answer(labels, z, learn):
        found = []
        for k in np.flatnonzero(~learn):
            same = (labels == labels[k]) & (~learn if beside else True)
            same[k] = False
            found.append(z[same].mean() if same.any() else z.mean())
        return found

    return answer


def with_own(labels, z, learn):
    used = np.eye(len(z), dtype=bool) | (learn & (labels[:, None] == labels))
    return [z[used[k]].mean() for k in np.flatnonzero(~learn)]


def mean_of_labels(labels, z, learn):
    means = pd.Series(z[learn]).groupby(labels[learn]).mean()
    return pd.Series(labels[~learn]).map(means).fillna(means.mean())


def looked_up(labels, z, learn):
    means = {each: z[learn & (labels == each)].mean() for each in set(labels[learn])}
    return [means[each] for each in labels[~learn]]


@pytest.mark.parametrize(
    ("answer", "words"),
    [
        (statistic(np.mean, pick=lambda learn: learn | True), "own outcome is in its code"),
        (with_own, "own outcome is in its code"),
        (one_out(beside=False), "leave-one-out leaks, too"),
        (one_out(beside=True), "leave-one-out leaks, too"),
        (statistic(np.mean, pick=np.invert), "the wrong way round"),
        (statistic(np.sum), "not the sum"),
        (statistic(np.median), "not the median"),
        (statistic(len), "not how frequent"),
        (lambda *s: np.sort(codes(*s)), "keep the order"),
        (lambda *s: codes(*s)[np.argsort(s[0][~s[2]], kind="stable")], "keep the order"),
        (filled(lambda z, learn: np.nan), "gets no code"),
        (filled(lambda z, learn: 0), "gets zero"),
        (looked_up, "raised KeyError: .*fir"),
        (filled(lambda z, learn: z.mean()), "mean of all rows, not of those in learn"),
        (mean_of_labels, "the mean of means"),
        (filled(lambda z, learn: z[~learn].mean()), "changes with outcomes outside learn"),
        (lambda labels, z, learn: z[~learn], "changes with outcomes outside learn"),
        (lambda *s: codes(*s) + 1e-3 * s[1][~s[2]], "changes with outcomes outside learn"),
        # Wrong in a way that has no name
        (statistic(np.max), "^wrong code for ..., a label in learn, where there are 9 rows"),
        (filled(lambda z, learn: z[learn].max()), "^wrong code for fir, a label not in learn"),
        (filled(lambda z, learn: np.median(z[learn])), "^wrong code for fir, a label not in learn"),
        (lambda *s: np.full((~s[2]).sum(), s[1][s[2]].mean()), "^wrong code for ..., a label in"),
        (lambda *s: codes(np.char.lower(s[0]), *s[1:]), "a label in learn, where there are 17"),
        (lambda *s: codes(s[0].astype("U3"), *s[1:]), "a label in learn, where there are 17"),
        (lambda *s: codes(*s) if len(s[0]) < 50 else [0.0] * (~s[2]).sum(), "there are 60 rows"),
        (lambda *s: codes(*s) * np.inf, "a code is -?inf"),
        (lambda *s: codes(s[0], s[1], ~s[2]), r"shape \(5,\) for 9 rows, 5 of them in learn"),
        (lambda *s: np.resize(codes(*s), len(s[0])), r"shape \(9,\) for 9 rows, 5 of them"),
        (lambda *s: s[1][s[2]].mean(), r"shape \(\) for 9 rows, 5 of them in learn: one code for"),
        (lambda *s: list(s[0][~s[2]]), "got str"),
        (lambda labels, z: z, "should take 3 arguments"),
        ([1.0, 2.0], "outcome_codes should be a function"),
    ],
)
def test_wrong_codes_are_named(answer, words):
    with np.errstate(all="ignore"), pytest.raises(AssertionError, match=words):
        check.outcome_codes(answer)


# failing


def plug_in(x, z):
    """The information of a Gaussian with the sample's correlations."""
    joint, d = np.corrcoef(np.hstack([x, z]).T), x.shape[1]
    of_x, of_z, of_both = map(np.linalg.det, (joint[:d, :d], joint[d:, d:], joint))
    return math.log(of_x * of_z / of_both) / 2


def capped(x, z):
    return min(ml.ksg(x, z), 0.5)


def rewarded(x, z):
    return plug_in(x, z) + 0.1 * z.shape[1]


def shared(x, z):
    return plug_in(x, z) / z.shape[1]


RIGHT = {"part": shared, "function": rewarded, "copies": capped}


def but(**changes):
    return RIGHT | changes


class Estimate:
    """A value with an interval, as estimate_mi gives."""

    def __init__(self, value, error):
        self.value, self.error = value, error

    def __float__(self):
        return float(self.value)

    def interval(self, level):
        return self.value - self.error, self.value + self.error


@pytest.mark.parametrize(
    "answer",
    [
        RIGHT,
        UserDict(reversed(RIGHT.items())),
        but(part=lambda x, z: -plug_in(x, z)),
        but(part=lambda x, z: 3.0 - z.shape[1]),
        but(part=lambda x, z: torch.tensor(shared(x, z), requires_grad=True)),
        but(function=lambda x, z: [np.float32(rewarded(x, z))]),
        but(function=shared, copies=shared),  # it fails all three
        but(copies=ml.ksg),
        but(copies=lambda x, z: Estimate(min(plug_in(x, z), 0.5), 0.1)),
    ],
)
def test_failing_estimators_pass(answer, capsys):
    check.failing(answer)
    assert "passed" in capsys.readouterr().out


def test_an_honest_estimator_passes_every_law_of_the_rows():
    for each in chapter_09.PAIRS:
        assert ml.self_consistency(*chapter_09._rows_of(*each), plug_in).failures == []


def noise(x, z):
    """One and the same for the same rows, and another for others."""
    seed = hashlib.sha256(np.hstack([x, z]).tobytes()).digest()[:4]
    return np.random.default_rng([*seed]).standard_normal()


def random(x, z):
    return rewarded(x, z) + 0.1 * np.random.default_rng().standard_normal()


def only_for_one_column(x, z):
    return 9.0 if z.shape[1] == 1 and x.shape[1] == 2 else plug_in(x, z)


@pytest.mark.parametrize(
    ("answer", "words"),
    [
        (but(part=plug_in), "for part passes on 400 rows of 2 columns: a part of z .* nats$"),
        (but(function=plug_in), "for function passes .* nothing new: 1.* and 1.* nats$"),
        (but(copies=plug_in), "for copies passes .* sum of both: 2.* and 2.* nats$"),
        (but(function=ml.ksg), "for function passes .* what it fails is copies$"),
        (but(part=lambda x, z: 0.0), "for part passes .* 0.00 and 0.00 nats"),
        (but(part=only_for_one_column), "for part passes on 400 rows of 3 columns"),
        (but(part=rewarded, function=shared), "part and function have changed places"),
        (but(function=capped, copies=rewarded), "function and copies have changed places"),
        (but(function=noise), "for function passes .* interval .* is wide, .* noise fails no"),
        (but(copies=lambda x, z: capped(x, z) + noise(x, z)), "noise fails no law"),
        (but(copies=lambda x, z: Estimate(capped(x, z), 5)), "for copies passes .* noise"),
        (but(part=lambda x, z: Estimate(plug_in(x, z), 5)), "for part passes .* noise fails no"),
        (but(function=random), "for function says .* nats, and then .* of the same rows: leave"),
        (but(part=lambda x, z: np.nan), r"for part returns nan for x of shape \(400, 2\) and"),
        (but(copies=lambda x, z: np.log(x.shape[1] < 4)), "returns -inf for x of shape .200, 4."),
        (but(copies=lambda x, z: x[:, 0]), r"for copies returns should be one number, .*\(400,\)"),
        (but(copies=lambda x, z: None), "for copies returns is None: did you forget"),
        (but(copies=lambda x, z: x[300, 0]), r"raised IndexError: .* shape \(200, 4\)"),
        (but(part=lambda x: 0.0), "for part should take 2 arguments"),
        (but(part=0.5), "for part should be a function, got float: pass it without"),
        (but(part=None), "no estimator for part: the keys are part, function, copies"),
        ({"part": shared}, "no estimator for function, copies"),
        ({}, "no estimator for part, function, copies"),
        ({"Part": shared, 2: rewarded, "copies": capped}, "no law is named Part, 2: the keys are"),
        ([shared, rewarded, capped], "a dict of three functions, got list"),
    ],
)
def test_what_does_not_fail_is_named(answer, words):
    with np.errstate(all="ignore"), pytest.raises(AssertionError, match=words):
        check.failing(answer)


# All


@pytest.mark.parametrize("name", ["rows_for", "outcome_codes", "failing"])
@pytest.mark.parametrize("untouched", [None, ...])
def test_an_untouched_attempt_says_so(name, untouched, capsys):
    getattr(check, name)(untouched)
    told = "three estimators" if name == "failing" else name
    assert f"not tried yet: write your {told}, then run" in capsys.readouterr().out


def test_three_blanks_are_not_tried(capsys):
    check.failing({"part": None, "function": ..., "copies": None})
    assert "not tried yet" in capsys.readouterr().out
