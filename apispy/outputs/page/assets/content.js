// Views of contents: JSON, a program's output, progress, statistics, archives, builds.

/** Read JSON as nodes that keep each number's digits: [kind, text or entries]. Throws SyntaxError. */
function readJson(text) {
  let at = 0;
  const fail = () => {
    throw new SyntaxError(`not JSON at ${at}`);
  };
  const skip = () => {
    while (" \t\r\n".includes(text[at]) && at < text.length) at += 1;
  };
  const string = () => {
    const form = /"(?:[^"\\]|\\[^])*"/y;
    form.lastIndex = at;
    const found = form.exec(text);
    if (!found) fail();
    at = form.lastIndex;
    return JSON.parse(found[0]);
  };
  const several = (close, entry) => {
    const found = [];
    at += 1;
    skip();
    if (text[at] === close) {
      at += 1;
      return found;
    }
    for (;;) {
      found.push(entry());
      skip();
      const end = text[at];
      at += 1;
      if (end === close) return found;
      if (end !== ",") fail();
    }
  };
  const value = (depth) => {
    skip();
    if (depth > 200) {
      const rest = text.slice(at);
      at = text.length;
      return ["literal", rest];
    }
    switch (text[at]) {
      case "{":
        return [
          "object",
          several("}", () => {
            skip();
            const name = string();
            skip();
            if (text[at] !== ":") fail();
            at += 1;
            return [name, value(depth + 1)];
          }),
        ];
      case "[":
        return ["array", several("]", () => ["", value(depth + 1)])];
      case '"':
        return ["string", string()];
      default: {
        const form = /[-+.\w]+/y;
        form.lastIndex = at;
        const found = form.exec(text);
        if (!found) fail();
        at = form.lastIndex;
        return ["literal", found[0]];
      }
    }
  };
  const made = value(0);
  skip();
  return made;
}

const FEW = 100;

function jsonTree(node, depth = 0) {
  const [kind, value] = node;
  if (kind === "string") return el("span", { class: "j-string" }, `"`, value, `"`);
  if (kind === "literal") return el("span", { class: "j-literal" }, value);
  const [open, close] = kind === "object" ? ["{", "}"] : ["[", "]"];
  if (!value.length) return el("span", { class: "j-mark" }, open + close);
  const short = shortJson(node);
  if (short !== null) return el("span", {}, short);
  const box = el("details", { class: "j", open: depth < 2 && value.length <= FEW });
  const noun = kind === "object" ? "field" : "item";
  box.append(el("summary", {}, el("span", { class: "j-mark" }, open), el("span", { class: "j-count" }, count(value.length, noun)), el("span", { class: "j-mark" }, close)));
  const list = el("ul");
  let shown = 0;
  const more = el("button", { type: "button", class: "quiet" });
  const add = () => {
    for (const [name, child] of value.slice(shown, shown + FEW))
      list.append(el("li", {}, kind === "object" ? [el("span", { class: "j-name" }, name), ": "] : [], jsonTree(child, depth + 1)));
    shown = Math.min(value.length, shown + FEW);
    more.textContent = `${value.length - shown} more`;
    more.hidden = shown === value.length;
  };
  const fill = () => shown || add();
  more.addEventListener("click", add);
  if (box.open) fill();
  box.addEventListener("toggle", fill);
  box.fill = () => {
    while (shown < value.length) add();
  };
  box.append(list, more);
  return box;
}

/** A short object or list of plain values on one line, as nodes; null if it is long. */
function shortJson([kind, entries]) {
  if (entries.length > 8 || entries.some(([, child]) => child[0] === "object" || child[0] === "array")) return null;
  const size = entries.reduce((sum, [name, child]) => sum + name.length + String(child[1]).length + 6, 0);
  if (size > 64) return null;
  const parts = entries.map(([name, child], place) => [
    place ? ", " : "",
    kind === "object" ? [el("span", { class: "j-name" }, name), ": "] : [],
    jsonTree(child),
  ]);
  const [open, close] = kind === "object" ? ["{ ", " }"] : ["[", "]"];
  return [el("span", { class: "j-mark" }, open), parts, el("span", { class: "j-mark" }, close)];
}

function jsonView(section) {
  const box = el("div", { class: "json" });
  const show = (text) => {
    let tree;
    try {
      tree = jsonTree(readJson(text));
    } catch {
      tree = el("pre", {}, text);
    }
    box.replaceChildren(...(section.about || []).map((line) => el("p", { class: "dim" }, line)), tree);
    if (section.whole === false) box.append(el("p", { class: "dim" }, "(cut here)"));
    if (section.rest) {
      const whole = text === section.rest;
      const label = whole ? "Hide fields at their defaults" : `Show ${count(section.hidden, "field")} at their defaults`;
      box.append(el("button", { type: "button", class: "quiet", on: { click: () => show(whole ? section.text : section.rest) } }, label));
    }
  };
  show(section.text);
  return box;
}

const SGR_COLORS = ["black", "red", "green", "yellow", "blue", "magenta", "cyan", "white"];

/** Apply the numbers of an SGR sequence to the classes of the text after it. */
function applySgr(state, codes) {
  for (let place = 0; place < codes.length; place += 1) {
    const code = codes[place];
    if (code === 0) state.clear();
    else if (code === 1) state.set("bold", "t-bold");
    else if (code === 2) state.set("bold", "t-dim");
    else if (code === 3) state.set("italic", "t-italic");
    else if (code === 4) state.set("under", "t-under");
    else if (code === 7) state.set("reverse", "t-reverse");
    else if (code === 22) state.delete("bold");
    else if (code === 23) state.delete("italic");
    else if (code === 24) state.delete("under");
    else if (code === 27) state.delete("reverse");
    else if ((code >= 30 && code <= 37) || (code >= 90 && code <= 97)) state.set("color", `t-${SGR_COLORS[code % 10]}`);
    else if (code === 39) state.delete("color");
    else if ((code >= 40 && code <= 47) || (code >= 100 && code <= 107)) state.set("back", `tb-${SGR_COLORS[code % 10]}`);
    else if (code === 49) state.delete("back");
    else if (code === 38 || code === 48) place += codes[place + 1] === 5 ? 2 : codes[place + 1] === 2 ? 4 : 0;
  }
}

/** A program's output with its colours. All other control characters are visible. */
function terminalView(section) {
  const screen = el("pre", { class: "terminal", tabindex: "0", role: "region", "aria-label": "Output" });
  for (const [stream, text] of section.runs) {
    const state = new Map();
    const box = el("span", { class: stream ? `s-${stream}` : "" });
    if (stream && stream !== "stdout") box.append(el("span", { class: "stream-name" }, stream)); // not by colour alone
    const clean = text.replace(/\r+\n/g, "\n");
    let from = 0;
    const put = (part) => {
      const lines = part.split("\n");
      const shown = lines.map((line) => visible(line.replace(/\t/g, "        "))).join("\n");
      const piece = document.createElement("span");
      piece.className = [...state.values()].join(" ");
      piece.textContent = shown;
      box.append(piece);
    };
    for (const found of clean.matchAll(/\x1b\[([\d;]*)m/g)) {
      if (found.index > from) put(clean.slice(from, found.index));
      applySgr(state, found[1].split(";").map(Number));
      from = found.index + found[0].length;
    }
    if (from < clean.length) put(clean.slice(from));
    screen.append(box);
  }
  return screen;
}

function progressView(section) {
  const box = el("div");
  if (section.layers) {
    const times = section.layers.flatMap((layer) => layer.steps.map(([at]) => at));
    const [first, last] = [Math.min(...times), Math.max(...times)];
    const span = last - first || 1;
    const rows = section.layers.map((layer) => {
      const bar = el("div", { class: "track" });
      layer.steps.forEach(([at, status], place) => {
        const until = layer.steps[place + 1]?.[0] ?? at;
        bar.append(el("span", {
          class: `layer ${place === layer.steps.length - 1 ? "layer-end" : ""}`, title: status,
          style: { left: `${((at - first) / span) * 98}%`, width: `${Math.max(2, ((until - at) / span) * 98)}%` },
        }));
      });
      const size = Math.max(0, ...layer.steps.map((step) => step[2] || 0));
      return el("tr", {}, el("th", { scope: "row" }, layer.id), el("td", {}, layer.steps.at(-1)[1]), el("td", { class: "number" }, size ? formatSize(size) : ""), el("td", { class: "wide" }, bar));
    });
    box.append(el("table", { class: "plain layers" }, el("caption", {}, `${count(rows.length, "layer")} in ${formatDuration(last - first)}`), el("tbody", {}, rows)));
  }
  if (section.lines?.length) box.append(plainView(section));
  return box;
}

function plainView(section) {
  return el("pre", { tabindex: "0", role: "region", "aria-label": "Content" }, section.lines.flatMap((line) => [line, document.createTextNode("\n")]));
}

function logView(lines) {
  return el("pre", { class: "log", tabindex: "0", role: "region", "aria-label": "Build log" },
    lines.map(([label, line]) => el("span", { class: "log-line" }, el("span", { class: "log-label" }, label), line, document.createTextNode("\n"))));
}

/** A plot of one figure over time. */
function plot(title, points, format) {
  const known = points.filter(([, value]) => typeof value === "number");
  if (!known.length) return null;
  const [left, right] = [points[0][0], points.at(-1)[0]];
  const most = Math.max(...known.map(([, value]) => value)) || 1;
  const x = (at) => ((at - left) / (right - left || 1)) * 300;
  const y = (value) => 58 - (value / most) * 54;
  const line = known.map(([at, value]) => `${x(at).toFixed(1)},${y(value).toFixed(1)}`);
  if (line.length === 1) line.push(`300,${y(known[0][1]).toFixed(1)}`);
  const last = known.at(-1)[1];
  return el("figure", { class: "plot" },
    el("figcaption", {}, el("span", {}, title), el("b", {}, format(last)), el("span", { class: "dim" }, `max ${format(most)}`)),
    el("svg", { viewBox: "0 0 300 60", preserveAspectRatio: "none", role: "img", "aria-label": `${title}: last ${format(last)}, most ${format(most)}` },
      el("polyline", { class: "area", points: `0,60 ${line.join(" ")} 300,60` }), el("polyline", { class: "stroke", points: line.join(" ") })));
}

function statsView(section) {
  const points = (place) => section.samples.map((sample) => [sample[0], sample[place]]);
  const rates = (place) => section.samples.slice(1).map((sample, n) => {
    const before = section.samples[n];
    return [sample[0], Math.max(0, (sample[place] - before[place]) / (sample[0] - before[0] || 1))];
  });
  const rate = (value) => `${formatSize(Math.round(value))}/s`;
  return el("div", { class: "plots" },
    plot("CPU", points(1), (value) => `${value.toFixed(1)} %`),
    plot("Memory", points(2), formatMemory),
    plot("Network in", rates(4), rate),
    plot("Network out", rates(5), rate),
    plot("Processes", points(8), (value) => String(Math.round(value))),
    el("p", { class: "dim" }, count(section.samples.length, "sample")));
}

function eventsView(section) {
  return el("table", { class: "plain events" }, el("caption", {}, count(section.events.length, "event")),
    el("tbody", {}, section.events.map(([at, text]) => el("tr", {}, el("td", { class: "number" }, `+${formatDuration(at)}`), el("td", { class: "wide" }, text)))));
}

function tarView(section) {
  return el("table", { class: "plain" }, el("caption", {}, `Archive, ${count(section.members.length, "member")}`),
    el("tbody", {}, section.members.map(([permissions, size, name, link]) =>
      el("tr", {}, el("td", {}, permissions), el("td", { class: "number" }, formatSize(size)), el("td", { class: "wide" }, name, link ? ` -> ${link}` : "")))));
}

/** The steps of a build on a common time axis. */
function buildView(build) {
  const box = el("div");
  const runs = (build.steps || []).flatMap((step) => step.runs);
  if (runs.length) {
    const first = Math.min(...runs.map(([start]) => start));
    const span = Math.max(...runs.map(([, end]) => end)) - first || 1;
    const rows = build.steps.map((step) => {
      const took = step.runs.reduce((sum, [start, end]) => sum + Math.max(0, end - start), 0);
      const bar = el("div", { class: "track" }, step.runs.map(([start, end]) =>
        el("span", { class: `layer ${step.error ? "layer-bad" : step.cached ? "layer-cached" : ""}`, style: { left: `${((start - first) / span) * 99}%`, width: `${Math.max(0.6, ((end - start) / span) * 99)}%` } })));
      return el("tr", {}, el("th", { scope: "row" }, el("div", { class: "step-name", title: step.name }, step.error ? "✗ " : "", step.name), step.error ? el("div", { class: "bad" }, step.error) : []), el("td", { class: "number" }, step.cached ? "cached" : formatDuration(took)), el("td", { class: "wide" }, bar));
    });
    box.append(el("table", { class: "plain steps" }, el("caption", {}, `${count(rows.length, "step")} in ${formatDuration(span)}`), el("tbody", {}, rows)));
  }
  const rest = Object.fromEntries(Object.entries(build).filter(([name]) => name !== "steps"));
  if (Object.keys(rest).length) box.append(jsonView({ text: JSON.stringify(rest) }));
  return box;
}

const VIEWS = { json: jsonView, terminal: terminalView, progress: progressView, stats: statsView, events: eventsView, tar: tarView, lines: plainView, cut: (section) => el("p", { class: "dim" }, section.text) };
