// Text and elements. Everything from the wire reaches the page through el(), which makes only text nodes.

const HIDDEN = new RegExp([
  "[\\0-\\x1f\\x7f-\\x9f\\u061c\\u200e\\u200f\\u202a-\\u202e\\u2066-\\u2069\\u2028\\u2029",
  "\\xad\\u034f\\u180b-\\u180f\\u200b\\u2060-\\u2065\\u206a-\\u206f\\ufeff\\ufff0-\\ufffb",
  "\\u115f\\u1160\\u17b4\\u17b5\\u2800\\u3164\\uffa0\\u{13430}-\\u{13440}\\u{1bca0}-\\u{1bca3}\\u{1d173}-\\u{1d17a}",
  "\\u{e0000}-\\u{e0fff}\\ud800-\\udfff]",
  "|(?<![^\\0-\\x7f])(?:[\\u200c\\u200d\\ufe00-\\ufe0e]|\\ufe0f(?!\\u20e3))[\\u200c\\u200d\\ufe00-\\ufe0f]*",
].join(""), "gu");
const FLOOD = /(?<=[\p{Mn}\p{Me}\u200c\u200d]{8})[\p{Mn}\p{Me}\u200c\u200d]/gu;
const SHORT = { "\t": "\\t", "\n": "\\n", "\r": "\\r", "\x1b": "\\e" };

/** Make control, direction and invisible characters visible, as apispy's terminal output does. */
function visible(text) {
  return String(text).replace(FLOOD, code).replace(HIDDEN, (found) => Array.from(found, code).join(""));
}

function code(char) {
  if (char in SHORT) return SHORT[char];
  const number = char.codePointAt(0);
  const digits = (size) => number.toString(16).padStart(size, "0");
  return number <= 0xff ? `\\x${digits(2)}` : number <= 0xffff ? `\\u${digits(4)}` : `\\U${digits(8)}`;
}

const SVG = "http://www.w3.org/2000/svg";
const SVG_TAGS = new Set(["svg", "path", "rect", "line", "g", "polyline", "circle"]);

/** Make an element. Strings become text nodes; `on` has listeners, `style` is set by CSSOM, which the CSP allows. */
function el(tag, attributes = {}, ...children) {
  const node = SVG_TAGS.has(tag) ? document.createElementNS(SVG, tag) : document.createElement(tag);
  for (const [name, value] of Object.entries(attributes)) {
    if (value === undefined || value === null || value === false) continue;
    if (name === "on") for (const [event, run] of Object.entries(value)) node.addEventListener(event, run);
    else if (name === "style") Object.assign(node.style, value);
    else node.setAttribute(name, value === true ? "" : visible(value));
  }
  for (const child of children.flat(Infinity)) {
    if (child === undefined || child === null || child === false || child === "") continue;
    node.append(child instanceof Node ? child : visible(child));
  }
  return node;
}

const count = (n, noun) => `${n.toLocaleString("en")} ${n === 1 ? noun : noun + "s"}`;

// The same texts as apispy prints in a terminal (units.py).

const two = (n) => String(n).padStart(2, "0");

function formatSize(bytes) {
  if (bytes < 1000) return `${Math.round(bytes)} B`;
  const units = ["B", "kB", "MB", "GB", "TB", "PB", "EB"];
  let power = 0;
  for (; bytes >= 999.95 && power < units.length - 1; power += 1) bytes /= 1000;
  return `${bytes.toFixed(1)} ${units[power]}`;
}

/** Memory, in the units of `docker stats`. */
function formatMemory(bytes) {
  const units = ["B", "KiB", "MiB", "GiB", "TiB", "PiB", "EiB"];
  let power = 0;
  for (; bytes >= 1024 && power < units.length - 1; power += 1) bytes /= 1024;
  return `${Number(bytes.toPrecision(4))} ${units[power]}`;
}

function formatDuration(seconds) {
  if (seconds < 0.00995) return `${(seconds * 1000).toFixed(1)} ms`;
  if (seconds < 0.9995) return `${(seconds * 1000).toFixed(0)} ms`;
  if (seconds < 59.995) return `${seconds.toFixed(2)} s`;
  const whole = Math.round(seconds);
  const minutes = Math.floor(whole / 60);
  return minutes < 60 ? `${minutes} min ${two(whole % 60)} s` : `${Math.floor(minutes / 60)} h ${two(minutes % 60)} min`;
}

/** A duration on an axis, without zeros at its end: "200 ms", "1.5 s", "3 min". */
function formatTick(seconds) {
  if (seconds < 1) return `${Number((seconds * 1000).toPrecision(6))} ms`;
  if (seconds < 60) return `${Number(seconds.toPrecision(6))} s`;
  return formatDuration(seconds).replace(/ 00 (s|min)$/, "");
}

function formatClock(seconds, digits = 3) {
  const date = new Date(seconds * 1000);
  if (Number.isNaN(date.getTime())) return "?";
  const rest = digits ? `.${String(date.getMilliseconds()).padStart(3, "0").slice(0, digits)}` : "";
  return `${two(date.getHours())}:${two(date.getMinutes())}:${two(date.getSeconds())}${rest}`;
}

/** A button that copies a text. */
function copyButton(text, name) {
  const button = el("button", { type: "button", class: "quiet", "aria-label": `Copy ${name}` }, "Copy");
  button.addEventListener("click", async () => {
    try {
      await navigator.clipboard.writeText(text);
      button.textContent = "Copied";
    } catch {
      const range = document.createRange();
      range.selectNodeContents(button.parentElement.querySelector("code"));
      getSelection().removeAllRanges();
      getSelection().addRange(range);
      button.textContent = "Selected";
    }
    setTimeout(() => (button.textContent = "Copy"), 1500);
  });
  return button;
}
