// Settings from an address such as "rho=0.99&b=16", and back. What does not fit falls back to its
// usual value, with a sentence that says so.

import { PARAMETERS } from "./parameters.js";

export const DEFAULTS = Object.fromEntries(PARAMETERS.map((each) => [each.name, each.default]));
const NUMBER = /^[-+]?(\d+\.?\d*|\.\d+)(e[-+]?\d+)?$/i;

export function parameter(name) {
  return PARAMETERS.find((each) => each.name === name);
}

// How a value reads: the words of a choice, or the number.
export function shown(each, value) {
  if (each.kind === "choice") return each.choices[value];
  if (each.none && value === 0) return each.none;
  return each.kind === "whole" ? value.toLocaleString("en") : String(value);
}

// What a value must be, in words.
function range(each) {
  if (each.kind === "choice") return `one of ${Object.keys(each.choices).join(", ")}`;
  const what = each.kind === "whole" ? "a whole number" : "a number";
  return `${what} from ${each.least} to ${each.most}`;
}

function accepts(each, text) {
  if (each.kind === "choice") return Object.hasOwn(each.choices, text);
  const value = NUMBER.test(text) ? Number(text) : NaN;
  return value >= each.least && value <= each.most &&
    (each.kind === "number" || Number.isInteger(value));
}

// The settings that an address holds, and faults, one sentence each.
export function parse(address) {
  const settings = { ...DEFAULTS }, faults = [];
  const pieces = address.replace(/^#/, "").split("&").filter(Boolean);
  for (const piece of pieces) {
    const cut = piece.indexOf("=") < 0 ? piece.length : piece.indexOf("=");
    const name = decode(piece.slice(0, cut)), text = decode(piece.slice(cut + 1)).trim();
    const each = parameter(name);
    if (!each) {
      faults.push(`“${name.slice(0, 40)}” is no setting: it is left out.`);
    } else if (accepts(each, text)) {
      settings[name] = each.kind === "choice" ? text : Number(text);
    } else {
      settings[name] = each.default;
      faults.push(`${name} = ${text.slice(0, 40) || "nothing"}: must be ${range(each)}; ` +
        `${each.default} is used.`);
    }
  }
  return { settings, faults: [...faults, ...settle(settings)] };
}

// Settings that do not go together: change them in place, and say so.
export function settle(settings) {
  const faults = [];
  if (settings.b > settings.n) {
    faults.push(`b = ${settings.b}: must be at most n = ${settings.n}; ` +
      `n = ${DEFAULTS.n} is used.`);
    settings.n = DEFAULTS.n;
  }
  if (settings.m >= settings.b && settings.pairs !== "fresh") {
    faults.push(`m = ${settings.m}: must be below b = ${settings.b}; m = 1 is used.`);
    settings.m = 1;
  }
  return faults;
}

// The shortest address of some settings; correlation and batch size always stand in it.
export function format(settings) {
  return PARAMETERS
    .filter(({ name }) => ["rho", "b"].includes(name) || settings[name] !== DEFAULTS[name])
    .map(({ name }) => `${name}=${settings[name]}`)
    .join("&");
}

// For the trainer, which wants numbers.
export function forTraining(settings) {
  return { ...settings, width: Number(settings.width) };
}

function decode(text) {
  try {
    return decodeURIComponent(text.replaceAll("+", " "));
  } catch {
    return text;
  }
}
