// The page of one call.

const DIRECTIONS = {
  request: "Request body",
  response: "Response body",
  to_server: "Sent on the connection",
  to_client: "Received on the connection",
};

function statusText(call) {
  return call.status === undefined ? "no response" : String(call.status);
}

/** The sign of a call's result, so that colour is not all that tells it. */
function signOf(call) {
  return call.failed ? "✗" : call.end === "open" ? "…" : call.notes ? "•" : "";
}

const SELF_EXPLANATORY = [101, 200, 201, 204];

/** The result in words, as the console prints it. */
function resultText(call) {
  const words = (call.errors || []).join("; ") || call.outcome;
  if (words) return words;
  if (call.failed && call.end !== "complete") return `ended early: ${(call.problems || []).join("; ")}`;
  return SELF_EXPLANATORY.includes(call.status) ? "" : call.reason || "";
}

function section(title, ...content) {
  return el("section", {}, el("h3", {}, title), content);
}

function pairsTable(rows, caption) {
  return el("table", { class: "plain pairs" }, el("caption", { class: "hidden" }, caption),
    el("tbody", {}, rows.map(([name, value, meaning]) =>
      el("tr", {}, el("th", { scope: "row" }, name), el("td", { class: "wide" }, value, meaning ? el("div", { class: "meaning" }, meaning) : [])))));
}

function folded(title, extra, content, open = false) {
  const box = el("details", { class: "fold", open }, el("summary", {}, title, " ", el("span", { class: "dim" }, extra)));
  let filled = false;
  const fill = () => {
    if (!filled) box.append(...[content()].flat());
    filled = true;
  };
  if (open) fill();
  box.addEventListener("toggle", fill);
  box.fill = fill;
  return box;
}

function commandBox(name, text) {
  return el("div", { class: "command" }, el("span", { class: "command-name" }, name), el("code", {}, text), copyButton(text, `${name} command`));
}

/** Sent, waited, received: on one line. */
function timing(call) {
  const total = call.duration || 0;
  const answered = Math.min(total, call.answered ?? total);
  const share = (part) => ({ width: `${total ? Math.max(0.5, (part / total) * 100) : 100}%` });
  return el("div", { class: "timing" },
    el("div", { class: "timing-bar", role: "img", "aria-label": `Waited ${formatDuration(answered)}, then received for ${formatDuration(total - answered)}` },
      el("span", { class: "timing-wait", style: share(answered) }), el("span", { class: "timing-receive", style: share(total - answered) })),
    el("span", { class: "dim" }, `response head after ${formatDuration(answered)}, end after ${formatDuration(total)}`));
}

function streamView(call, direction) {
  const stream = call.streams?.[direction];
  if (!stream || !stream.size) return [];
  const about = [formatSize(stream.size), stream.format].filter(Boolean).join(", ");
  const content = stream.withheld
    ? el("p", { class: "dim" }, call.log ? "(the bytes are withheld; the build log has what their messages say)" : "(withheld: it contains secrets)")
    : (stream.content || []).map((one) => VIEWS[one.kind](one));
  const trailers = stream.trailers ? pairsTable(stream.trailers, "Trailers") : [];
  return el("section", {}, el("h3", {}, DIRECTIONS[direction], " ", el("span", { class: "dim" }, about)), content, trailers);
}

/** Show only what contains the text: open the JSON and lists that have it, and mark the places. */
function findInside(root, text) {
  for (const mark of root.querySelectorAll("mark")) mark.replaceWith(...mark.childNodes);
  root.normalize();
  if (!text) return 0;
  for (const box of root.querySelectorAll("details")) {
    box.fill?.();
  }
  const wanted = text.toLowerCase();
  const walker = document.createTreeWalker(root, NodeFilter.SHOW_TEXT);
  const found = [];
  while (walker.nextNode()) if (walker.currentNode.data.toLowerCase().includes(wanted)) found.push(walker.currentNode);
  let places = 0;
  for (const start of found) {
    let node = start;
    for (let at = node.data.toLowerCase().indexOf(wanted); at >= 0 && places < 1000; at = node.data.toLowerCase().indexOf(wanted)) {
      const hit = node.splitText(at);
      node = hit.splitText(wanted.length);
      const mark = document.createElement("mark");
      hit.replaceWith(mark);
      mark.append(hit);
      places += 1;
    }
    for (let box = start.parentElement; box && box !== root; box = box.parentElement) if (box.tagName === "DETAILS") box.open = true;
  }
  root.querySelector("mark")?.scrollIntoView({ block: "center" });
  return places;
}

function stepButtons(step, close) {
  return [
    el("button", { type: "button", class: "quiet", "aria-label": "Previous call", title: "Previous call (k)", on: { click: () => step(-1) } }, "↑"),
    el("button", { type: "button", class: "quiet", "aria-label": "Next call", title: "Next call (j)", on: { click: () => step(1) } }, "↓"),
    el("button", { type: "button", class: "quiet", "aria-label": "Close", title: "Close (Esc)", on: { click: close } }, "✕"),
  ];
}

/** What `apispy explain` says of a request. The server of the page is asked when the box is opened. */
function explanationBox(request) {
  const answer = el("div", { class: "answer" });
  const box = el("details", { class: "fold explanation" }, el("summary", {}, "Explanation ", el("span", { class: "dim" }, "as apispy explain prints it")), answer);
  let isAsked = false;
  box.addEventListener("toggle", async () => {
    if (isAsked || !box.open) return;
    isAsked = true;
    answer.replaceChildren(el("p", { class: "dim" }, "Asking apispy…"));
    try {
      const { lines, problem } = await askServer(`/explain?request=${encodeURIComponent(request)}`);
      answer.replaceChildren(lines ? linesView(lines, "Explanation", false) : el("p", { class: "dim" }, problem));
    } catch (error) {
      answer.replaceChildren(el("p", { class: "dim" }, error.message));
      isAsked = false;
    }
  });
  return box;
}

function callView(call, { close, step, choose, misses }) {
  const body = el("div", { class: "details-body" });
  const hits = el("span", { class: "dim", role: "status" });
  const search = el("input", {
    type: "search", class: "search", placeholder: "Find in this call", "aria-label": "Find in this call",
    on: { input: () => { const n = findInside(body, search.value); hits.textContent = search.value ? (n ? `${n} found` : "nothing found") : ""; } },
  });
  const request = `${call.method} ${call.target}`;
  const explain = about.served && explanationBox(request);
  const explainCommand = commandBox("explain", `apispy explain '${request.replaceAll("'", "'\\''")}'`);
  const explainButton = () => el("button", { type: "button", class: "link", on: { click: () => {
    explain.open = true;
    explain.scrollIntoView({ block: "start" });
    explain.querySelector("summary").focus();
  } } }, "Explain");
  const facts = [
    ["Time", formatClock(call.started || 0)],
    ["Duration", formatDuration(call.duration || 0)],
    ["Received", formatSize(call.received || 0)],
    ["Sent", formatSize(call.sent || 0)],
    ["Connection", `#${call.connection}`],
    ["Client", call.client],
    ["Daemon", call.upstream],
  ].filter(([, value]) => value);
  body.append(
    el("div", { class: `result ${call.failed ? "bad" : ""}` }, el("span", { class: `badge ${call.failed ? "badge-bad" : "badge-good"}` }, signOf(call) === "✗" ? "✗ " : "", statusText(call)), el("span", {}, resultText(call))),
    timing(call),
    ...(call.problems || []).map((text) => el("p", { class: "problem" }, el("b", {}, "Problem: "), text)),
    ...misses.map((one) => el("div", { class: "problem notice-text" }, textLines(one.notice))),
    ...(call.notes || []).map((text) => el("p", { class: "note" }, el("b", {}, "Note: "), text, explain ? [" ", explainButton()] : [])),
    ...(call.notes && !explain ? [explainCommand] : []),
    el("dl", { class: "facts" }, facts.map(([name, value]) => el("div", {}, el("dt", {}, name), el("dd", {}, value)))),
    ...(call.build ? [section("Build", buildView(call.build))] : []),
    ...(call.log ? [section("Build log", logView(call.log))] : []),
    ...[call.query ? section("Query", pairsTable(call.query, "Query parameters")) : []].flat(),
    folded("Request headers", `${call.method} ${call.target} HTTP/${call.request?.version}`, () => pairsTable(call.request?.headers || [], "Request headers")),
    ...[streamView(call, "request")].flat(),
    ...(call.response ? [folded("Response headers", `HTTP/${call.response.version} ${statusText(call)} ${call.reason || ""}`, () => pairsTable(call.response.headers || [], "Response headers"))] : []),
    ...["response", "to_server", "to_client"].flatMap((direction) => streamView(call, direction)),
    section("Repeat and explain",
      call.docker ? commandBox("docker", call.docker) : [],
      call.curl ? commandBox("curl", call.curl) : [],
      call.notes && !explain ? [] : explainCommand,
      explain || []),
    ...(call.redactions ? [section("Redacted", el("ul", { class: "redactions" }, call.redactions.map(([place, kind]) => el("li", {}, el("code", {}, place), kind ? ` (${kind})` : ""))))] : []),
  );
  const chips = [["op", call.operation], ["container", containerOf(call)], ["status", call.status]].filter(([, value]) => value);
  return el("article", { class: "details", "aria-label": `Call ${call.id}` },
    el("header", {},
      el("div", { class: "details-title" },
        el("h2", { tabindex: "-1" }, el("span", { class: "dim" }, `#${call.id} `), call.operation || "Unknown operation"),
        stepButtons(step, close)),
      call.about ? el("p", { class: "dim" }, call.about, call.commands ? ` Commands that make it: ${call.commands.join(", ")}.` : "") : [],
      el("p", { class: "details-line" }, el("span", { class: "method" }, call.method), " ", call.names, " ", el("span", { class: "dim" }, call.arguments)),
      el("div", { class: "details-tools" }, search, hits, chips.map(([name, value]) => {
        const text = `${name}:${/[\s()"]/.test(value) ? `"${String(value).replace(/["\\]/g, "\\$&")}"` : value}`;
        return el("button", { type: "button", class: "chip", title: `Show only ${text}`, on: { click: () => choose(text) } }, text);
      }))),
    body);
}

/** The shortest name of a call's container: its name rather than its ID. */
function containerOf(call) {
  const names = (call.fields?.container || []).filter(Boolean);
  return names.find((name) => !/^[0-9a-f]{12,64}$/.test(name)) || names[0]?.slice(0, 12) || "";
}
