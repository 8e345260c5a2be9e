/*
 * The operation log: what the user did and Python has not confirmed yet.
 *
 * Every message carries all unconfirmed operations, so a message that Streamlit merges with the next
 * one loses nothing. Operations carry absolute prices: rebasing onto newly confirmed numbers means
 * keeping the unconfirmed ones on top.
 */
class OperationLog {
  constructor() {
    /* randomUUID is missing on plain http; random bytes are not. */
    const bytes = crypto.getRandomValues(new Uint8Array(16));
    this.client = Array.from(bytes, (byte) => byte.toString(16).padStart(2, "0")).join("");
    this.seq = 0;
    this.operations = [];
  }

  move(product, price) {
    this.seq += 1;
    this.operations.push({ seq: this.seq, kind: "move", product, price });
  }

  select(product) {
    this.seq += 1;
    this.operations.push({ seq: this.seq, kind: "select", product });
  }

  launch(row, price) {
    this.seq += 1;
    this.operations.push({ seq: this.seq, kind: "launch", row, price });
  }

  /* New pieces that were put down and are not confirmed yet. */
  pendingLaunches() {
    return this.operations.filter((item) => item.kind === "launch");
  }

  /* Drop what Python applied; return the dropped operations. */
  confirm(acknowledged) {
    if (!acknowledged || acknowledged.client !== this.client) return [];
    const done = this.operations.filter((item) => item.seq <= acknowledged.seq);
    this.operations = this.operations.filter((item) => item.seq > acknowledged.seq);
    return done;
  }

  /* The price of the product's last unconfirmed move, or undefined. */
  pendingPrice(product) {
    return this.operations.findLast((item) => item.kind === "move" && item.product === product)?.price;
  }

  /* The product of the last unconfirmed selection, or undefined. */
  pendingSelection() {
    return this.operations.findLast((item) => item.kind === "select")?.product;
  }

  message(have) {
    return { client: this.client, ops: this.operations.map((item) => ({ ...item })), have };
  }
}
