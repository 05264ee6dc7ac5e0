// A control of the right kind for each Param. `send(request)` goes to the server; `show(value, norm)`
// shows a value, whoever changed it, except while somebody types in the control.

import { element } from "./dom.js";
import { fader } from "./fader.js";

const SHORT = 22; // letters of all choices together that fit next to a name

const digits = (value) => {
  const size = Math.abs(value);
  return size >= 1000 ? 0 : size >= 100 ? 1 : size >= 10 ? 2 : 3;
};

export const spoken = (said, value) =>
  typeof value === "number" && !said.whole ? value.toFixed(digits(value)) : String(value);

// An input whose text is sent when Enter is pressed or the focus leaves it; Escape restores it.
function field(settings, { said, commit }) {
  const input = element("input", { autocomplete: "off", spellcheck: false, title: said.help, ...settings });
  input.setAttribute("aria-label", said.label);
  let now = "";
  const typed = () => document.activeElement === input && input.value !== now;
  const settle = () => input.classList.toggle("waits", typed());
  const leave = (wanted) => {
    if (wanted && input.value !== now) commit(input.value);
    input.value = now;
    settle();
  };
  input.addEventListener("input", settle);
  input.addEventListener("blur", () => leave(true));
  input.addEventListener("focus", () => input.select());
  input.addEventListener("keydown", (event) => {
    if (event.key === "Enter") leave(true);
    if (event.key === "Escape") leave(false);
    if (event.key === "Enter" || event.key === "Escape") input.select();
  });
  return {
    input,
    show(text) {
      const busy = typed();
      now = text;
      if (!busy) input.value = text;
      settle();
    },
  };
}

// A number to type, or to step with the arrow keys; Shift makes ten times larger steps.
function entry(said, send, norm) {
  const commit = (text) => {
    const value = Number(text.trim().replace(",", "."));
    if (text.trim() !== "" && Number.isFinite(value)) send({ set: said.path, value });
  };
  const made = field({ className: "value", inputMode: "decimal" }, { said, commit });
  let now = { value: said.value, norm: said.norm };
  made.input.addEventListener("keydown", (event) => {
    const way = { ArrowUp: 1, ArrowDown: -1 }[event.key];
    if (!way) return;
    event.preventDefault();
    const step = way * (event.shiftKey ? 10 : 1);
    if (norm && !said.whole) send({ set: said.path, norm: Math.min(Math.max(now.norm + step / 100, 0), 1) });
    else send({ set: said.path, value: now.value + step });
  });
  return {
    input: made.input,
    show(value, x) {
      now = { value, norm: x };
      made.show(spoken(said, value));
    },
  };
}

const name = (said) => element("span", { className: "name", textContent: said.name });

function slider(said, send) {
  const bar = fader({
    said,
    turn: (norm) => send({ set: said.path, norm }),
    reset: () => send({ set: said.path, value: said.default }),
  });
  const typed = entry(said, send, true);
  const show = (value, norm) => {
    bar.show(norm, spoken(said, value));
    typed.show(value, norm);
  };
  return { parts: [bar.bar, typed.input], show, numeric: true };
}

function number(said, send) {
  const typed = entry(said, send, false);
  const unit = element("span", { className: "unit", textContent: said.unit });
  return { parts: [element("label", { className: "bar" }, name(said), unit), typed.input], show: typed.show, numeric: true };
}

function toggle(said, send) {
  const input = element("input", { type: "checkbox" });
  input.setAttribute("role", "switch");
  input.addEventListener("change", () => send({ set: said.path, value: input.checked }));
  const bar = element("label", { className: "bar switch", title: said.help }, name(said), input);
  return { parts: [bar], show: (value) => (input.checked = value) };
}

function select(said, send) {
  const few = said.choices.length <= 4 && said.choices.join("").length <= SHORT;
  return few ? segments(said, send) : list(said, send);
}

function list(said, send) {
  const input = element("select");
  said.choices.forEach((choice, k) => input.append(element("option", { value: k, textContent: choice })));
  input.addEventListener("change", () => send({ set: said.path, value: said.choices[input.value] }));
  const bar = element("label", { className: "bar choice", title: said.help }, name(said), input);
  return { parts: [bar], show: (value) => (input.value = said.choices.indexOf(value)) };
}

function segments(said, send) {
  const inputs = said.choices.map((choice) => {
    const input = element("input", { type: "radio", name: said.path });
    input.addEventListener("change", () => send({ set: said.path, value: choice }));
    return input;
  });
  const labels = inputs.map((input, k) => element("label", {}, input, String(said.choices[k])));
  const group = element("div", { className: "segments" }, ...labels);
  const bar = element("div", { className: "bar choice", title: said.help }, name(said), group);
  group.setAttribute("role", "radiogroup");
  group.setAttribute("aria-label", said.label);
  const show = (value) => inputs.forEach((input, k) => (input.checked = said.choices[k] === value));
  return { parts: [bar], show };
}

function text(said, send) {
  const put = (value) => send({ set: said.path, value });
  const typed = field({ type: "text" }, { said, commit: put });
  const bar = element("label", { className: "bar words", title: said.help }, name(said), typed.input);
  if (said.known.length) bar.append(suggestions(said, put));
  return { parts: [bar], show: typed.show };
}

function suggestions(said, put) {
  const known = element("select", { className: "known", title: `known: ${said.known.join(", ")}` });
  known.setAttribute("aria-label", `known for ${said.label}`);
  known.append(element("option", { value: "", textContent: "" }));
  said.known.forEach((each) => known.append(element("option", { value: each, textContent: each })));
  known.addEventListener("change", () => {
    if (known.value) put(known.value);
    known.value = "";
  });
  return known;
}

const KINDS = { slider, select, switch: toggle, number, text };

export function control(param, send) {
  const [owner, last] = param.path.split(/\.(.*)/);
  const said = { ...param, name: last.replaceAll("_", " "), label: `${owner} ${last}`.replaceAll("_", " ") };
  const made = KINDS[said.kind](said, send);
  const row = element("div", { className: made.numeric ? "row numeric" : "row", data: { path: said.path } }, ...made.parts);
  made.show(said.value, said.norm);
  return { row, show: made.show, name: `${said.label} ${said.path}`.toLowerCase(), about: said.help.toLowerCase() };
}
