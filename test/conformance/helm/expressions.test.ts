import assert from 'node:assert/strict';
import { readdir } from 'node:fs/promises';
import { realTool } from '../../components/components.js';
import {
  decodeDocuments,
  EXPRESSIONS,
  readExpressions,
  runFairlead,
  runHelm,
  withExpressionChart,
  withTemplateChart,
} from './helm-runs.js';
import { areEqualMasked } from './masking.js';

/** Names the expressions whose documents differ; those that differ between two runs of helm are no difference. */
const differences = (texts: readonly string[], helm: string, again: string, ours: string): string[] => {
  const [x, y, z] = [helm, again, ours].map(decodeDocuments) as [
    Map<string, string>,
    Map<string, string>,
    Map<string, string>,
  ];
  assert.equal(x.size, texts.length);
  return [...x].flatMap(([name, text], i) => {
    const found = z.get(name);
    if (
      found === text ||
      (text !== y.get(name) && found !== undefined && areEqualMasked([text, y.get(name) ?? ''], found))
    )
      return [];
    return [`${texts[i]}\nhelm: ${text}\nours: ${found}`];
  });
};

describe('template expressions, beside helm', function () {
  this.timeout(300_000);
  let helm: string;
  let files: string[];
  const zone = process.env['TZ'];

  before(async () => {
    process.env['TZ'] = 'UTC';
    helm = await realTool('helm');
    files = (await readdir(EXPRESSIONS)).filter((file) => file.endsWith('.txt'));
  });

  after(() => {
    if (zone === undefined) delete process.env['TZ'];
    else process.env['TZ'] = zone;
  });

  it('write the same bytes', async () => {
    for (const file of files) {
      const texts = (await readExpressions(file)).filter(({ isRefused }) => !isRefused).map(({ text }) => text);
      await withExpressionChart(texts, async (chart) => {
        const [first, again, ours] = [
          await runHelm(helm, { chart }),
          await runHelm(helm, { chart }),
          await runFairlead({ chart }),
        ];
        assert.ok('output' in first && 'output' in again, `${file}: helm refuses: ${JSON.stringify(first)}`);
        assert.ok('output' in ours, `${file}: refused: ${JSON.stringify(ours)}`);
        assert.deepEqual(differences(texts, first.output, again.output, ours.output), [], file);
      });
    }
  });

  it('are refused for the same reason', async () => {
    for (const file of files) {
      for (const { text } of (await readExpressions(file)).filter(({ isRefused }) => isRefused)) {
        await withTemplateChart(text, async (chart) => {
          const expected = await runHelm(helm, { chart });
          assert.ok('refusal' in expected, `helm takes ${text}`);
          assert.deepEqual(await runFairlead({ chart }), expected, text);
        });
      }
    }
  });
});
