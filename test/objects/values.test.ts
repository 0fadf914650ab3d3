import assert from 'node:assert/strict';
import fc from 'fast-check';
import { setCondition, timestamp } from '../../src/objects/conditions.js';
import { formatDurationNanos, parseDurationMs, parseDurationNanos } from '../../src/objects/duration.js';
import { generateName, SAFE_ALPHABET } from '../../src/objects/generate-name.js';
import { parseIntOrString, percentOf, scaledValue } from '../../src/objects/int-or-string.js';
import {
  asPrefix,
  dns1035Label,
  dns1123Label,
  dns1123Subdomain,
  qualifiedName,
  validPortName,
} from '../../src/objects/names.js';
import type { KubeObject } from '../../src/objects/object.js';
import {
  controllerOf,
  controllerReference,
  isControlledBy,
  withoutOwner,
  withOwner,
} from '../../src/objects/owner-references.js';

describe('durations', () => {
  const cases: [text: string, nanos: bigint, printed: string][] = [
    ['0', 0n, '0s'],
    ['1h30m', 5_400_000_000_000n, '1h30m0s'],
    ['-1.5s', -1_500_000_000n, '-1.5s'],
    ['100ms', 100_000_000n, '100ms'],
    ['1.5us', 1500n, '1.5µs'],
    ['.5m', 30_000_000_000n, '30s'],
    ['7ns', 7n, '7ns'],
    ['90m', 5_400_000_000_000n, '1h30m0s'],
  ];
  for (const [text, nanos, printed] of cases) {
    it(`reads ${text} and prints ${printed}`, () => {
      assert.equal(parseDurationNanos(text), nanos);
      assert.equal(formatDurationNanos(nanos), printed);
    });
  }

  it('refuses what Go refuses, in its words', () => {
    assert.throws(() => parseDurationMs('5'), { message: 'time: missing unit in duration "5"' });
    assert.throws(() => parseDurationMs('5d'), { message: 'time: unknown unit "d" in duration "5d"' });
    assert.throws(() => parseDurationMs(''), { message: 'time: invalid duration ""' });
    assert.throws(() => parseDurationMs('9999999999h'), { message: /invalid duration/ });
  });

  it('reads back what it prints', () => {
    fc.assert(
      fc.property(fc.bigInt(-(2n ** 62n), 2n ** 62n), (nanos) => {
        assert.equal(parseDurationNanos(formatDurationNanos(nanos)), nanos);
      }),
    );
  });
});

describe('scaledValue', () => {
  it('rounds percentages as told', () => {
    assert.equal(scaledValue('25%', 10, 'up'), 3);
    assert.equal(scaledValue('25%', 10, 'down'), 2);
    assert.equal(scaledValue(4, 10, 'up'), 4);
    assert.equal(scaledValue('four', 10, 'up'), undefined);
    assert.equal(percentOf('5'), undefined);
    assert.equal(parseIntOrString('80'), 80);
    assert.equal(parseIntOrString('http'), 'http');
  });
});

describe('names', () => {
  it('words what is wrong as Kubernetes does', () => {
    assert.deepEqual(dns1123Label('a-1'), []);
    assert.deepEqual(dns1123Label('a.b'), ['must not contain dots']);
    assert.deepEqual(dns1123Label('A'), [
      "a lowercase RFC 1123 label must consist of lower case alphanumeric characters or '-', and must start and end with an alphanumeric character (e.g. 'my-name',  or '123-abc', regex used for validation is '[a-z0-9]([-a-z0-9]*[a-z0-9])?')",
    ]);
    assert.deepEqual(dns1123Label('a'.repeat(64)), ['must be no more than 63 characters']);
    assert.equal(dns1123Subdomain('a_b').length, 1);
    assert.equal(dns1035Label('1a').length, 1);
    assert.deepEqual(qualifiedName('example.com/Name_1'), []);
    assert.match(qualifiedName('a/b/c')[0] ?? '', /^a valid label key must consist/);
    assert.deepEqual(validPortName('a--b'), ['must not contain consecutive hyphens']);
    assert.deepEqual(asPrefix(dns1123Label)('web-'), []);
  });
});

describe('generateName', () => {
  it('adds five safe characters to a prefix of at most 58', () => {
    const name = generateName('x'.repeat(80));
    assert.equal(name.length, 63);
    assert.match(name.slice(58), new RegExp(`^[${SAFE_ALPHABET}]{5}$`));
  });
});

describe('setCondition', () => {
  const ready = { type: 'Ready', status: 'True', reason: 'Up', lastTransitionTime: '2024-01-01T00:00:00Z' };
  const now = timestamp(1_704_153_600_999);

  it('keeps the time while the status stays', () => {
    const [next] = setCondition([ready], { type: 'Ready', status: 'True', reason: 'Still' }, now);
    assert.deepEqual(next, { ...ready, reason: 'Still' });
  });

  it('sets the time when the status changes', () => {
    const [next] = setCondition([ready], { type: 'Ready', status: 'False', reason: 'Down' }, now);
    assert.equal(next?.lastTransitionTime, '2024-01-02T00:00:00Z');
  });

  it('returns the same list when nothing changes', () => {
    const list = [ready];
    assert.equal(setCondition(list, { type: 'Ready', status: 'True', reason: 'Up' }, now), list);
  });
});

describe('owner references', () => {
  const owner: KubeObject = { apiVersion: 'apps/v1', kind: 'ReplicaSet', metadata: { name: 'rs', uid: 'u1' } };
  const pod: KubeObject = { apiVersion: 'v1', kind: 'Pod', metadata: { name: 'p' } };

  it('finds the controller that was set and forgets it when removed', () => {
    const owned = withOwner(pod, controllerReference(owner));
    assert.ok(isControlledBy(owned, owner));
    assert.equal(controllerOf(owned)?.kind, 'ReplicaSet');
    assert.equal(withOwner(owned, controllerReference(owner)).metadata.ownerReferences?.length, 1);
    assert.equal(controllerOf(withoutOwner(owned, 'u1')), undefined);
  });
});
