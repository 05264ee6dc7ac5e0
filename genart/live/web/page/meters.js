// The top line: figures of the performance, and lights for messages that arrive.

import { element, find, setText } from "./dom.js";

const LIT = 300; // ms for which a light is on

export class Lights {
  constructor() {
    this.counts = {};
  }

  // `activity`: how many messages arrived so far, by kind.
  show(activity) {
    for (const light of find("lights").children) {
      const kind = light.dataset.of;
      const [now, before] = [activity[kind] ?? 0, this.counts[kind]];
      this.counts[kind] = now;
      if (before === undefined || now === before) continue;
      light.classList.add("on", "seen");
      clearTimeout(light.rest);
      light.rest = setTimeout(() => light.classList.remove("on"), LIT);
    }
  }
}

export function meters(line) {
  const drops = Object.values(line.drops ?? {}).reduce((a, b) => a + b, 0);
  const each = Object.entries(line.drops ?? {}).map(([name, count]) => `${name} ${count}`).join(", ");
  const shown = {
    fps: [line.fps.toFixed(1), line.target && line.fps < 0.9 * line.target, "frames shown per second"],
    quality: [line.quality === "full" ? undefined : line.quality, true, "quality level, lowered to keep the frame rate"],
    made: [line.made, false, "frames the model made"],
    blended: [line.synthesised, false, "frames blended from two while the model was not ready"],
    repeated: [line.repeated, false, "frames shown again"],
    dropped: [drops, drops > 0, `frames that an output was too slow for${each && `: ${each}`}`],
    peers: [
      (line.peers ?? 0) + (line.pages ?? 0) + (line.link ?? 0),
      false,
      `pages ${line.pages}, OSC peers ${line.peers ?? 0}, Link peers ${line.link ?? 0}`,
    ],
    sound: [line["audio/level"]?.toFixed(2), false, "level of the audio input"],
  };
  const rows = Object.entries(shown).filter(([, [value]]) => value !== undefined);
  const list = find("meters");
  if (list.dataset.names !== rows.map(([name]) => name).join()) {
    list.dataset.names = rows.map(([name]) => name).join();
    list.replaceChildren(
      ...rows.map(([name]) => element("div", {}, element("dt", { textContent: name }), element("dd"))),
    );
  }
  rows.forEach(([, [value, much, about]], k) => {
    const row = list.children[k];
    setText(row.lastElementChild, String(value));
    row.classList.toggle("much", Boolean(much));
    row.title = about;
  });
}
