/*
 * The share kernel: two-level nested logit with a random price coefficient.
 *
 * The market model in Python declares the numbers; this file only evaluates them, so that a drag can
 * be previewed in the browser. It must agree with the model to rounding (see the parity test).
 *
 *   V_jrk = delta_jr - alpha_k * price_jr,        li = 1 - sigma_inner,   lo = 1 - sigma_outer
 *   I_g   = log sum_{j in g} exp(V_j / li)        inner nest g
 *   O_h   = log sum_{g in h} exp(I_g * li / lo)   outer nest h
 *   D     = log (1 + sum_h exp(lo * O_h))         outside good at utility 0
 *   share = exp(V_j / li - I_g) * exp(I_g * li / lo - O_h) * exp(lo * O_h - D)
 *
 * Every sum of exponentials is taken relative to its largest term, so no utility overflows.
 */

const preparedKernels = new WeakMap();

/* Sort products by nest once, so that each nest is one contiguous run of the typed arrays. */
function prepareKernel(kernel) {
  const known = preparedKernels.get(kernel);
  if (known) return known;
  const { outer, inner, deltas, prices } = kernel;
  const order = Uint32Array.from(outer.keys()).sort(
    (a, b) => outer[a] - outer[b] || inner[a] - inner[b] || a - b,
  );
  const innerStarts = [];
  const outerStarts = [];
  order.forEach((product, position) => {
    const before = position ? order[position - 1] : -1;
    const newOuter = before < 0 || outer[before] !== outer[product];
    if (newOuter) outerStarts.push(innerStarts.length);
    if (newOuter || inner[before] !== inner[product]) innerStarts.push(position);
  });
  outerStarts.push(innerStarts.length);
  innerStarts.push(order.length);
  const count = order.length;
  const sortedDeltas = new Float64Array(deltas.length * count);
  const sortedPrices = new Float64Array(deltas.length * count);
  deltas.forEach((row, region) => {
    order.forEach((product, position) => {
      const at = region * count + position;
      sortedDeltas[at] = row[product] === null ? -Infinity : row[product];
      sortedPrices[at] = row[product] === null ? 0 : prices[region][product];
    });
  });
  const prepared = {
    order,
    innerStarts: Uint32Array.from(innerStarts),
    outerStarts: Uint32Array.from(outerStarts),
    deltas: sortedDeltas,
    prices: sortedPrices,
    terms: new Float64Array(count),
    innerLogs: new Float64Array(innerStarts.length - 1),
    innerSums: new Float64Array(innerStarts.length - 1),
    outerLogs: new Float64Array(outerStarts.length - 1),
  };
  preparedKernels.set(kernel, prepared);
  return prepared;
}

/* Fill `terms`, `innerSums` and `innerLogs`: exp(V / li) relative to the nest's largest, and I_g. */
function evaluateInnerNests(prepared, offset, changes, alpha, innerScale) {
  const { innerStarts, innerLogs, innerSums, terms, deltas, prices } = prepared;
  for (let nest = 0; nest < innerLogs.length; nest += 1) {
    const stop = innerStarts[nest + 1];
    let largest = -Infinity;
    for (let position = innerStarts[nest]; position < stop; position += 1) {
      const at = offset + position;
      const utility = (deltas[at] - alpha * (prices[at] + changes[position])) / innerScale;
      terms[position] = utility;
      if (utility > largest) largest = utility;
    }
    let sum = 0;
    for (let position = innerStarts[nest]; position < stop; position += 1) {
      const term = largest === -Infinity ? 0 : Math.exp(terms[position] - largest);
      terms[position] = term;
      sum += term;
    }
    innerSums[nest] = sum;
    innerLogs[nest] = sum > 0 ? largest + Math.log(sum) : -Infinity;
  }
}

/* Fill `outerLogs` with O_h and return D. */
function evaluateOuterNests(prepared, innerScale, outerScale) {
  const { outerStarts, outerLogs, innerLogs } = prepared;
  const ratio = innerScale / outerScale;
  let ceiling = 0;
  for (let nest = 0; nest < outerLogs.length; nest += 1) {
    let largest = -Infinity;
    for (let g = outerStarts[nest]; g < outerStarts[nest + 1]; g += 1) {
      largest = Math.max(largest, innerLogs[g] * ratio);
    }
    let sum = 0;
    for (let g = outerStarts[nest]; g < outerStarts[nest + 1]; g += 1) {
      if (innerLogs[g] !== -Infinity) sum += Math.exp(innerLogs[g] * ratio - largest);
    }
    outerLogs[nest] = sum > 0 ? largest + Math.log(sum) : -Infinity;
    ceiling = Math.max(ceiling, outerLogs[nest] * outerScale);
  }
  let total = Math.exp(-ceiling);
  for (let nest = 0; nest < outerLogs.length; nest += 1) {
    total += Math.exp(outerLogs[nest] * outerScale - ceiling);
  }
  return ceiling + Math.log(total);
}

/*
 * Units by product, summed over regions, after some prices changed.
 * kernel: as Python sent it; priceChanges: {product index: change of the net price}.
 */
function kernelUnits(kernel, priceChanges) {
  const prepared = prepareKernel(kernel);
  const { order, innerStarts, outerStarts, innerSums, innerLogs, outerLogs, terms } = prepared;
  const innerScale = 1 - kernel.sigma_inner;
  const outerScale = 1 - kernel.sigma_outer;
  const changes = Float64Array.from(order, (product) => priceChanges[product] || 0);
  const units = new Float64Array(order.length);
  kernel.market_sizes.forEach((size, region) => {
    kernel.alphas.forEach((alpha, node) => {
      const offset = region * order.length;
      evaluateInnerNests(prepared, offset, changes, alpha, innerScale);
      const denominator = evaluateOuterNests(prepared, innerScale, outerScale);
      const weight = size * kernel.weights[node];
      for (let h = 0; h < outerLogs.length; h += 1) {
        const outerShare = Math.exp(outerLogs[h] * outerScale - denominator);
        for (let g = outerStarts[h]; g < outerStarts[h + 1]; g += 1) {
          if (innerSums[g] === 0) continue;
          const nestShare = Math.exp((innerLogs[g] * innerScale) / outerScale - outerLogs[h]);
          const factor = (weight * outerShare * nestShare) / innerSums[g];
          for (let position = innerStarts[g]; position < innerStarts[g + 1]; position += 1) {
            units[order[position]] += terms[position] * factor;
          }
        }
      }
    });
  });
  return units;
}

/* Kernels by hash, a few at a time: Python sends each once, and leaves it out afterwards. */
const MAXIMUM_KERNELS = 6;
const kernelsByHash = new Map();

function rememberKernel(hash, kernel) {
  kernelsByHash.delete(hash);
  kernelsByHash.set(hash, kernel);
  while (kernelsByHash.size > MAXIMUM_KERNELS) {
    kernelsByHash.delete(kernelsByHash.keys().next().value);
  }
}
