// A fader: its bar shows the value that the server confirmed, a line the one that was asked for.
// Keyboard and screen readers use its range input. A mouse press sets the value at its position; with Shift,
// or with a finger, dragging changes the value relative to where it was, so that scrolling changes nothing.

import { element } from "./dom.js";

const START = 8; // pixels a finger moves before it changes the value

// `number` is the field beside the bar, from which a finger can drag too.
export function fader({ param, change, reset, tapped, parts, number }) {
  const input = element("input", { type: "range", min: 0, max: 1, step: "any" });
  input.setAttribute("aria-label", param.label);
  const bar = element("div", { className: "bar fader", title: param.help }, input, element("i", { className: "level" }), ...parts);
  let held = null;
  let request = null; // at most one per animation frame

  function ask(x) {
    input.value = x;
    bar.style.setProperty("--asked", x);
    bar.classList.add("asks");
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
    if (held || event.button !== 0) return; // a second finger on the same fader changes nothing
    const isMouse = event.pointerType === "mouse";
    const [small, typed] = [event.target.closest("button"), event.currentTarget === number];
    if (typed && isMouse) return;
    const direct = isMouse && !event.shiftKey && !small;
    held = { id: event.pointerId, x: event.clientX, from: Number(input.value), direct, moving: direct, small, typed };
    event.currentTarget.setPointerCapture(event.pointerId); // also for a finger that leaves the bar or the page
    if (!small && !typed) input.focus({ preventScroll: true });
    if (isMouse) event.preventDefault();
    if (direct) move(event);
  }

  function move(event) {
    if (held?.id !== event.pointerId) return;
    if (event.pointerType === "mouse" && !event.buttons) return release(event); // let go outside of the page
    const box = bar.getBoundingClientRect();
    const gone = event.clientX - held.x;
    if (!held.moving) {
      if (Math.abs(gone) < (event.pointerType === "mouse" ? 1 : START)) return;
      held.moving = true;
      held.x = event.clientX;
      return;
    }
    const rate = event.shiftKey ? 0.1 : 1;
    const x = held.direct ? (event.clientX - box.left) / box.width : held.from + (rate * gone) / box.width;
    ask(Math.min(Math.max(x, 0), 1));
  }

  function release(event) {
    if (held?.id !== event.pointerId) return;
    const { moving, small, typed } = held;
    held = null;
    if (event.type !== "pointerup" || moving || typed) return;
    if (small || event.pointerType !== "mouse") tapped();
  }

  for (const each of [bar, number]) {
    each.addEventListener("pointerdown", press);
    each.addEventListener("pointermove", move);
    each.addEventListener("pointerup", release);
    each.addEventListener("pointercancel", release);
    each.addEventListener("lostpointercapture", (event) => event.target === each && release(event));
  }
  addEventListener("blur", () => (held = null));
  bar.addEventListener("dblclick", (event) => event.target.closest("button") || home());
  input.addEventListener("input", () => ask(Number(input.value)));
  input.addEventListener("keydown", (event) => {
    if (event.key === "Backspace" || event.key === "Delete") home();
  });
  bar.style.setProperty("--home", param.home);

  return {
    bar,
    input,
    // `settled`: nothing that was asked for is still to be confirmed.
    show(x, text, settled) {
      input.setAttribute("aria-valuetext", `${text} ${param.unit}`.trim());
      bar.style.setProperty("--x", x);
      if (!settled || request !== null) return;
      input.value = x;
      bar.classList.remove("asks");
    },
    cancel() {
      held = request = null;
    },
  };
}
