import { jsonEquals, ownValue } from '../json.js';

/** How elements of a list are told apart: by a key of theirs, or by their value where `mergeKey` is undefined. */
export const sameElement = (a: unknown, b: unknown, mergeKey: string | undefined): boolean =>
  mergeKey === undefined
    ? jsonEquals(a, b)
    : ownValue(a, mergeKey) !== undefined && jsonEquals(ownValue(a, mergeKey), ownValue(b, mergeKey));

const indexIn = (list: readonly unknown[], element: unknown, mergeKey: string | undefined): number =>
  list.findIndex((each) => sameElement(each, element, mergeKey));

const sortBy = (list: readonly unknown[], order: readonly unknown[], mergeKey: string | undefined): unknown[] =>
  list
    .map((element) => ({ element, index: indexIn(order, element, mergeKey) }))
    .sort((a, b) => a.index - b.index)
    .map(({ element }) => element);

/**
 * Puts the elements of a merged list in order: those of the patch as the patch orders them, those of the server alone
 * as the server had them, woven together by where both stood in the live list.
 */
export const orderElements = (
  merged: readonly unknown[],
  patchOrder: readonly unknown[],
  liveOrder: readonly unknown[],
  mergeKey: string | undefined,
): unknown[] => {
  const isInPatch = (element: unknown): boolean => indexIn(patchOrder, element, mergeKey) >= 0;
  const patched = sortBy(merged.filter(isInPatch), patchOrder, mergeKey);
  const live = sortBy(
    merged.filter((element) => !isInPatch(element)),
    liveOrder,
    mergeKey,
  );
  const result: unknown[] = [];
  for (let next = live.shift(); next !== undefined; next = live.shift()) {
    const place = indexIn(liveOrder, next, mergeKey);
    while (patched.length > 0) {
      const other = indexIn(liveOrder, patched[0], mergeKey);
      if (place >= 0 && other >= 0 && place < other) break;
      result.push(patched.shift());
    }
    result.push(next);
  }
  return [...result, ...patched];
};
