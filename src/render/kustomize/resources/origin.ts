/** Where a resource came from, or what changed it: written into annotations when `buildMetadata` asks for it. */
export interface Origin {
  readonly path?: string;
  readonly repo?: string;
  readonly ref?: string;
  readonly configuredIn?: string;
  readonly configuredBy?: { apiVersion?: string; kind?: string; name?: string; namespace?: string };
}

export const ORIGIN_ANNOTATION = 'config.kubernetes.io/origin';
export const TRANSFORMATIONS_ANNOTATION = 'alpha.config.kubernetes.io/transformations';

const FIELDS = ['path', 'repo', 'ref', 'configuredIn'] as const;
const BY_FIELDS = ['apiVersion', 'kind', 'name', 'namespace'] as const;

const linesOf = (origin: Origin): string[] => {
  const lines: string[] = [];
  for (const field of FIELDS) if (origin[field]) lines.push(`${field}: ${yamlText(origin[field])}`);
  const by = BY_FIELDS.filter((field) => origin.configuredBy?.[field]);
  if (by.length > 0) lines.push('configuredBy:');
  for (const field of by) lines.push(`  ${field}: ${yamlText(origin.configuredBy?.[field] ?? '')}`);
  return lines;
};

const yamlText = (text: string): string =>
  /^[A-Za-z0-9_./][A-Za-z0-9_./:@-]*$/.test(text) ? text : JSON.stringify(text);

export const originText = (origin: Origin): string => {
  const lines = linesOf(origin);
  return lines.length === 0 ? '{}\n' : `${lines.join('\n')}\n`;
};

export const transformationsText = (origins: readonly Origin[]): string =>
  origins.map((origin) => `- ${linesOf(origin).join('\n  ')}\n`).join('');

/** `a/b` + `../c` as Go's filepath.Join. */
export const joinOrigin = (base: string, path: string): string => {
  const segments: string[] = [];
  for (const segment of `${base}/${path}`.split('/')) {
    if (segment === '' || segment === '.') continue;
    if (segment === '..' && segments.length > 0 && segments.at(-1) !== '..') segments.pop();
    else segments.push(segment);
  }
  return segments.join('/');
};
