import { isDeepStrictEqual } from 'node:util';

/** What a look saw, after masking. */
export interface Look {
  readonly objects: readonly unknown[];
  readonly events?: readonly string[];
}

/**
 * The looks of a story as they are written down: an object that was seen before in the story stands as its number,
 * counted from its first appearance; of events there are those that are new.
 */
export const packed = (looks: readonly Look[]): readonly Look[] => {
  const known: unknown[] = [];
  const told = new Set<string>();
  return looks.map(({ objects, events }) => ({
    objects: objects.map((item) => numbered(known, item)),
    ...(events === undefined ? {} : { events: events.filter((event) => isNew(told, event)) }),
  }));
};

/** The looks as they were seen. */
export const unpacked = (looks: readonly Look[]): readonly Look[] => {
  const known: unknown[] = [];
  const told = new Set<string>();
  return looks.map(({ objects, events }) => ({
    objects: objects.map((item) => {
      if (typeof item === 'number') return known[item];
      known.push(item);
      return item;
    }),
    ...(events === undefined ? {} : { events: [...events.reduce((all, event) => all.add(event), told)].sort() }),
  }));
};

const numbered = (known: unknown[], item: unknown): unknown => {
  const at = known.findIndex((each) => isDeepStrictEqual(each, item));
  if (at >= 0) return at;
  known.push(item);
  return item;
};

const isNew = (told: Set<string>, event: string): boolean => {
  if (told.has(event)) return false;
  told.add(event);
  return true;
};
