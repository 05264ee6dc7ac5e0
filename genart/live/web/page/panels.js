// The Params, with a panel for each owner and headings in it; search.

import { control } from "./controls.js";
import { element, find, memory, setText } from "./dom.js";

const ORDER = ["sketch", "model", "walk", "bend", "edit", "style", "transport", "tempo", "output"];
const position = (owner) => (ORDER.includes(owner) ? ORDER.indexOf(owner) : ORDER.length);
const FRESH = 10; // seconds after which a refused value is old news to a page that was just opened
const fixed = ({ value, norm, ...rest }) => rest;
const shape = (tree) => JSON.stringify(tree.map(fixed));

export class Panels {
  // `requests` sends; `extras` are rows that are no Params, by owner; `learner(param)` makes a learn button.
  constructor(requests, extras, learner) {
    this.requests = requests;
    this.extras = extras;
    this.learner = learner;
    this.values = new Map();
    this.rows = new Map();
    this.shape = "";
    this.seen = new Set(); // refused values that were shown
    this.kept = new Map(); // the value that stayed after a refusal, by path
    this.closed = new Set(memory.get("closed", ["tempo"]));
    find("search").addEventListener("input", () => this.search());
    find("search").addEventListener("keydown", (event) => event.key === "Escape" && this.showAll());
    this.keepRow();
    find("none").querySelector("button").addEventListener("click", () => this.showAll());
  }

  // The row at the top stays there when a phone is turned.
  keepRow() {
    const box = find("panels");
    let top = null;
    let width = innerWidth;
    const look = () => {
      const edge = box.getBoundingClientRect().top;
      if (innerWidth !== width) return;
      top = [...box.querySelectorAll(".row")].find((row) => row.getBoundingClientRect().bottom > edge + 1);
    };
    box.addEventListener("scroll", look, { passive: true });
    addEventListener("resize", () => {
      if (innerWidth === width) return;
      if (box.scrollTop) top?.scrollIntoView({ block: "start" });
      width = innerWidth;
    });
  }

  // After a reconnection the same Params keep their controls and the focus.
  setTree(tree, actions) {
    const now = shape(tree) + actions.join();
    if (now === this.shape) {
      this.showValues(Object.fromEntries(tree.map((param) => [param.path, param])));
      return;
    }
    this.shape = now;
    this.rows = new Map();
    this.values = new Map(tree.map(({ path, value, norm }) => [path, { value, norm }]));
    this.learns = actions.includes("learn");
    find("params").classList.toggle("learns", this.learns);
    const owners = new Map(Object.keys(this.extras).map((owner) => [owner, []]));
    for (const param of tree) {
      const owner = param.path.split(".")[0];
      owners.set(owner, [...(owners.get(owner) ?? []), param]);
    }
    const sorted = [...owners].sort(([a], [b]) => position(a) - position(b));
    find("panels").replaceChildren(...sorted.map(([owner, params]) => this.panel(owner, params)));
    this.search();
  }

  panel(owner, params) {
    const count = element("small", { textContent: params.length || "" });
    const summary = element("summary", {}, element("h2", { textContent: owner }), count);
    const made = element("details", { className: "panel", data: { owner } }, summary);
    made.open = !this.closed.has(owner);
    summary.addEventListener("click", () => {
      if (find("search").value) return;
      if (made.open) this.closed.add(owner);
      else this.closed.delete(owner);
      memory.set("closed", [...this.closed]);
    });
    if (this.extras[owner]) made.append(this.extras[owner]);
    for (const group of new Set(params.map((param) => param.group))) {
      const rows = params.filter((param) => param.group === group).map((param) => this.row(param));
      if (!group) made.append(...rows);
      else made.append(element("div", { className: "group" }, element("h3", { textContent: group }), ...rows));
    }
    return made;
  }

  row(param) {
    const send = (request) => {
      row.explanation.refuse("");
      this.requests.send(request);
      this.again(param.path);
    };
    const row = control(param, send, () => this.requests.asked(param.path));
    row.row.classList.toggle("fixed", !param.learns); // it cannot be learned
    if (this.learns && param.learns) row.row.querySelector(".explain").before(this.learner(param.path));
    this.rows.set(param.path, row);
    return row.row;
  }

  showValues(changes) {
    for (const [path, { value, norm }] of Object.entries(changes)) {
      this.values.set(path, { value, norm });
      this.rows.get(path)?.show(value, norm);
      this.forgive(path, value);
    }
  }

  // Shows the confirmed value again.
  again(path) {
    const now = this.values.get(path);
    if (now) this.rows.get(path)?.show(now.value, now.norm);
  }

  // `refused`: the value as text, if it is still shown and about to be set back.
  refuse(path, why, refused) {
    this.again(path);
    this.rows.get(path)?.explanation.refuse(why);
    const now = this.value(path);
    this.kept.set(path, String(now) === refused ? undefined : now);
  }

  // A value that was kept after a refusal changes: the refusal is history.
  forgive(path, value) {
    if (!this.kept.has(path)) return;
    const kept = this.kept.get(path);
    if (kept === undefined) this.kept.set(path, value);
    else if (kept !== value) {
      this.kept.delete(path);
      this.rows.get(path)?.explanation.refuse("");
    }
  }

  // A value that was set back, whoever asked for it; each occurrence is shown once.
  refused({ id, count, param, value, what, do: advice, over }) {
    const key = `${id} ${count}`;
    if (this.seen.has(key) || over > FRESH) return;
    this.seen.add(key);
    this.refuse(param, `“${value}” was refused: ${what} ${advice}`, value);
  }

  lost() {
    for (const [path, row] of this.rows) {
      row.cancel();
      this.again(path);
    }
  }

  // The Params without an effect, with the reasons.
  unused(reasons) {
    for (const [path, { row, explanation }] of this.rows) {
      row.classList.toggle("unused", path in reasons);
      explanation.show(reasons[path] ?? "");
    }
  }

  value(path) {
    return this.values.get(path)?.value;
  }

  showAll() {
    find("search").value = "";
    this.search();
  }

  // Names are searched first; if none matches, the help texts.
  search() {
    const words = find("search").value.toLowerCase().split(/\s+/).filter(Boolean);
    const has = (text) => words.every((word) => text.includes(word));
    const named = [...this.rows.values()].some((row) => has(row.name));
    let found = 0;
    for (const panel of find("panels").children) {
      let here = 0;
      for (const each of panel.querySelectorAll(".row[data-path]")) {
        const row = this.rows.get(each.dataset.path);
        each.hidden = !has(named ? row.name : row.about);
        here += !each.hidden;
      }
      for (const group of panel.querySelectorAll(".group")) group.hidden = !group.querySelector(".row:not([hidden])");
      for (const extra of panel.querySelectorAll(".extra")) extra.hidden = words.length > 0;
      found += here;
      panel.hidden = words.length > 0 && !here;
      panel.open = words.length ? here > 0 : !this.closed.has(panel.dataset.owner);
    }
    setText(find("found"), words.length ? `${found} of ${this.rows.size}` : `${this.rows.size}`);
    find("none").hidden = found > 0 || !words.length;
    find("panels").hidden = !find("none").hidden;
    setText(find("none").querySelector("p"), `No Param is named “${find("search").value.trim()}”, and no explanation contains it.`);
  }
}
