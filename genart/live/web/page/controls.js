// A control of the right kind for each Param. `send(request)` goes to the server; `show(value, norm)`
// shows a value, whoever changed it, except while somebody types in the control.

import { element } from "./dom.js";
import { fader } from "./fader.js";

const SHORT = 22; // letters of all choices together that fit next to a name

const digits = (value) => {
  const size = Math.abs(value);
  return size >= 1000 ? 0 : size >= 100 ? 1 : size >= 10 ? 2 : 3;
};

export const spoken = (param, value) =>
  typeof value === "number" && !param.whole ? value.toFixed(digits(value)) : String(value);

// An input whose text is sent when Enter is pressed or the focus leaves it; Escape restores it.
function field(settings, { param, commit }) {
  const input = element("input", { autocomplete: "off", spellcheck: false, title: param.help, ...settings });
  input.setAttribute("aria-label", param.label);
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
function entry(param, send, norm) {
  const commit = (text) => {
    const value = Number(text.trim().replace(",", "."));
    if (text.trim() !== "" && Number.isFinite(value)) send({ set: param.path, value });
  };
  const made = field({ className: "value", inputMode: "decimal" }, { param, commit });
  let now = { value: param.value, norm: param.norm };
  made.input.addEventListener("keydown", (event) => {
    const way = { ArrowUp: 1, ArrowDown: -1 }[event.key];
    if (!way) return;
    event.preventDefault();
    const step = way * (event.shiftKey ? 10 : 1);
    if (norm && !param.whole) send({ set: param.path, norm: Math.min(Math.max(now.norm + step / 100, 0), 1) });
    else send({ set: param.path, value: now.value + step });
  });
  return {
    input: made.input,
    show(value, x) {
      now = { value, norm: x };
      made.show(spoken(param, value));
    },
  };
}

const name = (param) => element("span", { className: "name", textContent: param.name });

function slider(param, send) {
  const bar = fader({
    param,
    change: (norm) => send({ set: param.path, norm }),
    reset: () => send({ set: param.path, value: param.default }),
  });
  const typed = entry(param, send, true);
  const show = (value, norm) => {
    bar.show(norm, spoken(param, value));
    typed.show(value, norm);
  };
  return { parts: [bar.bar, typed.input], show, numeric: true };
}

function number(param, send) {
  const typed = entry(param, send, false);
  const unit = element("span", { className: "unit", textContent: param.unit });
  return { parts: [element("label", { className: "bar" }, name(param), unit), typed.input], show: typed.show, numeric: true };
}

function toggle(param, send) {
  const input = element("input", { type: "checkbox" });
  input.setAttribute("role", "switch");
  input.addEventListener("change", () => send({ set: param.path, value: input.checked }));
  const bar = element("label", { className: "bar switch", title: param.help }, name(param), input);
  return { parts: [bar], show: (value) => (input.checked = value) };
}

function select(param, send) {
  const few = param.choices.length <= 4 && param.choices.join("").length <= SHORT;
  return few ? segments(param, send) : list(param, send);
}

function list(param, send) {
  const input = element("select");
  param.choices.forEach((choice, k) => input.append(element("option", { value: k, textContent: choice })));
  input.addEventListener("change", () => send({ set: param.path, value: param.choices[input.value] }));
  const bar = element("label", { className: "bar choice", title: param.help }, name(param), input);
  return { parts: [bar], show: (value) => (input.value = param.choices.indexOf(value)) };
}

function segments(param, send) {
  const inputs = param.choices.map((choice) => {
    const input = element("input", { type: "radio", name: param.path });
    input.addEventListener("change", () => send({ set: param.path, value: choice }));
    return input;
  });
  const labels = inputs.map((input, k) => element("label", {}, input, String(param.choices[k])));
  const group = element("div", { className: "segments" }, ...labels);
  const bar = element("div", { className: "bar choice", title: param.help }, name(param), group);
  group.setAttribute("role", "radiogroup");
  group.setAttribute("aria-label", param.label);
  const show = (value) => inputs.forEach((input, k) => (input.checked = param.choices[k] === value));
  return { parts: [bar], show };
}

function text(param, send) {
  const put = (value) => send({ set: param.path, value });
  const typed = field({ type: "text" }, { param, commit: put });
  const bar = element("label", { className: "bar words", title: param.help }, name(param), typed.input);
  if (param.known.length) bar.append(suggestions(param, put));
  return { parts: [bar], show: typed.show };
}

function suggestions(param, put) {
  const known = element("select", { className: "known", title: `known: ${param.known.join(", ")}` });
  known.setAttribute("aria-label", `known for ${param.label}`);
  known.append(element("option", { value: "", textContent: "" }));
  param.known.forEach((each) => known.append(element("option", { value: each, textContent: each })));
  known.addEventListener("change", () => {
    if (known.value) put(known.value);
    known.value = "";
  });
  return known;
}

const KINDS = { slider, select, switch: toggle, number, text };

export function control(declared, send) {
  const [owner, last] = declared.path.split(/\.(.*)/);
  const param = { ...declared, name: last.replaceAll("_", " "), label: `${owner} ${last}`.replaceAll("_", " ") };
  const made = KINDS[param.kind](param, send);
  const row = element("div", { className: made.numeric ? "row numeric" : "row", data: { path: param.path } }, ...made.parts);
  made.show(param.value, param.norm);
  return { row, show: made.show, name: `${param.label} ${param.path}`.toLowerCase(), about: param.help.toLowerCase() };
}
