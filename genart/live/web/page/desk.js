import { control } from "./controls.js";

const find = (id) => document.getElementById(id);
const socketAt = (path) => {
  const token = new URLSearchParams(location.search).get("token");
  const url = new URL(path + (token ? `?token=${encodeURIComponent(token)}` : ""), location.href);
  url.protocol = url.protocol.replace("http", "ws");
  return new WebSocket(url);
};
const again = (start) => setTimeout(start, 1000);
const ORDER = ["sketch", "style", "walk", "model", "transport", "tempo", "output"];

let desk = null;
let shows = new Map();
const values = new Map();
let recording = false;
let refused = "";
let wrong = [];

const send = (wish) => {
  if (desk?.readyState === WebSocket.OPEN) desk.send(JSON.stringify(wish));
};

function plant(tree) {
  const open = new Set([...document.querySelectorAll("details[open]")].map((each) => each.id));
  const first = shows.size === 0;
  shows = new Map();
  document.querySelectorAll("datalist").forEach((each) => each.remove());
  const owners = Map.groupBy
    ? Map.groupBy(tree, (said) => said.path.split(".")[0])
    : tree.reduce((all, said) => {
        const owner = said.path.split(".")[0];
        return all.set(owner, [...(all.get(owner) ?? []), said]);
      }, new Map());
  const place = (owner) => (ORDER.indexOf(owner) + ORDER.length + 1) % (ORDER.length + 1);
  const sections = [...owners].sort(([a], [b]) => place(a) - place(b)).map(([owner, params]) => {
    const section = document.createElement("details");
    section.id = `owner-${owner}`;
    section.open = first ? ["sketch", "walk", "model", "transport"].includes(owner) : open.has(section.id);
    section.append(Object.assign(document.createElement("summary"), { textContent: owner }));
    for (const said of params) {
      const made = control(said, send);
      shows.set(said.path, made.show);
      note(said.path, said.value);
      section.append(made.row);
    }
    return section;
  });
  find("desk").replaceChildren(...sections);
}

function note(path, value) {
  values.set(path, value);
  const button = { "output.blackout": "blackout", "output.freeze": "freeze" }[path];
  if (button) find(button).setAttribute("aria-pressed", value);
}

function turned(changes) {
  for (const [path, { value, norm }] of Object.entries(changes)) {
    note(path, value);
    shows.get(path)?.(value, norm);
  }
}

function banner() {
  const lines = [...wrong, refused].filter(Boolean);
  find("errors").hidden = !lines.length;
  find("errors").textContent = lines.join("\n");
}

function status(line) {
  recording = line.recording;
  find("record").setAttribute("aria-pressed", recording);
  const beat = Math.floor(line.beat);
  const parts = [`${line.fps.toFixed(1)} fps`, `phase ${line.phase.toFixed(3)}`, `beat ${beat}`];
  if (line.synthesised) parts.push(`${line.made} made, ${line.synthesised} blended`);
  if (recording) parts.push("recording");
  find("status").textContent = parts.join("  ·  ");
  shows.get("transport.phase")?.(line.phase, line.phase);
  wrong = line.errors;
  banner();
}

function cues(names) {
  if (names.join("\n") === find("names").dataset.names) return;
  find("names").dataset.names = names.join("\n");
  find("names").replaceChildren(
    ...names.map((name) => {
      const button = Object.assign(document.createElement("button"), { textContent: name });
      button.addEventListener("click", () =>
        send({ do: "cue/recall", args: [name, Number(find("fade").value) || 0] }),
      );
      return button;
    }),
  );
}

function openDesk() {
  desk = socketAt("desk");
  desk.onmessage = ({ data }) => {
    const said = JSON.parse(data);
    if (said.tree) plant(said.tree);
    if (said.set && !said.refused) turned(said.set);
    if (said.status) status(said.status);
    if (said.cues) cues(said.cues);
    if (said.refused) {
      refused = said.refused;
      banner();
      setTimeout(() => ((refused = ""), banner()), 5000);
    }
  };
  desk.onclose = () => {
    find("status").textContent = "not connected; trying again";
    again(openDesk);
  };
}

// One picture in flight: the next is asked for once this one is drawn.
function openPicture() {
  const canvas = find("picture");
  const context = canvas.getContext("2d", { alpha: false });
  const socket = socketAt("picture");
  socket.binaryType = "blob";
  socket.onopen = () => socket.send("");
  socket.onmessage = async ({ data }) => {
    const picture = await createImageBitmap(data);
    if (canvas.width !== picture.width || canvas.height !== picture.height) {
      [canvas.width, canvas.height] = [picture.width, picture.height];
    }
    context.drawImage(picture, 0, 0);
    picture.close();
    canvas.dataset.frames = Number(canvas.dataset.frames ?? 0) + 1;
    if (document.hidden) document.addEventListener("visibilitychange", () => socket.send(""), { once: true });
    else socket.send("");
  };
  socket.onclose = () => again(openPicture);
}

find("tap").addEventListener("pointerdown", () => send({ do: "tempo/tap" }));
find("tap").addEventListener("keydown", (event) => {
  if (!event.repeat && [" ", "Enter"].includes(event.key)) send({ do: "tempo/tap" });
});
for (const name of ["blackout", "freeze"]) {
  find(name).addEventListener("click", () =>
    send({ set: `output.${name}`, value: !values.get(`output.${name}`) }),
  );
}
find("record").addEventListener("click", () => send({ do: recording ? "record/stop" : "record/start" }));
find("save").addEventListener("submit", (event) => {
  event.preventDefault();
  const name = find("cue").value.trim();
  if (name) send({ do: "cue/save", args: [name] });
  find("cue").value = "";
});

openDesk();
openPicture();
