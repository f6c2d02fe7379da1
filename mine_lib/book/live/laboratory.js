// The laboratory: controls, pictures, and a run that goes on in slices of the page's frames.

import { PICTURES } from "./captions.js";
import { Controls } from "./controls.js";
import { make, prefersCalm, select, watchColours } from "./dom.js";
import { keep, meanOfLast } from "./pictures.js";
import { forTraining, format, parameter, parse, settle } from "./settings.js";
import { TourGuide } from "./guide.js";
import { Trainer } from "./training.js";

const SLICE = 9; // milliseconds of a frame that belong to the run
const DRAW_EVERY = 40;
const DRAW_CALMLY = 500; // where the reader prefers reduced motion
const SAY_EVERY = 250;
const ANNOUNCE_EVERY = 2000;
const SENSE = 100; // nats in a value, beyond which it is only large
const SENSELESS = "Values beyond 100 nats say nothing about the pairs any more, only how far the " +
  "critic has gone.";
const OF_EXCERPT = ["values", "weights", "logv"];
const LEAD = "Live: press Run, then change the batch size or the objective and run again.";

export class Laboratory {
  // root: an element to fill. options: settings, an address; kind, "full" or "excerpt"; onReport,
  // told the numbers now and then; onSettings, told the address of new settings; more, a link.
  constructor(root, { settings = "", kind = "full", onReport, onSettings, more } = {}) {
    Object.assign(this, { root, kind, onReport, onSettings });
    this.isRunning = false;
    this.isSeen = true;
    this.ghost = null;
    this.build(more);
    this.load(settings);
    this.watch();
  }

  get isExcerpt() {
    return this.kind === "excerpt";
  }

  build(more) {
    this.controls = new Controls((name, value) => this.set(name, value), this.isExcerpt);
    this.fault = make("p", { class: "lab-fault", role: "alert", hidden: true });
    this.status = make("p", { class: "lab-status", role: "status" });
    this.counter = make("span", { class: "lab-counter" });
    this.speed = select("speed", parameter("speed").choices, "", (each) => this.set("speed", each));
    this.runButton = make("button", { type: "button", class: "lab-run", onclick: () => this.toggle() }, "Run");
    const button = (text, onclick) => make("button", { type: "button", onclick }, text);
    const bar = make("div", { class: "lab-bar" }, this.runButton,
      button("One step", () => this.oneStep()), button("Start again", () => this.restart()),
      this.speed.whole, this.counter);
    const chosen = PICTURES.filter(([name]) => !this.isExcerpt || OF_EXCERPT.includes(name));
    this.pictures = chosen.map((each) => this.makePicture(...each));
    const [values, weights, ...others] = this.pictures.map(({ figure }) => figure);
    this.sense = make("p", { class: "lab-sense", hidden: true }, SENSELESS);
    this.state = make("p", { class: "lab-state" }); // for paper, which has no controls
    const parts = [this.fault, this.state, make("div", { class: "lab-main" }, values, weights),
      this.sense, bar, this.status, this.controls.element,
      make("div", { class: "lab-pictures" }, ...others)];
    if (!this.isExcerpt) {
      this.guide = new TourGuide((state) => this.takeTour(state));
      parts.unshift(this.guide.element);
    }
    if (this.isExcerpt) parts.unshift(make("p", { class: "lab-lead" }, LEAD));
    if (more) parts.push(make("p", { class: "lab-more" }, this.more = make("a", {}, "Open this run in the laboratory")));
    this.moreAddress = more;
    this.root.replaceChildren(...parts);
    this.root.classList.add("lab-ready");
  }

  makePicture(name, Kind, title, ...keys) {
    const canvas = make("canvas", { role: "img", class: `lab-${name}` });
    const numbers = make("dl", { class: "lab-numbers" });
    const marks = keys.map(([mark, text, isUsed]) => ({ isUsed, element: make("span", {},
      mark && make("span", { class: `lab-mark lab-${mark.replace(" ", " lab-")}` }), text) }));
    const key = make("span", { class: "lab-key" }, ...marks.map(({ element }) => element));
    const caption = make("figcaption", {}, make("strong", {}, title), key);
    const figure = make("figure", { class: `lab-picture lab-of-${name}` }, caption, canvas, numbers);
    return { name, title, canvas, numbers, figure, marks, picture: new Kind(canvas) };
  }

  // Settings from an address; what does not fit is told.
  load(address) {
    const { settings, faults } = parse(address);
    this.settings = settings;
    this.guide?.forget();
    this.controls.show(settings);
    this.speed.field.value = settings.speed;
    this.begin(faults);
  }

  set(name, value) {
    this.settings = { ...this.settings, [name]: value };
    const faults = settle(this.settings);
    if (faults.length) this.controls.show(this.settings);
    this.controls.enable(this.settings);
    if (name === "speed") return this.tellSettings();
    this.begin(faults);
  }

  // A new run with the present settings; the last one stays in grey.
  begin(faults = []) {
    if (this.trainer?.done > 100) this.ghost = keep(this.trainer, this.end);
    this.trainer = new Trainer(forTraining(this.settings));
    this.end = this.settings.steps;
    this.fault.hidden = !faults.length;
    this.fault.textContent = faults.join(" ");
    this.owed = 0;
    this.tellSettings();
    this.refresh();
    if (!this.isRunning) this.announce("Ready.");
  }

  tellSettings() {
    this.address = format(this.settings);
    this.pictures.forEach(({ marks }) => marks.forEach(({ isUsed, element }) =>
      (element.hidden = Boolean(isUsed) && !isUsed(this.settings))));
    this.state.textContent = `Settings: ${this.address.replaceAll("&", ", ")}`;
    this.onSettings?.(this.address);
    this.guide?.mark(this.address);
    if (this.more) this.more.href = `${this.moreAddress}#${this.address}`;
  }

  takeTour(state) {
    this.load(state);
    if (!prefersCalm()) this.run();
  }

  restart() {
    this.pause();
    this.begin();
  }

  toggle() {
    if (this.isRunning) this.pause();
    else this.run();
  }

  run() {
    if (this.isRunning || this.trainer.stopped) return;
    if (this.trainer.done >= this.end) this.end += this.settings.steps;
    this.isRunning = true;
    this.runButton.textContent = "Pause";
    this.announce("Running.");
    this.wake();
  }

  pause(why = "Paused.") {
    this.isRunning = false;
    this.runButton.textContent = "Run";
    this.refresh();
    this.announce(why);
  }

  oneStep() {
    if (this.isRunning) this.pause();
    if (this.trainer.done >= this.end) this.end += this.settings.steps;
    this.advance(1);
    this.refresh();
  }

  // Up to so many steps; stops at the planned end, and where the run cannot go on.
  advance(steps, until = Infinity) {
    const { trainer } = this;
    for (let k = 0; k < steps && trainer.done < this.end; k++) {
      if (!trainer.step() || performance.now() > until) break;
    }
    if (trainer.stopped) this.pause(trainer.stopped);
    else if (trainer.done >= this.end && this.isRunning) {
      this.pause(`${this.end.toLocaleString("en")} steps are done. Run goes on.`);
    }
  }

  // Ask for a frame, unless nobody would see it.
  wake() {
    if (this.asked || !this.isRunning || !this.isSeen || document.hidden) return;
    this.last = performance.now();
    this.asked = requestAnimationFrame(() => this.frame());
  }

  frame() {
    this.asked = 0;
    if (!this.isRunning || !this.isSeen || document.hidden) return;
    const now = performance.now(), rate = Number(this.settings.speed);
    if (rate) {
      this.owed = Math.min(this.owed + ((now - this.last) * rate) / 1000, rate);
      this.advance(Math.floor(this.owed), now + SLICE);
      this.owed %= 1;
    } else {
      this.advance(Infinity, now + SLICE);
    }
    if (now - (this.drawn ?? 0) > (prefersCalm() ? DRAW_CALMLY : DRAW_EVERY)) this.draw(now);
    this.last = now;
    if (this.isRunning) this.asked = requestAnimationFrame(() => this.frame());
  }

  // Draw in turns: the values each time, of the others one.
  draw(now) {
    this.drawn = now;
    this.turn = ((this.turn ?? 0) + 1) % Math.max(1, this.pictures.length - 1);
    this.pictures[0].picture.draw(this);
    this.pictures[1 + this.turn]?.picture.draw(this);
    if (now - (this.told ?? 0) > SAY_EVERY) this.say(now);
  }

  refresh() {
    this.pictures.forEach(({ picture }) => picture.draw(this));
    this.say(performance.now(), true);
  }

  // The present numbers, beside each picture and, less often, in its text for screen readers.
  say(now, isLast = false) {
    this.told = now;
    const { trainer, end } = this;
    const worst = [meanOfLast(trainer.value), trainer.heldOut.last, trainer.exact.last];
    this.sense.hidden = !worst.some((each) => Math.abs(each) > SENSE);
    this.counter.textContent =
      `step ${trainer.done.toLocaleString("en")} of ${end.toLocaleString("en")}`;
    const isTime = isLast || now - (this.described ?? 0) > ANNOUNCE_EVERY;
    if (isTime) this.described = now;
    for (const { picture, numbers, canvas, title } of this.pictures) {
      const said = picture.say(this);
      numbers.replaceChildren(...said.map(([name, value]) =>
        make("div", {}, make("dt", {}, name), make("dd", {}, value))));
      if (!isTime) continue;
      const words = said.map(([name, value]) => `${name} ${value}`).join(", ");
      canvas.setAttribute("aria-label", `${title}, after ${trainer.done} steps: ${words}.`);
    }
    this.onReport?.(this.numbers());
  }

  numbers() {
    const { trainer } = this;
    return {
      step: trainer.done, batch_value: trainer.value.last, held_out: trainer.heldOut.last,
      exact_value: trainer.exact.last, log_v: trainer.logV.last,
      true_log_mean: trainer.logMean.last, gradient_norm: trainer.norm.last,
      truth: trainer.data.information, running: this.isRunning,
    };
  }

  announce(text) {
    this.status.textContent = text;
    this.status.classList.toggle("lab-stopped", Boolean(this.trainer.stopped));
  }

  recolour() {
    this.pictures.forEach(({ picture }) => picture.surface.forgetColours());
    this.pictures.forEach(({ picture }) => picture.draw(this));
  }

  // Stop where nobody looks; draw again when size or colours change.
  watch() {
    this.seeing = new IntersectionObserver(([entry]) => {
      this.isSeen = entry.isIntersecting;
      this.wake();
    });
    this.seeing.observe(this.root);
    this.onHidden = () => this.wake();
    document.addEventListener("visibilitychange", this.onHidden);
    this.sizing = new ResizeObserver(() => this.recolour());
    this.pictures.forEach(({ canvas }) => this.sizing.observe(canvas));
    this.unwatch = watchColours(() => this.recolour());
  }

  destroy() {
    this.isRunning = false;
    cancelAnimationFrame(this.asked);
    this.seeing.disconnect();
    this.sizing.disconnect();
    this.unwatch();
    document.removeEventListener("visibilitychange", this.onHidden);
  }
}
