import type { Dirent } from 'node:fs';
import {
  lstat,
  mkdir,
  mkdtemp,
  readdir,
  readFile,
  readlink,
  rename,
  rm,
  stat,
  unlink,
  writeFile,
} from 'node:fs/promises';
import { join } from 'node:path';
import type { Chart, Lock } from '../../render/helm/chart/chart.js';
import { ChartError } from '../../render/helm/chart/chart-error.js';
import { loadChartFiles } from '../../render/helm/chart/load-files.js';
import type { Dependency } from '../../render/helm/chart/metadata.js';
import { readArchive } from '../../render/helm/chart/read-archive.js';
import { lockDigest, lockText } from '../../render/helm/repositories/lock-digest.js';
import { listed } from '../../render/helm/repositories/pull-dependencies.js';
import { goQuote } from '../../render/helm/template/quote.js';
import { type Found, findDependency } from './bring-dependencies.js';
import type { TemplateOptions } from './template-options.js';

/**
 * Brings every dependency into `charts/` in the newest version that Chart.yaml permits, removes the archives that are
 * none of them, and writes Chart.lock, as `helm dependency update` does. Until all are here the folder stays as it
 * is. Throws ChartError.
 */
export const updateDependencies = async (
  chart: Chart,
  folder: string | undefined,
  options: TemplateOptions,
  say: (text: string) => void,
): Promise<void> => {
  if (folder === undefined || !(await stat(folder)).isDirectory()) {
    throw new ChartError('only unpacked charts can be updated');
  }
  const charts = join(folder, 'charts');
  const lockFile = chart.metadata.apiVersion === 'v1' ? 'requirements.lock' : 'Chart.lock';
  await requireOwn(folder, charts, lockFile);
  const found: Found[] = [];
  for (const dependency of listed(chart.metadata)) found.push(await findDependency(dependency, folder, options));
  say(`Saving ${found.length} charts`);
  const archives = await bringAll(found, say);
  await requireFree(charts, archives);
  const lock = lockOf(found);
  const isNew = chart.lock?.digest !== lock.digest;
  await moveIn(folder, archives, isNew ? { name: lockFile, text: lockText(lock, new Date()) } : undefined, async () => {
    say('Deleting outdated charts');
    await removeOutdated(charts, new Set(archives.keys()), found);
  });
};

/** Nothing is written through a link: it could lead out of the chart. */
const requireOwn = async (folder: string, charts: string, lockFile: string): Promise<void> => {
  const found = await lstat(charts).catch(() => undefined);
  if (found?.isSymbolicLink() === true) {
    throw new ChartError(`${goQuote(charts)} is a link: dependencies are not written through it`);
  }
  if (found !== undefined && !found.isDirectory()) throw new ChartError(`${goQuote(charts)} is not a directory`);
  const link = await readlink(join(folder, lockFile)).catch(() => undefined);
  if (link !== undefined) throw new ChartError(`the ${lockFile} file is a symlink to ${goQuote(link)}`);
};

const bringAll = async (found: readonly Found[], say: (text: string) => void): Promise<Map<string, Uint8Array>> => {
  const archives = new Map<string, Uint8Array>();
  for (const { wanted, archive } of found) {
    const { name, repository } = wanted;
    if (archive === undefined) {
      say(`Dependency ${name} did not declare a repository. Assuming it exists in the charts directory`);
      continue;
    }
    if (!repository.startsWith('file://')) say(`Downloading ${name} from repo ${repository}`);
    archives.set(archive.fileName, await archive.bring());
  }
  return archives;
};

const lockOf = (found: readonly Found[]): Lock => {
  const dependencies = found.map(
    ({ wanted: { name, repository }, version }): Dependency => ({
      name,
      version,
      repository,
      condition: '',
      tags: [],
      enabled: false,
      importValues: [],
      alias: '',
    }),
  );
  const wanted = found.map((each) => each.wanted);
  return { digest: lockDigest(wanted, dependencies), dependencies };
};

const entriesOf = async (charts: string): Promise<Dirent[]> =>
  await readdir(charts, { withFileTypes: true }).catch(() => []);

/** A folder in the place of an archive would stop the renaming half-way. */
const requireFree = async (charts: string, archives: ReadonlyMap<string, Uint8Array>): Promise<void> => {
  const taken = (await entriesOf(charts)).find((entry) => entry.isDirectory() && archives.has(entry.name));
  if (taken !== undefined) throw new ChartError(`${goQuote(join(charts, taken.name))} is a directory`);
};

/** Writes beside `charts/` first, so that a full disk leaves the chart as it was, and renames then. */
const moveIn = async (
  folder: string,
  archives: ReadonlyMap<string, Uint8Array>,
  lock: { readonly name: string; readonly text: string } | undefined,
  tidy: () => Promise<void>,
): Promise<void> => {
  const charts = join(folder, 'charts');
  const unfinished = await mkdtemp(join(folder, '.fairlead-charts-'));
  try {
    for (const [name, data] of archives) await writeFile(join(unfinished, name), data, { mode: 0o644 });
    const lockPath = join(unfinished, 'lock');
    if (lock !== undefined) await writeFile(lockPath, lock.text, { mode: 0o644 });
    await mkdir(charts, { recursive: true });
    for (const name of archives.keys()) await rename(join(unfinished, name), join(charts, name));
    await tidy();
    if (lock !== undefined) await rename(lockPath, join(folder, lock.name));
  } finally {
    await rm(unfinished, { recursive: true, force: true });
  }
};

/** Archives of charts go that are not among the new ones; other files, folders and charts without a repository stay. */
const removeOutdated = async (charts: string, isNew: ReadonlySet<string>, found: readonly Found[]): Promise<void> => {
  const staying = new Set(found.filter(({ archive }) => archive === undefined).map(({ wanted }) => wanted.name));
  for (const entry of await entriesOf(charts)) {
    if (isNew.has(entry.name)) continue;
    const path = join(charts, entry.name);
    const name = await nameOfArchive(path);
    if (name !== undefined && !staying.has(name)) await unlink(path);
  }
};

/** The name of the chart in an archive; undefined for everything else. */
const nameOfArchive = async (path: string): Promise<string | undefined> => {
  if ((await stat(path).catch(() => undefined))?.isFile() !== true) return undefined;
  try {
    return (await loadChartFiles(await readArchive(await readFile(path)))).name;
  } catch (error) {
    if (error instanceof ChartError) return undefined;
    throw error;
  }
};
