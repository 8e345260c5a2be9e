/* Pointer and keyboard: what the hands do, put into the board's few verbs. */

const HIT_RADIUS = 22;
const DRAG_THRESHOLD = 3;
const KEY_PAUSE = 400;
const LETTER_PAUSE = 700;

/* The piece whose centre is nearest, when the point is within reach of it; own pieces win ties. */
function nearestPiece(pieces, x, y) {
  let best = null;
  for (const piece of pieces) {
    const distance = Math.hypot(piece.x - x, piece.y - y);
    const reach = Math.max(HIT_RADIUS, piece.radius + (piece.own ? OWN_MARGIN : 0));
    if (distance <= reach && (!best || distance <= best.distance)) best = { piece, distance };
  }
  return best?.piece ?? null;
}

/* A price on the grid of steps through the base price, inside the axis. */
function snappedPrice(price, base, step, [low, high]) {
  const least = Math.ceil((low - base) / step);
  const most = Math.floor((high - base) / step);
  const steps = Math.max(least, Math.min(most, Math.round((price - base) / step)));
  return Number((base + steps * step).toFixed(6));
}

class PointerInput {
  constructor(board, svg) {
    this.board = board;
    this.svg = svg;
    this.onEscape = (event) => {
      if (event.key !== "Escape") return;
      event.stopPropagation();
      this.release();
      board.cancel();
    };
    const listen = (name, handler) => svg.addEventListener(name, handler.bind(this));
    listen("pointerdown", this.down);
    listen("pointermove", this.move);
    listen("pointerup", this.up);
    listen("pointercancel", this.lost);
    listen("pointerleave", () => board.hover(null));
  }

  at(event) {
    const box = this.svg.getBoundingClientRect();
    return [event.clientX - box.left, event.clientY - box.top];
  }

  down(event) {
    if (event.button !== 0 || !event.isPrimary) return;
    const piece = nearestPiece(this.board.scene.pieces, ...this.at(event));
    if (!piece) return;
    event.preventDefault();
    this.board.finishGesture();
    this.svg.setPointerCapture(event.pointerId);
    this.held = { id: piece.id, pointer: event.pointerId, from: this.at(event)[0], price: piece.price };
    this.board.focus(piece.id, false);
    this.board.hover(null);
    document.addEventListener("keydown", this.onEscape, true);
  }

  move(event) {
    const [x, y] = this.at(event);
    const { board, held } = this;
    if (!held || held.pointer !== event.pointerId) {
      const piece = event.pointerType === "mouse" ? nearestPiece(board.scene.pieces, x, y) : null;
      board.hover(piece?.id ?? null);
      return;
    }
    const way = x - held.from;
    if (!held.dragging && Math.abs(way) < DRAG_THRESHOLD) return;
    if (!held.dragging && !board.begin("drag", held.id)) {
      held.denied = true;
      return;
    }
    held.dragging = true;
    const { layout } = board.scene;
    board.moveTo(held.price + layout.price(layout.left + way) - layout.price(layout.left));
  }

  up(event) {
    const { held } = this;
    if (!held || held.pointer !== event.pointerId) return;
    this.release();
    if (held.dragging) this.board.commit();
    else if (!held.denied) this.board.pick(held.id);
  }

  lost(event) {
    if (!this.held || this.held.pointer !== event.pointerId) return;
    this.release();
    this.board.cancel();
  }

  /* Let go of the pointer, whatever happens to the drag. */
  release() {
    const { held } = this;
    this.held = null;
    document.removeEventListener("keydown", this.onEscape, true);
    if (held && this.svg.hasPointerCapture(held.pointer)) this.svg.releasePointerCapture(held.pointer);
  }
}

/* The piece that an event happened on; a button of the list is not one. */
function productOf(event) {
  return event.target.closest("g[data-product]")?.dataset.product;
}

/* Listens on the root, because an SVG group with focus listeners becomes a tab stop itself. */
class KeyInput {
  constructor(board, root) {
    this.board = board;
    this.typed = "";
    root.addEventListener("keydown", (event) => this.down(event));
    root.addEventListener("focusin", (event) => {
      if (productOf(event)) board.focusArrived(productOf(event));
    });
    root.addEventListener("focusout", () => {
      this.stopClock();
      if (board.gesture?.kind === "keys") board.commit();
      board.focusLeft();
    });
  }

  stopClock() {
    clearTimeout(this.clock);
  }

  down(event) {
    if (event.ctrlKey || event.metaKey || event.altKey) return;
    const product = productOf(event);
    if (product && this.handle(event, product)) {
      event.preventDefault();
      event.stopPropagation();
    }
  }

  handle(event, product) {
    const { board } = this;
    const steps = { ArrowLeft: -1, ArrowRight: 1, PageDown: -10, PageUp: 10 }[event.key];
    if (steps) return this.step(product, event.shiftKey ? steps * 10 : steps);
    if (event.key === "ArrowUp" || event.key === "ArrowDown") {
      return this.jump(product, event.key === "ArrowUp" ? -1 : 1);
    }
    if (event.key === "Enter" || event.key === " ") {
      this.stopClock();
      if (board.gesture?.kind === "keys") board.commit();
      else board.pick(product);
      return true;
    }
    if (event.key === "Escape") {
      this.stopClock();
      const moving = board.gesture?.kind === "keys";
      if (moving) board.cancel();
      return moving;
    }
    return /^[\p{L}\p{N}]$/u.test(event.key) && this.letter(product, event.key);
  }

  step(product, steps) {
    const { board } = this;
    if (board.gesture?.kind !== "keys" && !board.begin("keys", product)) return true;
    board.stepBy(steps);
    this.stopClock();
    this.clock = setTimeout(() => board.commit(), KEY_PAUSE);
    return true;
  }

  /* Reading order: row by row, each from the lowest price. */
  ordered() {
    return [...this.board.scene.pieces].sort((a, b) => a.row - b.row || a.x - b.x);
  }

  jump(product, direction) {
    const pieces = this.ordered();
    const next = pieces[pieces.findIndex((piece) => piece.id === product) + direction];
    if (next) this.board.focus(next.id, true);
    return true;
  }

  /* Letters typed within a moment make one name; one letter alone goes round its pieces. */
  letter(product, key) {
    const now = performance.now();
    this.typed = now - (this.typedAt ?? -Infinity) < LETTER_PAUSE ? this.typed + key : key;
    this.typedAt = now;
    const wanted = this.typed.toLowerCase();
    const pieces = this.ordered();
    const here = pieces.findIndex((piece) => piece.id === product);
    const start = wanted.length > 1 ? here : here + 1;
    const found = [...pieces.slice(start), ...pieces.slice(0, start)].find((piece) =>
      piece.name.toLowerCase().startsWith(wanted),
    );
    if (found) this.board.focus(found.id, true);
    return Boolean(found);
  }
}
