// The buttons and the status: tap, play, blackout, freeze, record, cues.

import { element, find, memory, setText } from "./dom.js";

const SWITCHES = { play: "transport.play", blackout: "output.blackout", freeze: "output.freeze" };
const ARMED = 3000; // ms within which a second press deletes a cue
const clock = (seconds) =>
  [Math.floor(seconds / 60), Math.floor(seconds % 60)].map((each) => String(each).padStart(2, "0")).join(":");

export class Deck {
  constructor(requests, panels) {
    this.requests = requests;
    this.send = (request) => requests.send(request);
    this.panels = panels;
    this.names = [];
    this.last = null;
    this.line = { beat: 0, phase: 0, recording: false, at: performance.now() };
    this.buttons();
    this.cueing();
    const light = () => {
      this.light();
      requestAnimationFrame(light);
    };
    light();
  }

  buttons() {
    // a tap counts when the button is pressed, not when it is released
    find("tap").addEventListener("pointerdown", () => this.tap());
    find("tap").addEventListener("click", (event) => event.detail === 0 && this.tap());
    for (const [id, path] of Object.entries(SWITCHES)) {
      find(id).addEventListener("click", () => this.toggle(path));
    }
    find("record").addEventListener("click", () => this.record());
    find("next").addEventListener("click", () => this.next());
  }

  cueing() {
    find("fade").value = memory.get("fade", "2");
    find("fade").addEventListener("change", () => memory.set("fade", find("fade").value));
    find("save").addEventListener("submit", (event) => {
      event.preventDefault();
      this.send({ do: "cue/save", args: [find("cue").value.trim() || this.free()] });
      find("cue").value = "";
    });
    find("more").addEventListener("click", () => {
      const open = find("cues").classList.toggle("open");
      find("more").setAttribute("aria-expanded", String(open));
      setText(find("more"), open ? "×" : "+");
    });
  }

  tap() {
    this.send({ do: "tempo/tap" });
  }

  // A second press switches back even before the server has confirmed the first.
  toggle(path) {
    this.send({ set: path, value: !(this.requests.asked(path)?.value ?? this.panels.value(path)) });
    this.panels.again(path);
    this.follow();
  }

  record() {
    this.send({ do: this.line.recording ? "record/stop" : "record/start" });
    this.follow();
  }

  next() {
    this.send({ do: "cue/next", args: [this.fade()] });
  }

  // The n-th cue, from 1.
  recall(n) {
    if (this.names[n - 1] !== undefined) this.send({ do: "cue/recall", args: [this.names[n - 1], this.fade()] });
  }

  fade() {
    return Math.max(Number(find("fade").value.replace(",", ".")) || 0, 0);
  }

  free() {
    let number = this.names.length + 1;
    while (this.names.includes(String(number))) number += 1;
    return String(number);
  }

  // The switches and the tempo show the values of the tree.
  follow() {
    for (const [id, path] of Object.entries(SWITCHES)) {
      find(id).setAttribute("aria-pressed", Boolean(this.panels.value(path)));
      find(id).classList.toggle("asks", Boolean(this.requests.asked(path)));
    }
    find("record").classList.toggle("asks", this.requests.runs("record/"));
    for (const badge of document.querySelectorAll("#badges [data-of]")) {
      badge.classList.toggle("on", Boolean(this.panels.value(badge.dataset.of)));
    }
    setText(find("bpm"), Number(this.panels.value("tempo.bpm") ?? 120).toFixed(1));
  }

  status(line) {
    this.line = { ...line, at: performance.now() };
    find("record").setAttribute("aria-pressed", Boolean(line.recording));
    find("rec").classList.toggle("on", Boolean(line.recording));
    setText(find("time"), line.recording ? clock(line.recorded ?? 0) : "");
    this.mark(line.cue, line.waiting);
  }

  // Between two status lines the beat and the phase are extrapolated.
  light() {
    const gone = (performance.now() - this.line.at) / 1000;
    if (gone > 2) return; // not connected
    const value = (path, otherwise) => Number(this.panels.value(path) ?? otherwise);
    const beat = this.line.beat + (gone * value("tempo.bpm", 120)) / 60;
    const bar = value("tempo.quantum", 4);
    const count = bar <= 16 ? bar : 4;
    const now = ((Math.floor(beat) % count) + count) % count;
    const lit = beat - Math.floor(beat) < 0.4;
    const lights = find("beats");
    if (lights.children.length !== count) {
      lights.replaceChildren(...Array.from({ length: count }, () => element("i")));
      lights.style.setProperty("--count", count);
    }
    [...lights.children].forEach((each, k) => each.classList.toggle("on", lit && k === now));
    const speed = value("transport.play", 1) * value("transport.speed", 1);
    const beats = value("transport.beats", 0);
    const cycle = beats ? (beats * 60) / value("tempo.bpm", 120) : value("transport.seconds", 8);
    const phase = this.line.phase + (gone * speed) / cycle;
    find("cycle").firstElementChild.style.transform = `scaleX(${phase - Math.floor(phase)})`;
  }

  cues(names) {
    if (names.join("\n") === this.names.join("\n") && find("names").children.length === names.length) return;
    this.names = names;
    find("names").replaceChildren(...names.map((name, k) => this.pad(name, k + 1)));
    this.mark(this.last);
  }

  pad(name, n) {
    const go = element("button", { className: "go", type: "button" }, element("span", { textContent: name }));
    if (n <= 9) go.prepend(element("kbd", { textContent: n, ariaHidden: "true" }));
    go.addEventListener("click", () => this.recall(n));
    return element("div", { className: "cue", data: { name } }, go, this.dropper(name));
  }

  // Two presses within three seconds, so that no cue is deleted by accident.
  dropper(name) {
    const drop = element("button", { className: "drop", type: "button", textContent: "×" });
    drop.setAttribute("aria-label", `delete cue ${name}`);
    let calm = 0;
    const rest = () => {
      clearTimeout(calm);
      drop.classList.remove("armed");
      drop.textContent = "×";
      drop.setAttribute("aria-label", `delete cue ${name}`);
    };
    drop.addEventListener("click", () => {
      if (drop.classList.contains("armed")) {
        rest();
        this.send({ do: "cue/delete", args: [name] });
        return;
      }
      drop.classList.add("armed");
      drop.textContent = "delete";
      drop.setAttribute("aria-label", `confirm: delete cue ${name}`);
      calm = setTimeout(rest, ARMED);
    });
    drop.addEventListener("blur", rest);
    return drop;
  }

  // The current cue, and the one that waits for its beat.
  mark(last, waiting) {
    this.last = last ?? null;
    for (const each of find("names").children) {
      each.classList.toggle("on", each.dataset.name === this.last);
      each.classList.toggle("waits", waiting === each.dataset.name);
    }
  }
}
