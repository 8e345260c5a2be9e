/* From the scene to SVG, in place: nodes are kept by key and only what changed is written. */

const SVG = "http://www.w3.org/2000/svg";
const LAYERS = ["bands", "guide", "ghosts", "trails", "pieces", "labels", "axis"];

class Painter {
  constructor(svg) {
    this.svg = svg;
    this.entries = new Map();
    this.layers = {};
    for (const name of LAYERS) {
      this.layers[name] = document.createElementNS(SVG, "g");
      this.layers[name].setAttribute("class", name);
      svg.append(this.layers[name]);
    }
  }

  begin() {
    this.drawn = new Set();
  }

  /* Draw one node; `place` moves it by a CSS transform, which can glide, and `text` is its content. */
  draw(parent, key, tag, { place, text, ...attributes }) {
    let entry = this.entries.get(key);
    if (!entry) {
      entry = { node: document.createElementNS(SVG, tag), values: {}, place: "" };
      this.entries.set(key, entry);
      parent.append(entry.node);
    }
    this.drawn.add(key);
    for (const [name, raw] of Object.entries(attributes)) {
      const value = typeof raw === "number" ? Math.round(raw * 100) / 100 : raw;
      if (entry.values[name] === value) continue;
      entry.values[name] = value;
      if (value === null) entry.node.removeAttribute(name);
      else entry.node.setAttribute(name, value);
    }
    if (text !== undefined && entry.text !== text) {
      entry.text = text;
      entry.node.textContent = text;
    }
    if (place) {
      const transform = `translate(${place[0].toFixed(2)}px, ${place[1].toFixed(2)}px)`;
      if (entry.place !== transform) entry.node.style.transform = entry.place = transform;
    }
    return entry.node;
  }

  end() {
    for (const [key, entry] of this.entries) {
      if (this.drawn.has(key)) continue;
      entry.node.remove();
      this.entries.delete(key);
    }
  }

  /* Put nodes of one layer in order without moving the focused one, which would lose its focus. */
  arrange(layer, nodes) {
    if (nodes.every((node, index) => layer.children[index] === node)) return;
    const focused = nodes.find((node) => node === layer.getRootNode().activeElement);
    const split = focused ? nodes.indexOf(focused) : nodes.length;
    nodes.slice(0, split).forEach((node) => layer.insertBefore(node, focused ?? null));
    nodes.slice(split + 1).forEach((node) => layer.append(node));
  }
}

const crisp = (value) => Math.round(value) + 0.5;

function paintBands(painter, scene) {
  const { layout, bands } = scene;
  const layer = painter.layers.bands;
  const draw = (key, tag, attributes) => painter.draw(layer, key, tag, attributes);
  const barTop = layout.phone ? 18 : 20;
  const shareLine = layout.phone ? 35 : 39;
  for (const { index, left, right } of bands) {
    if (index % 2) continue;
    draw(`stripe:${index}`, "rect", {
      class: "stripe", x: Math.round(left), y: 0, height: layout.bottomLine,
      width: Math.round(right) - Math.round(left),
    });
  }
  for (const { index, head, size, own } of bands) {
    const bar = { x: head.x, y: barTop, height: 4 };
    const line = { x: head.x, y: layout.phone ? 13 : 14 };
    draw(`name:${index}`, "text", { class: "strong", ...line, text: head.name });
    draw(`cars:${index}`, "text", { class: "muted end", ...line, x: head.right, text: head.cars });
    draw(`whole:${index}`, "rect", { class: "bar-whole", ...bar, width: head.room });
    draw(`size:${index}`, "rect", { class: "bar-size", ...bar, width: head.room * size });
    draw(`own:${index}`, "rect", { class: "bar-own", ...bar, width: head.room * own });
    draw(`share:${index}`, "text", {
      class: own ? "own strong" : "muted", x: head.x, y: shareLine, text: head.share,
    });
    draw(`change:${index}`, "text", {
      class: head.change?.gain ? "gain" : "loss", x: head.change?.x ?? head.x, y: shareLine,
      text: head.change?.text ?? "",
    });
  }
}

function paintRows(painter, scene, format, measure) {
  const { layout, rows } = scene;
  const layer = painter.layers.bands;
  const right = layout.width - layout.right;
  const line = (key, y, left, strong) =>
    painter.draw(layer, key, "line", {
      class: strong ? "line-strong" : "line", x1: left, x2: right, y1: crisp(y), y2: crisp(y),
    });
  line("row:top", layout.top, layout.left, true);
  for (const row of rows) {
    const { index, top, height } = row;
    line(`row:${index}`, top + height, layout.phone ? layout.left : 0, index === rows.length - 1);
    if (layout.phone) {
      painter.draw(layer, `rowname:${index}`, "text", {
        class: "muted", x: row.label.x, y: row.label.y, text: row.name,
      });
      continue;
    }
    const middle = top + height / 2;
    painter.draw(layer, `rowname:${index}`, "text", {
      class: "row-name", x: 0, y: middle - 2,
      text: shortened(row.name, layout.left - 10, (text) => measure(text, 400, 14)),
    });
    painter.draw(layer, `rowcars:${index}`, "text", {
      class: "muted", x: 0, y: middle + 14, text: format.cars(row.units),
    });
  }
}

/* The text, cut with an ellipsis when it is wider than its room. */
function shortened(text, room, width) {
  if (width(text) <= room) return text;
  let cut = text;
  while (cut.length > 1 && width(`${cut}…`) > room) cut = cut.slice(0, -1);
  return `${cut.trimEnd()}…`;
}

function paintAxis(painter, scene) {
  const { layout, axis, active } = scene;
  const layer = painter.layers.axis;
  const draw = (key, tag, attributes) => painter.draw(layer, key, tag, attributes);
  const base = layout.bottomLine;
  const line = base + 15;
  if (axis.title) draw("axis:title", "text", { class: "muted", x: 0, y: line, text: axis.title });
  for (const tick of axis.ticks) {
    const place = { x: tick.x, y: line };
    draw(`tick:${tick.price}`, "text", { class: "muted middle", ...place, text: tick.text });
  }
  if (axis.seen) {
    const [low, high] = axis.seen;
    draw("seen", "rect", { class: "seen", x: low, y: base - 2, width: high - low, height: 4 });
    axis.seen.forEach((x, end) =>
      draw(`seen:${end}`, "line", {
        class: "seen-end", x1: crisp(x), x2: crisp(x), y1: base - 4, y2: base + 4,
      }),
    );
  }
  if (axis.beyond) {
    const [from, to] = axis.beyond;
    draw("beyond", "line", { class: "beyond", x1: from, x2: to, y1: base, y2: base });
  }
  if (active) {
    const rim = active.radius + (active.own ? OWN_MARGIN : 1);
    painter.draw(painter.layers.guide, "guide", "line", {
      class: axis.pill.warn ? "guide-line warn" : "guide-line",
      x1: active.x, x2: active.x, y1: Math.min(base, active.y + rim), y2: base,
    });
    const { x, width, text, warn } = axis.pill;
    const box = { x: x - width / 2, y: base + 2, width, height: 18, rx: 3 };
    draw("pill", "rect", { class: warn ? "pill warn" : "pill", ...box });
    draw("pill:text", "text", { class: "pill-text middle", x, y: line, text });
  }
}

/* The dashed ring at the baseline, and the arrow from it to where the piece is now. */
function paintGhost(painter, piece, faded) {
  const tone = `tone-${piece.tone}${faded ? " faded" : ""}`;
  const { x, radius } = piece.ghost;
  const place = [x, piece.y];
  painter.draw(painter.layers.ghosts, `ghost:${piece.id}`, "circle", {
    class: `ghost ${tone}`, r: radius, place,
  });
  const direction = piece.x < x ? 1 : -1;
  const edge = piece.radius + (piece.own ? OWN_MARGIN + 1 : 2);
  const length = Math.abs(x - piece.x) - edge;
  if (length < 4) return;
  const head = Math.min(7, length);
  const tip = piece.x - x + direction * edge;
  painter.draw(painter.layers.trails, `trail:${piece.id}`, "path", {
    class: `trail ${tone}`, place,
    d: `M0 0H${(tip + direction * head).toFixed(2)}`,
  });
  painter.draw(painter.layers.trails, `tip:${piece.id}`, "path", {
    class: `trail-tip ${tone}`, place,
    d: `M${tip.toFixed(2)} 0l${direction * head} -4.5v9z`,
  });
}

/* One piece; `states` says what is active, hovered, focused and faded. Returns its group. */
function paintPiece(painter, piece, states, aria) {
  const key = `piece:${piece.id}`;
  const group = painter.draw(painter.layers.pieces, key, "g", {
    class: `piece tone-${piece.tone}${states.faded ? " faded" : ""}${piece.own ? " own-piece" : ""}`,
    place: [piece.x, piece.y],
    "data-product": piece.id,
    "data-price": piece.price,
    ...aria,
  });
  const draw = (part, radius) =>
    painter.draw(group, `${key}:${part}`, "circle", { class: part, r: radius });
  if (piece.own) {
    draw("clearing", piece.radius + OWN_MARGIN);
    draw(states.active ? "ring active" : "ring", piece.radius + 3);
  } else if (states.active) {
    draw("ring active", piece.radius + 3);
  }
  draw("disc", piece.radius);
  if (states.lit && !states.active) draw("halo", piece.radius + (piece.own ? 6 : 3.5));
  return group;
}

function paintLabels(painter, scene, isFaded) {
  for (const label of scene.labels) {
    const piece = scene.pieces.find((item) => item.id === label.id);
    painter.draw(painter.layers.labels, label.key, "text", {
      class:
        `label ${label.tone}${label.weight === 600 ? " strong" : ""}` +
        `${label.halo ? " haloed" : ""}${label.anchor === "middle" ? " middle" : ""}` +
        `${isFaded(piece) ? " faded" : ""}`,
      place: [label.x, label.y],
      text: label.text,
    });
  }
}

/* Paint everything. `view` holds the format, the measure, and what is hovered, focused and faded. */
function paintScene(painter, scene, view) {
  painter.begin();
  paintBands(painter, scene);
  paintNewcomers(painter, scene);
  paintRows(painter, scene, view.format, view.measure);
  const groups = scene.pieces.map((piece) => {
    const faded = view.isFaded(piece);
    if (piece.ghost) paintGhost(painter, piece, faded);
    const active = piece.id === scene.active?.id;
    return paintPiece(painter, piece, { active, faded, lit: view.isLit(piece) }, view.aria(piece));
  });
  paintLabels(painter, scene, view.isFaded);
  paintAxis(painter, scene);
  painter.end();
  painter.arrange(painter.layers.pieces, groups);
}
