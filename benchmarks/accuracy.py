"""How accurate estimate_mi is over the zoo, how often its interval holds, and what others find.

Run by `make bench`: writes accuracy.json beside this file, one row for each case, size and seed,
and prints a summary. --part measures other bounds instead, or p values of independent tables;
--cases, --sizes and --seeds measure some rows anew and keep the others.
tests/test_benchmarks.py measures a few of them again.

A sample has a luck of its own, larger than most differences between estimators: the mean of the
true pointwise information i over its pairs is off, too. So `of_sample` stands beside the truth.
"""

import argparse
import datetime
import inspect
import json
import math
from collections.abc import Callable
from concurrent.futures import ProcessPoolExecutor, as_completed
from importlib.metadata import version
from itertools import product
from multiprocessing import get_context
from pathlib import Path
from time import perf_counter

import numpy as np
import pandas as pd
import torch
from speed import machine
from zoo import CASES

import mine_lib as ml
from mine_lib.book.accuracy import by_size, judge

HERE = Path(__file__).parent
SIZES = (200, 500, 1000, 5000)
SEEDS = range(30, 32)  # measured once, when the estimator was finished
RIVAL_SEEDS = range(30, 31)
P_SIZES, P_SEEDS = (200,), range(40, 45)
QUICK = {"steps": 100, "restarts": 1, "hidden": (32,)}
FOLDS, SHIFTS = 5, 64
NEGATIVES = {"InfoNCE": 63}  # of the others one
OBJECTIVES = {"InfoNCE": ml.infonce, "NWJ": ml.nwj, "SMILE": ml.jensen_shannon}


def sample(case: str, n: int, seed: int) -> tuple[np.ndarray, np.ndarray, float]:
    """Pairs of a case as NumPy arrays (n, d), and the mean of their true pointwise information."""
    pair = CASES[case]
    x, z = pair.sample(n, seed)
    exact = float(pair.log_ratio(x, z).double().mean())
    return *(np.asarray(each, float).reshape(n, -1) for each in (x, z)), exact


def measure(case: str, n: int, seed: int) -> dict:
    """One row: what the estimate says, beside the truth, the sample's own mean, and KSG."""
    torch.set_num_threads(1)
    x, z, exact = sample(case, n, seed)
    start = perf_counter()
    found = ml.estimate_mi(x, z, progress=False)
    seconds = perf_counter() - start
    low, high = found.interval()
    of_pairs = {}
    if x.shape[1] == z.shape[1] == 1:
        (pair,) = ml.estimate_pairs(x, z, progress=False).values()
        of_pairs = {
            "pair": pair.value,
            "pair_low": pair.interval()[0],
            "pair_high": pair.interval()[1],
        }
    return {
        "case": case, "n": n, "seed": seed, "truth": CASES[case].mi, "of_sample": exact,
        "value": found.value, "error": found.standard_error, "low": low, "high": high,
        "lacks": found.lacks, "p_value": found.p_value, "warnings": found.warnings,
        "ksg": neighbours(x, z), "seconds": seconds, **of_pairs,
    }  # fmt: skip


def neighbours(x: np.ndarray, z: np.ndarray) -> float | None:
    """KSG with its defaults, normal scores and three neighbours; None if a label is too rare."""
    try:
        return ml.ksg(x, z)
    except ValueError:
        return None


def rival(case: str, n: int, seed: int) -> dict:
    """One row: other bounds on the same pairs."""
    torch.set_num_threads(1)
    x, z, exact = sample(case, n, seed)
    start = perf_counter()
    values = {name: cross_fitted(name, x, z) for name in OBJECTIVES}
    took = (perf_counter() - start) / len(values)
    return {"case": case, "n": n, "seed": seed, "of_sample": exact, **values, "seconds": took}


def independent(case: str, n: int, seed: int) -> dict:
    """One row: the p value of x of one sample with z of another, by small networks."""
    torch.set_num_threads(1)
    x, z = sample(case, n, seed)[0], sample(case, n, seed + 1000)[1]
    found = ml.estimate_mi(x, z, seed=seed, progress=False, **QUICK)
    return {"case": case, "n": n, "seed": seed, "p_value": found.p_value}


def cross_fitted(name: str, x: np.ndarray, z: np.ndarray) -> float:
    """Another bound with the normal scores, layers, rate, batches and folds of estimate_mi.

    One network a fold, as many steps as estimate_mi takes, all rows of the other folds, no Gaussian
    part, no early stopping, no averages. n must be a multiple of the folds.
    """
    order = np.random.default_rng(0).permutation(len(x))
    scores = [torch.as_tensor(ml.normal_scores(each)[order]).float() for each in (x, z)]
    parts = [torch.stack(each.split(len(x) // FOLDS)) for each in scores]
    rest = [
        torch.stack([torch.cat([*part[:k], *part[k + 1 :]]) for k in range(FOLDS)])
        for part in parts
    ]
    m = NEGATIVES.get(name, 1)
    b = min(128, rest[0].shape[1] // 2)
    steps = int(np.clip(45 * rest[0].shape[1] // b, 400, 3000))
    critic = ml.train(
        *rest, objective=OBJECTIVES[name], seeds=range(FOLDS), hidden=(64, 64, 64), steps=steps,
        batch_size=b, negatives=m, learning_rate=5e-3, decay=True, progress=False,
    ).critic  # fmt: skip
    with torch.no_grad():
        shifts = min(m if m > 1 else SHIFTS, parts[0].shape[1] - 1)
        values = ml.critic_values(critic, *parts, shifts=shifts)
    report = ml.smile if name == "SMILE" else OBJECTIVES[name]
    return float(report(*values).mean())


def measured_with() -> dict:
    """What the numbers depend on."""
    defaults = inspect.signature(ml.estimate_mi).parameters.values()
    settings = {each.name: each.default for each in defaults if each.default is not each.empty}
    return {
        "mine_lib": version("mine-lib"), "torch": torch.__version__.split("+")[0],
        "settings": {name: repr(value) for name, value in settings.items()},
    }  # fmt: skip


def run(
    work: Callable[[str, int, int], dict], jobs: list[tuple], workers: int, seconds: float
) -> list[dict]:
    """Rows of all jobs, or of those that were ready after so many seconds."""
    pool = ProcessPoolExecutor(workers, mp_context=get_context("spawn"))
    futures = [pool.submit(work, *job) for job in jobs]
    try:
        return [future.result() for future in as_completed(futures, seconds)]
    except TimeoutError:
        return [each.result() for each in futures if each.done() and not each.cancelled()]
    finally:
        for process in [*pool._processes.values()]:
            process.kill()


PARTS = {
    "estimates": (measure, SIZES, SEEDS),
    "rivals": (rival, SIZES, RIVAL_SEEDS),
    "independent": (independent, P_SIZES, P_SEEDS),
}


def main() -> None:
    """Measure what is asked for, side by side, and join it with what was measured before."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--part", choices=PARTS, default="estimates")
    parser.add_argument("--cases", nargs="+", default=[*CASES])
    parser.add_argument("--sizes", nargs="+", type=int)
    parser.add_argument("--seeds", nargs="+", type=int)
    parser.add_argument("--workers", type=int, default=1)
    parser.add_argument("--seconds", type=float, default=math.inf, help="stop after so many")
    parser.add_argument("--file", type=Path, default=HERE / "accuracy.json")
    asked = parser.parse_args()
    part = asked.part
    work, sizes, seeds = PARTS[part]
    sizes = sorted(asked.sizes or sizes, reverse=True)
    jobs = [(case, n, seed) for seed, n, case in product(asked.seeds or seeds, sizes, asked.cases)]
    seconds = None if math.isinf(asked.seconds) else asked.seconds
    new = run(work, jobs, asked.workers, seconds)
    found = json.loads(asked.file.read_text("utf-8")) if asked.file.exists() else {}
    rows = {(r["case"], r["n"], r["seed"]): r for r in [*found.get(part, {}).get("rows", []), *new]}
    about = {**measured_with(), "machine": machine(), "date": datetime.date.today().isoformat()}
    found[part] = {**about, "rows": [rows[each] for each in sorted(rows)]}
    asked.file.write_text(json.dumps(found, indent=1, ensure_ascii=False) + "\n", "utf-8")
    if part == "estimates":
        print(by_size(judge(pd.DataFrame(found[part]["rows"]))).round(2).to_string())


if __name__ == "__main__":
    main()
