// Calls as they come: the page's own server sends them, and the browser connects again by itself.

const MAX_LIVE_CALLS = 20000;
const MAX_LIVE_CHARACTERS = 128 << 20;
const LIVE_DELAY = 200; // milliseconds in which calls are collected, so that many of them are drawn once

function followCalls() {
  const status = el("span", { class: "live", role: "status" });
  summary.after(status);
  let [missed, dropped, queue] = [0, 0, []];
  let connection = "connecting";
  const say = () => {
    const parts = [connection];
    if (missed) parts.push(`${count(missed, "update")} missed`);
    if (dropped) parts.push(`the first ${count(dropped, "call")} dropped`);
    status.replaceChildren(parts.join(", "));
  };
  const flush = () => {
    const calls = queue;
    queue = [];
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
  source.addEventListener("call", (event) => {
    if (queue.push(JSON.parse(event.data)) === 1) setTimeout(flush, LIVE_DELAY);
  });
  source.addEventListener("missed", (event) => {
    missed += JSON.parse(event.data).items;
    say();
  });
  source.addEventListener("end", () => {
    source.close();
    now("apispy has ended")();
  });
  say();
}

if (about.live) {
  tabButtons[0].parentElement.hidden = true; // the other tabs are about whole sessions
  followCalls();
}
