import { nodeZlib } from '../../builtin-modules.js';
import { Readable } from 'node:stream';
import { cleanPath } from '../functions/paths.js';
import { goQuote } from '../template/quote.js';
import type { ChartFile } from './chart.js';
import { ChartError } from './chart-error.js';

export const MAX_CHART_SIZE = 100 * 1024 * 1024;
export const MAX_FILE_SIZE = 5 * 1024 * 1024;

interface TarHeader {
  readonly name: string;
  readonly type?: string | null;
  readonly size?: number | null;
}

/** The name within the chart; throws ChartError when it leaves the chart. */
const memberName = (name: string): string => {
  const delimiter = name.includes('\\') ? '\\' : '/';
  const parts = name.split(delimiter);
  const inner = parts.slice(1).join(delimiter).replaceAll(delimiter, '/');
  if (inner.startsWith('/')) throw new ChartError('chart illegally contains absolute paths');
  const clean = cleanPath(inner);
  if (clean === '.') {
    throw new ChartError(`chart illegally contains content outside the base directory: ${goQuote(name)}`);
  }
  if (clean.startsWith('..')) throw new ChartError('chart illegally references parent directory');
  if (/^[a-zA-Z]:\//.test(clean)) throw new ChartError('chart contains illegally named files');
  if (parts[0] === 'Chart.yaml') throw new ChartError('chart yaml not in base directory');
  return clean;
};

export const withoutBom = (data: Uint8Array): Uint8Array =>
  data[0] === 0xef && data[1] === 0xbb && data[2] === 0xbf ? data.subarray(3) : data;

/** Takes files out of an archive until its limits are reached. */
class Unpacking {
  readonly files: ChartFile[] = [];
  private remaining = MAX_CHART_SIZE;

  async take(header: TarHeader, content: AsyncIterable<Uint8Array>): Promise<void> {
    const name = memberName(header.name);
    const size = header.size ?? 0;
    if (size > this.remaining) throw tooLarge();
    if (size > MAX_FILE_SIZE) {
      throw new ChartError(
        `decompressed chart file ${goQuote(header.name)} is larger than the maximum file size ${MAX_FILE_SIZE}`,
      );
    }
    const chunks: Uint8Array[] = [];
    for await (const chunk of content) {
      this.remaining -= chunk.length;
      if (this.remaining <= 0) throw tooLarge();
      chunks.push(chunk);
    }
    this.files.push({ name, data: withoutBom(Buffer.concat(chunks)) });
  }
}

const tooLarge = (): ChartError =>
  new ChartError(`decompressed chart is larger than the maximum size ${MAX_CHART_SIZE}`);

/** What Go says of an archive that is broken. */
const archiveProblem = (error: unknown): string => {
  const problem = error instanceof Error ? error.message : String(error);
  if (problem === 'incorrect header check') return 'gzip: invalid header';
  if (problem === 'incorrect data check') return 'gzip: invalid checksum';
  if (/^unexpected end of/i.test(problem)) return 'unexpected EOF';
  return /^invalid tar header/i.test(problem) ? 'archive/tar: invalid tar header' : problem;
};

/** Reads a `.tgz` into files. Nothing is written anywhere; links and devices carry no content. Throws ChartError. */
export const readArchive = async (data: Uint8Array): Promise<ChartFile[]> => {
  const { extract } = await import('tar-stream');
  const unpacking = new Unpacking();
  const members = extract();
  const source = Readable.from([data]);
  const unzipped = source.pipe(nodeZlib().createGunzip());
  unzipped.on('error', (error) => members.destroy(error));
  unzipped.pipe(members);
  try {
    for await (const member of members) {
      if (member.header.type === 'directory' || member.header.name.endsWith('/')) {
        member.resume();
        continue;
      }
      await unpacking.take(member.header, member as unknown as AsyncIterable<Uint8Array>);
    }
  } catch (error) {
    if (error instanceof ChartError) throw error;
    throw new ChartError(data.length === 0 ? 'EOF' : archiveProblem(error));
  } finally {
    source.destroy();
    unzipped.destroy();
  }
  if (unpacking.files.length === 0) throw new ChartError('no files in chart archive');
  return unpacking.files;
};
