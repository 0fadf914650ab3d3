/**
 * Derives what the project ships from the field tables of the Kubernetes API: `data/kubernetes-schema.json` (compact,
 * stable versions only) and one file of readonly types for each group version in `src/objects/kinds/`.
 *
 *     npx tsx scripts/generate-kinds.ts <kubernetes-schema.json>
 *
 * Run it again with the tables of a newer Kubernetes; never edit what it writes.
 */
import { mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import { argv } from 'node:process';

type TypeRef = string | { array: TypeRef } | { map: TypeRef };
interface Field {
  name?: string;
  type: TypeRef;
  required?: boolean;
  inline?: boolean;
}
interface TypeTable {
  fields: Field[];
  genclient?: string[];
}
interface GroupVersionTable {
  group: string;
  version: string;
  types: Record<string, TypeTable>;
  aliases: Record<string, TypeRef>;
}
interface SchemaTable {
  kubernetes: string;
  groupVersions: Record<string, GroupVersionTable>;
}

const SCALARS: Record<string, string> = {
  string: 'string',
  bool: 'boolean',
  int32: 'number',
  int64: 'number',
  float64: 'number',
  bytes: 'string',
  Quantity: 'string | number',
  IntOrString: 'string | number',
  Duration: 'string',
  Time: 'string',
};

const OPAQUE: Record<string, string> = {
  'runtime.RawExtension': 'unknown',
  'runtime.Unknown': 'unknown',
  'meta/v1.Time': 'string',
  'meta/v1.MicroTime': 'string',
  'meta/v1.Duration': 'string',
  'meta/v1.FieldsV1': 'Record<string, unknown>',
  'meta/v1.ObjectMeta': 'ObjectMeta',
  'apiextensions.k8s.io/v1.JSON': 'unknown',
};

const [source] = argv.slice(2);
if (source === undefined) throw new Error('usage: tsx scripts/generate-kinds.ts <kubernetes-schema.json>');
const schema = JSON.parse(readFileSync(source, 'utf8')) as SchemaTable;
const stable = Object.fromEntries(
  Object.entries(schema.groupVersions).filter(([, table]) => !/alpha|beta/.test(table.version)),
);
mkdirSync('data', { recursive: true });
writeFileSync('data/kubernetes-schema.json', JSON.stringify({ kubernetes: schema.kubernetes, groupVersions: stable }));

const wrap = (text: string): string => (/[ |]/.test(text) ? `(${text})` : text);
const fileOf = (groupVersion: string): string => groupVersion.replaceAll(/[./]/g, '-');
const namespaceOf = (groupVersion: string): string =>
  fileOf(groupVersion).replaceAll(/-(.)/g, (_, letter: string) => letter.toUpperCase());

for (const [groupVersion, table] of Object.entries(stable)) {
  if (groupVersion === 'runtime') continue;
  const imports = new Set<string>();
  const typeText = (type: TypeRef): string => {
    if (typeof type === 'object') {
      return 'array' in type
        ? `readonly ${wrap(typeText(type.array))}[]`
        : `Readonly<Record<string, ${typeText(type.map)}>>`;
    }
    const opaque = OPAQUE[type];
    if (opaque !== undefined) return opaque;
    const scalar = SCALARS[type];
    if (scalar !== undefined) return scalar;
    const dot = type.lastIndexOf('.');
    const [owner, name] = [type.slice(0, dot), type.slice(dot + 1)];
    const alias = stable[owner]?.aliases[name];
    if (alias !== undefined) return typeText(alias);
    if (stable[owner]?.types[name] === undefined) return 'Readonly<Record<string, unknown>>';
    if (owner === groupVersion) return name;
    imports.add(owner);
    return `${namespaceOf(owner)}.${name}`;
  };
  const body: string[] = [];
  for (const [name, type] of Object.entries(table.types)) {
    if (`${groupVersion}.${name}` in OPAQUE) continue;
    const isUnion = type.fields.length > 1 && type.fields.every((field) => field.name === undefined);
    if (isUnion) {
      body.push(`export type ${name} = ${type.fields.map((field) => typeText(field.type)).join(' | ')};`);
      continue;
    }
    const isKind = (type.genclient?.length ?? 0) > 0;
    const apiVersion = table.group === 'core' || table.group === '' ? table.version : `${table.group}/${table.version}`;
    const parents = type.fields
      .filter((field) => field.inline === true && field.type !== 'meta/v1.TypeMeta')
      .map((field) => typeText(field.type));
    const fields = type.fields
      .filter((field) => field.name !== undefined && field.inline !== true)
      .filter((field) => !(isKind && field.name === 'metadata'))
      .map((field) => {
        const optional = field.required === true || (isKind && field.name === 'spec') ? '' : '?';
        const key = /^[A-Za-z_]\w*$/.test(field.name ?? '') ? field.name : `'${field.name}'`;
        return `  readonly ${key}${optional}: ${typeText(field.type)};`;
      });
    const heritage = isKind ? ['KubeObject', ...parents] : parents;
    const extension = heritage.length > 0 ? ` extends ${heritage.join(', ')}` : '';
    const unionText = fields.length === 0 && heritage.length === 0;
    body.push(
      unionText
        ? `export type ${name} = Readonly<Record<string, never>>;`
        : `export interface ${name}${extension} {\n${fields.join('\n')}\n}`,
    );
    if (isKind) body.push(`export const ${name}: KindOf<${name}> = { apiVersion: '${apiVersion}', kind: '${name}' };`);
  }
  const text = body.join('\n\n');
  const head = [
    `// Kubernetes ${schema.kubernetes}, ${groupVersion}. Written by scripts/generate-kinds.ts; do not edit.`,
    ...(text.includes('KindOf<') ? ["import type { KindOf } from '../kind.js';"] : []),
    ...(/ extends KubeObject|: ObjectMeta/.test(text)
      ? [
          `import type { ${[...(text.includes('KubeObject') ? ['KubeObject'] : []), ...(/: ObjectMeta/.test(text) ? ['ObjectMeta'] : [])].join(', ')} } from '../object.js';`,
        ]
      : []),
    ...[...imports].sort().map((owner) => `import type * as ${namespaceOf(owner)} from './${fileOf(owner)}.js';`),
  ];
  writeFileSync(`src/objects/kinds/${fileOf(groupVersion)}.ts`, `${head.join('\n')}\n\n${text}\n`);
}
