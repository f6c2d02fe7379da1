// The pictures of a run over its steps, and of its last batch. Each has `draw`, and `say`, which
// tells its present numbers in words.

import { Surface, frame, line, linearThenLog, short, ticks } from "./canvas.js";
import { EVERY } from "./training.js";

const WINDOW = 100; // batches in a mean
const BARS = 64;

export function meanOfLast(column, count = WINDOW, end = column.length) {
  const start = Math.max(0, end - count);
  let sum = 0;
  for (let k = start; k < end; k++) sum += column.values[k];
  return end > start ? sum / (end - start) : NaN;
}

// Means of the last hundred, at about 200 steps.
function smooth(column, planned) {
  const stride = Math.max(5, Math.round(planned / 200 / 5) * 5), points = [];
  for (let end = stride; end <= column.length; end += stride) {
    points.push([end, meanOfLast(column, WINDOW, end)]);
  }
  return points;
}

const looks = (column) =>
  Array.from({ length: column.length }, (_, k) => [k * EVERY, column.values[k]]);

// What remains of a run once another has begun: its lines, in grey.
export function keep(trainer, planned) {
  if (!trainer.done) return null;
  return { mean: smooth(trainer.value, planned), heldOut: looks(trainer.heldOut) };
}

export class Picture {
  constructor(canvas) {
    this.surface = new Surface(canvas);
  }
}

export class Values extends Picture {
  draw({ trainer, end, ghost }) {
    const truth = trainer.data.information, high = Math.max(1, Math.ceil(4 * truth + 2) / 2);
    const low = -1;
    const inside = ticks(low, high, 5);
    const { context, x, y, colours } = frame(this.surface, {
      x: [0, end], y: [low, high], yScale: linearThenLog, xLabel: "step",
      yTicks: [-1000, -100, ...inside, 100, 1000],
    });
    const place = (points) => points.map(([step, value]) => [x(step), y(value)]);
    if (ghost) {
      line(context, place(ghost.mean), { colour: colours.ghost, width: 1.5 });
      line(context, place(ghost.heldOut), { colour: colours.ghost, width: 1.5, dash: [5, 4] });
    }
    this.drawBatches(trainer, context, x, y, colours);
    line(context, [[x(0), y(truth)], [x(end), y(truth)]], { colour: colours.truth, width: 1.5 });
    const bold = { width: 2.25 };
    line(context, place(smooth(trainer.value, end)), { ...bold, colour: colours.joint });
    line(context, place(looks(trainer.heldOut)), { ...bold, colour: colours.product, dash: [6, 4] });
  }

  drawBatches(trainer, context, x, y, colours) {
    const { values, length } = trainer.value, stride = Math.ceil(length / 1500);
    context.globalAlpha = 0.3;
    context.fillStyle = colours.joint;
    for (let k = 0; k < length; k += stride) {
      context.fillRect(x(k + 1) - 0.75, y(values[k]) - 0.75, 1.5, 1.5);
    }
    context.globalAlpha = 1;
  }

  say({ trainer }) {
    const { value, heldOut, exact, data } = trainer;
    return [
      ["batches", short(meanOfLast(value))],
      ["new pairs", short(heldOut.last)],
      ["all pairs", short(exact.last)],
      ["truth", short(data.information)],
    ];
  }
}

// What each product pair of the last batch pushes back with, the largest first.
export class Weights extends Picture {
  draw({ trainer }) {
    const { b } = trainer.settings;
    this.push = trainer.push; // what is drawn is what is said
    const push = this.push ? this.push.slice().sort().reverse().slice(0, BARS) : [];
    const most = Math.max(1, 1.1 * (push[0] ?? 0)), count = Math.max(push.length, 1);
    const { context, x, y, colours } = frame(this.surface, {
      x: [0, count], y: [0, most], xTicks: [], xLabel: "product pairs, largest first",
    });
    const room = x(1) - x(0), gap = room > 6 ? 2 : 0;
    context.fillStyle = colours.product;
    push.forEach((each, k) => {
      context.fillRect(x(k) + gap / 2, y(each), Math.max(room - gap, 0.5), y(0) - y(each));
    });
    const { objective } = trainer.settings, level = y(1 / b);
    if (objective === "js" || objective === "infonce") return; // lifts differ from pair to pair
    line(context, [[x(0), level], [x(count), level]], { colour: colours.joint, width: 1.5 });
  }

  say({ trainer }) {
    const { push } = this, { largest, settings } = trainer;
    if (!push) return [["largest push back", "–"]];
    const recent = largest.values.subarray(Math.max(0, largest.length - WINDOW), largest.length);
    const alone = recent.filter((each) => each > 0.5).length;
    return [
      ["largest push back", short(push.reduce((a, c) => Math.max(a, c), 0))],
      ["all together", short(push.reduce((a, c) => a + c, 0))],
      ...(["js", "infonce"].includes(settings.objective) ? []
        : [["each joint pair lifts with", short(1 / settings.b)]]),
      [`of ${recent.length} batches, one pair took over half in`, `${alone}`],
    ];
  }
}

export class LogV extends Picture {
  draw({ trainer, end }) {
    const own = trainer.logV, true_ = looks(trainer.logMean);
    const [low, high] = reachOf([...own.values.subarray(0, own.length)], true_.map(([, v]) => v));
    const { context, x, y, colours } = frame(this.surface, {
      x: [0, end], y: [low, high], xLabel: "step",
    });
    const stride = Math.ceil(own.length / 600), points = [];
    for (let k = 0; k < own.length; k += stride) points.push([x(k + 1), y(own.values[k])]);
    line(context, points, { colour: colours.product, width: 1.5 });
    line(context, true_.map(([step, value]) => [x(step), y(value)]),
      { colour: colours.truth, width: 1.5, dash: [6, 4] });
  }

  say({ trainer }) {
    const truth = ["true log E[eᵀ]", short(trainer.logMean.last)];
    return trainer.objective.logV === null ? [truth] : [["log v", short(trainer.logV.last)], truth];
  }
}

// Round limits that hold all numbers, at least -2 to 2.
function reachOf(...lists) {
  let low = -2, high = 2;
  for (const list of lists) {
    for (const each of list) {
      if (each < low) low = each;
      if (each > high) high = each;
    }
  }
  const round = (size) => {
    const power = 10 ** Math.floor(Math.log10(size));
    return [1, 2, 5, 10].map((each) => each * power).find((each) => each >= size);
  };
  return [-round(-low), round(high)];
}

export class Norm extends Picture {
  draw({ trainer, end }) {
    const { values, length } = trainer.norm;
    const { context, x, y, colours } = frame(this.surface, {
      x: [0, end], y: [-2, 3], yTicks: [], xLabel: "step",
    });
    context.fillStyle = colours.muted;
    context.textAlign = "right";
    context.textBaseline = "middle";
    for (const power of [-2, -1, 0, 1, 2, 3]) {
      context.fillText(String(Number((10 ** power).toPrecision(1))), x(0) - 6, y(power));
      line(context, [[x(0), y(power)], [x(end), y(power)]], { colour: colours.grid, width: 1 });
    }
    context.fillStyle = colours.ink;
    context.globalAlpha = 0.5;
    const stride = Math.ceil(length / 1000);
    for (let k = 0; k < length; k += stride) {
      const height = Math.min(3, Math.max(-2, Math.log10(values[k])));
      context.fillRect(x(k + 1) - 0.75, y(height) - 0.75, 1.5, 1.5);
    }
    context.globalAlpha = 1;
  }

  say({ trainer }) {
    return [["mean of the last hundred", short(meanOfLast(trainer.norm))]];
  }
}
