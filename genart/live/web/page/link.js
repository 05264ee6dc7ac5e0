// A socket that reconnects, and a heartbeat that notices a connection or a server that stands still.

const BEAT = 500; // ms between two heartbeats
const SILENCE = 1500; // ms without a message after which the connection is doubted
const LOOK = 250; // ms between two looks
const PATIENCE = 3000; // ms for which a new connection may take
const LONGEST = 2000; // ms between two attempts at most

function socketAt(path) {
  const token = new URLSearchParams(location.search).get("token");
  const url = new URL(path + (token ? `?token=${encodeURIComponent(token)}` : ""), location.href);
  url.protocol = url.protocol.replace("http", "ws");
  return new WebSocket(url);
}

// `beat(send)` is called at each heartbeat; the server must answer it. Without it silence means nothing.
export function link(path, { opened = () => {}, heard, lost = () => {}, beat = null }) {
  let socket = null;
  let isOpen = false;
  let doubted = false; // silent at the last look: messages that wait while the page is busy come first
  let last = 0; // when the last message came
  let beaten = 0;
  let wait = LOOK;
  let retry = 0;

  const send = (text) => {
    if (socket?.readyState === WebSocket.OPEN) socket.send(text);
  };

  function open() {
    clearTimeout(retry);
    const mine = (socket = socketAt(path));
    const mineOnly = (act) => (event) => mine === socket && act(event);
    last = performance.now();
    isOpen = doubted = false;
    mine.binaryType = "blob";
    mine.onopen = mineOnly(() => {
      isOpen = true;
      last = performance.now();
      beaten = 0;
      opened();
      look();
    });
    mine.onmessage = mineOnly(({ data }) => {
      last = performance.now();
      doubted = false;
      wait = LOOK;
      heard(data);
    });
    mine.onclose = mineOnly(end);
  }

  // The socket is left at once: to close one in good order takes a minute if nobody answers.
  function end() {
    const left = socket;
    socket = null;
    isOpen = false;
    left?.close();
    lost();
    clearTimeout(retry);
    retry = setTimeout(open, wait);
    wait = Math.min(wait * 2, LONGEST);
  }

  function look() {
    const now = performance.now();
    if (!socket) return;
    if (!isOpen) {
      if (now - last > PATIENCE) end();
    } else if (beat) {
      if (now - beaten >= BEAT) {
        beaten = now;
        beat(send);
      }
      if (now - last <= SILENCE) doubted = false;
      else if (doubted) end();
      else doubted = true;
    }
  }

  setInterval(look, LOOK);
  document.addEventListener("visibilitychange", look);
  addEventListener("online", () => socket || open());
  open();
  return { send, again: () => socket && end() };
}
