// MIDI and OSC learn: press a ring, then move a control; the notice over the image says what to do.

import { element, find } from "./dom.js";

export class Learn {
  constructor(send) {
    this.send = send;
    this.path = ""; // the Param that waits for a control
    this.led = {}; // the sources mapped to each Param: {path: "midi cc/1/74"}
    this.now = "";
    this.buttons = new Map();
  }

  // A second press cancels, or removes the mapping.
  button(path) {
    const made = element("button", { className: "learn", type: "button" });
    made.addEventListener("click", () => {
      if (this.path !== path) this.send({ do: "learn", args: [path] });
      else if (this.led[path]) this.send({ do: "unlearn", args: [path] });
      else this.send({ do: "learn/cancel" });
    });
    this.buttons.set(path, made);
    this.mark(path);
    return made;
  }

  // `midi`: the names of the ports that are open; "" for none; undefined if MIDI was not started.
  show(path, led, midi) {
    const now = JSON.stringify([path, led, midi]);
    if (now === this.now) return;
    [this.now, this.path, this.led] = [now, path, led];
    for (const each of this.buttons.keys()) this.mark(each);
    this.notice(midi);
  }

  mark(path) {
    const [made, source] = [this.buttons.get(path), this.led[path]];
    const again = source ? "press again to remove the mapping" : "press again to cancel";
    made.setAttribute("aria-pressed", String(path === this.path));
    made.classList.toggle("mapped", Boolean(source));
    made.title = path === this.path ? `move a MIDI or OSC control, or ${again}` : `${source ?? "learn: press, then move a MIDI or OSC control"}`;
    made.setAttribute("aria-label", `learn ${path}${source ? `, mapped to ${source}` : ""}`);
  }

  notice(midi) {
    const box = find("learning");
    box.hidden = !this.path;
    if (!this.path) return;
    const source = this.led[this.path];
    const ports = midi ? `MIDI listens to ${midi}.` : midi === "" ? "No MIDI device is plugged in yet." : "MIDI is off: start genart with --midi.";
    const act = (text, request) => {
      const made = element("button", { className: "quiet", type: "button", textContent: text });
      made.addEventListener("click", () => this.send(request));
      return made;
    };
    const buttons = [act("cancel", { do: "learn/cancel" })];
    if (source) buttons.push(act(`remove ${source}`, { do: "unlearn", args: [this.path] }));
    const text = element(
      "div",
      { className: "text" },
      element("p", {}, element("b", { textContent: `Learning ${this.path}. ` }), "Move a knob or a fader of your controller now."),
      element("p", { className: "small", textContent: `${ports} Any OSC message works too.` }),
    );
    box.replaceChildren(text, element("div", { className: "acts" }, ...buttons));
  }
}
