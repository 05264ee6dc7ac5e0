// npm install osc && node send.js, while genart live plays
const osc = require("osc");
const port = new osc.UDPPort({ localPort: 0, remoteAddress: "127.0.0.1", remotePort: 9000 });
const send = (address, ...args) => port.send({ address, args });

port.on("message", ({ address, args }) => console.log(address, ...args));
port.on("ready", () => {
  send("/genart/model/truncation", 0.25);
  send("/genart/cue/save", "quiet");
  send("/genart/model/truncation", 1.0);
  send("/genart/cue/recall", "quiet");
  send("/genart/model/truncation", "?");                  // 0.25
  port.send({
    timeTag: osc.timeTag(1.0),                            // in one second
    packets: [
      { address: "/genart/model/truncation", args: [0.75] },
      { address: "/genart/tempo/bpm", args: [90] },
    ],
  });
  send("/genart/model/truncation", "?");                  // still 0.25
  setTimeout(() => send("/genart/model/truncation", "?"), 1500); // 0.75
  setTimeout(() => port.close(), 2000);
});
port.open();
