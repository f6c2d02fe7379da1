"""Checks of chapter 9: rows that suffice, codes that do not leak, and estimators that must fail."""

import math
from collections.abc import Callable, Iterator, Mapping

import numpy as np

from mine_checks.answers import ask, one, passed, refuse, refuse_mistakes, same, untried
from mine_lib.estimation.consistency import LAWS, Answer, SelfConsistency, self_consistency

Survey = tuple[np.ndarray, np.ndarray, np.ndarray]  # labels, z, learn
Rows = tuple[np.ndarray, np.ndarray]  # x, z
Tries = dict[str, list[SelfConsistency]]  # for each estimator one on each pair
# rho, dim, error: n(n - 1) is never close to the limit, and n^2 tells another n for some
PLANS = [
    (0.5, 1, 0.02),
    (-0.8, 2, 0.05),
    (0.3, 6, 0.01),
    (0.9, 3, 0.1),
    (0.95, 3, 0.5),
    (0.0, 4, 0.1),
    (0.2, 1, 0.8),
]
# correlations, seed: the first column of z tells most, as in each column alike some faults hide
PAIRS = [((0.9, 0.7), 1), ((0.9, 0.7), 2), ((0.9, 0.7, 0.7), 3)]
ROWS = 400
WIDE = 0.1, 0.5  # nats: a difference that an interval hides, and half of a wide interval


def rows_for(f: object) -> None:
    """Check a function of rho, dim and error: the least rows whose product pairs suffice."""
    if untried(f, "rows_for"):
        return
    found = np.array([_count(f, plan) for plan in PLANS])
    rho, dim, error = np.transpose(PLANS)
    right = _least((_chi2(rho, dim) + _crossed(rho, dim)) / error**2)
    if not (found == right).all():
        _refuse_rows(found, right)
    passed()


def _count(f: object, plan: tuple[float, int, float]) -> float:
    """A whole number of rows, or a refusal."""
    with np.errstate(all="ignore"):
        found = one(ask(f, *plan, name="rows_for"), "what rows_for returns")
    if not found.is_integer():
        refuse(f"a number of rows is whole: {found:.6g} for rho, dim, error = {plan} is not")
    return found


def _chi2(rho: np.ndarray, dim: object) -> np.ndarray:
    """Variance of r under the product."""
    return (1 - rho**2) ** -dim - 1


def _crossed(rho: np.ndarray, dim: object) -> np.ndarray:
    """Covariance of r at a product pair and at its mirror image."""
    return (1 - rho**4) ** -dim - 1


def _least(limit: np.ndarray) -> np.ndarray:
    """The least n from two on whose n(n - 1) reaches the limit."""
    return np.maximum(2, np.ceil(0.5 + np.sqrt(0.25 + limit)))


def _refuse_rows(found: np.ndarray, right: np.ndarray) -> None:
    """Name the mistake; where two rows suffice, wrong rules differ in how they are cut off."""
    many = right > 2
    if (found == right)[many].all() and (found < 2).any():
        refuse("fewer than two rows have no product pair, even where the error is no matter")
    refuse_mistakes(found[many], [(n[many], what) for n, what in _wrong_rows(right)], rtol=0)
    k = int((found != right).argmax())
    what = f"{found[k]:.0f} rows for rho, dim, error = {PLANS[k]}"
    if found[k] > right[k]:
        refuse(f"{what}: fewer rows would do")
    refuse(f"{what}: too few, the error would be larger")


def _wrong_rows(right: np.ndarray) -> Iterator[tuple[np.ndarray, str]]:
    """Wrong numbers of rows, and what is wrong with them."""
    rho, dim, error = np.transpose(PLANS)
    chi2, crossed = _chi2(rho, dim), _crossed(rho, dim)
    single, first = _chi2(rho, 1) + _crossed(rho, 1), _chi2(rho, dim / 2)
    limit = (chi2 + crossed) / error**2
    yield right - 1, "one row too few: round up, not down"
    yield right + 1, "one row too many: the least number is asked for"
    square = "n rows make fewer than n^2 product pairs, no row with itself; and round up"
    yield np.ceil(np.sqrt(limit)), square
    yield np.ceil(limit), "that is the number of product pairs: how many rows make so many?"
    yield np.ceil(chi2 / error**2), "that is for one shift: take all product pairs"
    yield _least(limit * error), "the error is the root of the variance: square it"
    for variance, message in [
        (chi2, "the covariance of mirror images, (j, l) and (l, j), is missing"),
        (crossed, "the variance of r itself is missing"),
        (2 * chi2, "the covariance of mirror images is less than chi2"),
        (chi2 - crossed, "mirror images add to the variance"),
        (chi2 + crossed + 1, "r has the mean one, whose square comes off"),
        (chi2 + crossed + 2, "r has the mean one, whose square comes off"),
        (single, "that is for one pair of Gaussians: r is a product over dim of them"),
        (dim * single, "r is a product over dim pairs of Gaussians: their parts do not add up"),
        (first, "chi2 is not e^I - 1: r is squared there"),
        (first + crossed, "chi2 is not e^I - 1: r is squared there"),
        (first + _crossed(rho, dim / 2), "chi2 is not e^I - 1: r is squared there"),
    ]:
        yield _least(variance / error**2), message


def outcome_codes(f: object) -> None:
    """Check a function of labels, z and learn: codes of the rows outside learn, from those in it.

    The arrays have one entry a row: strings, outcomes, and whether codes are learned from it.
    """
    if untried(f, "outcome_codes"):
        return
    surveys = _surveys()
    found = [_ask_codes(f, each) for each in surveys]
    moved = [_ask_codes(f, _moved(each)) for each in surveys]
    is_right = all(map(same, found, map(_codes, surveys)))
    if not is_right:
        _refuse_codes(np.concatenate(found), surveys)
    if not all(map(same, moved, found)):
        refuse("a code changes with outcomes outside learn: it may depend on none of them")
    if not is_right:
        _refuse_rest(found, surveys)
    passed()


def _surveys() -> list[Survey]:
    """Rows that differ in number and place, with labels that no row in learn has, and rare ones."""
    rng = np.random.default_rng(9)
    labels = np.array(["oak", "ash", "oak", "oak", "fir", "ash", "oak", "ash", "oak"])
    z = np.array([1.0, 4.0, 1.0, 7.0, 2.0, 9.0, 2.5, -3.0, 5.5])
    surveys = [
        (labels, z, np.array([1, 1, 1, 1, 0, 1, 0, 0, 0]) > 0),
        (np.array(["elm", "ash", "elm"]), np.array([5.0, -1.0, 2.0]), np.array([1, 1, 0]) > 0),
    ]
    trees = np.array(["oak", "ash", "Oak", "oak tree", "fir", "yew"])
    for n, kinds, share in ((17, 4, 0.6), (60, 6, 0.4), (45, 5, 0.8)):
        which = rng.integers(0, kinds, n) * rng.integers(0, 2, n)  # the first is frequent
        z = np.round(2 * rng.exponential(1 + which)) / 2 - 1
        is_new = (which == kinds - 1) & (kinds > 4)
        surveys.append((trees[which], z, (rng.random(n) < share) & ~is_new))
    return surveys


def _moved(survey: Survey) -> Survey:
    """The same rows with other outcomes outside learn."""
    labels, z, learn = survey
    return labels, np.where(learn, z, 100 + z[::-1] ** 2), learn


def _ask_codes(f: object, survey: Survey) -> np.ndarray:
    """One code for each row to be coded, or a refusal."""
    found, learn = ask(f, *survey, name="outcome_codes"), survey[2]
    if found.size == (~learn).sum():
        return found.ravel()
    where = f"{len(learn)} rows, {learn.sum()} of them in learn"
    refuse(f"the answer has shape {found.shape} for {where}: one code for each row outside learn")


def _of_label(survey: Survey, rows: np.ndarray, rule: Callable = np.mean) -> np.ndarray:
    """For each row to be coded what `rows` of its label have; not a number if there are none."""
    labels, z, learn = survey
    shares = [z[rows & (labels == each)] for each in labels[~learn]]
    return np.array([rule(each) if each.size else math.nan for each in shares])


def _codes(survey: Survey) -> np.ndarray:
    """The right ones."""
    means, (_, z, learn) = _of_label(survey, survey[2]), survey
    return np.where(np.isnan(means), z[learn].mean(), means)


def _refuse_codes(found: np.ndarray, surveys: list[Survey]) -> None:
    """Name the mistake."""
    for parts in zip(*map(_wrong_codes, surveys), strict=True):
        values, what = np.concatenate([codes for codes, _ in parts]), parts[0][1]
        told = np.isfinite(values)
        refuse_mistakes(found[told], [(values[told], what)])
    bad = ~np.isfinite(found)
    if bad.any():
        learned = np.concatenate([_of_label(each, each[2]) for each in surveys])
        if np.isnan(learned[bad]).all():
            refuse("a label that no row in learn has gets no code: what is known of its rows?")
        refuse(f"a code is {found[bad][0]}")


def _refuse_rest(found: list[np.ndarray], surveys: list[Survey]) -> None:
    """Say where it is wrong."""
    right = [_codes(each) for each in surveys]
    if all(map(same, map(np.sort, found), map(np.sort, right))):
        refuse("the right codes in another order: keep the order of the rows")
    k = [same(*each) for each in zip(found, right, strict=True)].index(False)
    labels, _, learn = surveys[k]
    label = labels[~learn][abs(found[k] - right[k]).argmax()]
    what = "a label in learn" if label in labels[learn] else "a label not in learn"
    refuse(f"wrong code for {label}, {what}, where there are {len(learn)} rows")


def _wrong_codes(survey: Survey) -> Iterator[tuple[np.ndarray, str]]:
    """Wrong codes, not all of them finite, and what is wrong with them."""
    labels, z, learn = survey
    every, others = learn | True, ~learn
    total, size = (_of_label(survey, learn, rule) for rule in (np.sum, len))
    own = "a row's own outcome is in its code: learn from the rows in learn alone"
    for codes in (_of_label(survey, every), (total + z[others]) / (size + 1)):
        yield codes, own
    one_out = "leave-one-out leaks, too: within a label its code tells a row's outcome"
    for rows in (every, others):
        yield _one_out(survey, rows), one_out
    turned = "learn is the wrong way round: codes come from its rows, and are for the others"
    yield _of_label(survey, others), turned
    yield total, "the mean for each label, not the sum"
    yield _of_label(survey, learn, np.median), "the mean for each label, not the median"
    yield size, "the mean outcome for each label, not how frequent it is"
    of_labels = np.mean([z[learn & (labels == each)].mean() for each in set(labels[learn])])
    for new, message in [
        (0, "zero: is that a likely outcome?"),
        (z.mean(), "the mean of all rows, not of those in learn"),
        (of_labels, "the mean of means: rows in learn all count alike"),
    ]:
        codes = np.where(np.isnan(total), new, total / size)
        yield codes, f"a label that no row in learn has gets {message}"


def _one_out(survey: Survey, rows: np.ndarray) -> np.ndarray:
    """The mean outcome of the other rows with the label."""
    _, z, learn = survey
    total, size = (_of_label(survey, rows, rule) for rule in (np.sum, len))
    return np.where(size > 1, (total - z[~learn]) / np.maximum(size - 1, 1), math.nan)


def failing(estimators: object) -> None:
    """Check a dict of functions (x, z) -> nats, each to fail the law that is its key.

    The keys are those of `mine_lib.self_consistency`, which tries them.
    """
    if untried(estimators, "three estimators"):
        return
    if not isinstance(estimators, Mapping):
        refuse(f"the answer should be a dict of three functions, got {type(estimators).__name__}")
    given = {name: f for name, f in estimators.items() if f is not None and f is not ...}
    if estimators and not given:
        untried(None, "three estimators")
        return
    _judge_names(given)
    pairs = [_rows_of(*each) for each in PAIRS]
    tries: Tries = {}
    for name in LAWS:
        asked = _asked(estimators[name], name, pairs[0])
        tries[name] = [self_consistency(*each, asked) for each in pairs]
        _refuse_chance(name, tries[name][0], self_consistency(*pairs[0], asked))
    for name in LAWS:
        if name not in _failures(tries[name]):
            _refuse_pass(name, tries)
    passed()


def _judge_names(estimators: Mapping) -> None:
    known = ", ".join(LAWS)
    unknown = [str(each) for each in estimators if each not in LAWS]
    if unknown:
        refuse(f"no law is named {', '.join(unknown)}: the keys are {known}")
    missing = [each for each in LAWS if each not in estimators]
    if missing:
        refuse(f"there is no estimator for {', '.join(missing)}: the keys are {known}")


def _rows_of(correlations: tuple[float, ...], seed: int) -> Rows:
    """Gaussian pairs, a correlation a column."""
    rho = np.array(correlations)
    x, noise = np.random.default_rng(seed).standard_normal((2, ROWS, len(rho)))
    return x, rho * x + np.sqrt(1 - rho**2) * noise


def _asked(f: object, name: str, rows: Rows) -> Callable[[np.ndarray, np.ndarray], object]:
    """The estimator, refused in words where it gives no number; an estimate keeps its interval."""
    name = f"the estimator for {name}"
    ask(f, *rows, name=name)

    def asked(x: np.ndarray, z: np.ndarray) -> object:
        raw = []
        found = ask(lambda *pair: raw.append(f(*pair)) or raw[0], x, z, name=name)
        value = one(found, f"what {name} returns")
        if not np.isfinite(value):
            refuse(f"{name} returns {value} for x of shape {x.shape} and z of shape {z.shape}")
        return raw[0] if hasattr(raw[0], "interval") else value

    return asked


def _refuse_chance(name: str, first: SelfConsistency, again: SelfConsistency) -> None:
    """Refuse an estimator that says something else of the same rows when asked again."""
    for said, then in ((first[each].left, again[each].left) for each in LAWS):
        if not same(said, then, rtol=1e-6):
            refuse(
                f"the estimator for {name} says {said:.3g} nats, and then {then:.3g} of the same"
                " rows: leave chance out of it, or fix its seed"
            )


def _failures(tries: list[SelfConsistency]) -> list[str]:
    """Names of the laws that fail in all tries."""
    return [each for each in LAWS if all(each in found.failures for found in tries)]


def _refuse_pass(name: str, tries: Tries) -> None:
    """Say that an estimator passes, what it fails instead, and whether it only scatters."""
    fails = _failures(tries[name])
    for other in fails:
        if name in _failures(tries[other]):
            refuse(f"the estimators for {name} and {other} have changed places")
    answers = [found[name] for found in tries[name]]
    k = next(k for k, each in enumerate(answers) if each.passes)
    answer, columns = answers[k], len(PAIRS[k][0])
    told = (
        f"the estimator for {name} passes on {ROWS} rows of {columns} columns: {answer.law}:"
        f" {answer.left:.2f} and {answer.right:.2f} nats"
    )
    if _is_wide(answer):
        refuse(
            f"{told}, but the interval for the difference is wide, {answer.low:.2f} to"
            f" {answer.high:.2f}: noise fails no law, and a fault must exceed its scatter"
        )
    refuse(f"{told}; what it fails is {' and '.join(fails)}" if fails else told)


def _is_wide(answer: Answer) -> bool:
    off = answer.left - answer.right
    off = abs(off) if answer.equal else off
    return off > WIDE[0] or (answer.high - answer.low) / 2 > WIDE[1]
