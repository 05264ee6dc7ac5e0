// The address of this page for other machines, as text and as a QR code.

import { element, find } from "./dom.js";

export class Phone {
  constructor() {
    this.url = null;
    find("phone").addEventListener("click", () => find("join").showModal());
  }

  // `url`: "" if only this machine reaches the page.
  show(url) {
    if (url === this.url) return;
    this.url = url;
    const token = new URLSearchParams(location.search).get("token");
    find("qr").hidden = !url;
    if (url) find("qr").src = `qr.svg${token ? `?token=${encodeURIComponent(token)}` : ""}`;
    const how = [
      "Only this computer can open the page. To play from a phone in the same network, start genart with ",
      element("code", { textContent: "genart live --web 0.0.0.0:8000" }),
      " and point the phone's camera at the code that is then shown here.",
    ];
    const link = ["Point the camera of a phone in the same network at the code, or open ", element("code", { textContent: url }), ". Who has this address can control the performance."];
    find("address").replaceChildren(...(url ? link : how));
  }
}
