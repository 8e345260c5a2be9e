/* The market as drawn: confirmed numbers, moved by the kernel while a price is not confirmed yet. */

function bandIndex(edges, price) {
  let index = 0;
  while (index + 1 < edges.length && price >= edges[index + 1]) index += 1;
  return index;
}

/* The kernel at the confirmed prices, which Python may send apart so that its hash leaves them out. */
const pricedKernels = new WeakMap();

function kernelAtPrices(kernel, prices) {
  if (!kernel || !prices) return kernel;
  if (!pricedKernels.has(prices)) pricedKernels.set(prices, { ...kernel, prices });
  return pricedKernels.get(prices);
}

const unmovedUnits = new WeakMap();

/*
 * Ratio of the previewed to the confirmed units, by product; null when no price moved or no kernel
 * is at hand. A ratio, because the confirmed units hold more than shares (capacity, answers of
 * rivals): at no change the preview must be exactly what was confirmed.
 */
function previewRatios(data, kernel, priceOf) {
  const moved = data.pieces.filter((piece) => priceOf(piece) !== piece.price);
  if (!kernel || !moved.length) return null;
  const indices = new Map(data.products.map((product, index) => [product, index]));
  const changes = {};
  for (const piece of moved) {
    if (indices.has(piece.id)) changes[indices.get(piece.id)] = priceOf(piece) - piece.price;
  }
  if (!unmovedUnits.has(kernel)) unmovedUnits.set(kernel, kernelUnits(kernel, {}));
  const before = unmovedUnits.get(kernel);
  const after = kernelUnits(kernel, changes);
  const drawn = new Set(data.pieces.map((piece) => piece.id));
  const rest = { before: 0, after: 0 };
  const ratios = new Map();
  data.products.forEach((product, index) => {
    ratios.set(product, before[index] > 0 ? after[index] / before[index] : 1);
    if (!drawn.has(product)) {
      rest.before += before[index];
      rest.after += after[index];
    }
  });
  return { of: (id) => ratios.get(id) ?? 1, rest: rest.before > 0 ? rest.after / rest.before : 1 };
}

/* Everything the board prints: pieces, rows, bands and the total, at the prices that `priceOf` gives. */
function marketFigures(data, kernel, priceOf) {
  const ratios = previewRatios(data, kernel, priceOf);
  const restRatio = ratios ? ratios.rest : 1;
  const { rest, firms } = data;
  const bands = data.bands.map((from, index) => ({
    from,
    to: data.bands[index + 1] ?? Infinity,
    units: (rest.by_band?.[index] ?? 0) * restRatio,
    own: 0,
    baseUnits: rest.base_by_band?.[index] ?? 0,
    baseOwn: 0,
  }));
  const rows = data.rows.map((name, index) => ({
    name,
    units: (rest.by_row?.[index] ?? 0) * restRatio,
  }));
  let total = rest.units * restRatio;
  const pieces = data.pieces.map((piece) => {
    const price = priceOf(piece);
    const units = piece.units * (ratios ? ratios.of(piece.id) : 1);
    const band = bands[bandIndex(data.bands, price)];
    const baseBand = bands[bandIndex(data.bands, piece.base_price)];
    band.units += units;
    baseBand.baseUnits += piece.base_units;
    if (piece.own) {
      band.own += units;
      baseBand.baseOwn += piece.base_units;
    }
    rows[piece.row].units += units;
    total += units;
    return {
      ...piece,
      price,
      units,
      moved: Math.abs(price - piece.base_price) > 0.5,
      priceChange: piece.base_price ? price / piece.base_price - 1 : 0,
      unitsChange: units - piece.base_units,
      outside: Boolean(piece.seen) && (price < piece.seen[0] || price > piece.seen[1]),
    };
  });
  return { pieces, rows, bands, total, ownFirm: firms.own };
}

/* The piece of another firm in the same row whose price is nearest; null when there is none. */
function closestRival(figures, piece) {
  const distance = (other) => Math.abs(other.price - piece.price);
  return figures.pieces
    .filter((other) => other.row === piece.row && other.firm !== piece.firm)
    .reduce((best, other) => (!best || distance(other) < distance(best) ? other : best), null);
}
