import assert from 'node:assert/strict';
import fc from 'fast-check';
import { isApiError } from '../../../src/objects/api-error.js';
import { jsonEquals, valueAt } from '../../../src/objects/json.js';
import { applyJsonPatch } from '../../../src/objects/patches/json-patch.js';
import { applyMergePatch, createMergePatch } from '../../../src/objects/patches/merge-patch.js';

describe('applyJsonPatch', () => {
  it('takes names that every object inherits for ordinary ones', () => {
    const document = { data: { a: 'b' } };
    const path = '/data/constructor';
    assert.deepEqual(applyJsonPatch(document, [{ op: 'add', path, value: 'x' }]), {
      data: { a: 'b', constructor: 'x' },
    });
    for (const operation of [
      { op: 'remove', path },
      { op: 'move', from: path, path: '/data/c' },
      { op: 'add', path: `${path}/x`, value: 1 },
    ]) {
      assert.throws(() => applyJsonPatch(document, [operation]), /rejected our request/);
    }
    assert.deepEqual(applyJsonPatch(document, [{ op: 'copy', from: path, path: '/data/c' }]), {
      data: { a: 'b', c: null },
    });
    assert.equal('x' in Object, false);
  });

  it('makes a field that a replacement does not find, in an object that is there', () => {
    assert.deepEqual(applyJsonPatch({ data: {} }, [{ op: 'replace', path: '/data/a', value: 1 }]), { data: { a: 1 } });
    assert.throws(() => applyJsonPatch({}, [{ op: 'replace', path: '/data/a', value: 1 }]), /rejected our request/);
    assert.throws(() => applyJsonPatch({ a: [] }, [{ op: 'replace', path: '/a/0', value: 1 }]), /rejected our request/);
  });

  it('applies every operation to a copy', () => {
    const document = { a: 1, list: [1, 2], gone: true };
    const patched = applyJsonPatch(document, [
      { op: 'test', path: '/a', value: 1 },
      { op: 'add', path: '/list/1', value: 9 },
      { op: 'add', path: '/list/-', value: 3 },
      { op: 'remove', path: '/gone' },
      { op: 'copy', from: '/list', path: '/copy' },
      { op: 'move', from: '/a', path: '/x~1y' },
    ]);
    assert.deepEqual(patched, { list: [1, 9, 2, 3], copy: [1, 9, 2, 3], 'x/y': 1 });
    assert.deepEqual(document, { a: 1, list: [1, 2], gone: true });
  });

  const refused: [name: string, patch: unknown, reason: 'Invalid' | 'BadRequest' | 'RequestEntityTooLarge'][] = [
    ['a failed test', [{ op: 'test', path: '/a', value: 2 }], 'Invalid'],
    ['a path that is not there', [{ op: 'remove', path: '/b' }], 'Invalid'],
    ['an unknown operation', [{ op: 'grow', path: '/a' }], 'Invalid'],
    ['an operation without a value', [{ op: 'add', path: '/b' }], 'Invalid'],
    ['a patch that is no list', { op: 'remove', path: '/a' }, 'BadRequest'],
    ['a path into the prototype', [{ op: 'add', path: '/__proto__/polluted', value: 1 }], 'Invalid'],
    ['a path into the constructor', [{ op: 'add', path: '/constructor/prototype/polluted', value: 1 }], 'Invalid'],
    [
      'more operations than allowed',
      Array.from({ length: 10_001 }, () => ({ op: 'test', path: '/a', value: 1 })),
      'RequestEntityTooLarge',
    ],
  ];
  for (const [name, patch, reason] of refused) {
    it(`refuses ${name}`, () => {
      assert.throws(
        () => applyJsonPatch({ a: 1 }, patch),
        (error: unknown) => isApiError(error, reason),
      );
      assert.equal(valueAt({}, ['polluted']), undefined);
    });
  }

  it('limits what copies add up to', () => {
    const doubling = Array.from({ length: 40 }, (_, index) => ({ op: 'copy', from: '', path: `/copy${index}` }));
    assert.throws(
      () => applyJsonPatch({ text: 'x'.repeat(1000) }, doubling),
      (error: unknown) => isApiError(error, 'Invalid'),
    );
  });
});

describe('applyMergePatch', () => {
  it('sets, replaces and removes', () => {
    assert.deepEqual(applyMergePatch({ a: { b: 1, c: 2 }, l: [1] }, { a: { b: null, d: 3 }, l: [2], n: { x: null } }), {
      a: { c: 2, d: 3 },
      l: [2],
      n: {},
    });
  });

  it('treats prototype names as ordinary keys', () => {
    const patched = applyMergePatch({}, JSON.parse('{"__proto__":{"x":1},"constructor":{"y":2}}'));
    assert.equal(JSON.stringify(patched), '{"__proto__":{"x":1},"constructor":{"y":2}}');
    assert.equal(valueAt({}, ['x']), undefined);
  });

  const withoutNulls = fc
    .jsonValue({ maxDepth: 3 })
    .map((value) => JSON.parse(JSON.stringify(value), (_, each: unknown) => each ?? 0) as unknown);

  it('undoes createMergePatch and changes nothing the second time', () => {
    fc.assert(
      fc.property(withoutNulls, withoutNulls, (from, to) => {
        const patch = createMergePatch(from, to);
        const once = applyMergePatch(from, patch);
        assert.ok(jsonEquals(once, to));
        assert.ok(jsonEquals(applyMergePatch(once, patch), once));
      }),
    );
  });
});
