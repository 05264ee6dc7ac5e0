// The Params, a panel for each owner; searching; learning.

import { control } from "./controls.js";
import { element, find, memory, setText } from "./dom.js";

const ORDER = ["sketch", "style", "walk", "model", "transport", "tempo", "output"];
const place = (owner) => (ORDER.includes(owner) ? ORDER.indexOf(owner) : ORDER.length);
const fixed = ({ value, norm, ...rest }) => rest;
const shape = (tree) => JSON.stringify(tree.map(fixed));

export class Panels {
  constructor(send) {
    this.send = send;
    this.values = new Map();
    this.rows = new Map();
    this.shape = "";
    this.learning = [];
    this.closed = new Set(memory.get("closed", ["tempo", "output"]));
    find("search").addEventListener("input", () => this.search());
    find("search").addEventListener("keydown", (event) => {
      if (event.key !== "Escape") return;
      find("search").value = "";
      this.search();
    });
  }

  // The same Params again, after the connection was lost, keep their controls and the focus.
  plant(tree, actions) {
    const now = shape(tree) + actions.includes("learn");
    if (now === this.shape) {
      this.turned(Object.fromEntries(tree.map((said) => [said.path, said])));
      return;
    }
    this.shape = now;
    this.rows = new Map();
    this.values = new Map(tree.map(({ path, value, norm }) => [path, { value, norm }]));
    find("params").classList.toggle("learns", actions.includes("learn"));
    const owners = new Map();
    for (const said of tree) {
      const owner = said.path.split(".")[0];
      owners.set(owner, [...(owners.get(owner) ?? []), said]);
    }
    const sorted = [...owners].sort(([a], [b]) => place(a) - place(b));
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
    for (const said of params) {
      const row = control(said, this.send);
      if (actions.includes("learn")) row.row.append((row.learn = this.learner(said)));
      this.rows.set(said.path, row);
      made.append(row.row);
    }
    return made;
  }

  learner(said) {
    const button = element("button", { className: "learn", title: "learn: press, then move a control" });
    button.setAttribute("aria-label", `learn ${said.path}`);
    button.setAttribute("aria-pressed", "false");
    button.addEventListener("click", () =>
      this.send(this.learning.includes(said.path) ? { do: "unlearn" } : { do: "learn", args: [said.path] }),
    );
    return button;
  }

  // `paths` wait for a control to move.
  learns(paths) {
    if (paths.join() === this.learning.join()) return;
    this.learning = paths;
    for (const [path, row] of this.rows) row.learn?.setAttribute("aria-pressed", paths.includes(path));
  }

  turned(changes) {
    for (const [path, { value, norm }] of Object.entries(changes)) {
      this.values.set(path, { value, norm });
      this.rows.get(path)?.show(value, norm);
    }
  }

  // What was refused goes back to where it is.
  again(path) {
    const now = this.values.get(path);
    if (now) this.rows.get(path)?.show(now.value, now.norm);
  }

  value(path) {
    return this.values.get(path)?.value;
  }

  search() {
    const words = find("search").value.toLowerCase().split(/\s+/).filter(Boolean);
    let found = 0;
    for (const panel of find("panels").children) {
      let here = 0;
      for (const row of panel.querySelectorAll(".row")) {
        const all = this.rows.get(row.dataset.path).words;
        row.hidden = !words.every((word) => all.includes(word));
        here += !row.hidden;
      }
      found += here;
      panel.hidden = !here;
      panel.open = words.length ? here > 0 : !this.closed.has(panel.dataset.owner);
    }
    setText(find("found"), words.length ? `${found} of ${this.rows.size}` : `${this.rows.size}`);
  }
}
