// Messages over the image: faults while they last, and refusals for a while. Each can be closed.

import { element, find } from "./dom.js";

const SHOWN = 8; // seconds for which a message is shown after it is over

export class Notices {
  constructor() {
    this.faults = []; // as the server sends them: {id, where, what, do, count, since, over}
    this.own = []; // of this page, in the same form
    this.closed = new Set(); // ids
    this.number = 0;
    this.drawn = new Map(); // the messages on the page
  }

  show(faults) {
    this.faults = faults;
    this.draw();
  }

  // Something that this page asked for was refused.
  refuse(what) {
    this.own = this.own.filter((each) => each.what !== what);
    const own = { id: `own ${++this.number}`, what, over: 0 };
    this.own.push(own);
    setTimeout(() => this.close(own.id), SHOWN * 1000);
    this.draw();
  }

  close(id) {
    if (String(id).startsWith("own")) this.own = this.own.filter((each) => each.id !== id);
    else this.closed.add(id);
    this.draw();
  }

  draw() {
    const lasts = ({ id, over }) => !this.closed.has(id) && (over === null || over < SHOWN);
    const shown = [...this.faults.filter(lasts), ...this.own];
    const keys = shown.map(({ id, what, count }) => [id, what, count].join());
    find("errors").hidden = !shown.length;
    // a message that stays is not made anew, so that a press on its cross always counts
    for (const [key, made] of this.drawn) if (!keys.includes(key)) made.remove();
    this.drawn = new Map([...this.drawn].filter(([key]) => keys.includes(key)));
    shown.forEach((each, k) => {
      if (this.drawn.has(keys[k])) return;
      const made = this.notice(each);
      this.drawn.set(keys[k], made);
      find("errors").append(made);
    });
  }

  notice({ id, where, what, do: advice, count, since, param }) {
    const close = element("button", { className: "close", type: "button", textContent: "×", title: "close" });
    close.setAttribute("aria-label", `close: ${what.slice(0, 60)}`);
    close.addEventListener("click", () => this.close(id));
    const facts = [advice, since && `Since ${since}.`, count > 1 && `${count} times.`].filter(Boolean).join(" ");
    const text = element("div", { className: "text" }, element("p", {}, where ? element("b", { textContent: `${where}: ` }) : "", what));
    if (facts) text.append(element("p", { className: "small", textContent: facts }));
    return element("div", { className: param ? "notice field" : "notice" }, text, close);
  }
}
