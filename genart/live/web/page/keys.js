// Keyboard shortcuts, as in the window, unless somebody types.

import { element, find, memory } from "./dom.js";

const TYPES = "input:not([type=range], [type=checkbox], [type=radio]), textarea, select, dialog *";
const PRESSES = "button, summary, a, [type=checkbox], [type=radio]";

export function keys(deck) {
  const digits = Object.fromEntries([..."123456789"].map((n) => [n, () => deck.recall(Number(n))]));
  const acts = {
    " ": () => deck.toggle("transport.play"),
    b: () => deck.toggle("output.blackout"),
    f: () => deck.toggle("output.freeze"),
    t: () => deck.tap(),
    n: () => deck.next(),
    r: () => deck.record(),
    "/": () => find("search").focus(),
    "?": () => find("keys").showModal(),
    ...digits,
  };
  help();
  document.addEventListener("keydown", (event) => {
    const act = acts[event.key];
    if (!act || event.repeat || event.ctrlKey || event.metaKey || event.altKey) return;
    if (!find("keyed").checked || event.target.closest(TYPES)) return;
    if (event.key === " " && event.target.closest(PRESSES)) return;
    event.preventDefault();
    act();
  });
}

function help() {
  const lines = {
    space: "play or pause",
    "b, f": "blackout, freeze",
    t: "tap the tempo",
    n: "next cue",
    "1 to 9": "recall the first nine cues",
    r: "start or stop recording",
    "/": "find a Param",
    "arrows": "change the slider or number in focus",
    delete: "reset a slider to its default, like a double click",
    shift: "drag a slider with Shift: ten times finer",
  };
  const list = find("keys").querySelector("dl");
  for (const [key, about] of Object.entries(lines)) {
    list.append(element("dt", { textContent: key }), element("dd", { textContent: about }));
  }
  find("keyed").checked = memory.get("keyed", true);
  find("keyed").addEventListener("change", () => memory.set("keyed", find("keyed").checked));
  find("help").addEventListener("click", () => find("keys").showModal());
}
