// The critic: two hidden layers of ReLU units, as mine_lib.StatisticsNetwork has them.
//
// Loops over units take four units and two rows at a time, so that sums stay in registers: widths
// are multiples of four, and buffers have room for an even number of rows.

// out[r, o] = bias[o] + sum_i values[r, i] matrix[o, i]
function product(out, values, matrix, bias, rows, inputs, outputs) {
  for (let o = 0; o < outputs; o += 4) {
    const m0 = o * inputs, m1 = m0 + inputs, m2 = m1 + inputs, m3 = m2 + inputs;
    for (let r = 0; r < rows; r += 2) {
      const v0 = r * inputs, v1 = v0 + inputs;
      let a0 = 0, a1 = 0, a2 = 0, a3 = 0, c0 = 0, c1 = 0, c2 = 0, c3 = 0;
      for (let i = 0; i < inputs; i++) {
        const x = values[v0 + i], y = values[v1 + i];
        const w0 = matrix[m0 + i], w1 = matrix[m1 + i], w2 = matrix[m2 + i], w3 = matrix[m3 + i];
        a0 += x * w0; a1 += x * w1; a2 += x * w2; a3 += x * w3;
        c0 += y * w0; c1 += y * w1; c2 += y * w2; c3 += y * w3;
      }
      const p = r * outputs + o, q = p + outputs;
      const b0 = bias[o], b1 = bias[o + 1], b2 = bias[o + 2], b3 = bias[o + 3];
      out[p] = a0 + b0; out[p + 1] = a1 + b1; out[p + 2] = a2 + b2; out[p + 3] = a3 + b3;
      out[q] = c0 + b0; out[q + 1] = c1 + b1; out[q + 2] = c2 + b2; out[q + 3] = c3 + b3;
    }
  }
}

// out[o, i] = sum_r slopes[r, o] values[r, i], for a width that is a multiple of four
function outer(out, slopes, values, rows, width) {
  for (let o = 0; o < width; o += 2) {
    for (let i = 0; i < width; i += 4) {
      let a0 = 0, a1 = 0, a2 = 0, a3 = 0, c0 = 0, c1 = 0, c2 = 0, c3 = 0;
      for (let r = 0, at = 0; r < rows; r++, at += width) {
        const x = slopes[at + o], y = slopes[at + o + 1];
        const v0 = values[at + i], v1 = values[at + i + 1];
        const v2 = values[at + i + 2], v3 = values[at + i + 3];
        a0 += x * v0; a1 += x * v1; a2 += x * v2; a3 += x * v3;
        c0 += y * v0; c1 += y * v1; c2 += y * v2; c3 += y * v3;
      }
      const p = o * width + i, q = p + width;
      out[p] = a0; out[p + 1] = a1; out[p + 2] = a2; out[p + 3] = a3;
      out[q] = c0; out[q + 1] = c1; out[q + 2] = c2; out[q + 3] = c3;
    }
  }
}

function relu(values, count) {
  for (let k = 0; k < count; k++) if (!(values[k] > 0)) values[k] = values[k] < 0 ? 0 : values[k];
}

// Parts of one vector of numbers, laid out as torch lays out its layers: weight, bias, weight, ...
function parts(vector, inputs, width) {
  const sizes = [width * inputs, width, width * width, width, width, 1];
  let start = 0;
  return sizes.map((size) => vector.subarray(start, (start += size)));
}

export class Network {
  constructor(inputs, width, random = null) {
    if (width % 4) throw new RangeError(`width = ${width}: must be a multiple of 4`);
    this.inputs = inputs;
    this.width = width;
    const size = width * inputs + width + width * width + width + width + 1;
    this.weights = new Float64Array(size);
    this.gradient = new Float64Array(size);
    this.parts = parts(this.weights, inputs, width);
    this.slopes = parts(this.gradient, inputs, width);
    this.turned = new Float64Array(width * width);
    this.nothing = new Float64Array(width);
    this.room = 0;
    if (random) this.draw(random);
  }

  // Initial weights: uniform in +-1/sqrt(inputs of the layer).
  draw(random) {
    const fans = [this.inputs, this.inputs, this.width, this.width, this.width, this.width];
    this.parts.forEach((part, k) => {
      const bound = 1 / Math.sqrt(fans[k]);
      for (let j = 0; j < part.length; j++) part[j] = bound * (2 * random.uniform() - 1);
    });
  }

  // Buffers for so many rows; they only grow.
  reserve(rows) {
    const even = rows + (rows % 2);
    if (even <= this.room) return;
    this.room = even;
    const layer = () => new Float64Array(even * this.width);
    this.first = layer();
    this.second = layer();
    this.slope1 = layer();
    this.slope2 = layer();
    this.t = new Float64Array(even);
  }

  // T of each row; the result is a buffer that the next call writes over.
  forward(values, rows) {
    this.reserve(rows);
    const { inputs, width, first, second, t } = this;
    const [weight1, bias1, weight2, bias2, weight3, bias3] = this.parts;
    for (let r = 0; r < rows; r++) {
      const at = r * inputs, to = r * width;
      for (let j = 0; j < width; j++) {
        let sum = bias1[j];
        for (let i = 0; i < inputs; i++) sum += weight1[j * inputs + i] * values[at + i];
        first[to + j] = sum;
      }
    }
    relu(first, rows * width);
    product(second, first, weight2, bias2, rows, width, width);
    relu(second, rows * width);
    for (let r = 0; r < rows; r++) {
      let sum = bias3[0];
      for (let j = 0, at = r * width; j < width; j++) sum += weight3[j] * second[at + j];
      t[r] = sum;
    }
    return t;
  }

  // Gradient of sum_r weigh[r] T[r], of the rows that `forward` took last.
  backward(values, weigh, rows) {
    const { inputs, width, first, second, slope1, slope2, turned } = this;
    const [, , weight2, , weight3] = this.parts;
    const [to1, toBias1, to2, toBias2, to3, toBias3] = this.slopes;
    this.gradient.fill(0);
    for (let r = 0; r < rows; r++) {
      const weight = weigh[r];
      toBias3[0] += weight;
      for (let j = 0, at = r * width; j < width; j++) {
        const active = second[at + j];
        const slope = active > 0 ? weight * weight3[j] : 0;
        to3[j] += weight * active;
        toBias2[j] += slope;
        slope2[at + j] = slope;
      }
    }
    outer(to2, slope2, first, rows, width);
    for (let o = 0; o < width; o++) {
      for (let i = 0; i < width; i++) turned[i * width + o] = weight2[o * width + i];
    }
    product(slope1, slope2, turned, this.nothing, rows, width, width);
    for (let r = 0; r < rows; r++) {
      for (let j = 0, at = r * width; j < width; j++) {
        if (!(first[at + j] > 0)) continue;
        const slope = slope1[at + j];
        toBias1[j] += slope;
        for (let i = 0; i < inputs; i++) to1[j * inputs + i] += slope * values[r * inputs + i];
      }
    }
    return this.gradient;
  }
}
