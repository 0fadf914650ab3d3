import assert from 'node:assert/strict';
import { encodeOpenApiV2 } from '../../../src/objects/protobuf/openapi-v2.js';
import { WireReader } from '../../../src/objects/protobuf/wire-reader.js';

/** The length-delimited fields of a message by number. */
const partsOf = (bytes: Uint8Array): Map<number, Uint8Array[]> => {
  const reader = new WireReader(bytes);
  const parts = new Map<number, Uint8Array[]>();
  while (!reader.isAtEnd) {
    const { number, wire } = reader.tag();
    if (wire === 2) parts.set(number, [...(parts.get(number) ?? []), reader.span()]);
    else reader.skip(wire);
  }
  return parts;
};
const part = (bytes: Uint8Array, ...path: number[]): Uint8Array =>
  path.reduce((message, number) => partsOf(message).get(number)?.[0] ?? new Uint8Array(0), bytes);
const textOf = (bytes: Uint8Array): string => Buffer.from(bytes).toString('utf8');

describe('encodeOpenApiV2', () => {
  const kinds = [{ group: '', version: 'v1', kind: 'Widget' }];
  const bytes = encodeOpenApiV2({
    info: { title: 'Kubernetes', version: 'v1' },
    definitions: {
      Widget: {
        type: 'object',
        required: ['size'],
        properties: {
          size: { type: 'integer', minimum: 1, default: 3 },
          parts: { type: 'array', items: { $ref: '#/definitions/Part' } },
        },
        'x-kubernetes-group-version-kind': kinds,
      },
    },
  });

  it('writes the definitions that kubectl validates by', () => {
    assert.equal(textOf(part(bytes, 2, 1)), 'Kubernetes');
    assert.equal(textOf(part(bytes, 9, 1, 1)), 'Widget');
    const widget = part(bytes, 9, 1, 2);
    assert.equal(textOf(part(widget, 22, 1)), 'object');
    assert.equal(textOf(part(widget, 19)), 'size');
    assert.equal(textOf(part(widget, 31, 1)), 'x-kubernetes-group-version-kind');
    assert.deepEqual(JSON.parse(textOf(part(widget, 31, 2, 2))), kinds);
    const [size, parts] = (partsOf(part(widget, 25)).get(1) ?? []).map((named) => part(named, 2));
    assert.ok(size && parts);
    assert.equal(textOf(part(size, 5, 2)), '3');
    assert.equal(textOf(part(parts, 23, 1, 1)), '#/definitions/Part');
  });
});
