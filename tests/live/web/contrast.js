// WCAG 2.2 on the page: text that stands out by less than 4.5 to 1 (1.4.3), and controls without a
// name (4.1.2), of all that is visible. For tests/test_live_browser.py.
() => {
  const canvas = new OffscreenCanvas(1, 1).getContext('2d', { willReadFrequently: true });
  const paint = (colours) => {
    canvas.fillStyle = '#000';
    canvas.fillRect(0, 0, 1, 1);
    for (const colour of colours) { canvas.fillStyle = colour; canvas.fillRect(0, 0, 1, 1); }
    return [...canvas.getImageData(0, 0, 1, 1).data].slice(0, 3);
  };
  const light = (rgb) => rgb.map((v) => v / 255)
    .map((v) => (v <= 0.03928 ? v / 12.92 : ((v + 0.055) / 1.055) ** 2.4))
    .reduce((sum, v, k) => sum + v * [0.2126, 0.7152, 0.0722][k], 0);
  const behind = (each) => {
    const found = [];
    for (let at = each; at; at = at.parentElement) found.unshift(getComputedStyle(at).backgroundColor);
    return found;
  };
  const weak = [], nameless = [];
  for (const each of document.querySelectorAll('body *')) {
    if (!each.checkVisibility({ visibilityProperty: true })) continue;
    const own = [...each.childNodes].some((node) => node.nodeType === 3 && node.textContent.trim());
    if (own || each.matches('input:not([type=range], [type=checkbox], [type=radio]), select:not(.known)')) {
      const under = behind(each);
      if (each.closest('.fader')) under.push(getComputedStyle(each.closest('.fader'), '::before').backgroundColor);
      const [a, b] = [light(paint([...under, getComputedStyle(each).color])), light(paint(under))];
      const ratio = (Math.max(a, b) + 0.05) / (Math.min(a, b) + 0.05);
      if (ratio < 4.5) weak.push([each.outerHTML.slice(0, 80), ratio]);
    }
    if (each.matches('button, input, select')) {
      const name = each.ariaLabel || each.textContent.trim() || each.labels?.[0]?.textContent.trim();
      if (!name) nameless.push(each.outerHTML.slice(0, 80));
    }
  }
  return [weak, nameless];
}
