type Json = Readonly<Record<string, unknown>>;

const isMap = (value: unknown): value is Json => typeof value === 'object' && value !== null && !Array.isArray(value);

/**
 * The merge patch (RFC 7386) that turns one value into another; undefined when they are the same. Lists are replaced
 * as a whole. A field that is undefined is not there.
 */
export const mergePatchBetween = (before: Json, after: Json): Json | undefined => {
  const patch: Record<string, unknown> = {};
  for (const name of new Set([...Object.keys(before), ...Object.keys(after)])) {
    const old = before[name];
    const now = after[name];
    if (now === undefined) {
      if (old !== undefined) patch[name] = null;
    } else if (isMap(now) && isMap(old)) {
      const inner = mergePatchBetween(old, now);
      if (inner !== undefined) patch[name] = inner;
    } else if (!sameJson(old, now)) {
      patch[name] = now;
    }
  }
  return Object.keys(patch).length === 0 ? undefined : patch;
};

const sameJson = (left: unknown, right: unknown): boolean => {
  if (left === right) return true;
  if (Array.isArray(left) && Array.isArray(right)) {
    return left.length === right.length && left.every((item, index) => sameJson(item, right[index]));
  }
  return isMap(left) && isMap(right) && mergePatchBetween(left, right) === undefined;
};
