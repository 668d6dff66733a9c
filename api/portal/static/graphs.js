// Graphs that are drawn in the browser, by uPlot: a value where one points and along a slider for the keyboard and for
// fingers; closer by dragging, back by a double click. Whoever has no script has the drawing that was sent, the words
// below it and the table behind it. Essaim, AGPL-3.0-or-later.

const LANGUAGE = document.documentElement.lang === "fr" ? "fr-FR" : "en-GB";
const PREFIXES = ["", "k", "M", "G", "T", "P", "E"];
const INKS = ["--one", "--two", "--more"];
const DASHES = [[], [5, 2], [1.5, 2]];
const FONT = "system-ui, sans-serif";
const FEWEST = 4; // columns that are left at the closest
const DAY = 86400;

// The colours of the page, which are other ones in the dark.
const colour = name => getComputedStyle(document.documentElement).getPropertyValue(name).trim();
const ink = rank => colour(INKS[Math.min(rank, INKS.length - 1)]);

// `12,4 Mbit/s`, in powers of 1000, as monitoring/units.py writes it; all that stand in one column with the same prefix.
function written(values, told, digits) {
  const most = Math.max(...values.map(Math.abs));
  let rank = 0;
  while (told.large && most / 1000 ** rank >= 999.95 && rank < PREFIXES.length - 1) rank += 1;
  const symbol = PREFIXES[rank] + told.symbol;
  const number = new Intl.NumberFormat(LANGUAGE, { maximumFractionDigits: digits(1000 ** rank) });
  return values.map(value => number.format(value / 1000 ** rank) + (symbol && "\u00a0" + symbol));
}

const figure = (value, told) =>
  written([value], told, unit => (value !== 0 && Math.abs(value / unit) < 1 ? 3 : 1))[0];

function times(told) {
  const form = options => new Intl.DateTimeFormat(LANGUAGE, { timeZone: told.zone, ...options });
  const hour = form({ hour: "2-digit", minute: "2-digit" });
  const day = form({ day: "2-digit", month: "2-digit" });
  const month = form({ month: "2-digit", year: "numeric" });
  return (plot, splits, axis, space, apart) =>
    splits.map(at => {
      const date = new Date(at * 1000);
      if (apart >= 28 * DAY) return month.format(date);
      const midnight = hour.format(date) === "00:00" && plot.scales.x.max - plot.scales.x.min > DAY;
      return apart >= DAY || midnight ? day.format(date) : hour.format(date);
    });
}

// What stands alone between two gaps is no line: it is drawn as a point.
const alone = (plot, series, show, gaps) => {
  const values = plot.data[series];
  return values.flatMap((value, rank) =>
    value !== null && (values[rank - 1] ?? null) === null && (values[rank + 1] ?? null) === null ? [rank] : []);
};

// Of each curve the least, the most and, over the surface between them, the mean.
const isMean = series => series % 3 === 0;

function series(told) {
  const edge = { width: 0, points: { show: false } };
  const means = told.curves.map((_, rank) => ({
    stroke: () => ink(rank),
    width: 1.5,
    dash: DASHES[Math.min(rank, DASHES.length - 1)],
    points: { show: true, filter: alone, size: 4, fill: () => ink(rank) },
  }));
  return [{}, ...means.flatMap(mean => [{ ...edge }, { ...edge }, mean])];
}

// The 95th percentile of each curve: a line through the whole, with its figure.
function percentiles(plot, told) {
  const { ctx, bbox } = plot;
  told.curves.forEach((curve, rank) => {
    const y = curve.percentile === null ? NaN : plot.valToPos(curve.percentile, "y", true);
    if (!(y >= bbox.top && y <= bbox.top + bbox.height)) return;
    const pixel = devicePixelRatio;
    ctx.save();
    ctx.strokeStyle = ctx.fillStyle = ink(rank);
    ctx.lineWidth = pixel;
    ctx.setLineDash([pixel, 4 * pixel]);
    ctx.beginPath();
    ctx.moveTo(bbox.left, y);
    ctx.lineTo(bbox.left + bbox.width, y);
    ctx.stroke();
    ctx.font = `${11 * pixel}px ${FONT}`;
    ctx.textAlign = "right";
    const below = y - bbox.top < 16 * pixel;
    ctx.textBaseline = below ? "top" : "bottom";
    const words = told.words.percentile.replace("{figure}", figure(curve.percentile, told));
    const place = [words, bbox.left + bbox.width - 4 * pixel, y + (below ? 3 : -3) * pixel];
    ctx.setLineDash([]);
    ctx.lineWidth = 3 * pixel;
    ctx.strokeStyle = colour("--pico-background-color"); // stands out of what it crosses
    ctx.strokeText(...place);
    ctx.fillText(...place);
    ctx.restore();
  });
}

function options(told, xs, width, hooks) {
  const axis = { stroke: () => colour("--quiet"), font: `12px ${FONT}`, grid: { stroke: () => colour("--hairline"), width: 1 } };
  return {
    width,
    height: height(width),
    legend: { show: false },
    tzDate: at => uPlot.tzDate(new Date(at * 1000), told.zone),
    cursor: { y: false, drag: { x: true, y: false, dist: 6 }, points: { size: (_, rank) => (isMean(rank) ? 7 : 0) } },
    scales: {
      x: { range: (_, low, high) => (low === xs[0] && high === xs.at(-1) ? [told.since, told.until] : [low, high]) },
      // From nothing, unless the figures go below it.
      y: { range: (_, low, high) => (low < high || high ? [Math.min(0, low * 1.1), Math.max(0, high * 1.1)] : [0, 1]) },
    },
    axes: [
      { ...axis, space: 56, size: 28, ticks: { show: false }, values: times(told) },
      {
        ...axis,
        space: 34,
        ticks: { show: false },
        values: (_, splits, rank, space, apart) =>
          written(splits, told, unit => Math.max(0, Math.ceil(-Math.log10(apart / unit) - 1e-9))),
        size: (plot, words) => {
          plot.ctx.font = `${12 * devicePixelRatio}px ${FONT}`;
          return 14 + Math.max(0, ...(words ?? []).map(word => plot.ctx.measureText(word).width / devicePixelRatio));
        },
      },
    ],
    series: series(told),
    bands: told.curves.map((_, rank) => ({
      series: [3 * rank + 2, 3 * rank + 1],
      fill: () => `${ink(rank)}2e`, // of #rrggbb, by 18 %
    })),
    hooks: { draw: [plot => percentiles(plot, told)], ...hooks },
  };
}

const height = width => Math.round(Math.min(240, Math.max(170, width * 0.42)));

const button = words => {
  const made = document.createElement("button");
  made.type = "button";
  made.className = "plain";
  made.textContent = words;
  return made;
};

// A slider to read along, what it says, and closer and back for those who do not drag.
function controls(told, name) {
  const slider = document.createElement("input");
  slider.type = "range";
  slider.setAttribute("aria-label", told.words.read);
  const said = document.createElement("p");
  said.className = "said";
  said.setAttribute("aria-hidden", "true"); // the slider says it already
  const closer = button(told.words.closer), whole = button(told.words.whole);
  for (const one of [closer, whole]) {
    one.id = `${name}-${one === closer ? "closer" : "whole"}`;
    one.setAttribute("aria-labelledby", `${one.id} ${name}`);
  }
  return { slider, said, closer, whole };
}

function draw(place) {
  const told = JSON.parse(place.dataset.graph);
  const whole = place.closest("figure"), sent = whole.querySelector("svg.graph");
  const name = whole.getAttribute("aria-labelledby");
  const xs = told.said.map((_, rank) => Math.min(told.since + (rank + 0.5) * told.step, told.until));
  const data = [xs, ...told.curves.flatMap(curve => [curve.low, curve.high, curve.mean])];
  const { slider, said, closer, whole: all } = controls(told, name);

  // The columns that are seen now.
  let first = 0, last = xs.length - 1;

  function tell(rank) {
    said.textContent = rank === null ? told.words.read : told.said[rank];
    if (rank !== null) slider.value = rank;
    slider.setAttribute("aria-valuetext", told.said[Number(slider.value)]);
  }

  function seen(plot, key) {
    if (key !== "x") return;
    const { min, max } = plot.scales.x;
    first = xs.findIndex(at => at >= min);
    last = xs.findLastIndex(at => at <= max);
    if (last < first) last = first = Math.max(last, 0); // between two columns
    slider.min = first;
    slider.max = last;
    all.disabled = min <= told.since && max >= told.until;
    closer.disabled = last - first < FEWEST;
    tell(document.activeElement === slider ? Number(slider.value) : null);
  }

  slider.min = 0;
  slider.max = last;
  slider.value = last;
  whole.classList.add("live"); // before it is measured: the drawing that was sent makes room
  const plot = new uPlot(
    options(told, xs, place.clientWidth, { setScale: [seen], setCursor: [one => tell(one.cursor.idx ?? null)] }), data, place,
  );
  plot.root.setAttribute("role", "img");
  plot.root.setAttribute("aria-labelledby", sent.getAttribute("aria-labelledby"));
  plot.root.setAttribute("aria-describedby", sent.getAttribute("aria-describedby"));
  place.append(slider, said, closer, all);

  const point = () => plot.setCursor({ left: plot.valToPos(xs[slider.value], "x"), top: 0 });
  const leave = () => plot.setCursor({ left: -10, top: -10 });
  const back = () => plot.setData(data);
  function nearer() {
    const half = Math.max(FEWEST, (last - first + 1) / 2) / 2, middle = xs[slider.value];
    const min = Math.min(Math.max(middle - half * told.step, told.since), told.until - 2 * half * told.step);
    plot.setScale("x", { min, max: min + 2 * half * told.step });
  }

  slider.addEventListener("input", point);
  slider.addEventListener("focus", point);
  slider.addEventListener("blur", leave);
  slider.addEventListener("keydown", event => {
    if (event.key === "+" && !closer.disabled) nearer();
    else if (event.key === "-" || event.key === "Escape") back();
    else return;
    event.preventDefault();
    point();
  });
  closer.addEventListener("click", nearer);
  all.addEventListener("click", back);
  plot.over.addEventListener("mouseleave", () => document.activeElement === slider && point());
  // A finger that moves along reads, and does not zoom: a page scrolls up and down all the same.
  plot.over.addEventListener("pointermove", event => {
    if (event.pointerType === "touch") plot.setCursor({ left: event.offsetX, top: 0 });
  });
  new ResizeObserver(() => {
    const width = place.clientWidth;
    if (width && width !== plot.width) plot.setSize({ width, height: height(width) });
  }).observe(place);
  matchMedia("(prefers-color-scheme: dark)").addEventListener("change", () => plot.redraw(true, true));
  tell(null);
}

document.querySelectorAll(".reader").forEach(draw);
