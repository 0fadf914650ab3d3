import { readFile, stat } from 'node:fs/promises';
import { homedir } from 'node:os';
import { basename, extname, join, resolve } from 'node:path';
import { env } from 'node:process';
import { ChartError } from '../../render/helm/chart/chart-error.js';
import { verifyProvenance } from '../../render/helm/provenance/verify-provenance.js';
import type { FoundChart } from '../../render/helm/repositories/pull-chart.js';
import { readNamedFile } from './read-values-file.js';

/** `--verify` of a chart on this machine: `NAME.tgz.prov` beside it says who signed it. Throws ChartError. */
export const verifyFile = async (reference: string, keyring: string | undefined): Promise<void> => {
  const path = resolve(reference);
  if ((await stat(path)).isDirectory()) throw new ChartError('unpacked charts cannot be verified');
  if (extname(path).toLowerCase() !== '.tgz') throw new ChartError('chart must be a tgz file');
  const provenance = await readFile(`${path}.prov`).catch(() => undefined);
  if (provenance === undefined) {
    throw new ChartError(`could not load provenance file ${path}.prov: stat ${path}.prov: no such file or directory`);
  }
  await verifyProvenance({
    archive: await readFile(path),
    provenance,
    fileName: basename(path),
    keyring: await readKeyringFile(keyring),
  });
};

/** `--verify` of a chart of a repository, which has the provenance file beside it. Throws ChartError. */
export const verifyDownload = async (
  found: FoundChart,
  archive: Uint8Array,
  keyring: string | undefined,
): Promise<void> => {
  const provenance = await found.downloadProvenance().catch((error: unknown) => {
    if (!(error instanceof ChartError)) throw error;
    throw new ChartError(`failed to fetch provenance "${found.address}.prov"`);
  });
  await verifyProvenance({ archive, provenance, fileName: found.fileName, keyring: await readKeyringFile(keyring) });
};

const defaultKeyring = (): string => join(env['GNUPGHOME'] || join(homedir(), '.gnupg'), 'pubring.gpg');

const readKeyringFile = async (given: string | undefined): Promise<Uint8Array> => {
  try {
    return await readNamedFile(given ?? defaultKeyring());
  } catch (error) {
    throw error instanceof ChartError ? new ChartError(`failed to load keyring: ${error.message}`) : error;
  }
};
