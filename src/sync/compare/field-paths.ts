/** Steps into an object: names of fields, positions in lists. */
export type FieldPath = readonly (string | number)[];

type Json = Readonly<Record<string, unknown>> | readonly unknown[];

const isContainer = (value: unknown): value is Json => typeof value === 'object' && value !== null;

/** Reads an RFC 6901 pointer (`/spec/replicas`); undefined when the text is none. */
export const parsePointer = (pointer: string): readonly string[] | undefined => {
  if (!pointer.startsWith('/')) return undefined;
  return pointer
    .slice(1)
    .split('/')
    .map((step) => step.replaceAll('~1', '/').replaceAll('~0', '~'));
};

export const valueAt = (object: unknown, path: FieldPath): unknown => {
  let value = object;
  for (const step of path) {
    if (!isContainer(value)) return undefined;
    value = (value as Readonly<Record<string | number, unknown>>)[step];
  }
  return value;
};

/** A copy without the field; the object itself when it is not there. */
export const withoutField = <T>(object: T, path: FieldPath): T => {
  const [step, ...rest] = path;
  if (step === undefined || !isContainer(object) || !(step in object)) return object;
  if (Array.isArray(object)) {
    const index = Number(step);
    const items: unknown[] = object;
    if (rest.length === 0) return items.filter((_, position) => position !== index) as T;
    return items.map((item, position) => (position === index ? withoutField(item, rest) : item)) as T;
  }
  const record = object as Readonly<Record<string, unknown>>;
  if (rest.length > 0) return { ...record, [step]: withoutField(record[step], rest) } as T;
  const { [step]: _removed, ...others } = record;
  return others as T;
};

/** A copy with the field set; maps are made on the way where there is nothing, positions in lists are not. */
export const withField = <T>(object: T, path: FieldPath, value: unknown): T => {
  const [step, ...rest] = path;
  if (step === undefined) return value as T;
  if (Array.isArray(object)) {
    const index = Number(step);
    return object.map((item: unknown, position) => (position === index ? withField(item, rest, value) : item)) as T;
  }
  const record = (isContainer(object) ? object : {}) as Readonly<Record<string, unknown>>;
  return { ...record, [step]: withField(record[step], rest, value) } as T;
};

/** Whether two JSON values say the same, whatever the order of their maps. A field that is undefined is not there. */
export const sameValue = (left: unknown, right: unknown): boolean => {
  if (Object.is(left, right)) return true;
  if (!isContainer(left) || !isContainer(right)) return false;
  if (Array.isArray(left) || Array.isArray(right)) {
    if (!Array.isArray(left) || !Array.isArray(right) || left.length !== right.length) return false;
    return left.every((item, index) => sameValue(item, right[index]));
  }
  const a = left as Readonly<Record<string, unknown>>;
  const b = right as Readonly<Record<string, unknown>>;
  const names = new Set([...Object.keys(a), ...Object.keys(b)]);
  for (const name of names) if (!sameValue(a[name], b[name])) return false;
  return true;
};
