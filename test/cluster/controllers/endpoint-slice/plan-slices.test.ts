import assert from 'node:assert/strict';
import fc from 'fast-check';
import { planSlices } from '../../../../src/cluster/controllers/endpoint-slice/plan-slices.js';
import type { EndpointSlice } from '../../../../src/objects/kinds/discovery-k8s-io-v1.js';
import type { Service } from '../../../../src/objects/kinds/core-v1.js';

const service: Service = {
  apiVersion: 'v1',
  kind: 'Service',
  metadata: { name: 'web', namespace: 'shop', uid: 'u' },
  spec: { clusterIP: '10.0.0.1' },
};
const ports = [{ name: '', protocol: 'TCP', port: 80 }];
const endpoint = (number: number) => ({
  addresses: [`10.1.${number >> 8}.${number & 255}`],
  conditions: { ready: true },
});
const group = (numbers: readonly number[]) => ({
  addressType: 'IPv4' as const,
  ports,
  endpoints: numbers.map(endpoint),
});

/** The slices as they are after a plan. */
const carryOut = (existing: readonly EndpointSlice[], numbers: readonly number[]) => {
  const plan = planSlices(service, [group(numbers)], existing);
  const names = new Set(existing.map((slice) => slice.metadata.name));
  const removed = new Set(plan.remove.map((slice) => slice.metadata.name));
  const changed = new Map(plan.update.map((slice) => [slice.metadata.name, slice]));
  const created = plan.create.map((slice, index) => ({
    ...slice,
    metadata: { ...slice.metadata, name: `s${names.size + index}-${numbers.length}` },
  }));
  const kept = existing
    .filter((slice) => !removed.has(slice.metadata.name))
    .map((slice) => changed.get(slice.metadata.name) ?? slice);
  return { slices: [...kept, ...created], plan };
};

describe('planSlices', () => {
  it('holds exactly the endpoints, at most 100 a slice, whatever was there, and then has nothing to do', () => {
    const numbers = fc.uniqueArray(fc.integer({ min: 0, max: 400 }), { maxLength: 350 });
    fc.assert(
      fc.property(numbers, numbers, (before, after) => {
        const first = carryOut([], before).slices;
        const { slices } = carryOut(first, after);
        const held = slices.flatMap((slice) => slice.endpoints.map(({ addresses }) => addresses[0] ?? ''));
        assert.deepEqual(held.sort(), after.map((number) => endpoint(number).addresses[0] ?? '').sort());
        assert.ok(slices.every((slice) => slice.endpoints.length <= 100));
        assert.ok(slices.length >= 1);
        const again = carryOut(slices, after).plan;
        assert.deepEqual([again.create.length, again.update.length, again.remove.length], [0, 0, 0]);
      }),
      { numRuns: 60 },
    );
  });

  it('touches one slice for one new endpoint', () => {
    const { slices } = carryOut(
      [],
      Array.from({ length: 150 }, (_, index) => index),
    );
    const { plan } = carryOut(
      slices,
      Array.from({ length: 151 }, (_, index) => index),
    );
    assert.deepEqual([plan.create.length, plan.update.length, plan.remove.length], [0, 1, 0]);
  });

  it('gives every set of ports slices of its own', () => {
    const groups = [group([1]), { ...group([2]), ports: [{ name: '', protocol: 'TCP', port: 81 }] }];
    const { create } = planSlices(service, groups, []);
    assert.deepEqual(
      create.map((slice) => slice.ports?.[0]?.port),
      [80, 81],
    );
  });

  it('puts a slice of other ports into the place of its own that nothing needs', () => {
    const [placeholder] = planSlices(service, [{ ...group([]), ports: [] }], []).create;
    assert.ok(placeholder);
    const existing = { ...placeholder, metadata: { ...placeholder.metadata, name: 'web-abcde', resourceVersion: '7' } };
    const plan = planSlices(service, [group([1])], [existing]);
    assert.deepEqual([plan.create.length, plan.remove.length], [0, 0]);
    assert.deepEqual(
      plan.update.map(({ metadata, endpoints, ports: held }) => [metadata.name, endpoints.length, held]),
      [['web-abcde', 1, ports]],
    );
    const foreign = { ...existing, metadata: { ...existing.metadata, ownerReferences: [] } };
    const apart = planSlices(service, [group([1])], [foreign]);
    assert.deepEqual([apart.create.length, apart.update.length, apart.remove.length], [1, 0, 1]);
  });
});
