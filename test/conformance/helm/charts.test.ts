import assert from 'node:assert/strict';
import { readdir } from 'node:fs/promises';
import { join } from 'node:path';
import { realTool } from '../../components/components.js';
import { CHARTS, type Outcome, runFairlead, runHelm } from './helm-runs.js';
import { areEqualMasked } from './masking.js';

const RENDERED = ['corpus', 'umbrella', 'ordering', 'legacy', 'schema', 'notices', 'shared-values'];

const valueFilesOf = async (chart: string): Promise<string[][]> => {
  const files = await readdir(join(chart, 'ci')).catch(() => []);
  return [[], ...files.map((file) => [join(chart, 'ci', file)])];
};

/** Helm names files by their whole path, Fairlead by the path in the tree. */
const withoutRoot = (outcome: Outcome): Outcome =>
  'refusal' in outcome
    ? { ...outcome, refusal: outcome.refusal.replaceAll(CHARTS, '').replaceAll(CHARTS.slice(1), '') }
    : outcome;

describe('charts, beside helm', function () {
  this.timeout(300_000);
  let helm: string;

  before(async () => {
    helm = await realTool('helm');
  });

  for (const name of RENDERED) {
    it(`renders ${name} to the same bytes, with its values and with those in ci/`, async () => {
      const chart = join(CHARTS, name);
      for (const valueFiles of await valueFilesOf(chart)) {
        const expected = await runHelm(helm, { chart, valueFiles });
        const found = await runFairlead({ chart, valueFiles });
        if ('output' in expected && 'output' in found && expected.output !== found.output) {
          const again = await runHelm(helm, { chart, valueFiles });
          if ('output' in again && areEqualMasked([expected.output, again.output], found.output)) continue;
        }
        assert.deepEqual(found, expected, `${name} ${valueFiles.join(' ')}`);
      }
    });
  }

  it('refuses for the same reason what helm refuses', async () => {
    for (const name of await readdir(join(CHARTS, 'refused'))) {
      const chart = join(CHARTS, 'refused', name);
      const expected = withoutRoot(await runHelm(helm, { chart }));
      assert.ok('refusal' in expected, `helm takes ${name}`);
      assert.deepEqual(withoutRoot(await runFairlead({ chart })), expected, name);
    }
  });
});
