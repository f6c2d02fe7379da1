// Sixteen critic values to drag, and the push back on each: under vanilla its softmax weight, at
// most 1; under the moving average e^T / (b v), at most 1 / alpha.

import { Surface, frame, line, short } from "./canvas.js";
import { make, slider, unique } from "./dom.js";

const B = 16;
const LOW = -4, HIGH = 12;
const START = [-0.6, 0.3, -1.4, 0.8, -0.2, 0.5, -2.1, 0.1, 1, -0.9, 0.4, -0.3, 0.7, -1.1, 0.2, -0.5];
const RATES = [0.001, 0.003, 0.01, 0.03, 0.1, 0.3, 1];

// What each of the values is pushed back with: vanilla, and average, whose v was 1 before the batch.
export function pushes(t, alpha) {
  const powers = t.map(Math.exp), mean = powers.reduce((a, c) => a + c, 0) / t.length;
  const v = 1 - alpha + alpha * mean;
  return {
    v,
    vanilla: powers.map((each) => each / (t.length * mean)),
    average: powers.map((each) => each / (t.length * v)),
  };
}

// The least of 1, 2, 5, 10, ... that is at least so large.
function roundUp(value) {
  const steps = [1, 2, 5, 10, 20, 50, 100, 200, 500, 1000];
  return steps.find((each) => each >= value) ?? value;
}

export class Push {
  constructor(root) {
    this.t = [...START];
    this.alpha = 0.01;
    this.moved = 8;
    this.sliders = this.t.map((value, k) => this.makeSlider(value, k));
    this.pictures = ["vanilla", "average"].map((name) => this.makePicture(name));
    const rate = slider("rate α of the moving average", RATES.map(String), 2, (k) => {
      this.alpha = RATES[k];
      this.show();
    });
    this.said = make("p", { class: "lab-said" });
    root.append(
      make("fieldset", { class: "lab-points" },
        make("legend", {}, "Sixteen critic values T at product pairs: drag one up"),
        make("div", { class: "lab-columns" }, this.makeScale(), ...this.sliders)),
      ...this.pictures.map(({ figure }) => figure),
      make("div", { class: "lab-row" }, rate.whole,
        make("button", { type: "button", onclick: () => this.restart() }, "Put them back")),
      this.said);
    const observer = new ResizeObserver(() => this.show());
    observer.observe(root);
    this.show();
  }

  makeSlider(value, k) {
    const field = make("input", {
      type: "range", min: LOW, max: HIGH, step: 0.1, "aria-label": `T of product pair ${k + 1}`,
      autocomplete: "off",
      oninput: () => {
        this.t[k] = Number(field.value);
        this.moved = k;
        this.show();
      },
    });
    field.value = value;
    return field;
  }

  // What the sliders' heights mean; a screen reader has it from each slider.
  makeScale() {
    const marks = [12, 8, 4, 0, -4].map((each) => make("span", {}, String(each).replace("-", "−")));
    return make("div", { class: "lab-scale", "aria-hidden": "true" }, ...marks);
  }

  makePicture(name) {
    const canvas = make("canvas", { role: "img" }), id = unique(name);
    const caption = make("figcaption", { id });
    const figure = make("figure", { class: "lab-picture lab-push" }, caption, canvas);
    return { name, canvas, caption, figure, surface: new Surface(canvas) };
  }

  restart() {
    this.t = [...START];
    this.sliders.forEach((field, k) => (field.value = START[k]));
    this.moved = 8;
    this.show();
  }

  forgetColours() {
    this.pictures.forEach(({ surface }) => surface.forgetColours());
    this.show();
  }

  show() {
    const found = pushes(this.t, this.alpha), k = this.moved;
    const most = roundUp(Math.max(...found.vanilla, ...found.average));
    const caps = { vanilla: 1, average: 1 / this.alpha };
    const names = { vanilla: "Vanilla", average: `Moving average, α = ${this.alpha}` };
    for (const { name, caption, canvas, surface } of this.pictures) {
      caption.textContent = `${names[name]}: push back, at most ${short(caps[name]).replace(/\.0+$/, "")} (dashed)`;
      this.draw(surface, found[name], caps[name], most);
      const all = found[name].reduce((a, c) => a + c, 0);
      canvas.setAttribute("aria-label", `${names[name]}: pair ${k + 1} is pushed back with ` +
        `${short(found[name][k])} of at most ${short(caps[name])}, all sixteen with ${short(all)}.`);
    }
    this.sliders.forEach((field, j) => field.setAttribute("aria-valuetext",
      `${this.t[j].toFixed(1)}, pushed back with ${short(found.vanilla[j])} under vanilla, ` +
      `${short(found.average[j])} under the moving average`));
    this.said.textContent =
      `Pair ${k + 1}: T = ${short(this.t[k])}. Vanilla pushes back with ${short(found.vanilla[k])}, ` +
      `the moving average with ${short(found.average[k])} (v = ${short(found.v)} after the batch, ` +
      "1 before it). A joint pair lifts with 0.06.";
  }

  // Both pictures on one scale, so that heights can be compared.
  draw(surface, values, cap, most) {
    const { context, x, y, colours } = frame(surface, {
      x: [0, B], y: [0, 1.3 * most], yTicks: [0, most / 2, most], xTicks: [],
    });
    values.forEach((each, k) => {
      context.fillStyle = colours.product;
      context.globalAlpha = k === this.moved ? 1 : 0.55;
      context.fillRect(x(k) + 2, y(each), x(1) - x(0) - 4, Math.max(y(0) - y(each), 1));
    });
    context.globalAlpha = 1;
    context.fillStyle = colours.ink;
    context.textAlign = "center";
    context.textBaseline = "bottom";
    const moved = this.moved, above = y(values[moved]) - 4;
    context.fillText(short(values[moved]), (x(moved) + x(moved + 1)) / 2, above);
    const limit = { colour: colours.ink, width: 1.5, dash: [5, 4] };
    if (cap <= most) line(context, [[x(0), y(cap)], [x(B), y(cap)]], limit);
    line(context, [[x(0), y(1 / B)], [x(B), y(1 / B)]], { colour: colours.joint, width: 1.5 });
  }
}
