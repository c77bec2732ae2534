// A series is how a figure grows along a run: after step at[i] it is value[i],
// until at[i+1]. The server computed it; here it is only looked up.
export function valueAt({ at, value }, step) {
  const index = indexAt(at, step);
  return index < 0 ? 0 : value[index];
}

// indexAt is the last entry that is not after a step, or -1.
export function indexAt(at, step) {
  let low = 0;
  let high = at.length;
  while (low < high) {
    const middle = (low + high) >> 1;
    if (at[middle] <= step) low = middle + 1;
    else high = middle;
  }
  return low - 1;
}
