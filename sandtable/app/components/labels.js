/* Where the names go: inside a piece, else beside it where nothing else is, else nowhere. */

const LINE = 14;

function boxesMeet(a, b) {
  return a.left < b.right && a.right > b.left && a.top < b.bottom && a.bottom > b.top;
}

function boxMeetsCircle(box, circle) {
  const dx = circle.x - Math.max(box.left, Math.min(circle.x, box.right));
  const dy = circle.y - Math.max(box.top, Math.min(circle.y, box.bottom));
  return dx * dx + dy * dy < circle.radius * circle.radius;
}

/* What is taken already: circles (with the id of their piece), ghosts and boxes. */
class Occupancy {
  constructor() {
    this.circles = [];
    this.ghosts = [];
    this.boxes = [];
  }

  meetsGhost(box) {
    return this.ghosts.some((ghost) => boxMeetsCircle(box, ghost));
  }

  isFree(box, id) {
    return (
      !this.boxes.some((other) => boxesMeet(box, other)) &&
      !this.circles.some((circle) => circle.id !== id && boxMeetsCircle(box, circle))
    );
  }
}

function occupied(pieces, layout, guide) {
  const taken = new Occupancy();
  for (const piece of pieces) {
    const margin = piece.own ? OWN_MARGIN : 1;
    taken.circles.push({ id: piece.id, x: piece.x, y: piece.y, radius: piece.radius + margin });
    if (piece.ghost) taken.ghosts.push({ ...piece.ghost, y: piece.y });
  }
  if (guide) {
    taken.boxes.push({
      left: guide.x - 2, right: guide.x + 2, top: guide.y + guide.radius, bottom: layout.height,
    });
  }
  return taken;
}

/*
 * Boxes all around a piece for a text of one width: beside it at many heights, and above and below it
 * at several shifts; the nearest to the centre of the piece come first.
 */
function noteCandidates(piece, width) {
  const { x, y, radius } = piece;
  const reach = radius + (piece.own ? OWN_MARGIN : 1) + 3;
  const boxes = [];
  const add = (left, top) => {
    const box = { left, top, right: left + width, bottom: top + LINE };
    const far = Math.hypot((left + width / 2 - x) / 2, top + LINE / 2 - y);
    boxes.push({ ...box, far: far + (left < x - width / 2 ? 1 : 0) + (top > y ? 1 : 0) });
  };
  for (let top = y - reach - LINE; top <= y + reach; top += 3) {
    const near = Math.max(0, Math.max(top - y, y - top - LINE));
    const half = Math.sqrt(Math.max(0, reach ** 2 - near ** 2));
    for (const shift of [0, 8, 20, 36]) {
      add(x + half + shift, top);
      add(x - half - shift - width, top);
    }
  }
  for (const left of [x - width / 2, x - width / 4, x - (3 * width) / 4, x - 4, x + 4 - width]) {
    add(left, y - reach - LINE);
    add(left, y + reach);
  }
  return boxes.sort((first, second) => first.far - second.far);
}

function sideCandidates(piece, width, phone) {
  const { x, y, radius } = piece;
  const gap = radius + (piece.own ? (phone ? 5 : 8) : 4);
  const at = (left, top) => ({ left, top, right: left + width, bottom: top + LINE });
  return [
    at(x + gap, y - LINE / 2),
    at(x - gap - width, y - LINE / 2),
    at(x - width / 2, y - gap - LINE),
    at(x - width / 2, y + gap),
  ];
}

function insideRow(box, layout, row, tolerance) {
  const { top, height } = layout.rows[row];
  return (
    box.left >= layout.left + 1 &&
    box.right <= layout.width - layout.right - 1 &&
    box.top >= top - tolerance &&
    box.bottom <= top + height + tolerance
  );
}

/*
 * The nearest free place for a note: in its row and off the ghosts, else in its row, else anywhere in
 * the plot. Without any, the note of the picked piece is shown all the same, the others are not.
 */
function placeNote(piece, width, layout, taken, needed) {
  const candidates = noteCandidates(piece, width);
  const free = candidates.filter((box) => taken.isFree(box, piece.id));
  const inRow = free.filter((box) => insideRow(box, layout, piece.row, 1));
  const within = (box) =>
    box.left >= layout.left && box.right <= layout.width - layout.right &&
    box.top >= layout.top && box.bottom <= layout.bottomLine;
  return (
    inRow.find((box) => !taken.meetsGhost(box)) ??
    inRow[0] ??
    free.find(within) ??
    (needed ? (candidates.find(within) ?? candidates[0]) : null)
  );
}

function fitsInside(piece, width, above) {
  const room = piece.own ? 2 : 5;
  const covered = above.some(
    (other) =>
      Math.hypot(other.x - piece.x, other.y - piece.y) <
      other.radius + (other.own ? OWN_MARGIN : 0) + Math.max(width / 2, 6) + 1,
  );
  return piece.radius >= 7 && piece.radius * 2 >= width + room && !covered;
}

/*
 * Labels of all pieces. `pieces` are in draw order (the last is on top); `notes` maps the id of a
 * piece to the line of change that it must carry.
 * Returns [{key, id, x, y, text, anchor, weight, tone, halo}], y being the baseline.
 */
function placeLabels(pieces, notes, layout, measure, guide) {
  const taken = occupied(pieces, layout, guide);
  const labels = [];
  const noted = pieces.filter((item) => notes.has(item.id));
  noted.sort((a, b) => notes.get(b.id).needed - notes.get(a.id).needed);
  for (const piece of noted) {
    const note = notes.get(piece.id);
    const width = measure(note.text, 600, 12) + 2;
    const box = placeNote(piece, width, layout, taken, note.needed);
    if (!box) continue;
    taken.boxes.push(box);
    labels.push({
      key: `note:${piece.id}`, id: piece.id, x: box.left, y: box.top + 11, text: note.text,
      anchor: "start", weight: 600, tone: note.tone, halo: true,
    });
  }
  const own = pieces.filter((piece) => piece.own);
  const rivals = pieces.filter((piece) => !piece.own).reverse();
  for (const piece of [...own, ...rivals]) {
    const weight = piece.own ? 600 : 400;
    const width = measure(piece.name, weight, 12);
    const label = { key: `name:${piece.id}`, id: piece.id, text: piece.name, weight, halo: false };
    const above = pieces.slice(pieces.indexOf(piece) + 1);
    if (fitsInside(piece, width, above)) {
      const tone = piece.own ? "on-own" : "ink";
      labels.push({ ...label, x: piece.x, y: piece.y + 4, anchor: "middle", tone });
      continue;
    }
    if (labels.some((item) => item.id === piece.id) || (layout.phone && !piece.own)) continue;
    const candidates = sideCandidates(piece, width + 1, layout.phone);
    const box =
      candidates.find(
        (item) =>
          insideRow(item, layout, piece.row, piece.own ? 10 : 1) &&
          taken.isFree(item, piece.id) &&
          !taken.meetsGhost(item),
      ) ?? (piece.own ? placeNote(piece, width + 1, layout, taken, true) : null);
    if (!box) continue;
    taken.boxes.push(box);
    const tone = piece.own ? "own" : piece.named ? "ink" : "muted";
    labels.push({ ...label, x: box.left, y: box.top + 11, anchor: "start", tone, halo: piece.own });
  }
  return { labels, taken };
}

/*
 * On a phone a row's name stands on the upper or lower edge of its row, where nothing else is: in a
 * corner if one is free, else anywhere between.
 */
function placeRowName(row, width, layout, taken) {
  const left = layout.left + 3;
  const right = layout.width - layout.right - 3 - width;
  const tops = [row.top + 1, row.top + row.height - LINE - 1];
  const candidates = [];
  for (const top of tops) for (const x of [left, right]) candidates.push([x, top]);
  for (const top of tops) for (let x = left + 8; x < right; x += 8) candidates.push([x, top]);
  const boxes = candidates.map(([x, top]) => ({
    left: x, top, right: x + width, bottom: top + LINE,
  }));
  const box = boxes.find((item) => taken.isFree(item, null)) ?? boxes[1];
  taken.boxes.push(box);
  return box;
}
