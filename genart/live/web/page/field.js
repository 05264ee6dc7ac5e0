// An input whose text is sent when Enter is pressed or the focus leaves it; Escape restores it.

import { element } from "./dom.js";

export function field(settings, { param, commit }) {
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
