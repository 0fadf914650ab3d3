import { createRequire } from 'node:module';
import { DRAFT_4 } from './draft-4.js';
import type { Json } from './json.js';

const require = createRequire(import.meta.url);

/** The drafts of JSON Schema, by their year or number. */
export type Draft = 4 | 6 | 7 | 2019 | 2020;

const ADDRESSES: ReadonlyMap<string, Draft> = new Map([
  ['json-schema.org/schema', 2020],
  ['json-schema.org/draft/2020-12/schema', 2020],
  ['json-schema.org/draft/2019-09/schema', 2019],
  ['json-schema.org/draft-07/schema', 7],
  ['json-schema.org/draft-06/schema', 6],
  ['json-schema.org/draft-04/schema', 4],
]);

/** The draft that a `$schema` names. */
export const draftOf = (address: string): Draft | undefined =>
  ADDRESSES.get(address.replace(/#$/, '').replace(/^https?:\/\//, ''));

export const addressOf = (draft: Draft): string => {
  const path = [...ADDRESSES].findLast(([, each]) => each === draft)?.[0] ?? '';
  return `${draft < 2019 ? 'http' : 'https'}://${path}`;
};

/** Where the schemas of schemas lie in ajv, by their addresses. */
const fileOf = (address: string): string | undefined => {
  const path = address.replace(/^https?:\/\/json-schema\.org\//, '');
  const modern = /^draft\/(2019-09|2020-12)\/(schema|meta\/[a-z-]+)$/.exec(path);
  if (modern !== null) return `ajv/dist/refs/json-schema-${modern[1]}/${modern[2]}.json`;
  const old = /^draft-0([67])\/schema$/.exec(path);
  return old === null ? undefined : `ajv/dist/refs/json-schema-draft-0${old[1]}.json`;
};

/** The document at an address of json-schema.org. */
export const metaDocument = (address: string): Json | undefined => {
  if (!/^https?:\/\/json-schema\.org\//.test(address)) return undefined;
  if (draftOf(address) === 4) return DRAFT_4;
  const known = draftOf(address);
  const file = fileOf(known === undefined ? address : addressOf(known));
  if (file === undefined) return undefined;
  try {
    return require(file) as Json;
  } catch {
    return undefined;
  }
};
