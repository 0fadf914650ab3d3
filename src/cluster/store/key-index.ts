/**
 * All keys in order, cut into buckets of one resource each so that a prefix finds its keys without a walk over the rest.
 * Order is by UTF-16 code unit.
 */
export class KeyIndex {
  readonly #buckets = new Map<string, string[]>();

  add(key: string): void {
    const name = bucketOf(key);
    const bucket = this.#buckets.get(name);
    if (bucket === undefined) {
      this.#buckets.set(name, [key]);
      return;
    }
    const at = lowerBound(bucket, key);
    if (bucket[at] !== key) bucket.splice(at, 0, key);
  }

  delete(key: string): void {
    const name = bucketOf(key);
    const bucket = this.#buckets.get(name);
    if (bucket === undefined) return;
    const at = lowerBound(bucket, key);
    if (bucket[at] !== key) return;
    bucket.splice(at, 1);
    if (bucket.length === 0) this.#buckets.delete(name);
  }

  /** The keys that start with `prefix`, in order. */
  withPrefix(prefix: string): readonly string[] {
    const names = [...this.#buckets.keys()].filter((name) => name.startsWith(prefix) || prefix.startsWith(name));
    return names.sort().flatMap((name) => rangeOf(this.#buckets.get(name) ?? [], prefix));
  }
}

/** The key through its third segment: `/registry/apps/deployments/` of `/registry/apps/deployments/shop/web`. */
const bucketOf = (key: string): string => {
  let end = 0;
  for (let segments = 0; segments < 4; segments += 1) {
    const slash = key.indexOf('/', end);
    if (slash < 0) return key;
    end = slash + 1;
  }
  return key.slice(0, end);
};

const rangeOf = (keys: readonly string[], prefix: string): readonly string[] => {
  const start = lowerBound(keys, prefix);
  let end = start;
  while (end < keys.length && keys[end]?.startsWith(prefix) === true) end += 1;
  return start === 0 && end === keys.length ? keys : keys.slice(start, end);
};

/** The first position whose key is not below `key`. */
const lowerBound = (keys: readonly string[], key: string): number => {
  let [low, high] = [0, keys.length];
  while (low < high) {
    const middle = (low + high) >>> 1;
    if ((keys[middle] ?? '') < key) low = middle + 1;
    else high = middle;
  }
  return low;
};
