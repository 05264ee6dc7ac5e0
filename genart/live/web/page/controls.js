// A control of the right kind for each Param. `send(request)` goes to the server; `show(value, norm, settled)`
// shows a confirmed value, whoever changed it, except while somebody types in the control. A control that was
// used shows the value before until the server has confirmed the new one.

import { element } from "./dom.js";
import { Explanation } from "./explanation.js";
import { fader } from "./fader.js";
import { field } from "./field.js";

const SHORT = 22; // letters of all choices together that fit next to a name
const GRACE = 400; // ms after which a choice that is not confirmed goes back

const digits = (value) => {
  const size = Math.abs(value);
  return size >= 1000 ? 0 : size >= 100 ? 1 : size >= 10 ? 2 : 3;
};

export const spoken = (param, value) =>
  typeof value === "number" && !param.whole ? value.toFixed(digits(value)) : String(value);

// A number to type, or to step with the arrow keys; Shift makes ten times larger steps.
function entry({ param, send }, norm) {
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

// Shows a choice once it is confirmed; until then, for a moment, what was chosen.
function gently(draw) {
  let timer = 0;
  return (value, norm, settled) => {
    clearTimeout(timer);
    if (settled) draw(value);
    else timer = setTimeout(draw, GRACE, value);
  };
}

// A name belongs to the input, not to the button beside it.
function named(settings, input, ...parts) {
  input.id = `value ${settings.data.of}`;
  return element("label", { ...settings, htmlFor: input.id }, ...parts);
}

const unit = (param) => element("span", { className: "unit", textContent: param.unit });

function slider(context) {
  const { param, send, name, explanation } = context;
  const typed = entry(context, true);
  const bar = fader({
    param,
    change: (norm) => send({ set: param.path, norm }),
    reset: () => send({ set: param.path, value: param.default }),
    tapped: () => explanation.toggle(),
    parts: [...name, unit(param)],
    number: typed.input,
  });
  const show = (value, norm, settled) => {
    bar.show(norm, spoken(param, value), settled);
    typed.show(value, norm);
  };
  return { parts: [bar.bar, typed.input], show, numeric: true, cancel: bar.cancel };
}

function number(context) {
  const typed = entry(context, false);
  const { param, name } = context;
  const bar = named({ className: "bar", title: param.help, data: { of: param.path } }, typed.input, ...name, unit(param));
  return { parts: [bar, typed.input], show: typed.show, numeric: true };
}

function toggle({ param, send, asked, name }) {
  const input = element("input", { type: "checkbox" });
  let now = param.value;
  input.setAttribute("role", "switch");
  input.addEventListener("change", () => {
    send({ set: param.path, value: !(asked()?.value ?? now) });
  });
  const bar = named({ className: "bar switch", title: param.help, data: { of: param.path } }, input, ...name, input);
  const later = gently((value) => (input.checked = value));
  const show = (value, norm, settled) => later((now = value), norm, settled);
  return { parts: [bar], show };
}

function select(context) {
  const { choices } = context.param;
  const few = choices.length <= 4 && choices.join("").length <= SHORT;
  return few ? segments(context) : list(context);
}

function list({ param, send, name }) {
  const input = element("select");
  const show = gently((value) => (input.value = param.choices.indexOf(value)));
  param.choices.forEach((choice, k) => input.append(element("option", { value: k, textContent: choice })));
  input.addEventListener("change", () => send({ set: param.path, value: param.choices[input.value] }));
  const bar = named({ className: "bar choice", title: param.help, data: { of: param.path } }, input, ...name, input);
  return { parts: [bar], show };
}

function segments({ param, send, name }) {
  const inputs = param.choices.map((choice) => {
    const input = element("input", { type: "radio", name: param.path });
    input.addEventListener("change", () => send({ set: param.path, value: choice }));
    return input;
  });
  const show = gently((value) => inputs.forEach((input, k) => (input.checked = param.choices[k] === value)));
  const labels = inputs.map((input, k) => element("label", {}, input, String(param.choices[k])));
  const group = element("div", { className: "segments" }, ...labels);
  const bar = element("div", { className: "bar choice", title: param.help }, ...name, group);
  group.setAttribute("role", "radiogroup");
  group.setAttribute("aria-label", param.label);
  return { parts: [bar], show };
}

function text({ param, send, name }) {
  const put = (value) => send({ set: param.path, value });
  const typed = field({ type: "text" }, { param, commit: put });
  const bar = named({ className: "bar words", title: param.help, data: { of: param.path } }, typed.input, ...name, typed.input);
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

// `asked()` is the request for this Param that is not confirmed yet.
export function control(declared, send, asked) {
  const [owner, last] = declared.path.split(/\.(.*)/).map((part) => part.replaceAll("_", " "));
  const name = declared.label || last;
  const full = [owner, declared.group, name].filter(Boolean).join(" ");
  const param = { ...declared, name, label: full };
  const explanation = new Explanation(param, () => send({ set: param.path, value: param.default }));
  const context = { param, send, asked, explanation, name: [element("span", { className: "name", textContent: name }), explanation.button] };
  const made = KINDS[param.kind](context);
  const row = element("div", { className: made.numeric ? "row numeric" : "row", data: { path: param.path } }, ...made.parts);
  row.append(explanation.box, explanation.why);
  const show = (value, norm) => {
    const waits = Boolean(asked());
    row.classList.toggle("asks", waits);
    made.show(value, norm, !waits);
  };
  show(param.value, param.norm);
  return {
    row,
    show,
    cancel: made.cancel ?? (() => {}),
    explanation,
    group: param.group,
    name: `${full} ${param.path}`.toLowerCase(),
    about: param.help.toLowerCase(),
  };
}
