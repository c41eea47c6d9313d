/* Plots: drawn with uPlot from what stands in the figure, in the page's own colours, light or dark. The table beside it
   is folded away then, and stays for whoever would rather read. Arrow keys move along the values, and say them. */
"use strict";

(() => {
  const DASHES = [[], [8, 4], [2, 3], [10, 3, 2, 3]];
  const MARK_DASHES = [[6, 3], [2, 2], [10, 4], [4, 4]];
  const HEIGHT = 280;
  const drawn = [];

  const colour = (name) => getComputedStyle(document.documentElement).getPropertyValue(name).trim();
  const words = (value, digits) =>
    value == null ? "–" : value.toLocaleString(document.documentElement.lang, { minimumFractionDigits: digits, maximumFractionDigits: digits });

  const axis = (label, digits, size) => ({
    label,
    size,
    labelSize: 24,
    gap: 4,
    stroke: colour("--registry-text"),
    grid: { stroke: colour("--registry-line"), width: 1 },
    ticks: { stroke: colour("--registry-line"), width: 1 },
    font: "13px system-ui, sans-serif",
    labelFont: "13px system-ui, sans-serif",
    values: (plot, splits) => {
      const step = splits.length > 1 ? Math.abs(splits[1] - splits[0]) : 1; // one that is finer than the figures is written out
      const [, after = ""] = String(Number(step.toPrecision(3))).split(".");
      const fine = Math.max(digits, Math.min(6, after.length));
      return splits.map((each) => (each == null ? "" : each.toLocaleString(document.documentElement.lang, { maximumFractionDigits: fine })));
    },
  });

  const line = (wanted, each, number) => {
    const stroke = colour(`--plot-${number + 1}`);
    const shown = { label: each.name, stroke, width: 2, dash: DASHES[number], points: { show: false } };
    if (wanted.kind === "bars") {
      shown.paths = uPlot.paths.bars({ size: [wanted.series.length > 1 ? 1 : 0.9, 80] });
      shown.fill = `color-mix(in srgb, ${stroke} ${wanted.series.length > 1 ? 25 : 60}%, transparent)`;
      shown.width = 1.5;
    }
    if (wanted.kind === "points") {
      shown.paths = () => null;
      shown.points = { show: true, size: 7 + 2 * number, fill: number % 2 ? "transparent" : stroke, stroke, width: 1.5 };
    }
    return shown;
  };

  const marks = (wanted) => (plot) => {
    const { ctx, bbox } = plot;
    ctx.save();
    wanted.marks.forEach((mark, number) => {
      const at = Math.round(plot.valToPos(mark.at, "x", true));
      if (at < bbox.left || at > bbox.left + bbox.width) return;
      ctx.strokeStyle = colour("--registry-text");
      ctx.lineWidth = 2 * devicePixelRatio;
      ctx.setLineDash(MARK_DASHES[number % MARK_DASHES.length].map((each) => each * devicePixelRatio));
      ctx.beginPath();
      ctx.moveTo(at, bbox.top);
      ctx.lineTo(at, bbox.top + bbox.height);
      ctx.stroke();
    });
    ctx.restore();
  };

  /* The values at one x as a sentence. */
  const told = (wanted, index) => {
    const values = wanted.series.map((each) => `${each.name}: ${words(each.values[index], wanted.yDecimals)}`);
    return `${wanted.xLabel} ${words(wanted.x[index], wanted.xDecimals)} · ${values.join(" · ")}`;
  };

  /* From the first to the last x and mark, with half a step on each side, so that nothing is cut. */
  const extent = (wanted) => {
    const all = [...wanted.x, ...wanted.marks.map((mark) => mark.at)];
    const [least, most] = [Math.min(...all), Math.max(...all)];
    const step = wanted.x.length > 1 ? (wanted.x[wanted.x.length - 1] - wanted.x[0]) / (wanted.x.length - 1) : 1;
    const room = wanted.kind === "lines" ? (most - least) * 0.02 || 0.5 : step * 0.6;
    return [least - room, most + room];
  };

  const options = (wanted, width, say) => ({
    width,
    height: HEIGHT,
    legend: { show: false },
    cursor: { y: false, drag: { x: false, y: false }, points: { size: 8 } },
    scales: { x: { time: false, range: () => extent(wanted) }, y: wanted.kind === "bars" ? { range: (plot, least, most) => [Math.min(0, least), most * 1.05 || 1] } : {} },
    axes: [axis(wanted.xLabel, wanted.xDecimals, 36), axis(wanted.yLabel, wanted.yDecimals, 56)],
    series: [{ label: wanted.xLabel }, ...wanted.series.map((each, number) => line(wanted, each, number))],
    hooks: { draw: [marks(wanted)], setCursor: [(plot) => plot.cursor.idx != null && say(plot.cursor.idx)] },
  });

  const draw = (figure) => {
    const wanted = JSON.parse(figure.dataset.plot);
    if (!wanted.x.length) return;
    const canvas = figure.querySelector(".canvas");
    const read = figure.querySelector(".read");
    const say = (index) => { read.textContent = told(wanted, index); };
    figure.querySelectorAll(".canvas, .legend, .read").forEach((part) => { part.hidden = false; });
    figure.querySelector("details").open = false;
    canvas.tabIndex = 0;
    canvas.setAttribute("role", "group");
    canvas.setAttribute("aria-label", `${figure.querySelector("figcaption").textContent}. ${figure.dataset.reads}`);
    read.textContent = figure.dataset.reads;
    let plot = null;
    let index = -1;
    const anew = () => {
      if (plot) plot.destroy();
      const data = [wanted.x, ...wanted.series.map((each) => each.values)];
      plot = new uPlot(options(wanted, canvas.clientWidth, say), data, canvas);
    };
    anew();
    new ResizeObserver(() => {
      if (!matchMedia("print").matches) plot.setSize({ width: canvas.clientWidth, height: HEIGHT }); // the style sheet fits it to paper
    }).observe(canvas);
    canvas.addEventListener("keydown", (event) => {
      const steps = { ArrowRight: 1, ArrowLeft: -1, PageDown: 10, PageUp: -10, Home: -Infinity, End: Infinity };
      if (!(event.key in steps)) return;
      event.preventDefault();
      index = Math.max(0, Math.min(wanted.x.length - 1, index + steps[event.key]));
      plot.setCursor({ left: plot.valToPos(wanted.x[index], "x"), top: 10 }, false);
      say(index);
    });
    drawn.push(anew);
  };

  const start = (within) => within.querySelectorAll("figure.plot[data-plot]").forEach((figure) => {
    if (!figure.dataset.drawn) draw(figure);
    figure.dataset.drawn = "yes";
  });

  start(document);
  document.addEventListener("htmx:load", (event) => start(event.target.parentNode || document));
  matchMedia("(prefers-color-scheme: dark)").addEventListener("change", () => drawn.forEach((anew) => anew()));
})();
