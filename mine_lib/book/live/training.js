// A training run: batches, Adam, and what is measured on the way. The same settings give the same
// run, however it is cut into pieces.

import { makeData } from "./data.js";
import { Network } from "./network.js";
import { donskerVaradhan, logMeanExp, makeObjective } from "./objectives.js";
import { Random } from "./random.js";

export const EVERY = 100; // steps between two looks at new pairs
const NEW_PAIRS = 2000;
const NEW_SHIFTS = 2;

export class Adam {
  constructor(size, rate) {
    this.rate = rate;
    this.steps = 0;
    this.first = new Float64Array(size);
    this.second = new Float64Array(size);
  }

  // One step along the gradient, upwards, as torch.optim.Adam goes downwards.
  climb(weights, gradient) {
    const { first, second } = this;
    this.steps += 1;
    const rate = this.rate / (1 - 0.9 ** this.steps);
    const scale = 1 / Math.sqrt(1 - 0.999 ** this.steps);
    for (let k = 0; k < weights.length; k++) {
      const slope = gradient[k];
      first[k] += 0.1 * (slope - first[k]);
      second[k] += 0.001 * (slope * slope - second[k]);
      weights[k] += (rate * first[k]) / (Math.sqrt(second[k]) * scale + 1e-8);
    }
  }
}

// Joint rows in shuffled epochs, and their partners: `shift`, `permute`, or `fresh` from outside.
export class Batches {
  constructor(data, rows, settings, random, freshly) {
    Object.assign(this, { data, rows, random, freshly });
    this.b = settings.b;
    this.m = settings.m;
    this.pairing = settings.pairs;
    this.order = Int32Array.from({ length: rows.length / data.inputs }, (_, k) => k);
    this.at = Infinity;
    this.partners = new Int32Array(this.b);
    this.values = new Float64Array((1 + this.m) * this.b * data.inputs + data.inputs);
  }

  // The next b joint rows, then m times b product rows with the same x.
  next() {
    const { b, m, order, values } = this, { inputs } = this.data;
    if (this.at + b > order.length) {
      this.random.shuffle(order);
      this.at = 0;
    }
    const batch = order.subarray(this.at, this.at + b);
    this.at += b;
    batch.forEach((row, j) => this.copy(row, j * inputs));
    for (let k = 1; k <= m; k++) {
      values.copyWithin(k * b * inputs, 0, b * inputs);
      this.pair(batch, k);
    }
    return values;
  }

  copy(row, to) {
    const { inputs } = this.data;
    for (let i = 0; i < inputs; i++) this.values[to + i] = this.rows[row * inputs + i];
  }

  // Give the k-th copy of the batch other z.
  pair(batch, k) {
    const { b, values, partners } = this, { inputs } = this.data, last = inputs - 1;
    if (this.pairing === "permute") this.random.shuffle(this.count(partners));
    const one = new Float64Array(inputs);
    for (let j = 0; j < b; j++) {
      const to = (k * b + j) * inputs + last;
      if (this.pairing === "fresh") {
        this.data.draw(this.freshly, one, 0);
        values[to] = one[last];
      } else {
        const other = this.pairing === "shift" ? (j - k + b) % b : partners[j];
        values[to] = this.rows[batch[other] * inputs + last];
      }
    }
  }

  count(numbers) {
    for (let j = 0; j < numbers.length; j++) numbers[j] = j;
    return numbers;
  }
}

// A column of numbers that grows.
class Column {
  values = new Float64Array(1024);
  length = 0;

  push(value) {
    if (this.length === this.values.length) {
      const longer = new Float64Array(2 * this.length);
      longer.set(this.values);
      this.values = longer;
    }
    this.values[this.length++] = value;
  }

  get last() {
    return this.length ? this.values[this.length - 1] : NaN;
  }
}

export class Trainer {
  constructor(settings) {
    this.settings = settings;
    this.data = makeData(settings.data, settings.rho);
    const stream = (k) => new Random(settings.seed, k), { inputs } = this.data;
    this.network = new Network(inputs, settings.width, stream(0));
    const rows = this.data.sample(stream(2), settings.n);
    this.batches = new Batches(this.data, rows, settings, stream(1), stream(4));
    this.objective = makeObjective(settings.objective, settings.alpha);
    this.adam = new Adam(this.network.weights.length, settings.lr);
    const { b, m } = settings;
    this.weigh = new Float64Array((1 + m) * b + 1);
    this.t = new Float64Array((1 + m) * b);
    this.newRows = this.data.sample(stream(3), NEW_PAIRS);
    this.nodes = this.data.nodes();
    this.done = 0;
    this.stopped = "";
    this.value = new Column();
    this.norm = new Column();
    this.logV = new Column();
    this.largest = new Column(); // share of the push back that one product pair has
    this.heldOut = new Column(); // every so many steps, from step 0
    this.exact = new Column();
    this.logMean = new Column();
    this.look();
  }

  // The product pairs' part of the last gradient, as push back: what it weighs on each.
  get push() {
    const { b } = this.settings;
    return this.done ? this.weigh.subarray(b, this.t.length).map((each) => -each) : null;
  }

  // One step along the gradient of one batch; false if the run cannot go on.
  step() {
    if (this.stopped) return false;
    const { b, clip } = this.settings, rows = this.t.length;
    const values = this.batches.next();
    this.t.set(this.network.forward(values, rows).subarray(0, rows));
    const value = this.objective.weigh(
      this.t.subarray(0, b), this.t.subarray(b),
      this.weigh.subarray(0, b), this.weigh.subarray(b, rows));
    const gradient = this.network.backward(values, this.weigh, rows);
    let norm = 0;
    for (let k = 0; k < gradient.length; k++) norm += gradient[k] * gradient[k];
    norm = Math.sqrt(norm);
    if (!Number.isFinite(value + norm)) {
      this.stopped = this.why(value);
      return false;
    }
    if (clip && norm > clip) for (let k = 0; k < gradient.length; k++) gradient[k] *= clip / norm;
    this.adam.climb(this.network.weights, gradient);
    this.done += 1;
    this.note(value, norm);
    return true;
  }

  note(value, norm) {
    this.value.push(value);
    this.norm.push(norm);
    this.logV.push(this.objective.logV ?? NaN);
    let sum = 0, most = 0;
    for (let k = this.settings.b; k < this.t.length; k++) {
      sum -= this.weigh[k];
      most = Math.max(most, -this.weigh[k]);
    }
    this.largest.push(most / sum);
    if (this.done % EVERY === 0) this.look();
  }

  // Measure the critic on new pairs, and by quadrature.
  look() {
    this.heldOut.push(this.evaluate());
    const { rows, count, logQ, p } = this.nodes;
    const t = this.network.forward(rows, count);
    let joint = 0;
    for (let k = 0; k < count; k++) {
      joint += p[k] * t[k];
      t[k] += logQ[k];
    }
    const logMean = logMeanExp(t, count) + Math.log(count);
    this.exact.push(joint - logMean);
    this.logMean.push(logMean);
  }

  // The Donsker-Varadhan value of new pairs; the product term is a mean over shifts.
  evaluate() {
    const { inputs } = this.data, last = inputs - 1;
    const joint = this.network.forward(this.newRows, NEW_PAIRS).slice(0, NEW_PAIRS);
    const product = new Float64Array(NEW_SHIFTS * NEW_PAIRS), other = this.newRows.slice();
    for (let k = 0; k < NEW_SHIFTS; k++) {
      const shift = 1 + k * 499;
      for (let j = 0; j < NEW_PAIRS; j++) {
        const from = (j + shift) % NEW_PAIRS;
        other[j * inputs + last] = this.newRows[from * inputs + last];
      }
      const t = this.network.forward(other, NEW_PAIRS);
      product.set(t.subarray(0, NEW_PAIRS), k * NEW_PAIRS);
    }
    return donskerVaradhan(joint, product);
  }

  // Why a run cannot go on, in words.
  why(value) {
    const highest = this.t.reduce((a, b) => Math.max(a, b), -Infinity);
    const start = `Stopped after ${this.done.toLocaleString("en")} steps: `;
    if (this.settings.objective === "nwj" && highest > 300) {
      return `${start}a critic value of ${highest.toPrecision(3)} made eᵀ, which the gradient of ` +
        "NWJ holds undivided, too large a number. A smaller learning rate or a clip prevents it.";
    }
    const what = Number.isFinite(value) ? "the gradient" : "the value of the batch";
    return `${start}${what} is no longer a finite number, since the weights of the network have ` +
      "grown too large. A smaller learning rate prevents it.";
  }
}
