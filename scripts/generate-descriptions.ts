/**
 * Collects the descriptions of the API's types and fields from the type declarations of `@kubernetes/client-node` into
 * `data/descriptions.json.gz`, which the OpenAPI documents and `kubectl explain` show.
 *
 *     npx tsx scripts/generate-descriptions.ts
 */
import { existsSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { gzipSync } from 'node:zlib';
import { schemaFile } from '../src/objects/schema/schema-file.js';

const MODELS = 'node_modules/@kubernetes/client-node/dist/gen/models';

const capital = (text: string): string => text.charAt(0).toUpperCase() + text.slice(1);

/** The declaration of a type: named by version alone, or by group and version where two groups share the name. */
const declarationOf = (group: string, version: string, type: string): string | undefined => {
  const short = capital(group.split('.', 1)[0] ?? '');
  const names = [`${short}${capital(version)}${type}`, `${capital(version)}${type}`];
  const name = names.find((each) => existsSync(join(MODELS, `${each}.d.ts`)));
  return name === undefined ? undefined : readFileSync(join(MODELS, `${name}.d.ts`), 'utf8');
};

const clean = (comment: string): string =>
  comment
    .replaceAll(/^\s*\* ?/gm, '')
    .replaceAll(/\\(['"])/g, '$1')
    .trim();

const descriptions: Record<string, { type: string; fields: Record<string, string> }> = {};
for (const [groupVersion, table] of Object.entries(schemaFile().groupVersions)) {
  const group = ['', 'meta'].includes(table.group) ? 'core' : table.group;
  for (const type of Object.keys(table.types)) {
    const text = declarationOf(group, table.version, type);
    if (text === undefined) continue;
    const fields: Record<string, string> = {};
    for (const [, comment = '', name = ''] of text.matchAll(/\/\*\*\n((?:(?!\*\/)[\s\S])*)\*\/\s*'([^']+)'\??:/g)) {
      fields[name.replace(/^_/, '')] = clean(comment);
    }
    const about = /\/\*\*\n((?:(?!\*\/)[\s\S])*)\*\/\s*export declare class/.exec(text)?.[1] ?? '';
    descriptions[`${groupVersion}.${type}`] = { type: clean(about), fields };
  }
}
const file = gzipSync(JSON.stringify(descriptions), { level: 9 });
writeFileSync('data/descriptions.json.gz', file);
console.log(`${Object.keys(descriptions).length} types, ${file.length} bytes`);
