import assert from 'node:assert/strict';
import fc from 'fast-check';
import {
  byteLength,
  compareStrings,
  fromBytes,
  sliceBytes,
  toBytes,
} from '../../../../src/render/helm/template/go-string.js';
import { goQuote, goUnquote } from '../../../../src/render/helm/template/quote.js';

describe('Go strings', () => {
  it('keep every byte', () => {
    fc.assert(fc.property(fc.uint8Array(), (bytes) => assert.deepEqual([...toBytes(fromBytes(bytes))], [...bytes])));
  });

  it('have the length and order of their bytes', () => {
    fc.assert(
      fc.property(fc.string({ unit: 'binary' }), fc.string({ unit: 'binary' }), (a, b) => {
        assert.equal(byteLength(a), Buffer.byteLength(a));
        assert.equal(Math.sign(compareStrings(a, b)), Math.sign(Buffer.compare(Buffer.from(a), Buffer.from(b))));
      }),
    );
  });

  it('are cut between bytes', () => {
    assert.deepEqual([...toBytes(sliceBytes('日本', 0, 4))], [0xe6, 0x97, 0xa5, 0xe6]);
  });

  it('survive quoting', () => {
    fc.assert(fc.property(fc.string({ unit: 'binary' }), (text) => assert.equal(goUnquote(goQuote(text)), text)));
  });
});
