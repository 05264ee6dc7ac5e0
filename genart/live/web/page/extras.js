// Controls that are no Params: the choice of a sketch, and the quality.

import { element, setText } from "./dom.js";

const PATIENCE = 15000; // ms for which a sketch may load

const bar = (name, about, control) =>
  element("label", { className: "bar choice", title: about }, element("span", { className: "name", textContent: name }), control);

// The sketches that can be chosen. The choice shows what plays; what was chosen and loads stands beside it.
export class SketchChoice {
  constructor(send) {
    this.send = send;
    this.input = element("select", { className: "sketches" });
    this.input.setAttribute("aria-label", "sketch");
    this.about = element("p", { className: "hint" });
    this.row = element("div", { className: "row" }, bar("sketch", "The sketch that plays", this.input));
    this.box = element("div", { className: "extra" }, this.row, this.about);
    this.playing = this.wanted = "";
    this.since = 0;
    this.input.addEventListener("change", () => this.choose(this.input.value));
  }

  choose(name) {
    this.send({ do: "load/sketch", args: [name] });
    [this.wanted, this.since] = [name, performance.now()];
    this.draw();
  }

  show(playing, sketches) {
    const names = Object.keys(sketches);
    if (this.names !== names.join("\n")) {
      this.names = names.join("\n");
      this.input.replaceChildren(...names.map((name) => element("option", { value: name, textContent: name })));
    }
    [this.playing, this.sketches] = [playing, sketches];
    if (this.wanted === playing || performance.now() - this.since > PATIENCE) this.wanted = "";
    this.draw();
  }

  cancel() {
    this.wanted = "";
    this.draw();
  }

  draw() {
    this.input.value = this.playing;
    const loads = this.wanted && this.wanted !== this.playing;
    this.row.classList.toggle("asks", Boolean(loads));
    setText(this.about, loads ? `Loading ${this.wanted}; ${this.playing} plays until its first image is good.` : (this.sketches?.[this.playing] ?? ""));
  }
}

// The quality level, and a step up and down.
export class Quality {
  constructor(send) {
    const step = (text, label, request) => {
      const made = element("button", { className: "step", type: "button", textContent: text });
      made.setAttribute("aria-label", label);
      made.addEventListener("click", () => send(request));
      return made;
    };
    this.down = step("−", "lower the quality", { do: "quality/down" });
    this.up = step("+", "raise the quality", { do: "quality/up" });
    this.level = element("output", { textContent: "full" });
    const about = "Detail of the image: less detail is faster to make. The film of a show is always at full quality.";
    const name = element("span", { className: "name", textContent: "quality" });
    const steps = element("div", { className: "bar steps", title: about }, name, this.down, this.level, this.up);
    steps.setAttribute("role", "group");
    steps.setAttribute("aria-label", "quality");
    this.box = element("div", { className: "extra" }, element("div", { className: "row" }, steps));
  }

  show(level, levels) {
    const at = levels.indexOf(level);
    setText(this.level, level);
    this.up.disabled = at <= 0;
    this.down.disabled = at >= levels.length - 1;
  }
}
