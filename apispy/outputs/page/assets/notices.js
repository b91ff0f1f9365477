// Notices: what apispy says beside the calls. In the table they are rows among them, in the order of time.

const MAX_NOTICES = 1000;
const ANNOUNCE_DELAY = 1000; // milliseconds in which notices are collected for screen readers

/** Put the notices among the calls. Both are in the order of time. */
function withNotices(calls, notices) {
  const rows = [];
  let place = 0;
  for (const call of calls) {
    while (place < notices.length && notices[place].started <= (call.started || 0)) rows.push(notices[place++]);
    rows.push(call);
  }
  return rows.concat(notices.slice(place));
}

/** Text with a line for each of its lines. */
function textLines(text) {
  return text.split("\n").map((line) => el("div", { class: "text-line" }, line));
}

function noticeRow(notice, place, columns, { selected, open }) {
  const first = notice.notice.split("\n", 1)[0];
  const content = el("span", { class: "notice-line" },
    el("button", { type: "button", class: "number-button", tabindex: "-1", title: "Open this notice" }, formatClock(notice.started)), " apispy: ", first);
  return el("tr", { class: `notice-row ${selected ? "selected" : ""}`, "aria-rowindex": String(place + 2), "aria-selected": selected ? "true" : null, "data-notice": notice.id, on: { click: open } },
    columns.map(([name]) => (name === "operation" ? el("th", { class: "c-operation", scope: "row" }, content) : el("td", { class: `c-${name}` }))));
}

function noticeView(notice, { close, step }) {
  return el("article", { class: "details", "aria-label": "Notice" },
    el("header", {}, el("div", { class: "details-title" }, el("h2", { tabindex: "-1" }, notice.missed ? "Miss" : "Notice"), stepButtons(step, close)),
      el("p", { class: "dim" }, formatClock(notice.started), " What apispy says beside the calls.")),
    el("div", { class: "details-body" }, el("div", { class: "notice-text" }, textLines(notice.notice))));
}

/** Keeps the notices of a page; `changed` is called after each change. */
function noticeList(changed) {
  const announcer = el("div", { class: "hidden", role: "log", "aria-live": "polite", "aria-label": "Notices" });
  let [made, dropped, unsaid] = [0, 0, []];
  const announce = () => {
    announcer.replaceChildren(unsaid.length > 1 ? `${count(unsaid.length, "notice")}. The last: ${visible(unsaid.at(-1))}` : visible(unsaid[0]));
    unsaid = [];
  };
  const all = [];
  let misses = new Map(); // by number of the call
  return {
    all,
    node: announcer,
    /** The title of the button that leads through them. */
    title: () => `Show the next notice${dropped ? `; the first ${dropped.toLocaleString("en")} are no longer on this page` : ""}`,
    /** Take further notices, as the server or the file has them. Screen readers say them if `aloud`. */
    add(notices, aloud = false) {
      if (!notices.length) return;
      for (const { at, text, missed } of notices) all.push({ id: `n${(made += 1)}`, started: at || 0, notice: text, missed });
      all.sort((a, b) => a.started - b.started);
      dropped += all.splice(0, all.length - MAX_NOTICES).length;
      misses = new Map();
      for (const one of all) if (one.missed !== undefined) misses.set(one.missed, [...(misses.get(one.missed) || []), one]);
      if (aloud && unsaid.push(...notices.map((one) => one.text)) === notices.length) setTimeout(announce, ANNOUNCE_DELAY);
      changed();
    },
    /** The notices that explain why a call of a replay has no recorded response. */
    misses: (call) => misses.get(call.id) || [],
  };
}
