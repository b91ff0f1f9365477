// The tabs beside the calls: texts of story, permissions and coverage; statistics.

/** Lines of text; #12 in them opens that call, unless the numbers are of two sessions. */
function textTab(tab, title, command, open) {
  if (!tab?.lines?.length) return el("p", { class: "dim" }, "Nothing to show.");
  const box = el("pre", { class: "lines", tabindex: "0", role: "region", "aria-label": title });
  for (const [text, style] of tab.lines) {
    const line = el("span", { class: style ? `line-${style}` : "" });
    for (const part of text.split(/(#\d+\b)/)) {
      if (open && /^#\d+$/.test(part)) line.append(el("button", { type: "button", class: "link", on: { click: () => open(Number(part.slice(1))) } }, part));
      else line.append(visible(part));
    }
    box.append(line, "\n");
  }
  return [el("p", { class: "dim" }, "As ", el("code", {}, command), " prints it."), box];
}

function statisticsTab(statistics, calls, open) {
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
      el("section", {}, el("h2", {}, "Slowest calls"), el("table", { class: "plain" }, el("caption", {}, "Without those that stay open"),
        el("tbody", {}, slowest.map((call) => el("tr", {}, el("td", { class: "number" }, el("button", { type: "button", class: "link", on: { click: () => open(call.id) } }, `#${call.id}`)), el("td", { class: "number" }, formatDuration(call.duration || 0)), el("th", { scope: "row" }, call.operation || "?"), el("td", { class: "wide" }, containerOf(call) || call.names || "")))))),
      repeated.length ? el("section", {}, el("h2", {}, "Repeated reads"), el("table", { class: "plain" }, el("caption", {}, "Reads of a target that was read less than 1 s before"),
        el("tbody", {}, repeated.map((one) => el("tr", {}, el("th", { scope: "row" }, one.operation || "?"), el("td", { class: "number" }, String(one.repeats.again)), el("td", { class: "wide" }, `longest burst: ${count(one.repeats.run.calls, "read")} of ${count(one.repeats.run.targets, "target")} in ${formatDuration(one.repeats.run.seconds)}`)))))) : []),
    el("section", {}, el("h2", {}, "Operations"), el("div", { class: "scroll-x", tabindex: "0", role: "region", "aria-label": "Statistics by operation" }, el("table", { class: "plain figures" },
      el("thead", {}, el("tr", {}, ["operation", "calls", "errors", "p50", "p90", "p99", "longest", "sent", "received"].map((name) => el("th", { scope: "col" }, name)))),
      el("tbody", {}, statistics.operations.map((one) => row(one.operation, one)), row("total", statistics.total))))),
  ];
}
