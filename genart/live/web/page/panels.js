// The Params, with a panel for each owner; search; MIDI and OSC learn.

import { control } from "./controls.js";
import { element, find, memory, setText } from "./dom.js";

const ORDER = ["sketch", "style", "walk", "model", "transport", "tempo", "output"];
const position = (owner) => (ORDER.includes(owner) ? ORDER.indexOf(owner) : ORDER.length);
const fixed = ({ value, norm, ...rest }) => rest;
const shape = (tree) => JSON.stringify(tree.map(fixed));

export class Panels {
  constructor(send) {
    this.send = send;
    this.values = new Map();
    this.rows = new Map();
    this.shape = "";
    this.learning = "";
    this.led = {};
    this.closed = new Set(memory.get("closed", ["tempo", "output"]));
    find("search").addEventListener("input", () => this.search());
    find("search").addEventListener("keydown", (event) => {
      if (event.key !== "Escape") return;
      find("search").value = "";
      this.search();
    });
  }

  // After a reconnection the same Params keep their controls and the focus.
  setTree(tree, actions) {
    const now = shape(tree) + actions.includes("learn");
    if (now === this.shape) {
      this.showValues(Object.fromEntries(tree.map((param) => [param.path, param])));
      return;
    }
    this.shape = now;
    this.learned = "";
    this.rows = new Map();
    this.values = new Map(tree.map(({ path, value, norm }) => [path, { value, norm }]));
    find("params").classList.toggle("learns", actions.includes("learn"));
    const owners = new Map();
    for (const param of tree) {
      const owner = param.path.split(".")[0];
      owners.set(owner, [...(owners.get(owner) ?? []), param]);
    }
    const sorted = [...owners].sort(([a], [b]) => position(a) - position(b));
    find("panels").replaceChildren(...sorted.map(([owner, params]) => this.panel(owner, params, actions)));
    this.search();
  }

  panel(owner, params, actions) {
    const count = element("small", { textContent: params.length });
    const summary = element("summary", {}, element("h2", { textContent: owner }), count);
    const made = element("details", { className: "panel", data: { owner } }, summary);
    made.open = !this.closed.has(owner);
    summary.addEventListener("click", () => {
      if (find("search").value) return;
      if (made.open) this.closed.add(owner);
      else this.closed.delete(owner);
      memory.set("closed", [...this.closed]);
    });
    for (const param of params) {
      const row = control(param, this.send);
      if (actions.includes("learn")) row.row.append(param.learns ? (row.learn = this.learner(param)) : element("i"));
      this.rows.set(param.path, row);
      made.append(row.row);
    }
    return made;
  }

  // Press, then move a control to map it; a second press cancels, or removes the mapping.
  learner(param) {
    const button = element("button", { className: "learn", type: "button" });
    button.setAttribute("aria-pressed", "false");
    button.addEventListener("click", () => {
      if (this.learning !== param.path) this.send({ do: "learn", args: [param.path] });
      else if (this.led[param.path]) this.send({ do: "unlearn", args: [param.path] });
      else this.send({ do: "learn/cancel" });
    });
    return button;
  }

  // The Param that waits for a control to move, and the sources mapped to each Param: {path: "midi cc/1/74"}.
  learns(path, led) {
    const now = JSON.stringify([path, led]);
    if (now === this.learned) return;
    [this.learned, this.learning, this.led] = [now, path, led];
    for (const [each, { learn }] of this.rows) {
      if (!learn) continue;
      learn.setAttribute("aria-pressed", each === path);
      learn.classList.toggle("mapped", Boolean(led[each]));
      const again = led[each] ? "press again to remove the mapping" : "press again to cancel";
      learn.title = each === path ? `move a MIDI or OSC control, or ${again}` : `${led[each] ?? "learn: press, then move a MIDI or OSC control"}`;
      learn.setAttribute("aria-label", `learn ${each}${led[each] ? `, mapped to ${led[each]}` : ""}`);
    }
  }

  showValues(changes) {
    for (const [path, { value, norm }] of Object.entries(changes)) {
      this.values.set(path, { value, norm });
      this.rows.get(path)?.show(value, norm);
    }
  }

  // A refused value is reset to the current one.
  again(path) {
    const now = this.values.get(path);
    if (now) this.rows.get(path)?.show(now.value, now.norm);
  }

  value(path) {
    return this.values.get(path)?.value;
  }

  // Names are searched first; if none matches, the help texts.
  search() {
    const words = find("search").value.toLowerCase().split(/\s+/).filter(Boolean);
    const has = (text) => words.every((word) => text.includes(word));
    const named = [...this.rows.values()].some((row) => has(row.name));
    let found = 0;
    for (const panel of find("panels").children) {
      let here = 0;
      for (const each of panel.querySelectorAll(".row")) {
        const row = this.rows.get(each.dataset.path);
        each.hidden = !has(named ? row.name : row.about);
        here += !each.hidden;
      }
      found += here;
      panel.hidden = !here;
      panel.open = words.length ? here > 0 : !this.closed.has(panel.dataset.owner);
    }
    setText(find("found"), words.length ? `${found} of ${this.rows.size}` : `${this.rows.size}`);
  }
}
