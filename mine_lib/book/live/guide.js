// The guided tours: buttons, the text of the one that is taken, and its question.

import { make } from "./dom.js";
import { format, parse } from "./settings.js";
import { TOURS } from "./tours.js";

export class TourGuide {
  // take: called with the state of a tour that the reader chooses.
  constructor(take) {
    this.states = TOURS.map(({ state }) => format(parse(state).settings));
    this.buttons = TOURS.map(({ name, state }, k) => make("button", {
      type: "button", "aria-pressed": "false",
      onclick: () => {
        this.show(k);
        take(state);
      },
    }, make("span", { class: "lab-number" }, String(k + 1)), name));
    this.text = make("div", { class: "lab-tour" });
    this.element = make("div", { class: "lab-tours", role: "group", "aria-label": "Guided tours" },
      make("div", { class: "lab-choices" }, ...this.buttons), this.text);
    this.forget();
  }

  // No tour is taken.
  forget() {
    this.shown = -1;
    this.text.replaceChildren(make("p", {}, "A state of its own. Take a tour, or change the settings."));
  }

  show(k) {
    const { text, question, answer } = TOURS[k];
    this.shown = k;
    this.text.replaceChildren(
      make("p", {}, text), make("p", { class: "lab-question" }, question),
      make("details", { class: "lab-fold" }, make("summary", {}, "An answer"), make("p", {}, answer)));
  }

  // Show which tour's state this is, if it is one; its pace is free.
  mark(address) {
    const found = this.states.indexOf(address.replace(/&speed=\w+/, ""));
    this.buttons.forEach((button, k) => button.setAttribute("aria-pressed", String(k === found)));
    if (found < 0) this.forget();
    else if (found !== this.shown) this.show(found);
  }
}
