// Compares every kustomization below the given folders: npx tsx test/conformance/kustomize/compare-folders.ts DIR...
import { execFileSync } from 'node:child_process';
import { readdirSync } from 'node:fs';
import { join } from 'node:path';
import { argv } from 'node:process';
import { realTool } from '../../components/components.js';
import type { Comparison } from './compare-builds.js';
import { compareBuilds } from './compare-builds.js';
import { mkdtempSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';

const kustomizationFolders = (folder: string): string[] => {
  const entries = readdirSync(folder, { withFileTypes: true });
  const inner = entries
    .filter((entry) => entry.isDirectory() && entry.name !== '.git')
    .flatMap((entry) => kustomizationFolders(join(folder, entry.name)));
  const isOne = entries.some(
    (entry) => /^(kustomization\.ya?ml|Kustomization)$/.test(entry.name) && !entry.isDirectory(),
  );
  return isOne ? [folder, ...inner] : inner;
};

const firstDifference = (left: string, right: string): string => {
  const folder = mkdtempSync(join(tmpdir(), 'compare-'));
  writeFileSync(join(folder, 'kubectl'), left);
  writeFileSync(join(folder, 'fairlead'), right);
  try {
    execFileSync('diff', ['-u', join(folder, 'kubectl'), join(folder, 'fairlead')]);
    return '';
  } catch (error) {
    return String((error as { stdout: Buffer }).stdout)
      .split('\n')
      .slice(2, 16)
      .join('\n');
  }
};

const report = ({ folder, verdict, ours, theirs }: Comparison): void => {
  console.log(`\n== ${verdict}: ${folder}`);
  if ('refused' in ours) console.log(`fairlead: ${ours.refused.slice(0, 700)}`);
  if ('refused' in theirs) console.log(`kubectl: ${theirs.refused.slice(0, 700)}`);
  if ('output' in ours && 'output' in theirs) console.log(firstDifference(theirs.output, ours.output));
};

const kubectl = await realTool('kubectl');
const folders = argv
  .slice(2)
  .filter((argument) => !argument.startsWith('--'))
  .flatMap(kustomizationFolders);
const showRefusals = argv.includes('--refusals');
const counts = new Map<string, number>();
for (const folder of folders) {
  const comparison = await compareBuilds(kubectl, folder);
  counts.set(comparison.verdict, (counts.get(comparison.verdict) ?? 0) + 1);
  if (comparison.verdict !== 'equal' && (showRefusals || comparison.verdict !== 'refused by both')) report(comparison);
}
console.log(`\n${folders.length} builds:`, Object.fromEntries(counts));
