// The live image. One is in flight while one is drawn; a slow browser skips images, so it is never behind.
// An image that stands still although others were asked for is marked as not live.

import { find } from "./dom.js";
import { link } from "./link.js";

const STALE = 2000; // ms without an image after which it is marked
const RENEW = 4000; // ms without one after which another connection is tried

export function picture() {
  const canvas = find("picture");
  const context = canvas.getContext("2d", { alpha: false });
  let drawing = false;
  let next = null;
  let since = performance.now(); // when the newest image came, or the page was shown again

  const ask = () => {
    if (document.hidden) document.addEventListener("visibilitychange", ask, { once: true });
    else socket.send("");
  };

  async function draw(data) {
    drawing = true;
    try {
      const bitmap = await createImageBitmap(data);
      if (canvas.width !== bitmap.width || canvas.height !== bitmap.height) {
        [canvas.width, canvas.height] = [bitmap.width, bitmap.height];
      }
      context.drawImage(bitmap, 0, 0);
      bitmap.close();
      canvas.dataset.frames = Number(canvas.dataset.frames ?? 0) + 1;
      find("wait").hidden = true;
    } finally {
      drawing = false;
    }
    if (next) {
      const waiting = next;
      next = null;
      take(waiting);
    }
  }

  function take(data) {
    since = performance.now();
    if (drawing) {
      next = data; // the next image is requested when this one is drawn
    } else {
      ask();
      draw(data);
    }
  }

  function look() {
    const silent = performance.now() - since;
    find("stale").classList.toggle("on", silent > STALE && !document.hidden);
    if (silent <= RENEW || document.hidden) return;
    since = performance.now() - STALE;
    socket.again();
  }

  const socket = link("picture", { opened: () => socket.send(""), heard: take, lost: () => (next = null) });
  document.addEventListener("visibilitychange", () => (since = performance.now()));
  setInterval(look, 500);
  fullScreen();
}

function fullScreen() {
  const view = find("view");
  let resting = 0;
  const toggle = () => {
    if (document.fullscreenElement) document.exitFullscreen();
    else view.requestFullscreen?.();
  };
  find("whole").hidden = !view.requestFullscreen; // some phones support full screen for videos only
  find("whole").addEventListener("click", toggle);
  find("picture").addEventListener("dblclick", toggle);
  view.addEventListener("pointermove", () => {
    view.classList.remove("rest");
    clearTimeout(resting);
    resting = setTimeout(() => view.classList.add("rest"), 2000);
  });
}
