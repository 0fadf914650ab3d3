import type { ChartFile } from './chart.js';
import { ChartError } from './chart-error.js';
import { readArchive } from './read-archive.js';

/** The files of an archive that somebody named. What is none is refused with its path. Throws ChartError. */
export const readNamedArchive = async (path: string, data: Uint8Array): Promise<ChartFile[]> => {
  requireGzip(path, data);
  let files: ChartFile[];
  try {
    files = await readArchive(data);
  } catch (error) {
    throw error instanceof ChartError ? new ChartError(`unable to load chart archive: ${error.message}`) : error;
  }
  if (files.some(({ name }) => name === 'Chart.yaml')) return files;
  throw new ChartError('unable to detect chart version, no Chart.yaml found');
};

/** How many bytes Helm looks at; where a file has fewer, it sees zeros. */
const SNIFFED = 512;
// oxlint-disable-next-line no-control-regex
const BINARY = /[\0-\x08\x0b\x0e-\x1a\x1c-\x1f]/;
const KINDS: readonly (readonly [RegExp, string])[] = [
  [/^PK[^ -~]{2}/, 'application/zip'],
  [/^%PDF-/, 'application/pdf'],
  [/^\s*<\?xml/, 'text/xml; charset=utf-8'],
  [/^\s*<(?:!DOCTYPE HTML|HTML|HEAD|BODY|TITLE)[ >]/i, 'text/html; charset=utf-8'],
];

const requireGzip = (path: string, data: Uint8Array): void => {
  if (data[0] === 0x1f && data[1] === 0x8b && data[2] === 0x08) return;
  if (/\.ya?ml$/.test(path)) {
    throw new ChartError(`file '${path}' seems to be a YAML file, but expected a gzipped archive`);
  }
  const start = Buffer.from(data.subarray(0, SNIFFED)).toString('latin1').padEnd(SNIFFED, '\0');
  const text = BINARY.test(start) ? 'application/octet-stream' : 'text/plain; charset=utf-8';
  const kind = KINDS.find(([pattern]) => pattern.test(start))?.[1] ?? text;
  throw new ChartError(`file '${path}' does not appear to be a gzipped archive; got '${kind}'`);
};
