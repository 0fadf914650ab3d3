import assert from 'node:assert/strict';
import fc from 'fast-check';
import { readdirSync, readFileSync } from 'node:fs';
import { decodeProtobuf, encodeProtobuf, type ProtobufObject } from '../../../src/objects/protobuf/protobuf.js';
import { ProtobufError } from '../../../src/objects/protobuf/wire-reader.js';

const folder = new URL('../fixtures/roundtrip/', import.meta.url);
const names = readdirSync(folder)
  .filter((name) => name.endsWith('.pb'))
  .map((name) => name.slice(0, -3))
  // A watch event is a frame of a stream, written without its kind.
  .filter((name) => name !== 'core.v1.WatchEvent');
const bytesOf = (name: string): Uint8Array => readFileSync(new URL(`${name}.pb`, folder));
const jsonOf = (name: string): ProtobufObject =>
  JSON.parse(readFileSync(new URL(`${name}.json`, folder), 'utf8')) as ProtobufObject;

describe('decodeProtobuf', () => {
  for (const name of names) {
    it(`reads ${name} as the JSON beside it`, () => {
      assert.deepEqual(decodeProtobuf(bytesOf(name)), jsonOf(name));
    });
  }

  it('ends with a value or an error for damaged bytes', () => {
    fc.assert(
      fc.property(fc.constantFrom(...names), fc.nat(), fc.nat(255), fc.boolean(), (name, at, value, truncated) => {
        const bytes = Uint8Array.from(bytesOf(name));
        const place = at % bytes.length;
        bytes[place] = value;
        try {
          decodeProtobuf(truncated ? bytes.subarray(0, place) : bytes);
        } catch (error) {
          assert.ok(error instanceof ProtobufError, String(error));
        }
      }),
      { numRuns: 3000 },
    );
  });

  it('refuses other bytes', () => {
    assert.throws(() => decodeProtobuf(Buffer.from('{"kind":"Pod"}')), /does not appear to be a protobuf message/);
    assert.throws(() => decodeProtobuf(new Uint8Array(0)), ProtobufError);
  });
});

describe('encodeProtobuf', () => {
  for (const name of names) {
    it(`writes ${name} as Kubernetes does`, () => {
      const golden = bytesOf(name);
      const written = encodeProtobuf(decodeProtobuf(golden));
      assert.deepEqual(decodeProtobuf(written), jsonOf(name));
      assert.ok(Buffer.from(written).equals(Buffer.from(golden)), 'the bytes differ');
    });
  }

  it('writes numbers of every size and sign', () => {
    fc.assert(
      fc.property(fc.maxSafeInteger(), fc.integer(), (large, small) => {
        const pod = {
          apiVersion: 'v1',
          kind: 'Pod',
          metadata: {},
          spec: { activeDeadlineSeconds: large, priority: small, securityContext: undefined },
          status: {},
        };
        const spec = decodeProtobuf(encodeProtobuf(pod))['spec'] as Record<string, unknown>;
        assert.deepEqual([spec['activeDeadlineSeconds'], spec['priority']], [large, small]);
      }),
    );
  });
});
