// The page: its state, the table of calls, and the keyboard. addCalls() takes further calls while the page is open.

const data = (id) => JSON.parse(document.getElementById(id).textContent);
const about = data("about-data");
const language = filterLanguage(about.grammar);
const tabData = data("tabs-data");
const notices = noticeList(() => refresh());

const ROW_HEIGHT = 26;
const MIN_POLLS = 3;
const phone = matchMedia("(max-width: 600px)");
const rowHeight = () => (phone.matches ? 44 : ROW_HEIGHT); // page.css has both

const state = {
  calls: [],
  byId: new Map(),
  shown: [], // calls that match
  rows: [], // rows of the table: {call, polls: [calls] or undefined}
  selected: null,
  test: () => true,
  lanes: "container",
  range: null,
  sort: null,
  unfolded: new Set(),
  tab: "calls",
};

document.documentElement.classList.add("scripted");
document.documentElement.classList.toggle("follows", Boolean(about.live));

// -- the frame

const summary = el("span", { class: "summary", role: "status" });
const filterBox = el("input", { type: "search", class: "filter", id: "filter", spellcheck: "false", autocomplete: "off", placeholder: "Filter: op:Container* status>=400 slow>1s", "aria-label": "Filter calls", "aria-describedby": "filter-error", list: "filter-fields" });
const filterList = el("datalist", { id: "filter-fields" }, about.grammar.fields.map((field) => el("option", { value: field.example }, field.does)));
const filterError = el("p", { class: "filter-error", id: "filter-error", role: "alert" });
const themeButton = el("button", { type: "button", class: "quiet theme", "aria-label": "Change between dark and light" }, "◐");
const TABS = { calls: "Calls", story: "Story", statistics: "Statistics", permissions: "Permissions", coverage: "Coverage", ...(tabData.comparison && { comparison: "Comparison" }) };
const tabButtons = Object.entries(TABS).map(([name, title]) =>
  el("button", { type: "button", role: "tab", id: `tab-${name}`, "aria-controls": `panel-${name}`, "aria-selected": "false", tabindex: "-1", on: { click: () => showTab(name) } }, title));
const laneChoice = el("select", { "aria-label": "Lanes of the waterfall", on: { change: () => { state.lanes = laneChoice.value; refresh(); } } },
  el("option", { value: "container" }, "by container"), el("option", { value: "connection" }, "by connection"), el("option", { value: "client" }, "by client"));
const zoomButton = el("button", { type: "button", class: "quiet", hidden: true, on: { click: () => zoom(null) } }, "Show all of the time");
const noticeButton = el("button", { type: "button", class: "quiet", hidden: true, on: { click: () => nextNotice() } });
const legend = el("span", { class: "legend" });
const fall = waterfall({ select: (call) => select(call, true), zoomed: (range) => zoom(range) });

const COLUMNS = [
  ["id", "#", (call) => call.id],
  ["time", "time", (call) => call.started || 0],
  ["operation", "operation", (call) => call.operation || "?"],
  ["names", "request", (call) => call.names || ""],
  ["status", "status", (call) => call.status ?? 0],
  ["outcome", "outcome", (call) => resultText(call)],
  ["size", "size", (call) => call.received || 0],
  ["duration", "took", (call) => call.duration || 0],
  ["bar", "when", (call) => call.started || 0],
];
const heads = COLUMNS.map(([name, title]) => el("th", { scope: "col", class: `c-${name}`, "aria-sort": "none" },
  el("button", { type: "button", class: "head", on: { click: () => sortBy(name) } }, title)));
const tbody = el("tbody");
const above = el("tr", { class: "spacer", "aria-hidden": "true" }, el("td"));
const below = el("tr", { class: "spacer", "aria-hidden": "true" }, el("td"));
const table = el("table", { class: "calls", "aria-label": "Calls" }, el("colgroup", {}, COLUMNS.map(([name]) => el("col", { class: `c-${name}` }))), el("thead", {}, el("tr", {}, heads)), tbody);
const list = el("div", { class: "list", tabindex: "0", role: "region", "aria-label": "Table of calls" }, table);
const details = el("aside", { class: "side", "aria-label": "Selected call or notice", hidden: true });
const empty = el("p", { class: "empty", hidden: true }, "No call matches the filter.");
const panels = {
  calls: el("div", { class: "panel", role: "tabpanel", id: "panel-calls", "aria-labelledby": "tab-calls" },
    el("div", { class: "main" }, el("div", { class: "tools" }, el("label", {}, el("span", { class: "dim" }, "Lanes "), laneChoice), zoomButton, noticeButton, legend), fall.node, list, empty), details),
};
for (const name of Object.keys(TABS).slice(1))
  panels[name] = el("div", { class: "panel text", role: "tabpanel", id: `panel-${name}`, "aria-labelledby": `tab-${name}`, hidden: true, on: { click: (event) => openLinked(event.target.closest("[data-call]")) } });

document.getElementById("app").append(
  el("header", { class: "top" },
    el("h1", {}, "apispy", about.title ? el("span", { class: "title" }, about.title) : []),
    summary,
    el("div", { class: "filter-area", role: "search" }, filterBox, filterList),
    themeButton,
    el("div", { class: "tabs", role: "tablist", "aria-label": "Views" }, tabButtons),
    filterError),
  el("main", { class: "panels" }, Object.values(panels)), notices.node);

// -- data

/** Take further calls: page calls, as page_call makes them. A call with a known number replaces the earlier one. */
function addCalls(calls) {
  const replaced = new Map();
  const latest = (call) => {
    while (replaced.has(call)) call = replaced.get(call);
    return call;
  };
  for (const call of calls) {
    const known = state.byId.get(call.id);
    if (known === call) continue;
    if (known !== undefined && known.started === call.started) replaced.set(known, call);
    else state.calls.push(call);
    if (known === undefined || known.started === call.started) state.byId.set(call.id, call);
  }
  if (replaced.size) state.calls = state.calls.map(latest);
  if (state.selected) state.selected = latest(state.selected);
  const before = (a, b) => (a.started || 0) - (b.started || 0) || a.id - b.id;
  if (state.calls.some((call, place) => place > 0 && before(state.calls[place - 1], call) > 0)) state.calls.sort(before);
  refreshSoon();
}

/** Keep the newest calls: at most as many, with about as many characters of content. Returns how many were dropped. */
function dropOldest(calls, characters) {
  let first = state.calls.length;
  for (let left = characters; first > 0 && state.calls.length - first < calls; first -= 1) {
    left -= contentOf(state.calls[first - 1]);
    if (left < 0) break;
  }
  for (const call of state.calls.splice(0, first)) if (state.byId.get(call.id) === call) state.byId.delete(call.id);
  if (first) refreshSoon();
  return first;
}

/** The characters that a call has, about: its streams are cut on this page (sections.py). */
const contentOf = (call) => 4000 + Object.values(call.streams || {}).reduce((sum, stream) => sum + Math.min(stream.size || 0, 512 * 1024), 0);

/** Join runs of one read that is repeated into one row. */
function foldPolls(calls) {
  const rows = [];
  let run = [];
  const flush = () => {
    if (run.length >= MIN_POLLS && !state.unfolded.has(run[0])) rows.push({ call: run[0], polls: run });
    else run.forEach((call, place) => rows.push({ call, unfolded: run.length >= MIN_POLLS && place === 0 ? run : undefined }));
    run = [];
  };
  for (const call of calls) {
    if (run.length && !sameRead(run[0], call)) flush();
    run.push(call);
    if (!isRead(call)) flush();
  }
  flush();
  return rows;
}

const isRead = (call) => call.method === "GET" && !call.failed && !call.stream;
const sameRead = (a, b) => isRead(b) && a.target === b.target && a.status === b.status && a.client === b.client && String(a.notes) === String(b.notes);

let waiting = false;
let soon;
let restUntil = 0;
/** Show calls that came in; with so many that this takes long, less often, so that most of the time is for the reader. */
function refreshSoon() {
  if (performance.now() >= restUntil) refresh();
  else soon ??= setTimeout(refresh, restUntil - performance.now());
}

/** Show the state again in the next frame. */
function refresh() {
  if (waiting) return;
  waiting = true;
  requestAnimationFrame(() => {
    waiting = false;
    soon = clearTimeout(soon);
    const begun = performance.now();
    const inRange = ([from, to]) => (call) => (call.started || 0) <= to && (call.started || 0) + (call.duration || 0) >= from;
    let calls = state.calls.filter((call) => state.test(call.fields || {}));
    const all = calls;
    if (state.range) calls = calls.filter(inRange(state.range));
    state.shown = calls;
    if (state.sort) {
      const value = COLUMNS.find(([name]) => name === state.sort.by)[2];
      const sign = state.sort.down ? -1 : 1;
      state.rows = [...calls].sort((a, b) => (value(a) < value(b) ? -sign : value(a) > value(b) ? sign : 0)).map((call) => ({ call }));
    } else {
      state.rows = foldPolls(withNotices(calls, state.range ? notices.all.filter(inRange(state.range)) : notices.all));
    }
    state.span = spanOf(calls);
    fall.show(all, calls.length === state.calls.length ? state.span : spanOf(state.calls), state.lanes, state.range, state.selected);
    zoomButton.hidden = !state.range;
    empty.hidden = state.rows.length > 0;
    noticeButton.hidden = !notices.all.length;
    noticeButton.textContent = count(notices.all.length, "notice");
    noticeButton.title = notices.title();
    table.setAttribute("aria-rowcount", String(state.rows.length + 1));
    sayCounts(calls);
    sayTags(all);
    drawn = [-1, -1];
    drawRows();
    const done = performance.now();
    restUntil = done + 4 * (done - begun);
  });
}

function spanOf(calls) {
  let [from, to] = [Infinity, -Infinity];
  for (const call of calls) {
    from = Math.min(from, call.started || 0);
    to = Math.max(to, (call.started || 0) + (call.duration || 0));
  }
  return from < to ? [from, to] : [from === Infinity ? 0 : from, (from === Infinity ? 0 : from) + 0.001];
}

function sayCounts(calls) {
  const failed = calls.filter((call) => call.failed).length;
  const [from, to] = state.span;
  const some = calls.length === state.calls.length ? "" : `${calls.length.toLocaleString("en")} of `;
  summary.replaceChildren(`${some}${count(state.calls.length, "call")}`, failed ? el("b", { class: "bad" }, ` ✗ ${failed} failed`) : "", calls.length ? ` in ${formatDuration(to - from)}` : "");
}

function sayTags(calls) {
  const tags = [...new Set(calls.map((call) => call.tag).filter(Boolean))].slice(0, 8);
  if (legend.dataset.tags === String(tags)) return;
  legend.dataset.tags = String(tags);
  legend.replaceChildren(...tags.map((tag) => el("button", { type: "button", class: "chip", title: `Show only ${tag}`, on: { click: () => setFilter(`tag:${tag}`) } }, el("span", { class: "dot", style: { background: `var(${colorName({ tag })})` } }), tag)));
}

// -- the table

let drawn = [-1, -1];
function drawRows() {
  const [first, last] = [
    Math.max(0, Math.floor(list.scrollTop / rowHeight()) - 12),
    Math.min(state.rows.length, Math.ceil((list.scrollTop + (list.clientHeight || 600)) / rowHeight()) + 12),
  ];
  if (drawn[0] === first && drawn[1] === last) return;
  drawn = [first, last];
  above.firstChild.style.height = `${first * rowHeight()}px`;
  below.firstChild.style.height = `${(state.rows.length - last) * rowHeight()}px`;
  tbody.replaceChildren(above, ...state.rows.slice(first, last).map((row, place) => rowNode(row, first + place)), below);
}

function rowNode(row, place) {
  const { call } = row;
  if (call.notice !== undefined) return noticeRow(call, place, COLUMNS, { selected: call === state.selected, open: () => select(call, true) });
  const polls = row.polls || row.unfolded;
  const fold = polls
    ? el("button", { type: "button", class: "polls", "aria-expanded": String(!row.polls), title: row.polls ? "Show each" : "Fold", on: { click: (event) => { event.stopPropagation(); toggleFold(polls); } } }, row.polls ? `×${polls.length}` : "−")
    : [];
  const cells = [
    el("button", { type: "button", class: "number-button", tabindex: "-1", "aria-label": `Open call ${call.id}` }, String(call.id)),
    formatClock(call.started || 0),
    [el("span", { class: "dot", style: { background: `var(${colorName(call)})` } }), fold, call.operation || "?", el("span", { class: "small-names" }, containerOf(call) || call.names || "")],
    [el("span", { class: "method" }, call.method), " ", call.names || "", " ", el("span", { class: "dim" }, call.arguments || "")],
    [signOf(call) ? el("span", { class: "sign", title: call.failed ? "failed" : "note" }, signOf(call), " ") : [], statusText(call)],
    [notices.misses(call).length ? el("b", { class: "miss" }, "miss ") : [], resultText(call)],
    call.received ? formatSize(call.received) : "",
    formatDuration(row.polls ? polls.at(-1).started + (polls.at(-1).duration || 0) - call.started : call.duration || 0),
    bar(row),
  ];
  const opened = call === state.selected;
  const titles = { operation: call.operation, names: `${call.method} ${call.names || ""} ${call.arguments || ""}`, outcome: resultText(call) }; // what does not fit
  return el("tr", { class: `${call.failed ? "failed" : ""} ${opened ? "selected" : ""}`, "aria-rowindex": String(place + 2), "aria-selected": opened ? "true" : null, "data-id": String(call.id), on: { click: () => select(call, true) } },
    cells.map((cell, column) => el(column === 2 ? "th" : "td", { class: `c-${COLUMNS[column][0]}`, scope: column === 2 ? "row" : null, title: titles[COLUMNS[column][0]] }, cell)));
}

function bar(row) {
  const [from, to] = state.range || state.span;
  const span = to - from || 1;
  const box = el("span", { class: "bar-box", "aria-hidden": "true" });
  let last = -1;
  for (const call of row.polls || [row.call]) {
    const left = Math.max(0, ((call.started || 0) - from) / span);
    if (last >= 0 && left - last < 1 / 60) continue; // it could not be told from the one before
    last = left;
    const right = Math.min(1, ((call.started || 0) + (call.duration || 0) - from) / span);
    const style = { left: `${(left * 100).toFixed(3)}%`, width: `${Math.max(0, (right - left) * 100).toFixed(3)}%`, background: call.failed ? "var(--bad)" : `var(${colorName(call)})` };
    box.append(el("span", { class: call.stream ? "bar bar-stream" : "bar", style }));
    if (call.stream)
      for (const at of distinctMarks(call, (time) => (time - from) / span, [0, 1], 1 / 60))
        box.append(el("span", { class: "bar-mark", style: { left: `${(at * 100).toFixed(3)}%`, background: style.background } }));
  }
  return box;
}

function toggleFold(polls) {
  if (state.unfolded.has(polls[0])) state.unfolded.delete(polls[0]);
  else state.unfolded.add(polls[0]);
  refresh();
}

function sortBy(name) {
  const by = name === "bar" ? "time" : name;
  state.sort = state.sort?.by !== by ? { by, down: ["size", "duration"].includes(by) } : state.sort.down === ["size", "duration"].includes(by) ? { by, down: !state.sort.down } : null;
  heads.forEach((head, place) => head.setAttribute("aria-sort", state.sort?.by === COLUMNS[place][0] ? (state.sort.down ? "descending" : "ascending") : "none"));
  refresh();
}

// -- selection

function rowOf(call) {
  return state.rows.findIndex((row) => row.call === call || row.polls?.includes(call));
}

/** Select a call and bring it into view; `open` shows its page too. */
function select(call, open) {
  state.selected = call;
  const place = rowOf(call);
  const top = place * rowHeight();
  const header = table.tHead.offsetHeight;
  if (place >= 0 && (top < list.scrollTop || top + rowHeight() > list.scrollTop + list.clientHeight - header)) list.scrollTop = Math.max(0, top - list.clientHeight / 3);
  if (open || !details.hidden) showDetails(call);
  drawn = [-1, -1];
  drawRows();
  fall.select(call);
}

function showDetails(call) {
  const around = { close: closeDetails, step: move, choose: setFilter };
  details.replaceChildren(call.notice === undefined ? callView(call, { ...around, misses: notices.misses(call) }) : noticeView(call, around));
  details.hidden = false;
  details.scrollTop = 0;
  panels.calls.classList.add("split");
  remember(call.notice === undefined ? `#call-${call.id}` : "");
}

/** Note the open call in the page's address, where the browser allows that: not in a sandboxed frame. */
function remember(hash) {
  try {
    history.replaceState(null, "", location.pathname + location.search + hash);
  } catch (error) {
    if (!(error instanceof DOMException)) throw error;
  }
}

function closeDetails() {
  details.hidden = true;
  details.replaceChildren();
  panels.calls.classList.remove("split");
  remember("");
  list.focus();
}

function move(by) {
  if (!state.rows.length) return;
  const place = state.selected ? rowOf(state.selected) : -1;
  const next = place < 0 ? (by > 0 ? 0 : state.rows.length - 1) : Math.min(state.rows.length - 1, Math.max(0, place + by));
  select(state.rows[next].call, false);
}

function openById(id) {
  const call = state.byId.get(id);
  if (!call) {
    filterError.replaceChildren(`Call #${id} is not on this page.`);
    return;
  }
  showTab("calls");
  select(call, true);
}

function openLinked(link) {
  if (link) openById(Number(link.dataset.call));
}

/** Show the notice after the selected one, and the first after the last. */
function nextNotice() {
  select(notices.all[(notices.all.indexOf(state.selected) + 1) % notices.all.length], true);
}

// -- filter, zoom, tabs, theme

function setFilter(text) {
  filterBox.value = text;
  applyFilter();
}

function applyFilter() {
  const text = filterBox.value.trim();
  try {
    state.test = text ? language.parse(text) : () => true;
    filterError.replaceChildren();
    filterBox.removeAttribute("aria-invalid");
    list.scrollTop = 0;
    refresh();
  } catch (error) {
    if (!(error instanceof FilterError)) throw error;
    filterBox.setAttribute("aria-invalid", "true");
    filterError.replaceChildren(visible(error.message), el("code", { class: "place" }, text.slice(0, error.at), el("mark", {}, text.slice(error.at, error.at + 1) || "␣"), text.slice(error.at + 1)));
  }
}

function zoom(range) {
  state.range = range;
  refresh();
}

function showTab(name) {
  state.tab = name;
  tabButtons.forEach((button) => {
    const chosen = button.id === `tab-${name}`;
    button.setAttribute("aria-selected", String(chosen));
    button.tabIndex = chosen ? 0 : -1;
  });
  for (const [one, panel] of Object.entries(panels)) panel.hidden = one !== name;
  if (name === "calls") refresh();
  else openTab(name);
}

let openTab = (name) => panels[name].childNodes.length || fillTab(name, tabContent(name, tabData[name]));

function fillTab(name, ...content) {
  updateChildren(panels[name], el("div", {}, content));
}

function tabContent(name, value) {
  const commands = { story: "apispy story", permissions: "apispy permissions", coverage: "apispy coverage", comparison: "apispy diff" };
  return name === "statistics" ? statisticsTab(value, state.calls, about.live) : textTab(value, TABS[name], commands[name], name !== "comparison"); // whose numbers are of two sessions
}

function changeTheme() {
  const dark = document.documentElement.dataset.theme ? document.documentElement.dataset.theme === "dark" : matchMedia("(prefers-color-scheme: dark)").matches;
  document.documentElement.dataset.theme = dark ? "light" : "dark";
  fall.draw();
}

let typing;
filterBox.addEventListener("input", () => {
  clearTimeout(typing);
  typing = setTimeout(applyFilter, state.calls.length > 2000 ? 150 : 0);
});
filterBox.addEventListener("keydown", (event) => {
  if (event.key === "Enter") {
    applyFilter();
    list.focus();
  }
});
themeButton.addEventListener("click", changeTheme);
matchMedia("(prefers-color-scheme: dark)").addEventListener("change", fall.draw);
phone.addEventListener("change", refresh);
list.addEventListener("scroll", drawRows, { passive: true });
new ResizeObserver(() => drawRows()).observe(list);

const KEYS = {
  j: () => move(1),
  k: () => move(-1),
  ArrowDown: () => move(1),
  ArrowUp: () => move(-1),
  Enter: () => {
    if (!state.selected) return;
    select(state.selected, true);
    details.querySelector("h2").focus();
  },
  "/": () => filterBox.focus(),
};
document.addEventListener("keydown", (event) => {
  const inField = event.target.closest?.("input, select, textarea");
  if (event.ctrlKey || event.metaKey || event.altKey) return;
  if (event.key === "Escape") {
    if (event.target === filterBox && filterBox.value) setFilter("");
    else if (inField) list.focus();
    else if (!details.hidden) closeDetails();
    return;
  }
  if (event.target.getAttribute?.("role") === "tab" && ["ArrowLeft", "ArrowRight"].includes(event.key)) {
    const place = tabButtons.indexOf(event.target) + (event.key === "ArrowRight" ? 1 : -1);
    const next = tabButtons[(place + tabButtons.length) % tabButtons.length];
    next.focus();
    next.click();
    return;
  }
  const isButton = event.key === "Enter" && event.target.closest?.("button, summary");
  const scrolls = event.key.startsWith("Arrow") && event.target !== list && event.target !== document.body;
  if (inField || isButton || scrolls || state.tab !== "calls" || !KEYS[event.key]) return;
  event.preventDefault();
  KEYS[event.key]();
});

notices.add(data("notices-data"));
addCalls(data("calls-data"));
if (!about.live && new Set(state.calls.map(LANES.container)).size < 2) laneChoice.value = state.lanes = "connection";
showTab("calls");
const asked = /^#call-(\d+)$/.exec(location.hash);
if (asked) requestAnimationFrame(() => openById(Number(asked[1])));
document.addEventListener("DOMContentLoaded", () => document.getElementById("static")?.remove());
globalThis.apispy = { addCalls };
