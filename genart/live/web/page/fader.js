// A slider that shows its value as a bar. Keyboard and screen readers use its range input.
// A mouse press sets the value at its position; with Shift, or with a finger, dragging changes the
// value relative to where it was, so that scrolling with a thumb changes nothing.

import { element } from "./dom.js";

const START = 8; // pixels a finger moves before it changes the value

export function fader({ param, change, reset }) {
  const input = element("input", { type: "range", min: 0, max: 1, step: "any", title: param.help });
  input.setAttribute("aria-label", param.label);
  const bar = element(
    "div",
    { className: "bar fader", title: param.help },
    input,
    element("span", { className: "name", textContent: param.name }),
    element("span", { className: "unit", textContent: param.unit }),
  );
  const show = (x) => bar.style.setProperty("--x", x);
  let held = null;
  let request = null; // at most one per animation frame

  function ask(x) {
    input.value = x;
    show(x);
    if (request === null) {
      requestAnimationFrame(() => {
        if (request !== null) change(request);
        request = null;
      });
    }
    request = x;
  }

  function home() {
    held = request = null; // discards the clicks of the double click
    reset();
  }

  function press(event) {
    if (event.button !== 0) return;
    const direct = event.pointerType === "mouse" && !event.shiftKey;
    held = { x: event.clientX, from: Number(input.value), direct, moving: direct };
    input.focus({ preventScroll: true });
    if (direct) {
      bar.setPointerCapture(event.pointerId);
      event.preventDefault();
      move(event);
    }
  }

  function move(event) {
    if (!held) return;
    const box = bar.getBoundingClientRect();
    const gone = event.clientX - held.x;
    if (!held.moving) {
      if (Math.abs(gone) < (event.pointerType === "mouse" ? 1 : START)) return;
      held.moving = true;
      held.x = event.clientX;
      bar.setPointerCapture(event.pointerId);
      return;
    }
    const rate = event.shiftKey ? 0.1 : 1;
    const x = held.direct ? (event.clientX - box.left) / box.width : held.from + (rate * gone) / box.width;
    ask(Math.min(Math.max(x, 0), 1));
  }

  bar.addEventListener("pointerdown", press);
  bar.addEventListener("pointermove", move);
  for (const end of ["pointerup", "pointercancel", "lostpointercapture"]) {
    bar.addEventListener(end, () => (held = null));
  }
  bar.addEventListener("dblclick", home);
  input.addEventListener("input", () => ask(Number(input.value)));
  input.addEventListener("keydown", (event) => {
    if (event.key === "Backspace" || event.key === "Delete") home();
  });
  bar.style.setProperty("--home", param.home);

  return {
    bar,
    input,
    show(x, text) {
      input.setAttribute("aria-valuetext", `${text} ${param.unit}`.trim());
      if (held || request !== null) return;
      input.value = x;
      show(x);
    },
  };
}
