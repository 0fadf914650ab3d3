interface Entry {
  readonly at: number;
  readonly id: string;
}

/** Values that become due, by id; the earliest time given for an id counts. A binary heap with lazy removal. */
export class DelayHeap<T> {
  readonly #due = new Map<string, { readonly at: number; readonly value: T }>();
  #heap: Entry[] = [];

  get size(): number {
    return this.#due.size;
  }

  put(id: string, at: number, value: T): void {
    const known = this.#due.get(id);
    if (known !== undefined && known.at <= at) return;
    this.#due.set(id, { at, value });
    this.#push({ at, id });
  }

  /** When the next value is due. */
  nextAt(): number | undefined {
    this.#dropStale();
    return this.#heap[0]?.at;
  }

  /** Removes and returns what is due at `now`, earliest first. */
  takeDue(now: number): T[] {
    const taken: T[] = [];
    for (let next = this.nextAt(); next !== undefined && next <= now; next = this.nextAt()) {
      const entry = this.#pop();
      const due = this.#due.get(entry.id);
      if (due === undefined) continue;
      this.#due.delete(entry.id);
      taken.push(due.value);
    }
    return taken;
  }

  clear(): void {
    this.#due.clear();
    this.#heap = [];
  }

  #dropStale(): void {
    for (let top = this.#heap[0]; top !== undefined; top = this.#heap[0]) {
      if (this.#due.get(top.id)?.at === top.at) return;
      this.#pop();
    }
  }

  #push(entry: Entry): void {
    const heap = this.#heap;
    let index = heap.push(entry) - 1;
    while (index > 0) {
      const parent = (index - 1) >> 1;
      if (this.#at(parent) <= entry.at) break;
      this.#swap(index, parent);
      index = parent;
    }
  }

  #pop(): Entry {
    const heap = this.#heap;
    const top = heap[0];
    const last = heap.pop();
    if (top === undefined || last === undefined) throw new Error('pop from an empty heap');
    if (heap.length === 0) return top;
    heap[0] = last;
    let index = 0;
    for (;;) {
      const left = 2 * index + 1;
      const right = left + 1;
      let least = index;
      if (left < heap.length && this.#at(left) < this.#at(least)) least = left;
      if (right < heap.length && this.#at(right) < this.#at(least)) least = right;
      if (least === index) return top;
      this.#swap(index, least);
      index = least;
    }
  }

  #at(index: number): number {
    return this.#heap[index]?.at ?? Number.POSITIVE_INFINITY;
  }

  #swap(a: number, b: number): void {
    const heap = this.#heap;
    const first = heap[a];
    const second = heap[b];
    if (first === undefined || second === undefined) return;
    heap[a] = second;
    heap[b] = first;
  }
}
