// Keyboard shortcuts, as in the window, unless somebody types; and the help.

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

const TOUCH = {
  "drag a bar": "changes it, from anywhere on it",
  "tap a bar": "explains it, with a button that resets it",
  "the ring": "learns: then move a MIDI or OSC control",
  "+": "saves a cue and sets the fade",
};
const KEYS = {
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
const BOTH = {
  "bright line": "the value that was asked for; the bar is the confirmed one",
  "dim name": "no effect now; its explanation says why",
};

function help() {
  const list = find("keys").querySelector("dl");
  for (const [kind, lines] of Object.entries({ "for-touch": TOUCH, "for-keys": KEYS, "": BOTH })) {
    for (const [key, about] of Object.entries(lines)) {
      list.append(element("dt", { className: kind, textContent: key }), element("dd", { className: kind, textContent: about }));
    }
  }
  find("keyed").checked = memory.get("keyed", true);
  find("keyed").addEventListener("change", () => memory.set("keyed", find("keyed").checked));
  find("help").addEventListener("click", () => find("keys").showModal());
}
