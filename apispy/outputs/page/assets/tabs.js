// The tabs beside the calls: texts of story, permissions and coverage; statistics.

/** A button that opens a call: the panel that it is in listens. */
function callLink(id) {
  return el("button", { type: "button", class: "link", "data-call": String(id) }, `#${id}`);
}

/** Lines of text, [text, style]; #12 in them opens that call if `links`. */
function linesView(lines, title, links) {
  const box = el("pre", { class: "lines", tabindex: "0", role: "region", "aria-label": title });
  for (const [text, style] of lines) {
    const line = el("span", { class: style ? `line-${style}` : "" });
    for (const part of text.split(/(#\d+\b)/)) line.append(links && /^#\d+$/.test(part) ? callLink(Number(part.slice(1))) : visible(part));
    box.append(line, "\n");
  }
  return box;
}

function textTab(tab, title, command, links) {
  if (!tab?.lines?.length) return el("p", { class: "dim" }, "Nothing to show.");
  return [el("p", { class: "dim" }, "As ", el("code", {}, command), " prints it."), linesView(tab.lines, title, links)];
}

/** Make the children of a node those of another, and change only what differs: focus, selection and scrolling stay. */
function updateChildren(node, wanted) {
  const [olds, news] = [[...node.childNodes], [...wanted.childNodes]];
  const most = Math.min(olds.length, news.length);
  let [start, end] = [0, 0];
  while (start < most && olds[start].isEqualNode(news[start])) start += 1;
  while (end < most - start && olds.at(-1 - end).isEqualNode(news.at(-1 - end))) end += 1;
  const after = end ? olds.at(-end) : null;
  const changed = olds.slice(start, olds.length - end);
  news.slice(start, news.length - end).forEach((child, place) => {
    if (place < changed.length) updateNode(changed[place], child);
    else node.insertBefore(child, after);
  });
  changed.slice(news.length - end - start).forEach((child) => child.remove());
}

function updateNode(old, wanted) {
  if (old.nodeName !== wanted.nodeName) {
    old.replaceWith(wanted);
  } else if (old.nodeType === Node.TEXT_NODE) {
    old.data = wanted.data;
  } else {
    for (const { name } of [...old.attributes]) if (!wanted.hasAttribute(name)) old.removeAttribute(name);
    for (const { name, value } of wanted.attributes) {
      if (name === "style") old.style.cssText = value; // the CSP allows CSSOM only
      else if (old.getAttribute(name) !== value) old.setAttribute(name, value);
    }
    updateChildren(old, wanted);
  }
}

/** Say of which calls a tab of a live page is. */
function tabCounts({ calls, missed, left }) {
  const parts = [`Of ${count(calls, "call")} that ended`];
  if (missed) parts.push(`${count(missed, "earlier call")} not counted: more than apispy keeps came while this tab was closed`);
  if (left) parts.push(`${count(left, "call")} still to be read`);
  return el("p", { class: "dim tab-counts" }, parts.join("; "), ".");
}

function statisticsTab(statistics, calls, live) {
  if (!statistics?.operations?.length) return el("p", { class: "dim" }, "No calls.");
  const time = (value) => (value === undefined || value === null ? "" : formatDuration(value));
  const row = (name, one) => el("tr", {}, el("th", { scope: "row" }, name || "?"), [one.calls, one.errors || "", time(one.latency?.p50), time(one.latency?.p90), time(one.latency?.p99), time(one.latency?.max), formatSize(one.sent), formatSize(one.received)].map((cell) => el("td", { class: "number" }, String(cell))));
  const most = Math.max(1, ...statistics.histogram.map((one) => one.calls));
  const slowest = [...calls].filter((call) => !call.stream).sort((a, b) => (b.duration || 0) - (a.duration || 0)).slice(0, 12);
  const repeated = statistics.operations.filter((one) => one.repeats.again > 0);
  return [
    el("div", { class: "columns" },
      el("section", {}, el("h2", {}, "Latency"), el("table", { class: "plain" }, el("caption", {}, "Calls by latency: to the end, or to the response head if a call stays open"),
        el("tbody", {}, statistics.histogram.map((one) => el("tr", {}, el("th", { scope: "row", class: "number" }, `below ${formatDuration(one.to)}`), el("td", { class: "number" }, String(one.calls || "")), el("td", { class: "wide" }, one.calls > 0 && el("div", { class: "histogram", style: { width: `${(one.calls / most) * 100}%` } }))))))),
      el("section", {}, el("h2", {}, "Slowest calls"), el("table", { class: "plain" }, el("caption", {}, live ? "Of those on this page, without those that stay open" : "Without those that stay open"),
        el("tbody", {}, slowest.map((call) => el("tr", {}, el("td", { class: "number" }, callLink(call.id)), el("td", { class: "number" }, formatDuration(call.duration || 0)), el("th", { scope: "row" }, call.operation || "?"), el("td", { class: "wide" }, containerOf(call) || call.names || "")))))),
      repeated.length ? el("section", {}, el("h2", {}, "Repeated reads"), el("table", { class: "plain" }, el("caption", {}, "Reads of a target that was read less than 1 s before"),
        el("tbody", {}, repeated.map((one) => el("tr", {}, el("th", { scope: "row" }, one.operation || "?"), el("td", { class: "number" }, String(one.repeats.again)), el("td", { class: "wide" }, `longest burst: ${count(one.repeats.run.calls, "read")} of ${count(one.repeats.run.targets, "target")} in ${formatDuration(one.repeats.run.seconds)}`)))))) : []),
    el("section", {}, el("h2", {}, "Operations"), el("div", { class: "scroll-x", tabindex: "0", role: "region", "aria-label": "Statistics by operation" }, el("table", { class: "plain figures" },
      el("thead", {}, el("tr", {}, ["operation", "calls", "errors", "p50", "p90", "p99", "longest", "sent", "received"].map((name) => el("th", { scope: "col" }, name)))),
      el("tbody", {}, statistics.operations.map((one) => row(one.operation, one)), row("total", statistics.total))))),
  ];
}
