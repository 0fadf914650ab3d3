import type { FileTree } from '../../file-tree.js';
import { info, type Notice } from '../notice.js';
import { fromBytes } from '../template/go-string.js';
import { compareStrings } from '../template/go-string.js';
import { goQuote } from '../template/quote.js';
import type { Chart, ChartFile } from './chart.js';
import { ChartError } from './chart-error.js';
import { HelmIgnore } from './helm-ignore.js';
import { loadChartFiles } from './load-files.js';
import { LoadedCharts } from './loaded-charts.js';
import { readNamedArchive } from './named-archive.js';
import { MAX_FILE_SIZE, withoutBom } from './read-archive.js';

const MAX_FILES = 20_000;
const MAX_FOLDER_DEPTH = 100;

const join = (folder: string, name: string): string => (folder === '' ? name : `${folder}/${name}`);

/**
 * Loads the chart in a folder of a tree, or the `.tgz` at that path; adds to the notices, and to `links` a notice of
 * each link that was followed. Throws ChartError and FileTreeError.
 */
export const loadChart = async (
  tree: FileTree,
  path: string,
  notices: Notice[] = [],
  links: Notice[] = [],
): Promise<Chart> => {
  const entry = await tree.stat(path);
  if (entry?.kind === 'file') {
    const data = await tree.read(path);
    return await loadOnce([{ name: '.tgz', data }], () => readNamedArchive(path, data), notices);
  }
  const file = join(path, 'Chart.yaml');
  if ((await tree.stat(file)) === undefined) {
    throw new ChartError(`unable to detect chart at ${file}: open ${file}: no such file or directory`);
  }
  const files = await readFolder(tree, path, links);
  return await loadOnce(files, () => files, notices);
};

const loadedCharts = new LoadedCharts(64 * 1024 * 1024);

/** The chart of these files, made only when there is none of the very same files at hand. */
const loadOnce = async (
  source: readonly ChartFile[],
  files: () => readonly ChartFile[] | Promise<readonly ChartFile[]>,
  notices: Notice[],
): Promise<Chart> => {
  const known = loadedCharts.find(source, notices);
  if (known !== undefined) return known;
  const own: Notice[] = [];
  try {
    const chart = await loadChartFiles(await files(), own);
    loadedCharts.keep(source, chart, own);
    return chart;
  } finally {
    notices.push(...own);
  }
};

/** The files of a chart's folder without what `.helmignore` leaves out, in Helm's order. */
export const readFolder = async (tree: FileTree, root: string, links: Notice[] = []): Promise<ChartFile[]> => {
  const ignoreFile = join(root, '.helmignore');
  const hasIgnore = (await tree.stat(ignoreFile))?.kind === 'file';
  const ignore = HelmIgnore.parse(hasIgnore ? fromBytes(await tree.read(ignoreFile)) : '');
  const files: ChartFile[] = [];
  const walk = async (folder: string, depth: number): Promise<void> => {
    if (depth > MAX_FOLDER_DEPTH) throw new ChartError(`folders are nested more than ${MAX_FOLDER_DEPTH} levels deep`);
    const entries = [...(await tree.list(join(root, folder)))].sort((a, b) => compareStrings(a.name, b.name));
    for (const entry of entries) {
      const name = join(folder, entry.name);
      if (entry.kind === 'link') await noteLink(tree, join(root, name), links);
      const target = entry.kind === 'link' ? await tree.stat(join(root, name)) : entry;
      if (target === undefined) throw await brokenLink(tree, join(root, name));
      if (ignore.ignores(name, target.kind === 'folder')) continue;
      if (target.kind === 'folder') await walk(name, depth + 1);
      else files.push({ name, data: await readFile(tree, join(root, name), entry.name) });
      if (files.length > MAX_FILES) throw new ChartError(`a chart has more than ${MAX_FILES} files`);
    }
  };
  await walk('', 0);
  return files;
};

/** Says nothing where a tree cannot tell where links lead. */
export const noteLink = async (tree: FileTree, path: string, links: Notice[]): Promise<void> => {
  const resolved = await tree.resolve?.(path);
  if (resolved === undefined) return;
  const message = 'found symbolic link in path. Contents of linked file included and used';
  links.push(info(message, ['path', path], ['resolved', resolved]));
};

const brokenLink = async (tree: FileTree, path: string): Promise<ChartError> => {
  const missing = (await tree.missing?.(path)) ?? path;
  return new ChartError(`error evaluating symlink ${path}: lstat ${missing}: no such file or directory`);
};

const readFile = async (tree: FileTree, path: string, name: string): Promise<Uint8Array> => {
  const data = await tree.read(path);
  if (data.length > MAX_FILE_SIZE) {
    throw new ChartError(`chart file ${goQuote(name)} is larger than the maximum file size ${MAX_FILE_SIZE}`);
  }
  return withoutBom(data);
};
