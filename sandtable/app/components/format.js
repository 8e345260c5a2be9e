/* Numbers as the page writes them; every word comes from Python's catalogue. */

const MINUS = "\u2212";

/* Fill the {slots} of a sentence; an unknown slot stays visible, so that a test finds it. */
function fillText(template, values) {
  return template.replace(/\{(\w+)\}/g, (slot, name) => String(values[name] ?? slot));
}

function fixed(value, decimals) {
  const [whole, fraction] = Math.abs(value).toFixed(decimals).split(".");
  const grouped = whole.replace(/\B(?=(\d{3})+$)/g, ",");
  const digits = fraction ? `${grouped}.${fraction}` : grouped;
  return value < 0 && Number(digits.replace(/,/g, "")) !== 0 ? MINUS + digits : digits;
}

function signed(value, decimals) {
  const digits = fixed(value, decimals);
  return digits.startsWith(MINUS) || Number(digits.replace(/,/g, "")) === 0 ? digits : `+${digits}`;
}

/* As many decimals as the number needs, two at most: for ticks and band edges. */
function trimmed(value) {
  const needed = [0, 1].find((places) => Math.abs(value - Number(value.toFixed(places))) < 1e-6);
  return fixed(value, needed ?? 2);
}

function createFormat(data) {
  const { text, money, language } = data;
  const tenThousands = language === "zh" && money.style === "cny";
  const scale = tenThousands ? 10000 : 1000;
  const decimals = tenThousands ? 2 : 1;
  const percent = (ratio, write = fixed) => fillText(text.percent, { value: write(ratio * 100, 1) });
  return {
    text,
    count: (value) => fixed(value, 0),
    cars: (value) => fillText(text.cars, { count: fixed(value, 0) }),
    percent,
    signedPercent: (ratio) => percent(ratio, signed),
    points: (ratio) => fillText(text.points, { value: signed(ratio * 100, 1) }),
    arrow: (value) => (value > 0 ? "▲" : "▼"),
    change: (value) => `${value > 0 ? "▲" : "▼"} ${signed(value, 0)}`,
    tick: (price) => trimmed(price / scale),
    pill: (price) => fillText(text.pill, { amount: fixed(price / scale, decimals) }),
    price: (price) =>
      fillText(text.price, {
        amount: tenThousands ? fixed(price / scale, decimals) : fixed(price, 0),
        currency: money.currency,
      }),
    axis: fillText(text.axis, { currency: money.currency }),
    band: (from, to, short) => {
      const open = to === Infinity;
      const template = short
        ? text[open ? "band_open_short" : "band_short"]
        : text[open ? "band_open" : "band"];
      return fillText(template, { from: trimmed(from / scale), to: open ? "" : trimmed(to / scale) });
    },
  };
}
