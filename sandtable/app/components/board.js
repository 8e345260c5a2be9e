/*
 * The board: one instance per place on the page, updated in place at every rerun.
 *
 * Python joins the parts of this folder into one module (see board.py); this file is the last of
 * them and holds the only export, the function that Streamlit calls at every update.
 */

const GLIDE_TIME = 200;

class Board {
  constructor(parent) {
    this.parent = parent;
    this.log = new OperationLog();
    this.gesture = null;
    this.places = new Map();
    this.widths = new Map();
    this.build();
    this.painter = new Painter(this.svg);
    this.pointer = new PointerInput(this, this.svg);
    this.keys = new KeyInput(this, this.root);
    this.newcomers = new NewcomerInput(this, this.root);
    this.observer = new ResizeObserver(() => this.schedule());
    this.observer.observe(this.root);
    document.fonts?.ready.then(() => {
      this.widths.clear();
      this.schedule();
    });
  }

  build() {
    this.root = element("div", "board");
    this.svg = document.createElementNS(SVG, "svg");
    this.svg.setAttribute("role", "group");
    this.legend = element("div", "legend");
    this.legend.ariaHidden = "true";
    this.list = element("div", "list");
    this.tip = element("div", "tip");
    this.tip.hidden = true;
    this.tip.ariaHidden = "true";
    this.help = element("div", "unseen");
    this.help.id = `help-${this.log.client}`;
    this.svg.setAttribute("aria-describedby", this.help.id);
    this.live = element("div", "unseen");
    this.live.setAttribute("aria-live", "polite");
    this.root.append(this.svg, this.legend, this.list, this.tip, this.help, this.live);
    this.parent.append(this.root);
  }

  /* New data from Python; a drag under way goes on. */
  update(component) {
    const { data } = component;
    this.data = data;
    this.send = () => component.setStateValue("log", this.log.message(this.have));
    const done = this.log.confirm(data.acknowledged);
    this.format = createFormat(data);
    this.takeKernel();
    if (this.gesture && !this.piece(this.gesture.id)) this.gesture = null;
    applyTheme(this.root);
    this.svg.setAttribute("aria-label", data.text.board_label);
    this.root.lang = data.language === "zh" ? "zh-CN" : "en";
    this.help.textContent = data.text.board_help;
    this.root.ariaBusy = String(Boolean(data.busy));
    this.root.dataset.revision = String(data.revision);
    this.newcomers.update(data);
    buildLegend(this.legend, data, this.format, (tone) => this.single(tone));
    this.layoutWidth = null;
    this.paint();
    const moved = done.findLast((item) => item.kind === "move");
    if (moved) this.say("said_confirmed", moved.product);
  }

  takeKernel() {
    const { kernel_hash: hash, kernel, prices } = this.data;
    if (hash && kernel) rememberKernel(hash, kernel);
    const known = hash ? kernelsByHash.get(hash) : undefined;
    this.have = known ? hash : null;
    this.kernel = kernelAtPrices(known ?? null, prices ?? null);
    if (hash && !known && this.asked !== hash) {
      this.asked = hash;
      this.send();
    }
  }

  piece(id) {
    return this.data.pieces.find((piece) => piece.id === id);
  }

  /* The price as the user left it: in the hand, else sent and not confirmed, else confirmed. */
  priceOf(piece) {
    if (this.gesture?.id === piece.id) return this.gesture.price;
    return this.log.pendingPrice(piece.id) ?? piece.price;
  }

  get activeId() {
    return this.gesture?.id ?? this.log.pendingSelection() ?? this.data.selected;
  }

  measure(text, weight, size) {
    const key = `${weight} ${size} ${text}`;
    if (!this.widths.has(key)) {
      if (this.widths.size > 5000) this.widths.clear();
      this.pen ??= document.createElement("canvas").getContext("2d");
      this.pen.font = `${weight} ${size}px ${getComputedStyle(this.root).fontFamily}`;
      this.widths.set(key, Math.ceil(this.pen.measureText(text).width));
    }
    return this.widths.get(key);
  }

  schedule() {
    this.frame ??= requestAnimationFrame(() => {
      this.frame = null;
      if (this.data) this.paint();
    });
  }

  paint() {
    const width = Math.round(this.root.clientWidth);
    if (!width) return;
    const figures = marketFigures(this.data, this.kernel, (piece) => this.priceOf(piece));
    const listed = this.data.view === "list";
    this.root.dataset.pending = String(this.log.operations.length);
    const measure = (...text) => this.measure(...text);
    const relaid = this.layoutWidth !== width;
    if (relaid) {
      const resized = this.layout && this.layout.width !== width;
      this.layoutWidth = width;
      this.layout = createLayout(this.data, width, measure);
      this.frameSize(listed);
      this.settle(figures, !resized);
    }
    if (listed) {
      buildList(this.list, figures, this.activeId, this.format, (id) => this.pick(id));
    }
    const { data, layout, places, activeId, format } = this;
    const { held } = this.newcomers;
    const newcomers = this.log.pendingLaunches();
    this.scene = composeScene({
      data, figures, layout, places, activeId, newcomers, held, format, measure,
    });
    paintScene(this.painter, this.scene, this.view(measure));
    this.showTip();
  }

  frameSize(listed) {
    const { width, height, legend, phone } = this.layout;
    this.root.dataset.layout = phone ? "phone" : "desktop";
    this.root.dataset.view = listed ? "list" : "board";
    this.root.style.height = `${height}px`;
    this.svg.setAttribute("width", width);
    this.svg.setAttribute("height", height - legend);
    const drawn = this.legend.lastElementChild;
    drawn.hidden = false;
    drawn.hidden = this.legend.scrollWidth > this.legend.clientWidth;
  }

  view(measure) {
    const { format, scene } = this;
    const { price_range: [low, high] } = this.data;
    const lit = this.gesture ? null : (this.hovered ?? (this.byKeys ? this.focused : null));
    const faded = this.gesture ? null : this.hovered;
    const stop = this.tabStop();
    return {
      format,
      measure,
      isLit: (piece) => piece.id === lit,
      isFaded: (piece) =>
        (Boolean(faded) && piece.id !== faded) || (Boolean(this.tone) && piece.tone !== this.tone),
      aria: (piece) => ({
        role: "slider",
        tabindex: piece.id === stop ? 0 : -1,
        "aria-label": fillText(format.text.piece_label, {
          product: piece.name, firm: piece.firm, row: scene.figures.rows[piece.row].name,
        }),
        "aria-valuemin": low,
        "aria-valuemax": high,
        "aria-valuenow": piece.price,
        "aria-valuetext": spokenValue(piece, scene.figures, format),
        "aria-disabled": piece.movable ? null : "true",
        "aria-current": piece.id === this.activeId ? "true" : null,
      }),
    };
  }

  tabStop() {
    const ids = [this.focused, this.activeId, this.data.pieces.find((piece) => piece.own)?.id];
    return ids.find((id) => id && this.piece(id)) ?? this.data.pieces[0]?.id;
  }

  /* Give every piece its place again, unless one is in the hand; the pieces glide there. */
  settle(figures, glide) {
    if (this.gesture) return;
    const before = this.places;
    this.places = placePieces(shapePieces(this.data, figures, this.layout), this.layout);
    const changed = [...this.places].some(([id, dy]) => before.has(id) && before.get(id) !== dy);
    this.root.classList.toggle("gliding", glide && changed);
    clearTimeout(this.glideClock);
    this.glideClock = setTimeout(() => this.root.classList.remove("gliding"), GLIDE_TIME + 50);
  }

  /* Verbs of the hands. `begin` says whether the piece may be moved. */
  begin(kind, id) {
    const piece = this.piece(id);
    if (!piece?.movable) {
      this.svg.dataset.cursor = "denied";
      this.say("said_fixed", id);
      return false;
    }
    const price = this.priceOf(piece);
    this.root.classList.remove("gliding");
    this.gesture = { kind, id, start: price, price };
    if (kind === "drag") this.svg.dataset.cursor = "grabbing";
    return true;
  }

  moveTo(price) {
    if (!this.gesture) return;
    const { base_price: base } = this.piece(this.gesture.id);
    this.setPrice(snappedPrice(price, base, this.data.price_step, this.data.price_range));
  }

  stepBy(steps) {
    const [low, high] = this.data.price_range;
    const price = this.gesture.price + steps * this.data.price_step;
    this.setPrice(Math.max(low, Math.min(high, price)));
  }

  setPrice(price) {
    if (price === this.gesture.price) return;
    this.gesture.price = price;
    this.schedule();
  }

  /* Let go: the move joins the log and is sent. */
  commit() {
    const { gesture } = this;
    if (!gesture) return;
    const picked = this.log.pendingSelection() ?? this.data.selected;
    this.gesture = null;
    if (gesture.price !== gesture.start) {
      if (picked !== gesture.id) this.log.select(gesture.id);
      this.log.move(gesture.id, gesture.price);
      this.send();
    }
    this.rest();
    if (gesture.price !== gesture.start) this.say("said_moved", gesture.id);
  }

  cancel() {
    const { gesture } = this;
    if (!gesture) return;
    this.gesture = null;
    this.rest();
    this.say("said_cancelled", gesture.id);
  }

  /* A new gesture begins while keys wait for their pause: what was done is committed first. */
  finishGesture() {
    this.keys.stopClock();
    this.commit();
  }

  rest() {
    delete this.svg.dataset.cursor;
    this.layoutWidth = null;
    this.paint();
  }

  pick(id) {
    delete this.svg.dataset.cursor;
    const picked = this.log.pendingSelection() ?? this.data.selected;
    if (picked !== id) {
      this.log.select(id);
      this.send();
      this.say("said_picked", id);
    }
    this.paint();
  }

  hover(id) {
    if (this.gesture) return;
    const movable = id && this.piece(id)?.movable;
    this.svg.dataset.cursor = id ? (movable ? "grab" : "pointer") : "";
    if (this.hovered === id) return;
    this.hovered = id;
    this.schedule();
  }

  single(tone) {
    this.tone = tone;
    this.schedule();
  }

  focus(id, byKeys) {
    this.byKeys = byKeys;
    const selector = `[data-product="${CSS.escape(id)}"]`;
    // the browser may call a focus set by a script "visible"; here only keys make it so
    this.focusing = true;
    this.painter.layers.pieces.querySelector(selector)?.focus({ preventScroll: !byKeys });
    this.focusing = false;
  }

  focusArrived(id) {
    if (!this.focusing) this.byKeys = this.byKeys || this.svg.querySelector(":focus-visible") !== null;
    this.focused = id;
    this.schedule();
  }

  focusLeft() {
    this.byKeys = false;
    this.schedule();
  }

  showTip() {
    const id = this.hovered ?? (this.byKeys ? this.focused : null);
    const piece = this.scene.pieces.find((item) => item.id === id);
    if (!piece || this.gesture || this.data.view === "list") this.tip.hidden = true;
    else showTip(this.tip, piece, this.scene, this.format);
  }

  say(key, id) {
    const piece = this.scene?.pieces.find((item) => item.id === id);
    if (!piece) return;
    this.live.textContent = fillText(this.data.text[key], {
      product: piece.name,
      price: this.format.price(piece.price),
      change: this.format.signedPercent(piece.priceChange),
      value: spokenValue(piece, this.scene.figures, this.format),
    });
  }

  destroy() {
    this.observer.disconnect();
    this.pointer.release();
    this.keys.stopClock();
    clearTimeout(this.glideClock);
    cancelAnimationFrame(this.frame);
    this.root.remove();
  }
}

/* Light or dark, and the typeface, from Streamlit's own variables; Chinese faces before the generic. */
function applyTheme(root) {
  const style = getComputedStyle(root);
  const pen = document.createElement("canvas").getContext("2d");
  pen.fillStyle = "#ffffff";
  const background = style.getPropertyValue("--st-background-color").trim();
  if (background) pen.fillStyle = background;
  const [red, green, blue] = [1, 3, 5].map((at) => parseInt(pen.fillStyle.slice(at, at + 2), 16));
  root.dataset.theme = 0.2126 * red + 0.7152 * green + 0.0722 * blue < 110 ? "dark" : "light";
  const generic = /,?\s*(sans-serif|serif|monospace|system-ui)\s*$/;
  const face = style.getPropertyValue("--st-font").trim().replace(generic, "") || '"Source Sans"';
  root.style.setProperty(
    "--face",
    `${face}, "Noto Sans SC", "Noto Sans CJK SC", "PingFang SC", "Microsoft YaHei", sans-serif`,
  );
}

const boards = new WeakMap();

export default function mountBoard(component) {
  const { parentElement } = component;
  if (!boards.has(parentElement)) boards.set(parentElement, new Board(parentElement));
  const board = boards.get(parentElement);
  board.update(component);
  return () => {
    board.destroy();
    boards.delete(parentElement);
  };
}
