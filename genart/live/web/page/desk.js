// The page: one socket for values, actions and status, and one for the live image.

import { Deck } from "./deck.js";
import { find, setText } from "./dom.js";
import { Quality, SketchChoice } from "./extras.js";
import { keys } from "./keys.js";
import { Learn } from "./learn.js";
import { Lights, meters } from "./meters.js";
import { link } from "./link.js";
import { Notices } from "./notices.js";
import { Panels } from "./panels.js";
import { Phone } from "./phone.js";
import { picture } from "./picture.js";
import { Requests } from "./requests.js";

const requests = new Requests(
  (text) => socket.send(text),
  () => notices.refuse("Not connected: nothing was changed."),
);
const send = (request) => requests.send(request);
const notices = new Notices();
const learn = new Learn(send);
const sketch = new SketchChoice(send);
const quality = new Quality(send);
const panels = new Panels(requests, { sketch: sketch.box, output: quality.box }, (path) => learn.button(path));
const deck = new Deck(requests, panels);
const lights = new Lights();
const phone = new Phone();
let lostAt = 0;

// A refusal stands beside its field if there is one, and over the image for a while.
function refuse({ refused, set, id }) {
  const request = requests.open.get(id);
  const path = set ?? (request?.do === "learn" ? request.args?.[0] : null);
  if (request?.do === "load/sketch") sketch.cancel();
  if (path) panels.refuse(path, refused);
  notices.refuse(refused);
}

function done(number) {
  for (const { set } of requests.done(number)) if (set) panels.again(set);
  deck.follow();
}

function status(line) {
  deck.status(line);
  meters(line);
  lights.show(line.activity ?? {});
  learn.show(line.learning ?? "", line.led ?? {}, line.midi);
  panels.unused(line.unused ?? {});
  quality.show(line.quality ?? "full", line.levels ?? []);
  if (line.sketches) sketch.show(line.playing, line.sketches);
  const parts = [line.playing ?? line.sketch, line.loading ? `loading ${line.loading}` : line.model].filter(Boolean);
  setText(find("sketch"), parts.join("  ·  "));
  notices.show(line.faults ?? []);
  for (const fault of line.faults ?? []) if (fault.param) panels.refused(fault);
}

function heard(data) {
  const message = JSON.parse(data);
  if (message.tree) {
    panels.setTree(message.tree, message.actions ?? []);
    phone.show(message.url ?? "");
  }
  if (message.pong !== undefined) pong(message.now);
  if (message.refused) refuse(message);
  else if (message.set) panels.showValues(message.set);
  if (message.tree || message.set) deck.follow();
  if (message.done) done(message.done);
  if (message.cues) deck.cues(message.cues);
  if (message.status) status(message.status);
}

// The connection counts once the server has answered.
function pong(now) {
  requests.pong(now);
  document.body.classList.remove("lost", "starting");
  find("link").classList.add("on");
  setText(find("link"), "connected");
  lostAt = 0;
}

function lost() {
  if (requests.lost().length) notices.refuse("The connection was lost before the last change was confirmed.");
  panels.lost();
  sketch.cancel();
  deck.follow();
  if (document.body.classList.contains("starting")) return;
  document.body.classList.add("lost");
  find("link").classList.remove("on");
  lostAt ||= Date.now();
  count();
}

function count() {
  if (lostAt) setText(find("link"), `connection lost · ${Math.round((Date.now() - lostAt) / 1000)} s`);
}

const socket = link("desk", { opened: () => {}, heard, lost, beat: (send) => requests.beat(send) });
setInterval(count, 1000);
keys(deck);
picture();
