import { TextCache } from '../text-cache.js';
import { UNSUPPORTED } from './block-cursor.js';
import { type BlockBuilder, readBlockDocuments } from './block-reader.js';
import { resolvePlainScalar } from './resolve-scalar.js';
import { setField } from './set-field.js';

/** A document with something in it. */
export interface OrdinaryDocument {
  readonly value: unknown;
  /** Where its first node starts, from 1. */
  readonly line: number;
  readonly column: number;
}

type Fields = Record<string, unknown>;

const builder: BlockBuilder<unknown> = {
  map: () => ({}),
  set: (map, key, value) => {
    if (Object.hasOwn(map as Fields, key)) return false;
    setField(map as Fields, key, value);
    return true;
  },
  list: (items) => items,
  text: (value) => value,
  plain: (text) => {
    const { tag, value } = resolvePlainScalar(text, 'manifests');
    const isFinite = typeof value !== 'number' || Number.isFinite(value);
    if (tag === '!!merge' || typeof value === 'bigint' || !isFinite) throw UNSUPPORTED;
    return value;
  },
  isTextKey: (text) => resolvePlainScalar(text, 'manifests').tag === '!!str',
};

const known = new TextCache<readonly OrdinaryDocument[]>(16 * 1024 * 1024);

/**
 * Reads YAML without anything rare in it, by the rules for manifests; undefined where a full reader has to be asked.
 * The same text gives the same values: they are not to be changed.
 */
export const readOrdinaryYaml = (text: string): readonly OrdinaryDocument[] | undefined => {
  const kept = known.get(text);
  if (kept !== undefined) return kept;
  const read = readBlockDocuments(text, builder, { isEndBreak: true });
  if (read === undefined) return undefined;
  let line = 1;
  let from = 0;
  const documents = read.map(({ value, start }) => {
    for (let at = text.indexOf('\n', from); at >= 0 && at < start; at = text.indexOf('\n', at + 1)) line += 1;
    from = start;
    return { value, line, column: 1 };
  });
  known.set(text, documents);
  return documents;
};
