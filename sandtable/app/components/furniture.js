/* The parts around the picture: hover tip, legend, and the list that says the same as a table. */

function element(tag, className, text) {
  const node = document.createElement(tag);
  if (className) node.className = className;
  if (text !== undefined) node.textContent = text;
  return node;
}

/* The value of a piece in one sentence, for screen readers. */
function spokenValue(piece, figures, format) {
  const template = piece.moved ? format.text.value_moved : format.text.value_base;
  return fillText(template, {
    price: format.price(piece.price),
    change: format.signedPercent(piece.priceChange),
    cars: format.cars(piece.units),
    share: format.percent(figures.total > 0 ? piece.units / figures.total : 0),
  });
}

function tipLines(piece, figures, format) {
  const { text } = format;
  const price = format.price(piece.price);
  const cars = format.count(piece.units);
  const changed = Math.round(piece.unitsChange) !== 0;
  const lines = [
    [text.tip_price, piece.moved ? `${price}  ${format.signedPercent(piece.priceChange)}` : price],
    [text.tip_cars, changed ? `${cars}  ${format.change(piece.unitsChange)}` : cars],
    [text.tip_share, format.percent(figures.total > 0 ? piece.units / figures.total : 0)],
  ];
  const rival = closestRival(figures, piece);
  if (rival) {
    const values = { product: rival.name, price: format.price(rival.price) };
    lines.push([text.tip_rival, fillText(text.tip_rival_value, values)]);
  }
  return lines;
}

/* Fill the tip and set it above its piece, or below when there is no room. */
function showTip(tip, piece, scene, format) {
  const head = element("div", "tip-head");
  head.append(element("b", "", piece.name), element("span", "muted", piece.firm));
  const lines = element("dl");
  for (const [name, value] of tipLines(piece, scene.figures, format)) {
    lines.append(element("dt", "", name), element("dd", "", value));
  }
  tip.replaceChildren(head, lines);
  if (piece.outside) tip.append(element("div", "loss", format.text.tip_outside));
  tip.hidden = false;
  const { offsetWidth: width, offsetHeight: height } = tip;
  const gap = piece.radius + 10;
  const left = Math.max(0, Math.min(piece.x - width / 2, scene.layout.width - width));
  const above = piece.y - gap - height;
  const top = above >= 0 ? above : piece.y + gap;
  tip.style.transform = `translate(${Math.round(left)}px, ${Math.round(top)}px)`;
}

/* Build the legend; `onFirm` hears the tone to single out, or null. */
function buildLegend(legend, data, format, onFirm) {
  const { firms, rest, text } = data;
  const toneOf = firmTones(firms);
  const entry = (tone, label) => {
    const item = element("span", `entry tone-${tone}`);
    item.append(element("i", `mark${tone === "own" ? " own-mark" : ""}`), document.createTextNode(label));
    if (tone !== "base") {
      item.addEventListener("pointerenter", () => onFirm(tone));
      item.addEventListener("pointerleave", () => onFirm(null));
    }
    return item;
  };
  const named = firms.order.filter((firm) => toneOf(firm) !== "rest" && firm !== firms.own);
  const entries = [entry("own", firms.own), ...named.map((firm) => entry(toneOf(firm), firm))];
  if (firms.others_count) {
    entries.push(entry("rest", fillText(text.others, { count: firms.others_count })));
  }
  entries.push(entry("base", text.baseline));
  const values = {
    drawn: data.pieces.length, of: rest.of, count: rest.count, cars: format.cars(rest.units),
  };
  const drawn = fillText(rest.count ? text.drawn : text.drawn_all, values);
  legend.replaceChildren(...entries, element("span", "drawn", drawn));
}

const LIST_COLUMNS = [
  ["product", "start"], ["firm", "start wide"], ["row", "start wide"],
  ["price", "end"], ["cars", "end"], ["change", "end"], ["share", "end wide"],
];

function listCells(piece, figures, format) {
  const changed = Math.round(piece.unitsChange) !== 0;
  return {
    firm: piece.firm,
    row: figures.rows[piece.row].name,
    price: format.price(piece.price),
    cars: format.count(piece.units),
    change: changed ? format.change(piece.unitsChange) : "",
    share: format.percent(figures.total > 0 ? piece.units / figures.total : 0),
  };
}

/* The board as a table; keeps the focus on its piece. */
function buildList(list, figures, activeId, format, onPick) {
  const focused = list.getRootNode().activeElement?.dataset?.product;
  const { text } = format;
  const table = element("table");
  table.append(element("caption", "unseen", text.list_label));
  const head = element("tr");
  for (const [name, className] of LIST_COLUMNS) {
    const cell = element("th", className, text[`list_${name}`]);
    cell.scope = "col";
    head.append(cell);
  }
  table.createTHead().append(head);
  const body = table.createTBody();
  const ordered = [...figures.pieces].sort((a, b) => a.row - b.row || a.price - b.price);
  for (const piece of ordered) {
    const row = element("tr", piece.own ? "own-row" : "");
    row.ariaSelected = String(piece.id === activeId);
    const name = element("button", "", piece.name);
    name.type = "button";
    name.dataset.product = piece.id;
    const first = element("th", "start");
    first.scope = "row";
    first.append(name);
    row.append(first);
    const cells = listCells(piece, figures, format);
    for (const [column, className] of LIST_COLUMNS.slice(1)) {
      const sign = column === "change" && cells.change ? (piece.unitsChange > 0 ? " gain" : " loss") : "";
      row.append(element("td", className + sign, cells[column]));
    }
    row.addEventListener("click", () => onPick(piece.id));
    body.append(row);
  }
  list.replaceChildren(table);
  if (focused) list.querySelector(`[data-product="${CSS.escape(focused)}"]`)?.focus();
}
