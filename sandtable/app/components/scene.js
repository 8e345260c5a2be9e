/* What is drawn: the figures put in their places, as plain objects. Nothing here touches the page. */

/* "own", "1" to "6" for the named firms in their order, "rest" for all others. */
function firmTones(firms) {
  const named = firms.order.filter((firm) => firm !== firms.own).slice(0, 6);
  const tones = new Map(named.map((firm, index) => [firm, String(index + 1)]));
  tones.set(firms.own, "own");
  return (firm) => tones.get(firm) ?? "rest";
}

/* Figures with x, radius, ghost and tone; y comes from `placePieces`. */
function shapePieces(data, figures, layout) {
  const tone = firmTones(data.firms);
  return figures.pieces.map((piece) => ({
    ...piece,
    x: layout.x(piece.price),
    radius: layout.radius(piece.units),
    tone: piece.own ? "own" : tone(piece.firm),
    named: tone(piece.firm) !== "rest",
    ghost: piece.moved
      ? { x: layout.x(piece.base_price), radius: layout.radius(piece.base_units) }
      : null,
  }));
}

/* Offsets from the centre line of each row, by piece. */
function placePieces(shapes, layout) {
  const places = new Map();
  layout.rows.forEach((row, index) => {
    const pieces = shapes.filter((piece) => piece.row === index);
    for (const [id, dy] of dodgeRow(pieces, row.height)) places.set(id, dy);
  });
  return places;
}

/* Rivals from large to small, then own pieces: the last is on top. */
function drawOrder(a, b) {
  return a.own - b.own || b.radius - a.radius || (a.id < b.id ? -1 : 1);
}

/* The line of change that the picked piece and the answering rivals carry. */
function changeNotes(pieces, active, layout, format) {
  const notes = new Map();
  for (const piece of pieces) {
    const picked = active && piece.id === active.id;
    if (picked && Math.round(piece.unitsChange) !== 0) {
      const tone = piece.own ? "own" : "ink";
      notes.set(piece.id, { text: `${piece.name} ${format.change(piece.unitsChange)}`, tone, needed: true });
    } else if (!picked && piece.answering && piece.moved && !layout.phone) {
      const change = format.signedPercent(piece.priceChange);
      const text = fillText(format.text.price_change, { product: piece.name, change });
      notes.set(piece.id, { text, tone: "ink", needed: false });
    }
  }
  return notes;
}

/* One band head: the texts that fit, each with its x. */
function bandHead(band, place, figures, layout, format, measure) {
  const x = place.left + layout.bandPadding;
  const right = place.right - layout.bandPadding;
  const room = right - x;
  const names = [format.band(band.from, band.to, layout.phone), format.band(band.from, band.to, true)];
  const name = names.find((text) => measure(text, 600, 12) <= room) ?? "";
  const cars = format.cars(band.units);
  const carsFit = measure(name, 600, 12) + 10 + measure(cars, 400, 12) <= room;
  const head = { x, right, room: Math.max(0, room), name, cars: layout.phone || !carsFit ? "" : cars };
  if (!band.own) return { ...head, share: room > 12 ? format.text.missing : "", change: null };
  const share = band.units > 0 ? band.own / band.units : 0;
  const base = band.baseUnits > 0 ? band.baseOwn / band.baseUnits : 0;
  const short = format.percent(share);
  const long = `${figures.ownFirm} ${short}`;
  const shareText = !layout.phone && measure(long, 600, 12) <= room ? long : short;
  const shareWidth = measure(shareText, 600, 12);
  const shown = Math.round(Math.abs(share - base) * 1000) >= 1;
  const change = `${format.arrow(share - base)} ${format.points(share - base)}`;
  const changeFits = shareWidth + 6 + measure(change, 400, 12) <= room;
  return {
    ...head,
    share: shareWidth <= room ? shareText : "",
    change:
      shown && changeFits && !layout.phone
        ? { x: x + shareWidth + 6, text: change, gain: share > base }
        : null,
  };
}

function composeBands(figures, layout, format, measure) {
  const largest = Math.max(1, ...figures.bands.map((band) => band.units));
  return figures.bands
    .map((band, index) => ({ band, place: layout.bands[index], index }))
    .filter(({ place }) => place.right - place.left > 1)
    .map(({ band, place, index }) => ({
      index,
      left: place.left,
      right: place.right,
      head: bandHead(band, place, figures, layout, format, measure),
      size: band.units / largest,
      own: band.own / largest,
    }));
}

/* The price pill of the active piece, and the range of prices seen in the data, on the axis. */
function composeAxis(active, layout, format, measure) {
  const title = layout.phone ? "" : format.axis;
  const edge = layout.width - layout.right;
  let pill = null;
  let hidden = title ? [[-Infinity, measure(title, 400, 12) + 10]] : [];
  if (active) {
    const parts = [format.pill(active.price)];
    if (active.moved) parts.push(format.signedPercent(active.priceChange));
    const width = measure(parts.join("\u2002"), 600, 12) + 16;
    const x = Math.max(layout.left + width / 2, Math.min(active.x, edge - width / 2));
    pill = { x, width, text: parts.join("\u2002"), warn: active.outside };
    hidden = [...hidden, [x - width / 2 - 6, x + width / 2 + 6]];
  }
  const ticks = layout.ticks
    .map((price) => ({ price, x: layout.x(price), text: format.tick(price) }))
    .filter(({ x, text }) => {
      const half = measure(text, 400, 12) / 2;
      const inside = x - half >= (layout.phone ? layout.left : 0) && x + half <= edge;
      return inside && !hidden.some(([from, to]) => x + half > from && x - half < to);
    });
  const clamp = (x) => Math.max(layout.left, Math.min(x, edge));
  const seen = active?.seen ? active.seen.map((price) => clamp(layout.x(price))) : null;
  return { title, ticks, pill, seen, beyond: active?.outside && seen ? beyondSeen(active, seen) : null };
}

function beyondSeen(active, [low, high]) {
  return active.x < low ? [active.x, low] : [high, active.x];
}

/*
 * The whole picture.
 * places: Map of id to dy (frozen while a piece is dragged); activeId: the piece with the guide;
 * newcomers: new pieces not confirmed yet; held: the one in the hand, with the guide.
 */
function composeScene({ data, figures, layout, places, activeId, newcomers, held, format, measure }) {
  const pieces = shapePieces(data, figures, layout)
    .map((piece) => {
      const row = layout.rows[piece.row];
      return { ...piece, y: row.top + row.height / 2 + (places.get(piece.id) ?? 0) };
    })
    .sort(drawOrder);
  const inHand = held ? shapeNewcomer(held, layout) : null;
  const active = inHand ?? pieces.find((piece) => piece.id === activeId) ?? null;
  const notes = changeNotes(pieces, active, layout, format);
  const { labels, taken } = placeLabels(pieces, notes, layout, measure, active);
  const rows = layout.rows.map((row, index) => ({ ...row, ...figures.rows[index], index }));
  if (layout.phone) {
    for (const row of rows) {
      const box = placeRowName(row, measure(row.name, 400, 12), layout, taken);
      row.label = { x: box.left, y: box.top + 11 };
    }
  }
  return {
    layout,
    figures,
    pieces,
    active,
    held: inHand,
    newcomers: [...newcomers.map((it) => shapeNewcomer(it, layout)), ...(inHand ? [inHand] : [])],
    labels,
    rows,
    bands: composeBands(figures, layout, format, measure),
    axis: composeAxis(active, layout, format, measure),
  };
}
