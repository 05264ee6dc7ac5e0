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
  const message = JSON.parse(data);
  if (message.tree) panels.setTree(message.tree, message.actions ?? []);
  if (message.refused) refuse(message.refused, message.set);
  else if (message.set) panels.showValues(message.set);
  if (message.tree || message.set) deck.follow();
  if (message.cues) deck.cues(message.cues);
  if (message.status) {
    deck.status(message.status);
    panels.learns(message.status.learning ?? "", message.status.led ?? {});
    title(message.status);
    faults = message.status.errors;
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
