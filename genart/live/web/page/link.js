// A socket that reconnects: after 0.5 s, then after waits that double up to 4 s.

function socketAt(path) {
  const token = new URLSearchParams(location.search).get("token");
  const url = new URL(path + (token ? `?token=${encodeURIComponent(token)}` : ""), location.href);
  url.protocol = url.protocol.replace("http", "ws");
  return new WebSocket(url);
}

// `silence`: after so many seconds without a message the connection counts as lost.
export function link(path, { opened = () => {}, heard, lost = () => {}, silence = 0 }) {
  let socket = null;
  let wait = 0.5;
  let watch = 0;

  function listen() {
    clearTimeout(watch);
    if (silence) watch = setTimeout(doubt, silence * 1000);
  }

  // If the page itself was busy, the messages that arrived meanwhile are handled first.
  function doubt() {
    watch = setTimeout(() => socket.close(), 1000);
  }

  function open() {
    const mine = (socket = socketAt(path));
    let over = false;
    mine.binaryType = "blob";
    mine.onopen = () => {
      wait = 0.5;
      listen();
      opened();
    };
    mine.onmessage = ({ data }) => {
      listen();
      heard(data);
    };
    mine.onclose = () => {
      if (over) return;
      over = true;
      clearTimeout(watch);
      lost();
      setTimeout(open, wait * 1000);
      wait = Math.min(wait * 2, 4);
    };
  }

  open();
  return {
    send(text) {
      if (socket.readyState === WebSocket.OPEN) socket.send(text);
    },
  };
}
