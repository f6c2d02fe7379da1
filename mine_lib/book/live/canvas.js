// Drawing on a canvas, sharp on every screen, in the colours of the page.

const MARGIN = { left: 46, right: 10, top: 10, bottom: 30 };

// A canvas with a picture that is redrawn when its size or the page's colours change.
export class Surface {
  constructor(canvas) {
    this.canvas = canvas;
    this.context = canvas.getContext("2d");
  }

  // Clear, and return the context with its size in CSS pixels and the page's colours.
  start() {
    const { canvas, context } = this;
    const width = canvas.clientWidth, height = canvas.clientHeight;
    const scale = Math.min(window.devicePixelRatio || 1, 2);
    if (canvas.width !== Math.round(width * scale) || canvas.height !== Math.round(height * scale)) {
      canvas.width = Math.round(width * scale);
      canvas.height = Math.round(height * scale);
    }
    context.setTransform(scale, 0, 0, scale, 0, 0);
    context.clearRect(0, 0, width, height);
    context.font = `12px ${(this.family ??= getComputedStyle(canvas).fontFamily)}`;
    context.lineJoin = "round";
    this.width = width;
    this.height = height;
    this.colours ??= coloursOf(canvas);
    return context;
  }

  forgetColours() {
    this.colours = null;
  }
}

function coloursOf(element) {
  const style = getComputedStyle(element);
  const names = ["ink", "muted", "grid", "joint", "product", "truth", "ghost", "zone"];
  return Object.fromEntries(names.map((name) =>
    [name, style.getPropertyValue(`--lab-${name}`).trim() || "#888888"]));
}

// A scale from [low, high] to pixels.
export function linear(low, high, from, to) {
  const scale = (value) => from + ((value - low) / (high - low || 1)) * (to - from);
  return Object.assign(scale, { low, high });
}

// Linear between low and high; beyond, a sixth of the room each for numbers up to some thousands,
// by their logarithm.
export function linearThenLog(low, high, from, to) {
  const room = (to - from) / 6, span = high - low;
  const inside = linear(low, high, from + room, to - room);
  const beyond = (far) => Math.min(1, Math.log1p(far / span) / Math.log1p(1000));
  return Object.assign((value) => {
    if (value > high) return to - room + room * beyond(value - high);
    if (value < low) return from + room - room * beyond(low - value);
    return inside(value);
  }, { low, high, edges: [from + room, to - room] });
}

// Round numbers between two numbers, about so many.
export function ticks(low, high, count) {
  const rough = (high - low) / count, power = 10 ** Math.floor(Math.log10(rough));
  const step = [1, 2, 5, 10].map((each) => each * power).find((each) => each >= rough);
  const found = [];
  for (let k = Math.ceil(low / step); k * step <= high * (1 + 1e-9); k++) {
    found.push(Number((k * step).toPrecision(6)));
  }
  return found;
}

// A large number as 2·10⁸.
function scientific(value) {
  const [digits, power] = value.toExponential(1).split("e+");
  return `${digits.replace(/\.0$/, "")}·10${[...power].map((each) => "⁰¹²³⁴⁵⁶⁷⁸⁹"[each]).join("")}`;
}

// A number as short as it may be read.
export function short(value) {
  if (Number.isNaN(value)) return "–";
  if (!Number.isFinite(value)) return value < 0 ? "−∞" : "∞";
  const size = Math.abs(value);
  const digits = size >= 100 ? 0 : size >= 10 ? 1 : size >= 0.01 || size === 0 ? 2 : 4;
  const text = size >= 1e6 ? scientific(value) : value.toLocaleString("en", {
    minimumFractionDigits: digits, maximumFractionDigits: digits,
  });
  return text.replace("-", "−");
}

// The frame of a picture: axes, ticks and their names. Returns scales x and y.
export function frame(surface, { x: [left, right], y, yTicks, xLabel, yScale = linear, xTicks }) {
  const context = surface.start(), { width, height, colours } = surface;
  const x = linear(left, right, MARGIN.left, width - MARGIN.right);
  const scale = yScale(y[0], y[1], height - MARGIN.bottom, MARGIN.top);
  if (scale.edges) {
    const [lower, upper] = scale.edges, span = width - MARGIN.left - MARGIN.right;
    context.fillStyle = colours.zone;
    context.fillRect(MARGIN.left, MARGIN.top, span, upper - MARGIN.top);
    context.fillRect(MARGIN.left, lower, span, height - MARGIN.bottom - lower);
  }
  context.lineWidth = 1;
  context.strokeStyle = colours.grid;
  context.fillStyle = colours.muted;
  context.textAlign = "right";
  context.textBaseline = "middle";
  let last = Infinity;
  for (const each of yTicks ?? ticks(y[0], y[1], 4)) {
    if (last - scale(each) < 14) continue;
    last = scale(each);
    line(context, [[MARGIN.left, scale(each)], [width - MARGIN.right, scale(each)]]);
    context.fillText(tickName(each), MARGIN.left - 6, scale(each));
  }
  context.textAlign = "center";
  context.textBaseline = "top";
  for (const each of xTicks ?? ticks(left, right, width < 420 ? 3 : 6)) {
    const text = tickName(each), reach = context.measureText(text).width / 2;
    context.fillText(text, Math.min(x(each), width - reach - 1), height - MARGIN.bottom + 5);
  }
  context.textAlign = "right";
  context.textBaseline = "bottom";
  if (xLabel) context.fillText(xLabel, width - MARGIN.right, height - 1);
  return { context, x, y: scale, colours, width, height };
}

function tickName(value) {
  if (Math.abs(value) >= 1e5) return scientific(value).replace("-", "−");
  return value.toLocaleString("en", { maximumFractionDigits: 6 }).replace("-", "−");
}

// A line through points; a point that is not finite parts it.
export function line(context, points, { colour, width, dash } = {}) {
  if (colour) context.strokeStyle = colour;
  if (width) context.lineWidth = width;
  context.setLineDash(dash ?? []);
  context.beginPath();
  let isDrawing = false;
  for (const [x, y] of points) {
    if (!Number.isFinite(y)) isDrawing = false;
    else if (isDrawing) context.lineTo(x, y);
    else {
      context.moveTo(x, y);
      isDrawing = true;
    }
  }
  context.stroke();
  context.setLineDash([]);
}

// Red for high, blue for low, white at zero; ColorBrewer's RdBu, as Matplotlib has it.
const RED_BLUE = [
  [5, 48, 97], [33, 102, 172], [67, 147, 195], [146, 197, 222], [209, 229, 240], [247, 247, 247],
  [253, 219, 199], [244, 165, 130], [214, 96, 77], [178, 24, 43], [103, 0, 31],
];

// The colours of many numbers, -reach to reach, as an image of size times size.
export function heatMap(values, size, reach) {
  const image = new ImageData(size, size);
  for (let k = 0; k < size * size; k++) {
    const place = Math.min(1, Math.max(0, (values[k] / reach + 1) / 2)) * 10;
    const low = Math.min(9, Math.floor(place || 0)), part = (place || 0) - low;
    for (let c = 0; c < 3; c++) {
      image.data[4 * k + c] = RED_BLUE[low][c] + part * (RED_BLUE[low + 1][c] - RED_BLUE[low][c]);
    }
    image.data[4 * k + 3] = 255;
  }
  return image;
}
