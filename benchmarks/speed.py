"""How fast mine_lib trains, beside a plain loop and this machine's own matrix product.

Run by `make bench`: prints a table, writes results.json and speed.svg beside this file. Speeds are
medians of REPEATS in one process with one number of threads, and what is compared takes turns, so
that a machine that slows down slows down both. Costs by size are medians of three; peaks of memory
are single, each from a process of its own, and on Linux only.
"""

import argparse
import datetime
import json
import platform
import re
import subprocess
import sys
from collections.abc import Callable
from importlib.metadata import version
from pathlib import Path
from statistics import median
from time import perf_counter

import matplotlib.pyplot as plt
import torch
from torch import nn

import mine_lib as ml
from mine_lib import passes
from mine_lib.book import figures

HERE = Path(__file__).parent
BATCH_SIZES = (16, 128, 512)
WIDTH, REPLICAS, REPEATS = 64, 64, 7
STEPS = {16: 300, 128: 100, 512: 40}  # of the batched study; about a second each
COST = {
    "replicas": (1, 4, 16, 64, 256),
    "width": (16, 32, 64, 128, 256),
    "batch_size": (16, 64, 256, 1024),
}
MEMORY = ((64, 16), (256, 16), (1024, 16), (64, 512), (256, 512), (1024, 512))


def plain_loop(x: torch.Tensor, z: torch.Tensor, batch_size: int, steps: int) -> None:
    """MINE with a moving average, one network, as most repositories write it."""
    layers = [nn.Linear(2, WIDTH), nn.ReLU(), nn.Linear(WIDTH, WIDTH), nn.ReLU()]
    network = nn.Sequential(*layers, nn.Linear(WIDTH, 1))
    optimizer = torch.optim.Adam(network.parameters(), lr=1e-3)
    average = 1.0
    for _ in range(steps):
        rows = torch.randint(len(x), (batch_size,))
        t_joint = network(torch.cat([x[rows], z[rows]], 1))
        t_product = network(torch.cat([x[rows], z[rows].roll(1, 0)], 1))
        mean = t_product.exp().mean()
        average = 0.99 * average + 0.01 * mean.item()
        loss = mean / average - t_joint.mean()
        optimizer.zero_grad()
        loss.backward()
        optimizer.step()


def batched(
    x: torch.Tensor, z: torch.Tensor, batch_size: int, steps: int, replicas: int, width: int = WIDTH
) -> None:
    """The same for many networks at once."""
    hidden = (width, width)
    ml.train(
        x, z, steps=steps, batch_size=batch_size, hidden=hidden, seeds=range(replicas),
        log_every=steps, progress=False,
    )  # fmt: skip


def seconds(run: Callable[[], object]) -> float:
    """Wall time of one run."""
    start = perf_counter()
    run()
    return perf_counter() - start


def operations(batch_size: int) -> int:
    """Additions and multiplications of one network-step, in the matrix products alone."""
    weights = 2 * WIDTH + WIDTH * WIDTH + WIDTH
    return 2 * batch_size * (3 * 2 * weights - 2 * 2 * WIDTH)  # no gradient by the inputs


def measure() -> list[dict]:
    """Steps a second of both programs, and the rate of a large matrix product between them."""
    x, z = ml.Gaussian(0.9).sample(10_000, seed=0)
    a, b = torch.randn(2, 2048, 2048)
    rows = []
    for batch_size in BATCH_SIZES:
        steps = STEPS[batch_size]
        runs = {
            "sgemm": lambda: a @ b,
            "plain": lambda n=batch_size, s=steps: plain_loop(x, z, n, s),
            "batched": lambda n=batch_size, s=steps: batched(x, z, n, s, REPLICAS),
        }
        for run in runs.values():
            run()  # warm
        times = {name: [] for name in runs}
        for _ in range(REPEATS):
            for name, run in runs.items():
                times[name].append(seconds(run))
        sgemm = [2 * 2048**3 / t for t in times["sgemm"]]
        plain = [steps / t for t in times["plain"]]
        ours = [REPLICAS * steps / t for t in times["batched"]]
        turns = list(zip(ours, plain, sgemm, strict=True))
        rows.append(
            {
                "batch_size": batch_size,
                "plain_steps_per_second": median(plain),
                "network_steps_per_second": median(ours),
                "ratio": median(o / p for o, p, _ in turns),
                "ratio_range": [min(o / p for o, p, _ in turns), max(o / p for o, p, _ in turns)],
                "sgemm_gflops": median(sgemm) / 1e9,
                "share_of_sgemm": median(o * operations(batch_size) / s for o, _, s in turns),
            }
        )
    return rows


def cost() -> list[dict]:
    """Microseconds of one step of one network, as one size varies and the others stay."""
    x, z = ml.Gaussian(0.9).sample(10_000, seed=0)
    rows = []
    for varied, values in COST.items():
        for value in values:
            size = {"replicas": 64, "width": 64, "batch_size": 128} | {varied: value}
            steps = max(20, 400_000 // (size["replicas"] * (size["batch_size"] + size["width"])))
            shape = size["batch_size"], steps, size["replicas"], size["width"]
            times = [seconds(lambda s=shape: batched(x, z, *s)) for _ in range(4)]
            each = median(times[1:]) / steps / size["replicas"]
            rows.append({"varied": varied, **size, "microseconds": each * 1e6})
    return rows


def peak_memory() -> list[dict]:
    """Peak of the memory that training adds, each size in a process of its own."""
    rows = []
    for replicas, batch_size in MEMORY:
        row = {"replicas": replicas, "batch_size": batch_size}
        for name, in_one_chunk in (("mebibytes", 0), ("mebibytes_in_one_chunk", 1)):
            sizes = map(str, (replicas, batch_size, in_one_chunk))
            command = [sys.executable, __file__, "--memory", *sizes]
            done = subprocess.run(command, check=True, capture_output=True, text=True)
            row[name] = float(done.stdout)
        rows.append(row)
    return rows


def memory_of(replicas: int, batch_size: int, in_one_chunk: int) -> float:
    """Mebibytes that training adds at its peak, with as many replicas at once as fit, or all."""

    def status(name: str) -> float:
        line = re.search(rf"{name}:\s+(\d+) kB", Path("/proc/self/status").read_text("utf-8"))
        return int(line[1]) / 1024

    def added(replicas: int) -> float:
        Path("/proc/self/clear_refs").write_text(
            "5", "utf-8"
        )  # Linux: the peak starts anew from here
        start = status("VmRSS")
        batched(x, z, batch_size, 3, replicas)
        return status("VmHWM") - start

    x, z = ml.Gaussian(0.9).sample(10_000, seed=0)
    added(2)
    if in_one_chunk:
        passes.CACHED = 2**60
    return added(replicas)


def machine() -> str:
    """Name of the processor."""
    if sys.platform == "linux":
        for line in Path("/proc/cpuinfo").read_text("utf-8").splitlines():
            if line.startswith("model name"):
                return line.split(":", 1)[1].strip()
    return platform.processor() or platform.machine()


def draw(results: dict) -> None:
    """Steps a second against the batch size, both programs."""
    figures.use_style()
    fig, ax = plt.subplots(figsize=(5.2, 3.2))
    speed = results["speed"]
    sizes = [row["batch_size"] for row in speed]
    for key, label in (
        ("network_steps_per_second", f"mine_lib, {REPLICAS} networks at once"),
        ("plain_steps_per_second", "plain loop, one network"),
    ):
        ax.loglog(sizes, [row[key] for row in speed], "o-", label=label)
    for row in speed:
        place = row["batch_size"], row["network_steps_per_second"] * 1.5
        ax.annotate(f"{row['ratio']:.0f} times", place, ha="center")
    ax.set_xticks(sizes, labels=sizes)
    ax.minorticks_off()
    top = max(row["network_steps_per_second"] for row in speed)
    ax.set(
        xlabel="batch size b", ylabel="network-steps a second", xlim=(11, 740), ylim=(300, 8 * top)
    )
    ax.legend(loc="lower left")
    threads = f"threads: {results['threads']}"
    ax.text(0.99, 0.97, f"{results['date']}, {results['machine']}, {threads}",
            transform=ax.transAxes, ha="right", va="top")  # fmt: skip
    fig.savefig(HERE / "speed.svg", bbox_inches="tight", metadata={"Date": None})


def main() -> None:
    """Measure, print, write."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--threads", type=int, default=2)
    parser.add_argument("--memory", nargs=3, type=int, metavar=("R", "B", "ONE_CHUNK"))
    options = parser.parse_args()
    torch.set_num_threads(options.threads)
    if options.memory:
        print(memory_of(*options.memory))
        return
    results = {
        "date": datetime.date.today().isoformat(),
        "machine": machine(),
        "threads": torch.get_num_threads(),
        "torch": torch.__version__,
        "mine_lib": version("mine-lib"),
        "width": WIDTH,
        "replicas": REPLICAS,
        "repeats": REPEATS,
        "speed": measure(),
        "cost": cost(),
        "memory": peak_memory() if sys.platform == "linux" else [],
    }
    (HERE / "results.json").write_text(json.dumps(results, indent=1) + "\n", "utf-8")
    draw(results)
    print(f"{results['machine']}, {results['threads']} threads, medians of {REPEATS}")
    print("  b  plain/s  ours/s  ratio (range)      of sgemm")
    for row in results["speed"]:
        low, high = row["ratio_range"]
        print(
            f"{row['batch_size']:3} {row['plain_steps_per_second']:8.0f} "
            f"{row['network_steps_per_second']:7.0f} {row['ratio']:6.1f} "
            f"({low:.1f} to {high:.1f}) {row['share_of_sgemm']:8.0%}"
        )
    print("   R    b   MiB  in one chunk")
    for row in results["memory"]:
        print(
            f"{row['replicas']:4} {row['batch_size']:4} {row['mebibytes']:5.0f} "
            f"{row['mebibytes_in_one_chunk']:6.0f}"
        )


if __name__ == "__main__":
    main()
