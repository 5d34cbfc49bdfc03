// What a reader meets on a page, measured. Each function lists what is wrong.
const shown = (element) => {
  const box = element.getBoundingClientRect();
  return box.width > 0 && box.height > 0 && getComputedStyle(element).visibility === "visible";
};
const who = (element) => {
  const kind = element.getAttribute("class");
  const text = element.textContent.trim().slice(0, 40);
  const place = element.closest("svg")?.querySelector("title")?.textContent;
  return `${element.localName}${kind ? "." + kind : ""} "${text}"${place ? ` in "${place}"` : ""}`;
};

// Colours as [red, green, blue, opacity].
const canvas = new OffscreenCanvas(1, 1).getContext("2d", { willReadFrequently: true });
const known = new Map();
const colour = (text) => {
  if (!known.has(text)) {
    canvas.clearRect(0, 0, 1, 1);
    canvas.fillStyle = text;
    canvas.fillRect(0, 0, 1, 1);
    const [red, green, blue, alpha] = canvas.getImageData(0, 0, 1, 1).data;
    known.set(text, [red, green, blue, alpha / 255]);
  }
  return known.get(text);
};
const over = ([r, g, b, a], below, opacity = 1) => {
  const share = a * opacity;
  return [r, g, b].map((part, index) => part * share + below[index] * (1 - share)).concat(1);
};
const ground = (element) => {
  const above = [];
  for (let one = element; one; one = one.parentElement) above.push(colour(getComputedStyle(one).backgroundColor));
  return above.reverse().reduce((below, one) => over(one, below), [255, 255, 255, 1]);
};
const luminance = ([r, g, b]) => {
  const linear = (part) => (part / 255 <= 0.04045 ? part / 255 / 12.92 : ((part / 255 + 0.055) / 1.055) ** 2.4);
  return 0.2126 * linear(r) + 0.7152 * linear(g) + 0.0722 * linear(b);
};
const ratio = (a, b) => {
  const [low, high] = [luminance(a), luminance(b)].sort((one, other) => one - other);
  return (high + 0.05) / (low + 0.05);
};
// The rectangles of a drawing that lie below a text.
const below = (element) => {
  const box = element.getBoundingClientRect();
  const [x, y] = [box.x + box.width / 2, box.y + box.height / 2];
  let found = ground(element.closest("svg"));
  for (const rect of element.closest("svg").querySelectorAll("rect:not(.clip)")) {
    if (!(rect.compareDocumentPosition(element) & Node.DOCUMENT_POSITION_FOLLOWING)) continue;
    const area = rect.getBoundingClientRect();
    if (area.left > x || x > area.right || area.top > y || y > area.bottom) continue;
    const style = getComputedStyle(rect);
    found = over(colour(style.fill), found, Number(style.fillOpacity));
  }
  return found;
};

const paleText = () => {
  const wrong = [];
  const walker = document.createTreeWalker(document.body, NodeFilter.SHOW_TEXT);
  const seen = new Set();
  while (walker.nextNode()) {
    const element = walker.currentNode.parentElement;
    const silent = ["title", "desc", "script", "style"].includes(element.localName);
    if (silent || seen.has(element) || walker.currentNode.data.trim() === "" || !shown(element)) continue;
    seen.add(element);
    const style = getComputedStyle(element);
    const drawn = element.localName === "text";
    const paper = drawn ? below(element) : ground(element);
    const found = ratio(over(colour(drawn ? style.fill : style.color), paper), paper);
    if (4.5 > found) wrong.push(`${who(element)}: ${found.toFixed(2)}`);
  }
  return wrong;
};

// Marks that carry meaning. Grids, frames, the pale curves of other levels and the lines that join seeds only accompany them.
const MARKS = ".seed, .mean, .origin, .difference, .span:not(.simultaneous), .interval, .zero, .series, .whisker, .clique, " +
  ".level-mean, .curve.line, .curve.reference, .likely, .bound, .diverged, .diverged-end, .gap-cross, .head, .arrow, .stem";
const paleMarks = () => {
  const wrong = [];
  for (const mark of document.querySelectorAll("svg :is(" + MARKS + ")")) {
    const style = getComputedStyle(mark);
    const paper = ground(mark.closest("svg"));
    const strengths = [[style.fill, style.fillOpacity], [style.stroke, style.strokeOpacity]]
      .filter(([paint]) => paint !== "none")
      .map(([paint, opacity]) => ratio(over(colour(paint), paper, Number(opacity)), paper));
    const found = Math.max(...strengths);
    if (3 > found) wrong.push(`${who(mark)}: ${found.toFixed(2)}`);
  }
  return Array.from(new Set(wrong));
};

const tooWide = () => {
  const wrong = document.documentElement.scrollWidth > innerWidth ? ["the page itself"] : [];
  for (const element of document.querySelectorAll("body *:not(svg *)")) {
    if (element.closest(".scroll") && !element.matches(".scroll") || !shown(element) || element.matches(".skip, .unseen")) continue;
    const box = element.getBoundingClientRect();
    if (box.right > innerWidth + 1 || -1 > box.left) wrong.push(who(element));
  }
  return wrong;
};

// Texts of a drawing that leave it, or lie on each other.
const badLabels = () => {
  const wrong = [];
  for (const svg of document.querySelectorAll("svg")) {
    if (!shown(svg)) continue;
    const frame = svg.getBoundingClientRect();
    const texts = Array.from(svg.querySelectorAll("text"), (text) => ({ text, box: text.getBoundingClientRect() }));
    for (const { text, box } of texts) {
      if (frame.left - 2 > box.left || box.right > frame.right + 2 || frame.top - 2 > box.top || box.bottom > frame.bottom + 2) {
        wrong.push(`${who(text)} leaves the drawing`);
      }
    }
    texts.forEach(({ text, box }, index) => {
      for (const other of texts.slice(index + 1)) {
        const wide = Math.min(box.right, other.box.right) - Math.max(box.left, other.box.left);
        const high = Math.min(box.bottom, other.box.bottom) - Math.max(box.top, other.box.top);
        if (wide > 1.5 && high > 3.5) wrong.push(`${who(text)} lies on ${who(other.text)}`);
      }
    });
  }
  return wrong;
};

// On paper nothing can be opened or scrolled.
const cutOnPaper = () => {
  const wrong = [];
  for (const area of document.querySelectorAll(".scroll")) {
    if (!shown(area)) wrong.push(`${area.getAttribute("aria-label")} is folded away`);
    const table = area.querySelector("table").getBoundingClientRect();
    if (table.right > innerWidth + 1) wrong.push(`${area.getAttribute("aria-label")} is ${Math.round(table.width)} wide`);
  }
  for (const figure of document.querySelectorAll("figure")) if (!shown(figure)) wrong.push(`${who(figure)} is folded away`);
  return wrong;
};

const focused = () => {
  const element = document.activeElement;
  const style = getComputedStyle(element);
  const box = element.getBoundingClientRect();
  return {
    element: who(element),
    kind: element.localName,
    ring: style.outlineStyle === "none" ? 0 : parseFloat(style.outlineWidth),
    place: Array.from(document.querySelectorAll("*")).indexOf(element),
    inside: box.bottom > 0 && innerHeight > box.top,
  };
};
