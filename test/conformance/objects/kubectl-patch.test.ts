import assert from 'node:assert/strict';
import { execFile } from 'node:child_process';
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { promisify } from 'node:util';
import fc from 'fast-check';
import { applyMergePatch } from '../../../src/objects/patches/merge-patch.js';
import { applyStrategicMergePatch } from '../../../src/objects/patches/strategic-merge-patch.js';
import { realTool } from '../../components/components.js';

const run = promisify(execFile);

const name = fc.constantFrom('a', 'b', 'c', 'd');
const env = fc.uniqueArray(fc.record({ name, value: name }), { selector: (each) => each.name, maxLength: 3 });
const container = fc.record(
  { name, image: name, env, args: fc.array(name, { maxLength: 2 }) },
  { requiredKeys: ['name', 'image'] },
);
const containers = fc.uniqueArray(container, { selector: (each) => each.name, minLength: 1, maxLength: 4 });
const liveSpec = fc.record(
  {
    containers,
    nodeSelector: fc.dictionary(name, name),
    tolerations: fc.array(fc.record({ key: name }), { maxLength: 2 }),
  },
  { requiredKeys: ['containers'] },
);

const removal = fc.record({ name, $patch: fc.constant('delete') });
const patchContainers = fc.uniqueArray(fc.oneof({ weight: 4, arbitrary: container }, removal), {
  selector: (each) => each.name,
  maxLength: 3,
});
const ordered = patchContainers.chain((list) =>
  fc
    .uniqueArray(name, { maxLength: 4 })
    .filter((order) => order.length > 0)
    .map((order) => {
      const kept = list.filter((each) => !('$patch' in each)).map((each) => each.name);
      const rest = order.filter((each) => !kept.includes(each));
      return { containers: list, '$setElementOrder/containers': [...rest, ...kept].map((each) => ({ name: each })) };
    }),
);
const patchSpec = fc.oneof(
  ordered,
  fc.record(
    {
      containers: patchContainers,
      nodeSelector: fc.oneof(
        fc.constant(null),
        fc.dictionary(name, fc.option(name)),
        fc.record({ $patch: fc.constant('replace'), a: name }),
      ),
      tolerations: fc.array(fc.record({ key: name }), { maxLength: 2 }),
    },
    { requiredKeys: [] },
  ),
);
const finalizers = fc.uniqueArray(
  name.map((each) => `example.com/${each}`),
  { maxLength: 3 },
);
const patchMetadata = fc.oneof(
  finalizers.map((list) => ({ finalizers: list })),
  finalizers.map((list) => ({ '$deleteFromPrimitiveList/finalizers': list })),
);

describe('patches beside kubectl patch --local', function () {
  this.timeout(120_000);
  let kubectl: string;
  let folder: string;

  before(async () => {
    kubectl = await realTool('kubectl');
    folder = await mkdtemp(join(tmpdir(), 'fairlead-patches-'));
  });
  after(async () => rm(folder, { recursive: true, force: true }));

  const kubectlPatch = async (object: unknown, type: string, patch: unknown): Promise<unknown> => {
    const file = join(folder, 'object.json');
    await writeFile(file, JSON.stringify(object));
    const { stdout } = await run(kubectl, [
      'patch',
      '--local',
      '-f',
      file,
      '--type',
      type,
      '-p',
      JSON.stringify(patch),
      '-o',
      'json',
    ]);
    return JSON.parse(stdout);
  };

  const pod = (spec: unknown, metadata: object = {}) => ({
    apiVersion: 'v1',
    kind: 'Pod',
    metadata: { name: 'p', ...metadata },
    spec,
  });

  it('gives the same object for strategic merge patches', async () => {
    await fc.assert(
      fc.asyncProperty(
        liveSpec,
        finalizers,
        patchSpec,
        fc.option(patchMetadata),
        async (live, list, spec, metadata) => {
          const object = pod(live, list.length > 0 ? { finalizers: list } : {});
          const patch = { spec, ...(metadata === null ? {} : { metadata }) };
          const expected = await kubectlPatch(object, 'strategic', patch);
          assert.deepEqual(normal(applyStrategicMergePatch(object, patch, object)), normal(expected));
        },
      ),
      { numRuns: 150 },
    );
  });

  it('gives the same object for merge patches', async () => {
    const plain = fc.record(
      { nodeSelector: fc.oneof(fc.constant(null), fc.dictionary(name, fc.option(name))), containers },
      { requiredKeys: [] },
    );
    await fc.assert(
      fc.asyncProperty(liveSpec, plain, async (live, spec) => {
        const expected = await kubectlPatch(pod(live), 'merge', { spec });
        assert.deepEqual(normal(applyMergePatch(pod(live), { spec })), normal(expected));
      }),
      { numRuns: 30 },
    );
  });
});

/** Empty optional values, which Go leaves out. */
const normal = (value: unknown): unknown =>
  JSON.parse(
    JSON.stringify(value, (_, each: unknown) =>
      each === null ||
      (Array.isArray(each) && each.length === 0) ||
      (typeof each === 'object' && Object.keys(each ?? {}).length === 0)
        ? undefined
        : each,
    ),
  );
