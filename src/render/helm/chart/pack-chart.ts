import { nodeZlib } from '../../builtin-modules.js';
import type { ChartFile } from './chart.js';

/** An archive of a chart's files. The same files make the same bytes: no times and no owners are in it. */
export const packChart = async (name: string, files: readonly ChartFile[]): Promise<Buffer> => {
  const { pack } = await import('tar-stream');
  const archive = pack();
  for (const file of files) {
    archive.entry({ name: `${name}/${file.name}`, mode: 0o644, mtime: new Date(0) }, Buffer.from(file.data));
  }
  archive.finalize();
  const chunks: Uint8Array[] = [];
  for await (const chunk of archive) chunks.push(chunk as Uint8Array);
  return nodeZlib().gzipSync(Buffer.concat(chunks));
};
