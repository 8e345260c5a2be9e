/*
 * Where things are: scales, rows, and the places of the pieces inside their rows.
 * x is the price and never moves for looks; only y gives way.
 */

const PHONE_WIDTH = 640;
const DESKTOP_FRAME = {
  left: 96, right: 0, top: 46, bottom: 22, legend: 24, height: 404, row: 44, grow: 44,
  largest: 22, floor: 4.5, tickSpacing: 90, bandPadding: 8,
};
const PHONE_FRAME = {
  left: 8, right: 8, top: 40, bottom: 25, legend: 26, height: 300, row: 24, grow: 41,
  largest: 14.75, floor: 3.5, tickSpacing: 50, bandPadding: 3,
};
const OWN_MARGIN = 4; /* the ring of an own piece reaches this far beyond its radius */
const WIDEST_ROW_NAME = 150;

/* 1, 2, 2.5 or 5 times a power of ten: the smallest that is at least `least`. */
function niceStep(least) {
  const power = 10 ** Math.floor(Math.log10(least));
  return [1, 2, 2.5, 5, 10].map((factor) => factor * power).find((step) => step >= least);
}

function frameFor(data, width, measure) {
  const phone = width < PHONE_WIDTH;
  const frame = { ...(phone ? PHONE_FRAME : DESKTOP_FRAME), phone, width };
  if (!phone) {
    const widest = Math.max(0, ...data.rows.map((name) => measure(name, 400, 14)));
    frame.left = Math.min(WIDEST_ROW_NAME, Math.max(frame.left, Math.ceil(widest) + 12));
    frame.height += Math.min(120, Math.max(0, Math.round((width - 968) * 0.2)));
  }
  const chrome = frame.top + frame.bottom + frame.legend;
  frame.height = Math.max(frame.height, chrome + data.rows.length * frame.grow);
  frame.bottomLine = frame.height - frame.legend - frame.bottom;
  return frame;
}

/*
 * How many pixels of height the densest place of a row would like: a piece and all that overlap it in
 * price, each as far as it does.
 */
function crowding(pieces) {
  return Math.max(0, ...pieces.map((at) =>
    pieces.reduce((sum, piece) => {
      const shared = at.radius + piece.radius + 4 - Math.abs(piece.x - at.x);
      const part = Math.max(0, Math.min(1, shared / (2 * Math.min(at.radius, piece.radius))));
      return sum + part * 2 * piece.radius;
    }, 0),
  ));
}

/*
 * Heights of the rows, from the baseline alone: they must not change while the user works.
 * Every row holds its largest piece; the height left over goes to the crowded ones.
 */
function rowPlaces(data, frame, baseX, radius) {
  const available = frame.bottomLine - frame.top;
  const needs = data.rows.map((_, row) => {
    const pieces = data.pieces
      .filter((piece) => piece.row === row)
      .map((piece) => ({ x: baseX(piece), radius: radius(piece.base_units) }));
    const largest = 2 * Math.max(0, ...pieces.map((piece) => piece.radius)) + 6;
    const least = Math.max(frame.row, Math.min(largest, available / data.rows.length));
    return { least, more: Math.max(2, crowding(pieces) + 10 - least) };
  });
  const least = needs.reduce((sum, need) => sum + need.least, 0);
  const more = needs.reduce((sum, need) => sum + need.more, 0);
  const scale = least > available ? available / least : 1;
  const spare = Math.max(0, available - least);
  let top = frame.top;
  return needs.map((need) => {
    const place = { top, height: need.least * scale + (need.more / more) * spare };
    top += place.height;
    return place;
  });
}

function createLayout(data, width, measure) {
  const frame = frameFor(data, width, measure);
  const [low, high] = data.price_range;
  const plot = frame.width - frame.left - frame.right;
  const x = (price) => frame.left + ((price - low) / (high - low)) * plot;
  const most = Math.max(1, ...data.pieces.map((piece) => piece.base_units));
  const factor = frame.largest / Math.sqrt(most);
  const radius = (units) => Math.max(frame.floor, Math.sqrt(Math.max(0, units)) * factor);
  const step = niceStep((frame.tickSpacing / plot) * (high - low));
  const ticks = [];
  for (let tick = Math.ceil(low / step) * step; tick <= high; tick += step) ticks.push(tick);
  const bands = data.bands.map((from, index) => ({
    left: Math.max(frame.left, x(from)),
    right: Math.min(frame.width - frame.right, x(data.bands[index + 1] ?? high)),
  }));
  return {
    ...frame,
    x,
    price: (pixel) => low + ((pixel - frame.left) / plot) * (high - low),
    radius,
    newcomer: frame.largest / 2,
    ticks,
    bands,
    rows: rowPlaces(data, frame, (piece) => x(piece.base_price), radius),
  };
}

/* What one piece at height `dy` loses by overlapping the others of its row and their ghosts. */
function overlapCost(piece, dy, others) {
  let cost = Math.abs(dy) * 0.12;
  for (const other of others) {
    if (other === piece) continue;
    const gap = piece.own || other.own ? 6 : 2;
    const short = piece.radius + other.radius + gap - Math.hypot(piece.x - other.x, dy - other.dy);
    if (short > 0) cost += short ** 2;
    if (other.ghost) {
      const apart = Math.hypot(piece.x - other.ghost.x, dy - other.dy);
      const shortOfGhost = piece.radius + other.ghost.radius + 1 - apart;
      if (shortOfGhost > 0) cost += 0.5 * shortOfGhost ** 2;
    }
    if (piece.ghost) {
      const apart = Math.hypot(piece.ghost.x - other.x, dy - other.dy);
      const shortOfGhost = other.radius + piece.ghost.radius - apart;
      if (shortOfGhost > 0) cost += 0.5 * shortOfGhost ** 2;
    }
  }
  return cost;
}

const DODGE_STEP = 1.5;
const DODGE_SWEEPS = 60;
const OWN_REACH = 6;

function bestOffset(piece, others, limit, from) {
  let best = { dy: from, cost: overlapCost(piece, from, others) - 1e-6 };
  for (let offset = 0; offset <= limit; offset += DODGE_STEP) {
    for (const dy of [offset, -offset]) {
      const cost = overlapCost(piece, dy, others);
      if (cost < best.cost - 1e-9) best = { dy, cost };
    }
  }
  return best.dy;
}

/*
 * Spread the pieces of one row over y, deterministically: own pieces first, then by size, each at
 * the free place nearest to the centre line; then sweeps in which each piece chooses again.
 * pieces: [{id, x, radius, own, ghost: {x, radius} | null}]; returns a Map of id to dy.
 */
function dodgeRow(pieces, height) {
  const row = pieces
    .map((piece) => ({ ...piece, dy: 0 }))
    .sort((a, b) => b.own - a.own || b.radius - a.radius || (a.id < b.id ? -1 : 1));
  const limit = (piece) => {
    const room = Math.max(0, height / 2 - piece.radius - (piece.own ? OWN_MARGIN + 1 : 2));
    return piece.own ? Math.min(OWN_REACH, room) : room;
  };
  row.forEach((piece, index) => {
    if (!piece.own) piece.dy = bestOffset(piece, row.slice(0, index), limit(piece), 0);
  });
  for (let sweep = 0; sweep < DODGE_SWEEPS; sweep += 1) {
    let still = true;
    for (const piece of row) {
      const dy = bestOffset(piece, row, limit(piece), piece.dy);
      if (dy !== piece.dy) still = false;
      piece.dy = dy;
    }
    if (still) break;
  }
  return new Map(row.map((piece) => [piece.id, piece.dy]));
}
