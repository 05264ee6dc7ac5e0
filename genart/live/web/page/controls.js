// A control of the right kind for each Param. `send(wish)` tells the server; `show(value, norm)`
// follows what anyone else turned, except while a finger is on it.

const digits = (value) => {
  const size = Math.abs(value);
  return size >= 1000 ? 0 : size >= 100 ? 1 : size >= 10 ? 2 : 3;
};

export const spoken = (said, value) =>
  typeof value === "number" && !said.whole ? value.toFixed(digits(value)) : String(value);

function element(tag, settings = {}) {
  return Object.assign(document.createElement(tag), settings);
}

function slider(said, send) {
  const input = element("input", { type: "range", min: 0, max: 1, step: "any" });
  const output = element("output");
  let held = false;
  input.addEventListener("pointerdown", () => (held = true));
  for (const end of ["pointerup", "pointercancel", "blur"]) {
    input.addEventListener(end, () => (held = false));
  }
  let waiting = false; // one wish a picture: a fast mouse asks far more often
  input.addEventListener("input", () => {
    if (waiting) return;
    waiting = true;
    requestAnimationFrame(() => {
      waiting = false;
      send({ set: said.path, norm: Number(input.value) });
    });
  });
  input.addEventListener("dblclick", () => send({ set: said.path, value: said.default }));
  const show = (value, norm) => {
    if (!held) input.value = norm;
    output.textContent = `${spoken(said, value)} ${said.unit}`.trim();
  };
  return { parts: [input, output], input, show };
}

function select(said, send) {
  const input = element("select");
  said.choices.forEach((choice, k) => input.append(element("option", { value: k, textContent: choice })));
  input.addEventListener("change", () => send({ set: said.path, value: said.choices[input.value] }));
  return { parts: [input], input, show: (value) => (input.value = said.choices.indexOf(value)) };
}

function toggle(said, send) {
  const input = element("input", { type: "checkbox" });
  input.addEventListener("change", () => send({ set: said.path, value: input.checked }));
  return { parts: [input], input, show: (value) => (input.checked = value) };
}

function number(said, send) {
  const input = element("input", { type: "number", step: said.whole ? 1 : "any" });
  if (said.min !== null) input.min = said.min;
  if (said.max !== null) input.max = said.max;
  let typing = false;
  input.addEventListener("input", () => (typing = true));
  input.addEventListener("change", () => {
    typing = false;
    send({ set: said.path, value: Number(input.value) });
  });
  const show = (value) => {
    if (!typing) input.value = value;
  };
  return { parts: [input, element("output", { textContent: said.unit })], input, show };
}

function text(said, send) {
  const input = element("input", { type: "text", autocomplete: "off", spellcheck: false });
  const parts = [input];
  if (said.known.length) {
    const list = element("datalist", { id: `known ${said.path}`.replaceAll(/[ .]/g, "-") });
    said.known.forEach((name) => list.append(element("option", { value: name })));
    input.setAttribute("list", list.id);
    document.body.append(list);
  }
  let typing = false;
  input.addEventListener("input", () => (typing = true));
  input.addEventListener("change", () => {
    typing = false;
    send({ set: said.path, value: input.value });
  });
  const show = (value) => {
    if (!typing) input.value = value;
  };
  return { parts, input, show };
}

const KINDS = { slider, select, switch: toggle, number, text };

export function control(said, send) {
  const row = element("div", { className: "control", title: said.help });
  const made = KINDS[said.kind](said, send);
  const name = said.path.split(".")[1];
  made.input.id = said.path;
  row.append(element("label", { htmlFor: said.path, textContent: name.replaceAll("_", " ") }), ...made.parts);
  made.show(said.value, said.norm);
  return { row, show: made.show };
}
