import { execFile } from 'node:child_process';
import { realpathSync } from 'node:fs';
import { promisify } from 'node:util';
import { FolderTree } from '../../../src/render/files/folder-tree.js';
import type { BuildOptions } from '../../../src/render/kustomize/build/build-overlay.js';
import { buildOverlay } from '../../../src/render/kustomize/build/build-overlay.js';
import { KustomizeError } from '../../../src/render/kustomize/errors.js';
import { printOverlay } from '../../../src/render/kustomize/print-overlay.js';

const run = promisify(execFile);

export type Outcome = { readonly output: string } | { readonly refused: string };

/** `equal` and `refused by both` are passes; the others say what differs. */
export type Verdict = 'equal' | 'refused by both' | 'bytes differ' | 'we refuse' | 'kubectl refuses' | 'we crash';

export interface Comparison {
  readonly folder: string;
  readonly verdict: Verdict;
  readonly ours: Outcome;
  readonly theirs: Outcome;
}

export const buildWithKubectl = async (
  kubectl: string,
  folder: string,
  flags: readonly string[] = [],
): Promise<Outcome> => {
  try {
    const { stdout } = await run(kubectl, ['kustomize', folder, ...flags], {
      maxBuffer: 512 * 1024 * 1024,
      timeout: 60_000,
      env: { ...process.env, HTTPS_PROXY: 'http://127.0.0.1:1', HTTP_PROXY: 'http://127.0.0.1:1' },
    });
    return { output: stdout };
  } catch (error) {
    return { refused: (error as { stderr?: string }).stderr ?? String(error) };
  }
};

export const buildWithFairlead = async (folder: string, options: BuildOptions = {}): Promise<Outcome> => {
  const tree = new FolderTree('/');
  try {
    const built = await buildOverlay(tree, realpathSync(folder).slice(1), options, AbortSignal.timeout(60_000));
    return { output: printOverlay(built) };
  } catch (error) {
    if (error instanceof KustomizeError) return { refused: error.message };
    throw error;
  }
};

/** Builds a folder with both and compares objects, order and bytes at once: the output is one text. */
export const compareBuilds = async (kubectl: string, folder: string): Promise<Comparison> => {
  const theirs = await buildWithKubectl(kubectl, folder);
  let ours: Outcome;
  try {
    ours = await buildWithFairlead(folder);
  } catch (error) {
    return { folder, verdict: 'we crash', ours: { refused: String((error as Error).stack) }, theirs };
  }
  return { folder, verdict: verdictOf(ours, theirs), ours, theirs };
};

const verdictOf = (ours: Outcome, theirs: Outcome): Verdict => {
  if ('output' in ours) {
    if (!('output' in theirs)) return 'kubectl refuses';
    return ours.output === theirs.output ? 'equal' : 'bytes differ';
  }
  return 'output' in theirs ? 'we refuse' : 'refused by both';
};
