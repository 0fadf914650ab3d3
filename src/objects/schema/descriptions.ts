import { readFileSync } from 'node:fs';
import { gunzipSync } from 'node:zlib';
import { dataFile } from './schema-file.js';

interface TypeDescription {
  readonly type: string;
  readonly fields: Readonly<Record<string, string>>;
}

let loaded: Readonly<Record<string, TypeDescription>> | undefined;

const descriptions = (): Readonly<Record<string, TypeDescription>> => {
  loaded ??= JSON.parse(gunzipSync(readFileSync(dataFile('descriptions.json.gz'))).toString('utf8')) as Record<
    string,
    TypeDescription
  >;
  return loaded;
};

/** What a type such as `core/v1.Pod` is for; empty when nothing is known. */
export const typeDescription = (type: string): string => descriptions()[type]?.type ?? '';

/** What a field of a type is for; empty when nothing is known. */
export const fieldDescription = (type: string, field: string): string => {
  const fields = descriptions()[type]?.fields ?? {};
  return Object.hasOwn(fields, field) ? (fields[field] ?? '') : '';
};
