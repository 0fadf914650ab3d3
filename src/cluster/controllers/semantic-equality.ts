const isEmpty = (value: unknown): boolean => {
  if (value === undefined || value === null) return true;
  if (Array.isArray(value)) return value.length === 0;
  return typeof value === 'object' && Object.values(value).every((each) => each === undefined);
};

/** Equal as the API sees it: absent, null, the empty list and the empty map are the same. */
export const isSemanticallyEqual = (a: unknown, b: unknown): boolean => {
  if (a === b) return true;
  if (isEmpty(a) && isEmpty(b)) return true;
  if (typeof a !== 'object' || typeof b !== 'object' || a === null || b === null) return false;
  if (Array.isArray(a) || Array.isArray(b)) {
    if (!Array.isArray(a) || !Array.isArray(b) || a.length !== b.length) return false;
    return a.every((item, index) => isSemanticallyEqual(item, b[index]));
  }
  const first = a as Readonly<Record<string, unknown>>;
  const second = b as Readonly<Record<string, unknown>>;
  const keys = new Set([...Object.keys(first), ...Object.keys(second)]);
  for (const key of keys) if (!isSemanticallyEqual(first[key], second[key])) return false;
  return true;
};
