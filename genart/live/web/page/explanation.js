// What a Param does, shown under it by a tap on its bar or on its "i"; and why its last value was refused.

import { element, setText } from "./dom.js";

let shown = null; // one at a time

export class Explanation {
  constructor(param, reset) {
    this.param = param;
    this.unused = "";
    this.button = element("button", { className: "about", type: "button", textContent: "i" });
    this.button.setAttribute("aria-label", `explain ${param.label}`);
    this.button.setAttribute("aria-expanded", "false");
    // in a fader, a press on the button is handled by the fader, for it may become a drag
    this.button.addEventListener("click", (event) => {
      if (event.detail === 0 || !this.button.closest(".fader")) this.toggle();
      event.preventDefault();
    });
    this.none = element("p", { className: "none" });
    this.reset = element("button", { className: "quiet", type: "button", textContent: "reset" });
    this.reset.setAttribute("aria-label", `reset ${param.label}`);
    this.reset.addEventListener("click", reset);
    this.box = element("div", { className: "explain", hidden: true });
    this.why = element("div", { className: "why", hidden: true });
    this.why.setAttribute("role", "status");
  }

  toggle(open = this.box.hidden) {
    if (open && shown && shown !== this) shown.toggle(false);
    shown = open ? this : null;
    if (open && !this.box.children.length) this.fill();
    this.box.hidden = !open;
    this.button.setAttribute("aria-expanded", String(open));
  }

  fill() {
    const { help, allowed, path, address } = this.param;
    const usual = this.param.default === "" ? "empty" : String(this.param.default);
    const facts = Object.entries({ values: allowed, default: usual, name: path, OSC: address });
    const list = element("dl");
    for (const [key, value] of facts) {
      list.append(element("dt", { textContent: key }), element("dd", { textContent: value }));
    }
    this.box.append(element("p", { textContent: help || "Its author has not described it." }), this.none, list, this.reset);
    this.show(this.unused);
  }

  // `why` it has no effect now, or "".
  show(why) {
    this.unused = why;
    setText(this.none, why);
    this.none.hidden = !why;
  }

  // A value was refused: why, until it is closed or the value changes. It never goes by itself, since that would
  // move the controls below it under a finger.
  refuse(why) {
    this.why.hidden = !why;
    this.why.replaceChildren();
    if (!why) return;
    const close = element("button", { className: "close", type: "button", textContent: "×" });
    close.setAttribute("aria-label", `close the message about ${this.param.label}`);
    close.addEventListener("click", () => this.refuse(""));
    this.why.append(element("span", { textContent: why }), close);
  }
}
