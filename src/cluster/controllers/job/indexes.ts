/** Completion indexes of an Indexed Job, in the form of its status: `1,3-5,7`. */
export type Indexes = ReadonlySet<number>;

/** Reads `1,3-5,7`; what is not of that form, or not below `completions`, is left out. */
export const parseIndexes = (text: string | undefined, completions: number): Indexes => {
  const indexes = new Set<number>();
  for (const part of (text ?? '').split(',')) {
    const match = /^(\d+)(?:-(\d+))?$/.exec(part);
    if (match === null) continue;
    const first = Number(match[1]);
    const last = Math.min(Number(match[2] ?? match[1]), completions - 1);
    for (let index = first; index <= last; index++) indexes.add(index);
  }
  return indexes;
};

/** The shortest text: neighbours in one range. */
export const formatIndexes = (indexes: Iterable<number>): string => {
  const parts: string[] = [];
  let first: number | undefined;
  let last = -1;
  const close = (): void => {
    if (first === undefined) return;
    if (last === first) parts.push(String(first));
    else parts.push(last === first + 1 ? `${first},${last}` : `${first}-${last}`);
  };
  for (const index of [...indexes].sort((a, b) => a - b)) {
    if (first !== undefined && index === last + 1) {
      last = index;
      continue;
    }
    close();
    first = index;
    last = index;
  }
  close();
  return parts.join(',');
};
