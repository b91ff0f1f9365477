// The waterfall: all calls in lanes by time, on a canvas. The table beside it is its text.

const TAGS = ["Container", "Exec", "Image", "Network", "Volume", "System", "Session", "Distribution", "Plugin"];
const MAX_LANES = 60;
const ROW = 12;
const GAP = 6; // below a lane; less if that is needed to show all lanes at once
const LEFT = 132;
const NARROW = 600; // below this width, names and labels have less room
const NARROW_LEFT = 84;
const AXIS = 20;

const LANES = {
  container: (call) => containerOf(call) || "(no container)",
  connection: (call) => `conn. ${call.connection}`,
  client: (call) => call.client || "(unknown client)",
};

/** The colour of a call: that of its chapter in Docker's reference. */
function colorName(call) {
  const place = TAGS.indexOf(call.tag);
  return `--tag-${place < 0 ? 8 : place}`;
}

/** Put calls into lanes, and calls that overlap into rows of their lane: [{name, rows, bars: [{call, row}]}]. */
function layOut(calls, by) {
  const lanes = new Map();
  for (const call of calls) {
    let name = LANES[by](call);
    if (!lanes.has(name) && lanes.size >= MAX_LANES) name = "(others)";
    if (!lanes.has(name)) lanes.set(name, { name, ends: [], bars: [] });
    const lane = lanes.get(name);
    const start = call.started || 0;
    let row = lane.ends.findIndex((end) => end <= start);
    if (row < 0) row = lane.ends.length < 8 ? lane.ends.push(0) - 1 : lane.ends.length - 1;
    lane.ends[row] = start + (call.duration || 0);
    lane.bars.push({ call, row });
  }
  return [...lanes.values()];
}

const LONG_STEPS = [20, 30, 60, 120, 300, 600, 1200, 1800, 3600, 7200, 10800, 21600, 43200, 86400];

/** The step of a time axis, in seconds: 1, 2 or 5 times a power of ten, above 10 s a part of minutes, hours or days. */
function axisStep(span, columns) {
  const rough = span / Math.max(1, columns);
  const power = 10 ** Math.floor(Math.log10(rough || 1));
  const long = rough > 10 && LONG_STEPS.find((step) => step >= rough);
  return long || [1, 2, 5, 10].map((n) => n * power).find((step) => step >= rough * 0.9999) || rough;
}

/** The marks of a stream that can be told apart: [place, ...], one for each `step` of the axis that has any. */
function distinctMarks(call, place, [first, last], step) {
  const found = [];
  for (const mark of call.marks || []) {
    const at = place((call.started || 0) + mark);
    if (at >= first && at <= last && (!found.length || at - found.at(-1) >= step)) found.push(at);
  }
  return found;
}

function waterfall({ select, zoomed }) {
  const canvas = el("canvas", { class: "waterfall", role: "img" });
  const scroll = el("div", { class: "waterfall-scroll", tabindex: "0", role: "region", "aria-label": "Waterfall of calls over time" }, canvas);
  let lanes = [];
  let full = [0, 1];
  let range = null;
  let selected = null;
  let spots = [];
  let names = []; // of lanes, by their place
  let drag = null;

  const view = () => range || full;
  const leftOf = (width) => (width < NARROW ? NARROW_LEFT : LEFT);

  function draw() {
    const width = scroll.clientWidth;
    if (!width) return;
    const left = leftOf(width);
    const rows = lanes.reduce((sum, lane) => sum + Math.max(1, lane.ends.length), 0);
    const room = parseFloat(getComputedStyle(scroll).maxHeight) - 2 - AXIS - 4 - rows * ROW;
    const gap = Math.max(1, Math.min(GAP, Math.floor(room / lanes.length)));
    const height = AXIS + rows * ROW + lanes.length * gap + 4;
    const ratio = devicePixelRatio || 1;
    if (canvas.width !== Math.round(width * ratio) || canvas.height !== Math.round(height * ratio)) {
      canvas.width = Math.round(width * ratio);
      canvas.height = Math.round(height * ratio);
      canvas.style.width = `${width}px`;
      canvas.style.height = `${height}px`;
    }
    const style = getComputedStyle(document.documentElement);
    const colors = new Map();
    const color = (name) => {
      if (!colors.has(name)) colors.set(name, style.getPropertyValue(name).trim());
      return colors.get(name);
    };
    const pen = canvas.getContext("2d");
    pen.setTransform(ratio, 0, 0, ratio, 0, 0);
    pen.clearRect(0, 0, width, height);
    pen.font = `11px ${color("--sans")}`;
    pen.textBaseline = "middle";
    const [from, to] = view();
    const span = to - from || 1;
    const x = (at) => left + ((at - from) / span) * (width - left - 8);
    const step = axisStep(span, (width - left) / (width < NARROW ? 60 : 90));
    pen.fillStyle = color("--dim");
    pen.strokeStyle = color("--line");
    for (let at = Math.ceil((from - full[0]) / step) * step; at <= to - full[0]; at += step) {
      const place = Math.round(x(full[0] + at)) + 0.5;
      pen.beginPath();
      pen.moveTo(place, AXIS - 4);
      pen.lineTo(place, height);
      pen.stroke();
      const label = at > step / 2 ? `+${formatTick(at)}` : "0";
      if (place + pen.measureText(label).width < width) pen.fillText(label, place + 3, AXIS / 2);
    }
    spots = [];
    names = [];
    let drawn = [];
    let y = AXIS + 2;
    lanes.forEach((lane, place) => {
      const rows = Math.max(1, lane.ends.length);
      if (place % 2) {
        pen.fillStyle = color("--stripe");
        pen.fillRect(0, y - gap / 2, width, rows * ROW + gap);
      }
      drawn = []; // the last bar of each row
      for (const { call, row } of lane.bars) drawBar(call, row, y + row * ROW);
      pen.fillStyle = color("--dim");
      pen.fillText(fitted(visible(lane.name), left - 14), 8, y + ROW / 2 - 1);
      names.push([y, y + rows * ROW, lane.name]);
      y += rows * ROW + gap;
    });
    if (drag && Math.abs(drag.to - drag.from) > 3) {
      pen.fillStyle = color("--drag");
      pen.fillRect(Math.min(drag.from, drag.to), 0, Math.abs(drag.to - drag.from), height);
    }

    function fitted(text, room) {
      if (pen.measureText(text).width <= room) return text;
      let size = text.length;
      while (size > 1 && pen.measureText(`${text.slice(0, size)}…`).width > room) size -= 1;
      return `${text.slice(0, size)}…`;
    }

    function drawBar(call, row, top) {
      const start = call.started || 0;
      const end = start + (call.duration || 0);
      if (end < from || start > to) return;
      const x1 = Math.max(left, x(start));
      const x2 = Math.min(width - 4, Math.max(x(end), x1 + 2.5));
      const paint = call.failed ? "--bad" : colorName(call);
      const before = drawn[row];
      if (call !== selected && !call.stream && before?.paint === paint && Math.abs(x2 - before.end) < 0.5) return; // it would be the same pixels
      drawn[row] = call.stream ? undefined : { paint, end: x2 };
      pen.fillStyle = color(paint);
      if (call.stream) {
        pen.globalAlpha = 0.38;
        pen.fillRect(x1, top + 1, x2 - x1, ROW - 4);
        pen.globalAlpha = 1;
        for (const at of distinctMarks(call, x, [left, width - 4], 2.5)) pen.fillRect(at - 0.75, top, 1.5, ROW - 2);
      } else {
        pen.fillRect(x1, top + 1, x2 - x1, ROW - 4);
      }
      if (call.failed) {
        pen.beginPath(); // a cross: not by colour alone
        pen.strokeStyle = color("--bad");
        pen.lineWidth = 1.75;
        pen.moveTo(x2 + 3, top + 1.5);
        pen.lineTo(x2 + 9, top + 7.5);
        pen.moveTo(x2 + 9, top + 1.5);
        pen.lineTo(x2 + 3, top + 7.5);
        pen.stroke();
        pen.lineWidth = 1;
      }
      if (call === selected) {
        pen.strokeStyle = color("--text");
        pen.lineWidth = 1.5;
        pen.strokeRect(x1 - 1.5, top - 0.5, x2 - x1 + 3, ROW - 1);
        pen.lineWidth = 1;
      }
      spots.push([x1 - 2, x2 + 4, top, call]);
    }
  }

  const place = (event) => {
    const box = canvas.getBoundingClientRect();
    return [event.clientX - box.left, event.clientY - box.top];
  };
  const under = ([x, y]) => spots.findLast(([x1, x2, top]) => x >= x1 && x <= x2 && y >= top - 1 && y <= top + ROW - 1)?.[3];

  canvas.addEventListener("pointerdown", (event) => {
    const [x] = place(event);
    drag = { from: x, to: x };
    canvas.setPointerCapture(event.pointerId);
  });
  canvas.addEventListener("pointermove", (event) => {
    const at = place(event);
    if (drag) {
      drag.to = at[0];
      draw();
      return;
    }
    const call = under(at);
    canvas.style.cursor = call ? "pointer" : "crosshair";
    const lane = at[0] < leftOf(scroll.clientWidth) && names.find(([from, to]) => at[1] >= from && at[1] <= to);
    canvas.title = lane ? visible(lane[2]) : call ? visible(`#${call.id} ${call.operation || "?"} ${statusText(call)} ${formatDuration(call.duration || 0)}`) : "";
  });
  canvas.addEventListener("pointerup", (event) => {
    const at = place(event);
    if (drag && Math.abs(drag.to - drag.from) > 6) {
      const left = leftOf(scroll.clientWidth);
      const [from, to] = view();
      const time = (x) => from + (Math.max(0, x - left) / (scroll.clientWidth - left - 8)) * (to - from);
      const [a, b] = [time(Math.min(drag.from, drag.to)), time(Math.max(drag.from, drag.to))];
      drag = null;
      if (b > a) zoomed([a, b]);
    } else {
      drag = null;
      const call = under(at);
      if (call) select(call);
    }
    draw();
  });
  canvas.addEventListener("dblclick", () => zoomed(null));
  new ResizeObserver(draw).observe(scroll);

  return {
    node: scroll,
    draw,
    show(calls, all, by, newRange, call) {
      lanes = layOut(calls, by);
      full = all;
      range = newRange;
      selected = call;
      const failures = calls.filter((one) => one.failed).length;
      canvas.setAttribute("aria-label", `${count(calls.length, "call")} in ${count(lanes.length, "lane")}, ${failures} failed; the table below lists them`);
      draw();
    },
    select(call) {
      selected = call;
      draw();
    },
  };
}
