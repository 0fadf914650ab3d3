import assert from 'node:assert/strict';
import fc from 'fast-check';
import { readdirSync, readFileSync } from 'node:fs';
import { isApiError } from '../../../src/objects/api-error.js';
import type { KubeObject } from '../../../src/objects/object.js';
import { MAX_JSON_DEPTH, parseJsonStrict } from '../../../src/objects/schema/strict-json.js';
import { decodeObject, fieldProblems, strictDecodingError } from '../../../src/objects/schema/validate-fields.js';

const deployment = (spec: unknown): KubeObject => ({
  apiVersion: 'apps/v1',
  kind: 'Deployment',
  metadata: { name: 'x' },
  spec,
});

describe('decodeObject', () => {
  const refused: [spec: unknown, reason: string][] = [
    [
      { replicas: '3' },
      'json: cannot unmarshal string into Go struct field DeploymentSpec.spec.replicas of type int32',
    ],
    [
      { replicas: 1.5 },
      'json: cannot unmarshal number 1.5 into Go struct field DeploymentSpec.spec.replicas of type int32',
    ],
    [[], 'json: cannot unmarshal array into Go struct field Deployment.spec of type v1.DeploymentSpec'],
    [
      { template: { spec: { containers: [{ env: [{ name: 'a', value: 1 }] }] } } },
      'json: cannot unmarshal number into Go struct field EnvVar.spec.template.spec.containers.env.value of type string',
    ],
    [
      { template: { spec: { containers: {} } } },
      'json: cannot unmarshal object into Go struct field PodSpec.spec.template.spec.containers of type []v1.Container',
    ],
    [
      { template: { spec: { nodeSelector: { a: true } } } },
      'json: cannot unmarshal bool into Go struct field PodSpec.spec.template.spec.nodeSelector of type string',
    ],
    [
      { template: { spec: { overhead: { cpu: 'lots' } } } },
      "quantities must match the regular expression '^([+-]?[0-9.]+)([eEinumkKMGTP]*[-+]?[0-9]*)$'",
    ],
  ];
  for (const [spec, reason] of refused) {
    it(`refuses ${JSON.stringify(spec)} in the words of Go`, () => {
      assert.throws(
        () => decodeObject(deployment(spec)),
        (error: unknown) =>
          isApiError(error, 'BadRequest') &&
          error.message === `Deployment in version "v1" cannot be handled as a Deployment: ${reason}`,
      );
    });
  }

  it('takes unknown fields out and names them', () => {
    const { object, unknownFields } = decodeObject(
      deployment({ replica: 1, template: { spec: { containers: [{ name: 'a', imag: 'x' }] } }, paused: false }),
    );
    assert.deepEqual(unknownFields, ['spec.replica', 'spec.template.spec.containers[0].imag']);
    assert.deepEqual(object['spec'], {
      strategy: {},
      template: { metadata: {}, spec: { containers: [{ name: 'a', resources: {} }] } },
    });
    assert.equal(
      strictDecodingError(object, fieldProblems(unknownFields.slice(0, 1), ['spec.a'])).message,
      'Deployment in version "v1" cannot be handled as a Deployment: strict decoding error: duplicate field "spec.a", unknown field "spec.replica"',
    );
  });

  it('treats names of the prototype as any unknown field', () => {
    const value = JSON.parse(
      '{"apiVersion":"v1","kind":"ConfigMap","metadata":{"name":"x"},"__proto__":{"a":1},"constructor":1,"data":{"__proto__":"y"}}',
    ) as KubeObject;
    const { object, unknownFields } = decodeObject(value);
    assert.deepEqual(unknownFields, ['__proto__', 'constructor']);
    assert.equal(JSON.stringify(object['data']), '{"__proto__":"y"}');
  });

  it('leaves every object of the golden files as it is', () => {
    const folder = new URL('../fixtures/roundtrip/', import.meta.url);
    const files = readdirSync(folder).filter((name) => name.endsWith('.json'));
    assert.ok(files.length > 60);
    for (const name of files) {
      const golden = JSON.parse(readFileSync(new URL(name, folder), 'utf8')) as KubeObject;
      // Some types of meta/v1 are written without their apiVersion.
      if (golden.apiVersion === undefined) continue;
      const { object, unknownFields } = decodeObject(golden);
      assert.deepEqual(unknownFields, [], name);
      assert.deepEqual(object, golden, name);
    }
  });
});

describe('parseJsonStrict', () => {
  it('reports keys given twice and keeps the last', () => {
    assert.deepEqual(parseJsonStrict('{"a":1,"b":[{"c":1,"c":2,"c":3}],"a":2}'), {
      value: { a: 2, b: [{ c: 3 }] },
      duplicates: ['b[0].c', 'a'],
    });
  });

  it('reads whatever JSON.parse reads', () => {
    fc.assert(
      fc.property(fc.json(), (text) => {
        // Integers that a number cannot hold are read more exactly.
        fc.pre(!/\d{16}/.test(text));
        assert.equal(JSON.stringify(parseJsonStrict(text).value), JSON.stringify(JSON.parse(text)));
      }),
    );
  });

  it('refuses whatever JSON.parse refuses', () => {
    fc.assert(
      fc.property(
        fc.json(),
        fc.nat(),
        fc.constantFrom('', '"', '{', ']', '\\', '\u0001', ',', 'x'),
        (json, at, inserted) => {
          const place = at % (json.length + 1);
          const text = json.slice(0, place) + inserted + json.slice(place + 1);
          const accepts = (parse: (text: string) => unknown): boolean => {
            try {
              parse(text);
              return true;
            } catch {
              return false;
            }
          };
          assert.equal(accepts(parseJsonStrict), accepts(JSON.parse), text);
        },
      ),
      { numRuns: 500 },
    );
  });

  it('refuses nesting without end', () => {
    const nested = (depth: number): string => '['.repeat(depth) + ']'.repeat(depth);
    parseJsonStrict(nested(MAX_JSON_DEPTH));
    assert.throws(() => parseJsonStrict(nested(100_000)), { message: 'exceeded max depth' });
  });
});
