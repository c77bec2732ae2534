// A trend is a small line of the newest samples, the last at the right.
// The box is the one that the server's first drawing uses.
const width = 120;
const height = 24;
const depth = 60;

const round = (v) => Number(v.toFixed(1));

/** Draws the history (numbers, null for a gap) into the SVG. */
export function draw(svg, history) {
  const known = history.filter((v) => v !== null);
  let low = Math.min(...known);
  let high = Math.max(...known);
  if (low === high) {
    low -= 1;
    high += 1;
  }
  const lines = [[]];
  history.forEach((v, i) => {
    if (v === null) {
      lines.push([]);
      return;
    }
    const x = (width * (depth - history.length + i)) / (depth - 1);
    const y = 1 + ((height - 2) * (high - v)) / (high - low);
    lines.at(-1).push(`${round(x)},${round(y)}`);
  });
  const drawn = lines.filter((line) => line.length > 0);
  while (svg.children.length > drawn.length) svg.lastChild.remove();
  while (svg.children.length < drawn.length) {
    svg.append(document.createElementNS('http://www.w3.org/2000/svg', 'polyline'));
  }
  drawn.forEach((line, i) => svg.children[i].setAttribute('points', line.join(' ')));
}

/** Appends a sample and forgets the ones that no longer fit. */
export function append(history, value) {
  history.push(value);
  if (history.length > depth) history.shift();
}
