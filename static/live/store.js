// The samples of the charts, in rings of a fixed size: an hour of them takes what
// a quarter takes.

const most = 15 * 60 * 10; // samples that the longest range shows at the highest rate

export class Store {
  #next = 0; // where the next sample goes
  #at;
  #series = new Map();

  length = 0;
  marks = [];

  /** names are the figures that are kept; twice the longest range, so that a pause has one too. */
  constructor(names, capacity = 2 * most) {
    this.capacity = capacity;
    this.#at = new Float64Array(capacity);
    for (const name of names) this.#series.set(name, new Float64Array(capacity));
  }

  get newest() {
    return this.length === 0 ? -Infinity : this.at(this.length - 1);
  }

  #slot(i) {
    return (this.#next - this.length + i + 2 * this.capacity) % this.capacity;
  }

  /** The time of the i-th sample, the oldest being 0, in ms. */
  at(i) {
    return this.#at[this.#slot(i)];
  }

  value(name, i) {
    return this.#series.get(name)?.[this.#slot(i)] ?? NaN;
  }

  /** Adds a sample; one that is not newer than the newest is not taken. */
  push(at, valueOf) {
    if (at <= this.newest) return;
    this.#at[this.#next] = at;
    for (const [name, values] of this.#series) values[this.#next] = valueOf(name) ?? NaN;
    this.#next = (this.#next + 1) % this.capacity;
    this.length = Math.min(this.length + 1, this.capacity);
  }

  /** The first sample at a time or after it. */
  first(at) {
    let low = 0;
    let high = this.length;
    while (low < high) {
      const middle = (low + high) >> 1;
      if (this.at(middle) < at) low = middle + 1;
      else high = middle;
    }
    return low;
  }

  /** Takes what the server has kept in place of what is here. */
  load(history) {
    const newer = [];
    const last = history.at.at(-1) ?? -Infinity;
    for (let i = this.first(last + 0.5); i < this.length; i += 1) {
      newer.push([this.at(i), new Map([...this.#series.keys()].map((name) => [name, this.value(name, i)]))]);
    }
    this.length = 0;
    this.#next = 0;
    history.at.forEach((at, i) => this.push(at, (name) => history.series[name]?.[i]));
    for (const [at, values] of newer) this.push(at, (name) => values.get(name));
    for (const m of history.marks) this.mark(m);
  }

  /** Adds an annotation, once. */
  mark(mark) {
    if (this.marks.some((m) => m.at === mark.at && m.kind === mark.kind && m.path === mark.path)) return;
    this.marks.push(mark);
    this.marks.sort((a, b) => a.at - b.at);
    if (this.marks.length > 200) this.marks.shift();
  }
}
