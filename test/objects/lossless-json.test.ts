import assert from 'node:assert/strict';
import fc from 'fast-check';
import { holdsBigInt, readJson, withNearestNumbers, writeJson } from '../../src/objects/lossless-json.js';
import { decodeProtobuf, encodeProtobuf } from '../../src/objects/protobuf/protobuf.js';

describe('lossless JSON', () => {
  it('keeps integers of 64 bits, and makes BigInts only of those that need it', () => {
    const text = '{"a":9007199254740993,"b":[-9223372036854775808,9223372036854775807],"c":9007199254740991,"d":1.5}';
    const value = readJson(text) as Record<string, unknown>;
    assert.deepEqual(value, {
      a: 9_007_199_254_740_993n,
      b: [-9_223_372_036_854_775_808n, 9_223_372_036_854_775_807n],
      c: 9_007_199_254_740_991,
      d: 1.5,
    });
    assert.equal(writeJson(value), text);
  });

  it('reads what 64 bits do not hold as the nearest number, as Go does', () => {
    assert.equal(readJson('9223372036854775808'), 9_223_372_036_854_775_808);
    assert.equal(writeJson(readJson('[123456789012345678901]')), '[123456789012345680000]');
  });

  it('leaves digits in strings alone', () => {
    const text = '{"a":"9007199254740993","b":"1,9007199254740993,2"}';
    assert.equal(writeJson(readJson(text)), text);
  });

  it('gives back every value that was written', () => {
    const integers = fc.bigInt({ min: -(2n ** 63n), max: 2n ** 63n - 1n }).map((value) => {
      const near = Number(value);
      return Number.isSafeInteger(near) ? near : value;
    });
    const { tree } = fc.letrec((tie) => ({
      tree: fc.oneof(
        { maxDepth: 4 },
        integers,
        fc.string(),
        fc.boolean(),
        fc.array(tie('tree'), { maxLength: 4 }),
        fc.dictionary(fc.string(), tie('tree'), { maxKeys: 4, noNullPrototype: true }),
      ),
    }));
    fc.assert(
      fc.property(tree, (value) => {
        assert.deepEqual(readJson(writeJson(value)), value);
      }),
    );
  });

  it('knows where a BigInt is, and can put the nearest number there', () => {
    assert.equal(holdsBigInt({ a: [{ b: 1n }] }), true);
    assert.equal(holdsBigInt({ a: [{ b: 1 }] }), false);
    assert.deepEqual(withNearestNumbers({ a: [2n ** 60n] }), { a: [2 ** 60] });
  });

  it('goes through protobuf', () => {
    const pod = {
      apiVersion: 'v1',
      kind: 'Pod',
      metadata: { name: 'a', generation: 9_007_199_254_740_993n },
      spec: { terminationGracePeriodSeconds: -9_007_199_254_740_993n, containers: [] },
    };
    const read = decodeProtobuf(encodeProtobuf(pod)) as unknown as typeof pod;
    assert.equal(read.metadata.generation, 9_007_199_254_740_993n);
    assert.equal(read.spec.terminationGracePeriodSeconds, -9_007_199_254_740_993n);
  });
});
