import { readdirSync, readFileSync } from 'node:fs';
import { join, relative, sep } from 'node:path';
import { fileURLToPath } from 'node:url';
import { parseDocument, type Document } from 'yaml';

/** What a server said, after masking. */
export interface Reply {
  readonly code: number;
  readonly warnings?: readonly string[];
  readonly body: unknown;
}

/** One request. `$ns` and what earlier steps kept (`$rv`) are replaced in its path and body. */
export interface Step {
  /** `POST /api/v1/namespaces/$ns/pods?dryRun=All` */
  readonly request: string;
  /** Content type; `json-patch`, `merge-patch`, `strategic-merge-patch` and `apply-patch` are short forms. */
  readonly type?: string;
  readonly accept?: string;
  /** A text is sent as it is. `{base: name, set: {pointer: value}, remove: [pointer]}` changes an object of `bases`. */
  readonly body?: unknown;
  /** Name to dotted path in the reply: `{rv: metadata.resourceVersion}`. */
  readonly keep?: Readonly<Record<string, string>>;
  /** Dotted paths: the reply is only compared there. Empty: only code and warnings. */
  readonly only?: readonly string[];
  /** Managed fields are left out of replies unless this says true. */
  readonly managedFields?: boolean;
  readonly reply?: Reply;
}

/** A sequence of requests, in a namespace of its own if a step names `$ns`. */
export interface Case {
  readonly name: string;
  readonly steps: readonly Step[];
}

export interface RecordFile {
  readonly bases?: Readonly<Record<string, unknown>>;
  readonly cases: readonly Case[];
}

const folder = fileURLToPath(new URL('records/', import.meta.url));

/** Paths below `records/` of the files of a topic (`core`, `core/pods`); without one, of all. */
export const recordFiles = (topic = ''): readonly string[] =>
  (readdirSync(folder, { recursive: true }) as string[])
    .map((path) => path.split(sep).join('/'))
    .filter(
      (path) =>
        path.endsWith('.yaml') && `${path.slice(0, -'.yaml'.length)}/`.startsWith(topic === '' ? '' : `${topic}/`),
    )
    .sort();

export const recordPath = (file: string): string => join(folder, relative('.', file));

/** The file as a document, which keeps comments and layout when replies are written into it. */
export const readDocument = (path: string): Document => parseDocument(readFileSync(path, 'utf8'));

export const readRecords = (path: string): RecordFile => readDocument(path).toJS({ maxAliasCount: -1 }) as RecordFile;

/** A step's body with its base written out. */
export const bodyOf = (step: Step, bases: RecordFile['bases'] = {}): unknown => {
  const { body } = step;
  if (!isFields(body) || typeof body['base'] !== 'string') return body;
  const base = bases[body['base']];
  if (base === undefined) throw new Error(`there is no base ${body['base']}`);
  const changed = structuredClone(base);
  for (const [pointer, value] of Object.entries((body['set'] ?? {}) as object)) setAt(changed, keysOf(pointer), value);
  for (const pointer of (body['remove'] ?? []) as string[]) removeAt(changed, keysOf(pointer));
  return changed;
};

type Fields = Record<string, unknown>;

const isFields = (value: unknown): value is Fields => typeof value === 'object' && value !== null;

const keysOf = (pointer: string): readonly string[] =>
  pointer
    .split('/')
    .slice(1)
    .map((key) => key.replaceAll('~1', '/').replaceAll('~0', '~'));

/** Makes what is missing on the way; `-` is the place after the last item. */
const setAt = (target: unknown, [key = '', ...rest]: readonly string[], value: unknown): void => {
  const fields = target as Fields;
  const place = key === '-' && Array.isArray(target) ? String(target.length) : key;
  if (rest.length === 0) fields[place] = value;
  else {
    if (!isFields(fields[place])) fields[place] = rest[0] === '-' || /^\d+$/.test(rest[0] ?? '') ? [] : {};
    setAt(fields[place], rest, value);
  }
};

const removeAt = (target: unknown, [key = '', ...rest]: readonly string[]): void => {
  if (!isFields(target)) return;
  if (rest.length > 0) removeAt(target[key], rest);
  else if (Array.isArray(target)) target.splice(Number(key), 1);
  else delete target[key];
};
