// The page: one socket for values, actions and status, and one for the live image.

import { Deck } from "./deck.js";
import { find, setText } from "./dom.js";
import { keys } from "./keys.js";
import { link } from "./link.js";
import { Panels } from "./panels.js";
import { picture } from "./picture.js";

const SHOWN = 6000; // ms for which a refusal is shown

const send = (request) => socket.send(JSON.stringify(request));
const panels = new Panels(send);
const deck = new Deck(send, panels);
let faults = [];
let refused = "";
let forget = 0;

function banner() {
  const lines = [...faults, refused].filter(Boolean);
  find("errors").hidden = !lines.length;
  setText(find("errors"), lines.join("\n"));
}

function refuse(why, path) {
  refused = why;
  clearTimeout(forget);
  forget = setTimeout(() => ((refused = ""), banner()), SHOWN);
  if (path) panels.again(path);
  banner();
}

function heard(data) {
  const said = JSON.parse(data);
  if (said.tree) panels.setTree(said.tree, said.actions ?? []);
  if (said.refused) refuse(said.refused, said.set);
  else if (said.set) panels.showValues(said.set);
  if (said.tree || said.set) deck.follow();
  if (said.cues) deck.cues(said.cues);
  if (said.status) {
    deck.status(said.status);
    panels.learns(said.status.learning ?? "", said.status.led ?? {});
    title(said.status);
    faults = said.status.errors;
    banner();
  }
}

function title({ sketch, model, loading }) {
  const parts = [sketch, loading ? `loading ${loading}` : model].filter(Boolean);
  setText(find("sketch"), parts.join("  ·  "));
}

function connected(is) {
  document.body.classList.toggle("lost", !is);
  find("link").classList.toggle("on", is);
  setText(find("link"), is ? "connected" : "connection lost; reconnecting");
}

const socket = link("desk", { opened: () => connected(true), heard, lost: () => connected(false), silence: 5 });
keys(deck);
picture();
