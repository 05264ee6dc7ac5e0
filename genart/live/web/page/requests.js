// What this page asks of the server. A request is confirmed by the server, refused, or dropped: one that is
// late for any reason never acts. Until it is confirmed, the controls show the value before.

const VALID = 1; // seconds after which the server drops a request
const SAMPLES = 10; // heartbeats from which the server's clock is estimated

export class Requests {
  // `send(text)` sends; `dropped(request)` is called for one that was not sent.
  constructor(send, dropped) {
    this.raw = send;
    this.dropped = dropped;
    this.number = 0;
    this.open = new Map(); // by number
    this.clock = []; // seconds by which the server's clock is ahead, as of the last heartbeats
  }

  get connected() {
    return this.clock.length > 0;
  }

  beat(send) {
    send(JSON.stringify({ ping: Math.round(performance.now()) }));
  }

  // An estimate is too small by the time the answer took, so the largest is the best, and none is too large.
  pong(now) {
    this.clock.push(now - performance.now() / 1000);
    if (this.clock.length > SAMPLES) this.clock.shift();
  }

  send(request) {
    if (!this.connected) {
      this.dropped(request);
      return;
    }
    const id = ++this.number;
    this.open.set(id, request);
    const by = performance.now() / 1000 + Math.max(...this.clock) + VALID;
    this.raw(JSON.stringify({ ...request, id, by }));
  }

  // All requests up to a number are done; returns them.
  done(number) {
    const over = [...this.open].filter(([id]) => id <= number);
    for (const [id] of over) this.open.delete(id);
    return over.map(([, request]) => request);
  }

  lost() {
    this.clock = [];
    return this.done(Infinity);
  }

  // Whether an action whose address begins so is not confirmed yet.
  runs(address) {
    return [...this.open.values()].some((each) => each.do?.startsWith(address));
  }

  // The newest value that was asked for and is not confirmed yet.
  asked(path) {
    return [...this.open.values()].findLast((each) => each.set === path);
  }
}
