/*
 * Stands in for Streamlit: holds the component's data and state, and answers slowly.
 * As in Streamlit, a message that arrives while the page runs replaces the one that waits.
 */
window.harness = {
  messages: [],
  applied: [],
  runs: 0,
  delay: 0,
  paused: false,

  async start(source, css, data, delay) {
    const url = URL.createObjectURL(new Blob([source], { type: "text/javascript" }));
    this.mountBoard = (await import(url)).default;
    const host = document.getElementById("host");
    this.root = host.attachShadow({ mode: "open" });
    const style = document.createElement("style");
    style.textContent = css;
    this.root.append(style);
    this.data = data;
    this.delay = delay;
    this.show();
    await document.fonts.ready;
    await new Promise((done) => requestAnimationFrame(() => requestAnimationFrame(done)));
  },

  show(changes = {}) {
    this.data = { ...this.data, ...changes };
    this.cleanup = this.mountBoard({
      name: "board",
      key: "board",
      parentElement: this.root,
      data: structuredClone(this.data),
      setStateValue: (name, value) => this.receive(name, structuredClone(value)),
      setTriggerValue: () => {
        throw new Error("the board must not use triggers");
      },
    });
  },

  receive(name, value) {
    if (name !== "log") throw new Error(`unknown state ${name}`);
    this.messages.push(value);
    this.state = value;
    this.waiting = true;
    this.run();
  },

  async run() {
    if (this.running || this.paused || !this.waiting) return;
    this.running = true;
    this.waiting = false;
    const { client, ops } = this.state;
    await new Promise((done) => setTimeout(done, this.delay));
    this.runs += 1;
    const known = this.data.acknowledged;
    let seq = known?.client === client ? known.seq : 0;
    const pieces = this.data.pieces.map((piece) => ({ ...piece }));
    let { selected } = this.data;
    for (const item of ops.filter((entry) => entry.seq > seq)) {
      this.applied.push(item);
      seq = item.seq;
      if (item.kind === "select") selected = item.product;
      if (item.kind === "move") {
        pieces.find((piece) => piece.id === item.product).price = item.price;
      }
    }
    this.running = false;
    this.show({
      pieces, selected, acknowledged: { client, seq }, revision: this.data.revision + 1,
    });
    this.run();
  },
};
