// The critic and log r as maps of the plane, on the same colours.

import { heatMap, linear, short } from "./canvas.js";
import { Picture } from "./pictures.js";

const REACH = 6; // nats where the colours stop, as in chapter 3
const MAP = 40;
const FINE = 120;
const DOTS = 64; // pairs of a batch at most

// The critic, moved so that its mean over joint pairs is that of log r.
export class Critic extends Picture {
  draw({ trainer }) {
    const { data, network, exact, logMean } = trainer;
    this.grid = this.of === data ? this.grid : data.grid(MAP);
    this.of = data;
    const count = MAP * MAP, t = network.forward(this.grid.rows, count);
    const above = exact.last + logMean.last - data.information;
    drawMap(this.surface, data, t.subarray(0, count).map((each) => each - above), MAP);
  }

  say({ trainer }) {
    const { exact, logMean } = trainer;
    return [["mean of T over joint pairs", short(exact.last + logMean.last)]];
  }
}

// log r with the set where it is above log(b / alpha), and the pairs of the last batch.
export class Ratio extends Picture {
  draw({ trainer }) {
    const { data, settings } = trainer;
    if (this.of !== data) {
      this.of = data;
      const grid = data.grid(FINE);
      this.values = grid.logR;
      const limit = limitOf(settings), vanilla = limitOf({ ...settings, objective: "vanilla" });
      this.edges = edges(grid, Math.log(limit));
      this.fainter = limit === vanilla ? [] : edges(grid, Math.log(vanilla));
    }
    const { context, place } = drawMap(this.surface, data, this.values, FINE);
    context.strokeStyle = "#111111";
    outline(context, place, this.fainter, 1, 0.45);
    outline(context, place, this.edges, 1.5, 1);
    this.drawBatch(trainer, context, place);
  }

  drawBatch({ batches, data, settings, done }, context, place) {
    if (!done) return;
    const { inputs, view } = data, { colours } = this.surface;
    const across = linear(...view.x, 0, 1), up = linear(...view.z, 1, 0);
    const most = Math.min(settings.b, DOTS);
    for (const [start, colour] of [[settings.b, colours.product], [0, colours.joint]]) {
      context.fillStyle = colour;
      context.strokeStyle = "#ffffff";
      context.lineWidth = 1;
      for (let k = start; k < start + most; k++) {
        const at = k * inputs, [x, y] = [across(batches.values[at]), up(batches.values[at + 1])];
        const isHere = (view.rest ?? []).every((each, i) => each === batches.values[at + 2 + i]);
        if (x < 0 || x > 1 || y < 0 || y > 1 || !isHere) continue;
        context.beginPath();
        context.arc(...place(x, y), 3, 0, 2 * Math.PI);
        context.fill();
        context.stroke();
      }
    }
  }

  say({ trainer }) {
    const { data, settings } = trainer, limit = limitOf(settings);
    if (!Number.isFinite(limit)) return [["outlined set", "none for this objective"]];
    if (this.asked !== data) [this.asked, this.shares] = [data, data.shares(limit)];
    const [underP, underQ] = this.shares, { b, m } = settings;
    const hits = chanceOfHit(settings, underP, underQ);
    const about = settings.pairs === "fresh" ? "" : "about ";
    return [
      ["outlined", `r > ${short(limit).replace(/\.0+$/, "")}`],
      ["lift there, on average", small(underP)],
      ["batches with a product pair there", about + percent(hits)],
      ["so their push back is at most", about + small((hits * limit) / (b * m))],
    ];
  }
}

// The density ratio from which a product pair is too rare to balance the joint pairs.
export function limitOf({ objective, b, m, alpha }) {
  if (objective === "vanilla") return b * m;
  return objective === "average" ? (b * m) / alpha : Infinity;
}

const small = (value) => (value ? String(Number(value.toPrecision(2))) : "0");

// A share as a reader can picture it.
function percent(share) {
  if (share > 0 && share < 0.001) {
    const one = Number((1 / share).toPrecision(2));
    return `1 in ${one < 1e6 ? one.toLocaleString("en") : short(one)}`;
  }
  return `${Number((100 * share).toPrecision(2))} %`;
}

// The chance that a batch has a product pair in a set that has these shares of P and Q. Exact for
// fresh partners. Shifted pairs share rows, which matters little (a few hundredths of the chance).
// A shuffle also leaves rows in place, which are joint pairs.
export function chanceOfHit({ pairs, b, m }, underP, underQ) {
  if (pairs !== "permute") return -Math.expm1(b * m * Math.log1p(-underQ));
  const share = Math.min(underP, 1 - 1e-12), logOdds = Math.log(share) - Math.log1p(-share);
  let missed = 0, logChance = b * Math.log1p(-share); // of so many of b joint pairs in the set
  for (let count = 0; count <= b; count++) {
    missed += Math.exp(logChance) * noneInPlace(count, b) ** m;
    logChance += logOdds + Math.log((b - count) / (count + 1));
  }
  return 1 - missed * Math.exp(m * (b - 1) * Math.log1p(-underQ));
}

// The chance that a shuffle of b rows moves each of so many given ones.
function noneInPlace(count, b) {
  let term = 1, sum = 1;
  for (let k = 1; k <= count; k++) {
    term *= -(count - k + 1) / (k * (b - k + 1));
    sum += term;
  }
  return Math.max(sum, 0);
}

function outline(context, place, edges, width, alpha) {
  context.lineWidth = width;
  context.globalAlpha = alpha;
  context.beginPath();
  for (const [column, row, toColumn, toRow] of edges) {
    context.moveTo(...place(column / FINE, row / FINE));
    context.lineTo(...place(toColumn / FINE, toRow / FINE));
  }
  context.stroke();
  context.globalAlpha = 1;
}

// Lines between neighbours of which one is above a limit and the other is not, in cells.
function edges({ logR, size }, limit) {
  const found = [], above = (column, row) => logR[row * size + column] > limit;
  for (let row = 0; row < size; row++) {
    for (let column = 0; column < size; column++) {
      const here = above(column, row);
      if (column + 1 < size && here !== above(column + 1, row)) {
        found.push([column + 1, row, column + 1, row + 1]);
      }
      if (row + 1 < size && here !== above(column, row + 1)) {
        found.push([column, row + 1, column + 1, row + 1]);
      }
    }
  }
  return found;
}

// A square map with its axes' names; returns the context and a function to pixels.
function drawMap(surface, data, values, size) {
  const context = surface.start(), { width, height, colours } = surface;
  const side = Math.min(width - 24, height - 24), left = (width - side + 20) / 2, top = 4;
  const image = new OffscreenCanvas(size, size);
  image.getContext("2d").putImageData(heatMap(values, size, REACH), 0, 0);
  context.imageSmoothingEnabled = size < FINE;
  context.drawImage(image, left, top, side, side);
  context.fillStyle = colours.muted;
  context.textAlign = "center";
  context.textBaseline = "bottom";
  context.fillText(data.view.across, left + side / 2, height - 1);
  context.save();
  context.translate(left - 5, top + side / 2);
  context.rotate(-Math.PI / 2);
  context.fillText(data.view.up, 0, 0);
  context.restore();
  return { context, place: (x, y) => [left + x * side, top + y * side] };
}
