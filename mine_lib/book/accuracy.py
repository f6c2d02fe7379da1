"""The stored rows of benchmarks/accuracy.py, judged as the pages and the tests judge them."""

import json
from pathlib import Path

import numpy as np
import pandas as pd

TWO_SIDED = 1.96  # errors: a normal quantile
FAR = 5  # errors: a miss beyond them should not be silent


def read_accuracy(path: Path | str = "../benchmarks/accuracy.json") -> dict[str, pd.DataFrame]:
    """Its parts, each a frame with a row for each measurement; `attrs` say how it was made.

    The estimates are judged, see `judge`.
    """
    parts = json.loads(Path(path).read_text("utf-8"))
    frames = {name: pd.DataFrame(part.pop("rows")) for name, part in parts.items()}
    frames["estimates"] = judge(frames["estimates"])
    for name, frame in frames.items():
        frame.attrs = parts[name]
    return frames


def read_forty(path: Path | str = "../benchmarks/forty.json") -> pd.DataFrame:
    """The forty public tasks: a row for each task and sample.

    `attrs` say how it was made; among them `published`, the mean distances that others have printed
    for the same tasks, in nats.
    """
    found = json.loads(Path(path).read_text("utf-8"))
    rows = pd.DataFrame(found.pop("rows"))
    rows.attrs = found
    return rows


def judge(rows: pd.DataFrame) -> pd.DataFrame:
    """Add what each estimate was good for.

    held: its interval holds the truth. off: distance to the truth in sampling errors; right: below
    1.96. width: of the interval, in that of the sampling error alone. warned: by any message.
    silent: off by more than five, without a warning. false: a warning, though right.
    """
    rows = rows.copy()
    rows["held"] = rows.truth.between(rows.low, rows.high)
    with np.errstate(divide="ignore", invalid="ignore"):
        rows["off"] = (abs(rows.truth - rows.value) / rows.error).fillna(0.0)  # 0 / 0: it is right
        rows["width"] = (rows.high - rows.low) / (2 * TWO_SIDED * rows.error)
    rows["right"] = rows.off <= TWO_SIDED
    rows["warned"] = rows.warnings.str.len() > 0
    rows["silent"] = (rows.off > FAR) & ~rows.warned
    rows["false"] = rows.right & rows.warned
    return rows


def by_size(rows: pd.DataFrame) -> pd.DataFrame:
    """Counts, widths and mean distances of judged rows, a line for each size n.

    ours, ksg: mean distance in nats to the mean of the true i of the sample, over the tables that
    KSG can take.
    """
    sizes, right = rows.groupby("n"), rows[rows.right & (rows.error > 0)]
    both = rows.dropna(subset="ksg")
    distance = {
        name: abs(both[key] - both.of_sample).groupby(both.n).mean()
        for name, key in (("ours", "value"), ("ksg", "ksg"))
    }
    return pd.DataFrame(
        {
            "of": sizes.size(),
            "hold": sizes.held.sum(),
            "alone": sizes.right.sum(),
            "width": right.groupby("n").width.median(),
            "nine in ten": right.groupby("n").width.quantile(0.9),
            "silent": sizes.silent.sum(),
            "false": sizes.false.sum(),
            "seconds": sizes.seconds.median(),
            **distance,
        }
    )
