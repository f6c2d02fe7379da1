"""How accurate estimate_mi is on the forty public tasks of Czyż et al. (2023).

Two steps. `--draw` draws 10,000 rows of each task into the folder of --samples; it wants
`benchmark-mi` (0.1.3, with jax 0.4.30 and NumPy 1) in an environment of its own, and nothing of
this book. Without it, the script estimates from these files and writes forty.json beside this one,
one row for each task and seed, which chapter 9 reads.
"""

import argparse
import datetime
import json
from importlib import import_module
from pathlib import Path
from time import perf_counter

HERE = Path(__file__).parent
PUBLISHED = {
    "Alice": 0.060, "MINDE-C": 0.065, "InfoNCE": 0.083, "MINE": 0.108, "NWJ": 0.130, "DV": 0.144,
    "CCA": 0.181, "KSG": 0.219,
}  # fmt: skip
SOURCE = "Table 2 of Alice: In-context, Zero-shot MI Estimation, 2026; means of five samples"
ROWS = 10_000
SEEDS = range(2)


def draw(folder: Path) -> None:
    """Draw all samples, in single precision, with the truth of their task."""
    import numpy as np

    tasks = import_module("bmi.benchmark").BENCHMARK_TASKS  # never beside this book's packages
    folder.mkdir(parents=True, exist_ok=True)
    for name, task in tasks.items():
        for seed in SEEDS:
            x, z = (np.asarray(each, np.float32) for each in task.sample(ROWS, seed))
            truth = float(task.mutual_information)
            np.savez_compressed(folder / f"{name}--{seed}.npz", x=x, z=z, truth=truth)


def measure(path: Path) -> dict:
    """One row: the estimate, KSG and the Gaussian plug-in."""
    import numpy as np
    import torch

    import mine_lib as ml

    torch.set_num_threads(1)
    with np.load(path) as file:
        x, z, truth = (file[name].astype(float) for name in ("x", "z", "truth"))
    name, seed = path.stem.rsplit("--", 1)
    start = perf_counter()
    found = ml.estimate_mi(x, z, progress=False)
    seconds = perf_counter() - start
    low, high = found.interval()
    return {
        "task": name, "seed": int(seed), "truth": float(truth), "columns": x.shape[1] + z.shape[1],
        "value": found.value, "error": found.standard_error, "low": low, "high": high,
        "warnings": found.warnings, "seconds": seconds, "KSG": ml.ksg(x, z),
        "plug-in": float(found.opinions["Gaussian plug-in"][0]),
    }  # fmt: skip


def estimate(folder: Path, workers: int, seconds: float | None) -> None:
    """Measure the samples that forty.json lacks, and add them to it; all, if defaults changed."""
    from accuracy import measured_with, run
    from speed import machine

    file = HERE / "forty.json"
    made, old = measured_with(), []
    torch, on = made.pop("torch"), {"machine": machine(), "date": f"{datetime.date.today()}"}
    if file.exists():
        found = json.loads(file.read_text("utf-8"))
        old = found["rows"] if {key: found[key] for key in made} == made else []
    done = {f"{row['task']}--{row['seed']}" for row in old}
    paths = sorted(folder.glob("*.npz"), key=lambda path: path.stem.rsplit("--", 1)[::-1])
    jobs = [(path,) for path in paths if path.stem not in done]
    rows = old + [{**row, "torch": torch, **on} for row in run(measure, jobs, workers, seconds)]
    rows.sort(key=lambda row: (row["task"], row["seed"]))
    found = {**made, "n": ROWS, "published": PUBLISHED, "source": SOURCE, "rows": rows}
    file.write_text(json.dumps(found, indent=1, ensure_ascii=False) + "\n", "utf-8")


def main() -> None:
    """Draw, or estimate."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--samples", type=Path, default=HERE.parent / "_build" / "forty")
    parser.add_argument("--draw", action="store_true")
    parser.add_argument("--workers", type=int, default=1)
    parser.add_argument("--seconds", type=float, help="stop after so many")
    asked = parser.parse_args()
    if asked.draw:
        draw(asked.samples)
    else:
        estimate(asked.samples, asked.workers, asked.seconds)


if __name__ == "__main__":
    main()
