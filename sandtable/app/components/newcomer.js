/*
 * The handle of a new piece: drag it from the corner onto a row, or take it by keyboard. The row is its
 * segment, the place its list price; letting go elsewhere, or Escape, puts it back.
 */
class NewcomerInput {
  constructor(board, root) {
    this.board = board;
    this.handle = element("button", "newcomer");
    this.handle.type = "button";
    this.ring = element("i", "newcomer-ring");
    this.word = element("span", "newcomer-word");
    this.handle.append(this.ring, this.word);
    root.append(this.handle);
    const listen = (name, act) => this.handle.addEventListener(name, act.bind(this));
    listen("pointerdown", this.down);
    listen("pointermove", this.move);
    listen("pointerup", this.up);
    listen("pointercancel", this.leave);
    listen("keydown", this.key);
    listen("blur", this.leave);
  }

  update(data) {
    this.handle.hidden = !data.new_piece;
    this.word.textContent = data.text.new_piece;
    this.handle.title = data.text.new_piece_help;
    this.handle.ariaLabel = `${data.text.new_piece}. ${data.text.new_piece_help}`;
  }

  down(event) {
    if (event.button !== 0 || !event.isPrimary) return;
    this.board.finishGesture();
    this.handle.setPointerCapture(event.pointerId);
    this.pointer = event.pointerId;
    this.from = [event.clientX, event.clientY];
  }

  move(event) {
    if (this.pointer !== event.pointerId) return;
    const way = Math.hypot(event.clientX - this.from[0], event.clientY - this.from[1]);
    if (!this.dragging && way < DRAG_THRESHOLD) return;
    this.dragging = true;
    const box = this.board.svg.getBoundingClientRect();
    this.placeAt(event.clientX - box.left, event.clientY - box.top);
  }

  up(event) {
    if (this.pointer !== event.pointerId) return;
    const { dragging } = this;
    this.release();
    if (dragging) this.launch();
    else this.placeInMiddle(); /* a click takes it up for the keys */
  }

  release() {
    const { pointer } = this;
    this.pointer = undefined;
    this.dragging = false;
    if (pointer !== undefined && this.handle.hasPointerCapture(pointer)) {
      this.handle.releasePointerCapture(pointer);
    }
  }

  leave() {
    this.release();
    this.hold(null);
  }

  key(event) {
    if (event.ctrlKey || event.metaKey || event.altKey) return;
    const steps = { ArrowLeft: [-1, 0], ArrowRight: [1, 0], ArrowUp: [0, -1], ArrowDown: [0, 1] };
    const way = steps[event.key];
    if (event.key === "Enter" || event.key === " ") {
      if (this.held) this.launch();
      else this.placeInMiddle();
    } else if (event.key === "Escape" && this.held) {
      this.leave();
    } else if (way && this.held) {
      this.placeBy(way[0] * (event.shiftKey ? 10 : 1), way[1]);
    } else {
      return;
    }
    event.preventDefault();
    event.stopPropagation();
  }

  /* Over a place of the board, or beside it: then letting go does nothing. */
  placeAt(x, y) {
    const { layout } = this.board.scene;
    const row = rowAt(layout, y);
    const inside = row !== null && x >= layout.left && x <= layout.width - layout.right;
    this.hold(inside ? { row, price: this.onGrid(layout.price(x)) } : null);
  }

  placeInMiddle() {
    const { price_range: [low, high], rows } = this.board.data;
    const row = Math.floor((rows.length - 1) / 2);
    this.hold({ row, price: this.onGrid((low + high) / 2) });
    this.say("said_placing");
  }

  placeBy(steps, rows) {
    const { row, price } = this.held;
    const { data } = this.board;
    this.hold({
      row: Math.max(0, Math.min(data.rows.length - 1, row + rows)),
      price: this.onGrid(price + steps * data.price_step),
    });
    this.say("said_placing");
  }

  onGrid(price) {
    const { price_step: step, price_range: range } = this.board.data;
    return snappedPrice(price, 0, step, range);
  }

  hold(held) {
    if (!held && !this.held) return;
    this.held = held;
    this.board.schedule();
  }

  launch() {
    const { held, board } = this;
    if (!held) return;
    this.say("said_launched");
    board.log.launch(held.row, held.price);
    this.hold(null);
    board.send();
  }

  say(key) {
    const { live, data, format } = this.board;
    live.textContent = fillText(data.text[key], {
      row: data.rows[this.held.row], price: format.price(this.held.price),
    });
  }
}

/* The row that a height lies in; null beside the rows. */
function rowAt(layout, y) {
  const index = layout.rows.findIndex((row) => y >= row.top && y < row.top + row.height);
  return index < 0 ? null : index;
}

/* The new piece in the hand, or put down and not confirmed yet, as it is drawn. */
function shapeNewcomer(newcomer, layout) {
  const row = layout.rows[newcomer.row];
  return {
    x: layout.x(newcomer.price),
    y: row.top + row.height / 2,
    radius: layout.newcomer,
    price: newcomer.price,
    own: true,
    moved: false,
    outside: false,
    seen: null,
    row: newcomer.row,
  };
}

function paintNewcomers(painter, scene) {
  scene.newcomers.forEach((piece, index) => {
    painter.draw(painter.layers.ghosts, `newcomer:${index}`, "circle", {
      class: "newcomer-disc", r: piece.radius, place: [piece.x, piece.y],
    });
  });
  const held = scene.held;
  if (!held) return;
  const { layout } = scene;
  const row = layout.rows[held.row];
  painter.draw(painter.layers.bands, "newcomer:row", "rect", {
    class: "newcomer-row", x: layout.left, y: row.top, height: row.height,
    width: layout.width - layout.right - layout.left,
  });
}
