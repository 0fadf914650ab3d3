import { readFile } from 'node:fs/promises';
import { stdin } from 'node:process';
import { ChartError } from '../../render/helm/chart/chart-error.js';

const MAX_BYTES = 64 * 1024 * 1024;

const readStdin = async (): Promise<Buffer> => {
  const chunks: Buffer[] = [];
  for await (const chunk of stdin) chunks.push(chunk as Buffer);
  return Buffer.concat(chunks);
};

/** A values file: a path, `-` for standard input, or an address. */
export const readValuesFile = async (path: string): Promise<Uint8Array> => {
  if (path.trim() === '-') return await readStdin();
  if (/^https?:\/\//.test(path)) {
    const { bodyOf, get } = await import('../../render/helm/repositories/request.js');
    return bodyOf(await get(path, {}, { maxBytes: MAX_BYTES }));
  }
  return await readNamedFile(path);
};

/** A file of this machine. Throws ChartError with Go's words where it cannot be read. */
export const readNamedFile = async (path: string): Promise<Uint8Array> => {
  try {
    return await readFile(path);
  } catch (error) {
    const code = error instanceof Error && 'code' in error ? error.code : undefined;
    if (code === 'ENOENT') throw new ChartError(`open ${path}: no such file or directory`);
    if (code === 'EISDIR') throw new ChartError(`read ${path}: is a directory`);
    throw error;
  }
};
