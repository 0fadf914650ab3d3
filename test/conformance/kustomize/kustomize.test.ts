import assert from 'node:assert/strict';
import { readdirSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import { join } from 'node:path';
import { realTool } from '../../components/components.js';
import { buildWithFairlead, buildWithKubectl } from './compare-builds.js';

const CASES = fileURLToPath(new URL('cases', import.meta.url));
const EXAMPLES = fileURLToPath(new URL('../../../examples/repo/shop', import.meta.url));

const folders = [
  ...readdirSync(CASES).map((name) => join(CASES, name)),
  ...['base', 'overlays/staging', 'overlays/production'].map((name) => join(EXAMPLES, name)),
];

describe('kustomize, beside kubectl kustomize', () => {
  let kubectl: string;

  before(async () => {
    kubectl = await realTool('kubectl');
  });

  for (const folder of folders) {
    it(`builds or refuses ${folder.split('/').slice(-2).join('/')} alike`, async () => {
      const theirs = await buildWithKubectl(kubectl, folder);
      const ours = await buildWithFairlead(folder);
      if ('output' in theirs) assert.deepEqual(ours, theirs);
      else assert.ok('refused' in ours, `kubectl refuses it: ${theirs.refused}`);
    });
  }

  it('reads files outside the folder only when asked', async () => {
    const folder = join(CASES, 'outside');
    const theirs = await buildWithKubectl(kubectl, folder, ['--load-restrictor=LoadRestrictionsNone']);
    assert.deepEqual(await buildWithFairlead(folder, { loadRestrictor: 'none' }), theirs);
    assert.ok('output' in theirs);
  });
});
