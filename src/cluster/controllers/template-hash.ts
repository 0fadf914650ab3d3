import { writeJson } from '../../objects/lossless-json.js';
import { safeEncode } from '../../objects/generate-name.js';

/** The hash of a pod template and a collision count, as a label value: the suffix of names made from templates. */
export const templateHash = (template: unknown, collisionCount: number | undefined): string => {
  let hash = fnv1a(0x811c9dc5, canonicalJson(template));
  if (collisionCount !== undefined) hash = fnv1a(hash, String(collisionCount));
  return safeEncode(String(hash));
};

const fnv1a = (seed: number, text: string): number => {
  let hash = seed;
  for (const byte of Buffer.from(text)) {
    hash ^= byte;
    hash = Math.imul(hash, 0x01000193) >>> 0;
  }
  return hash;
};

/** JSON with sorted keys and without empty values: equal for templates that are semantically equal. */
const canonicalJson = (value: unknown): string => {
  if (Array.isArray(value)) return `[${value.map(canonicalJson).join(',')}]`;
  if (typeof value !== 'object' || value === null) return writeJson(value) ?? 'null';
  const fields = Object.entries(value)
    .map(([key, field]) => [key, canonicalJson(field)] as const)
    .filter(([, text]) => text !== '{}' && text !== '[]' && text !== 'null')
    .sort(([a], [b]) => (a < b ? -1 : 1));
  return `{${fields.map(([key, text]) => `${JSON.stringify(key)}:${text}`).join(',')}}`;
};
