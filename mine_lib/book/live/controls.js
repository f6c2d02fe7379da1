// The controls of the settings: those that matter most in sight, the others in a fold.

import { make, select, slider } from "./dom.js";
import { PARAMETERS } from "./parameters.js";
import { parameter, shown } from "./settings.js";

const FIRST = ["data", "rho", "b", "pairs", "objective", "alpha"];
const SHORT = ["b", "objective", "alpha"]; // of an excerpt
const SLIDERS = ["rho", "b", "alpha"];
const NEEDS = { rho: ({ data }) => data === "gaussian", alpha: ({ objective }) => objective === "average" };

// What one must know to read the values of an objective.
const NOTES = {
  nwj: () => "NWJ divides eᵀ by e, whatever the batch: nothing in it can run away.",
  infonce: ({ m }) => `InfoNCE says at most log(m + 1) = ${Math.log(m + 1).toFixed(2)} nats, and its ` +
    "critic is log r plus any function of x, so new pairs may have a low Donsker–Varadhan value.",
  js: () => "Jensen–Shannon’s batch value, at most 0, is no estimate of information; new pairs are " +
    "judged by the Donsker–Varadhan value.",
};

// The values that a control offers: its stops, and the present value if it is none of them.
function offered(each, value) {
  if (each.kind === "choice") return Object.keys(each.choices);
  return [...new Set([...each.stops, value])].sort((a, b) => a - b);
}

// One control; `change` is told the name and the new value.
function control(each, value, change) {
  const values = offered(each, value), texts = values.map((v) => shown(each, v));
  if (SLIDERS.includes(each.name)) {
    return slider(each.label, texts, values.indexOf(value), (k) => change(each.name, values[k]));
  }
  const options = Object.fromEntries(texts.map((text, k) => [k, text]));
  return select(each.label, options, values.indexOf(value), (k) => change(each.name, values[k]));
}

// All controls but that of the speed, in an element that is filled anew when the settings come from elsewhere.
export class Controls {
  constructor(change, isExcerpt) {
    this.change = change;
    const all = PARAMETERS.map(({ name }) => name).filter((name) => name !== "speed");
    this.names = isExcerpt ? SHORT : all;
    this.element = make("div", { class: "lab-controls" });
    this.fields = {};
  }

  show(settings) {
    const wasOpen = this.fold?.open, built = (name) => {
      const { field, whole } = control(parameter(name), settings[name], this.change);
      this.fields[name] = field;
      return whole;
    };
    const first = this.names.filter((name) => FIRST.includes(name));
    const rest = this.names.filter((name) => !FIRST.includes(name));
    const groups = [make("div", { class: "lab-group" }, ...first.map(built))];
    this.note = make("p", { class: "lab-note" });
    groups.push(this.note);
    this.fold = null;
    if (rest.length) {
      this.fold = make("details", { class: "lab-fold" }, make("summary", {}, "More settings"),
        make("div", { class: "lab-group" }, ...rest.map(built)));
      this.fold.open = wasOpen ?? false;
      groups.push(this.fold);
    }
    this.element.replaceChildren(...groups);
    this.enable(settings);
  }

  // Controls that the present choice does not use are out of work.
  enable(settings) {
    this.note.textContent = NOTES[settings.objective]?.(settings) ?? "";
    for (const [name, isUsed] of Object.entries(NEEDS)) {
      if (this.fields[name]) this.fields[name].disabled = !isUsed(settings);
    }
  }
}
