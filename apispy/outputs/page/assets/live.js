// Calls as they come: the page's own server sends them, and the browser connects again by itself.

const MAX_LIVE_CALLS = 20000;
const MAX_LIVE_CHARACTERS = 128 << 20;
const LIVE_DELAY = 200; // milliseconds in which calls are collected, so that many of them are drawn once

function followCalls() {
  const status = el("span", { class: "live", role: "status" });
  summary.after(status);
  let [missed, dropped, gap, queue, queuedNotices] = [0, 0, 0, [], []];
  let [connection, timer] = ["connecting", undefined];
  const say = () => {
    const parts = [connection];
    if (missed) parts.push(`${count(missed, "update")} missed`);
    if (dropped) parts.push(`the first ${count(dropped, "call")} dropped`);
    status.replaceChildren(parts.join(", "));
  };
  const flush = () => {
    timer = undefined;
    const calls = queue;
    notices.add(queuedNotices, true);
    queue = [];
    queuedNotices = [];
    addCalls(calls);
    dropped += dropOldest(MAX_LIVE_CALLS, MAX_LIVE_CHARACTERS);
    say();
  };
  const source = new EventSource("/calls");
  const now = (text) => () => {
    connection = text;
    say();
  };
  source.addEventListener("open", now("live"));
  source.addEventListener("error", now("not connected; trying again"));
  const take = (list, item, at) => {
    if (gap) queuedNotices.push({ at, text: `${count(gap, "update")} of calls missed here: this page was opened later, or did not take them in time.` });
    gap = 0;
    list.push(item);
    news += 1;
    if (queue.length + queuedNotices.length > 0) timer ??= setTimeout(flush, LIVE_DELAY);
  };
  source.addEventListener("call", (event) => {
    const call = JSON.parse(event.data);
    if (call.problem) take(queuedNotices, { at: Date.now() / 1000, text: call.problem }, Date.now() / 1000);
    else take(queue, call, call.started);
  });
  source.addEventListener("notice", (event) => {
    const notice = JSON.parse(event.data);
    take(queuedNotices, notice, notice.at);
  });
  source.addEventListener("missed", (event) => {
    gap = JSON.parse(event.data).items;
    missed += gap;
    say();
  });
  source.addEventListener("end", () => {
    source.close();
    now("apispy has ended")();
    hasEnded = true;
  });
  say();
}

// The tabs of a live page: asked of the server while they are open, if something has come since the last answer.

const TAB_DELAY = 1000; // milliseconds from an answer to the next question

let [news, hasEnded, asking, nextQuestion] = [0, false, false, undefined];
const answered = new Map(); // by tab: what had come when it was asked

async function followTab() {
  const name = state.tab;
  if (name === "calls" || asking) return;
  const now = news;
  const panel = panels[name];
  if (!panel.childNodes.length) fillTab(name, el("p", { class: "dim" }, hasEnded ? ENDED : "Reading the calls…"));
  if (answered.get(name) !== now && !document.hidden && !hasEnded) {
    asking = true;
    try {
      const answer = await askServer(`/tabs/${name}`);
      fillTab(name, tabCounts(answer), tabContent(name, answer.value));
      answered.set(name, answer.left ? undefined : now);
    } catch (error) {
      if (!answered.has(name)) fillTab(name, el("p", { class: "dim" }, error.message));
    }
    asking = false;
  }
  clearTimeout(nextQuestion);
  if (state.tab === name) nextQuestion = setTimeout(followTab, TAB_DELAY);
  else followTab();
}

const ENDED = "apispy ended before this tab was opened. --capture FILE keeps a session for apispy view FILE.";

if (about.live) {
  openTab = followTab;
  followCalls();
}
