import assert from 'node:assert/strict';
import { ServerUnderTest } from './server-under-test.js';

const BIG = '9007199254740993';

const DEFINITION = {
  apiVersion: 'apiextensions.k8s.io/v1',
  kind: 'CustomResourceDefinition',
  metadata: { name: 'counters.example.com' },
  spec: {
    group: 'example.com',
    scope: 'Namespaced',
    names: { plural: 'counters', kind: 'Counter', singular: 'counter', listKind: 'CounterList' },
    versions: [
      {
        name: 'v1',
        served: true,
        storage: true,
        schema: {
          openAPIV3Schema: {
            type: 'object',
            properties: {
              spec: {
                type: 'object',
                'x-kubernetes-preserve-unknown-fields': true,
                properties: {
                  value: { type: 'integer', format: 'int64', minimum: 1 },
                  set: { type: 'array', items: { type: 'integer' }, 'x-kubernetes-list-type': 'set' },
                },
              },
            },
          },
        },
      },
    ],
  },
};

const counter = (name: string, spec: string): string =>
  `{"apiVersion":"example.com/v1","kind":"Counter","metadata":{"name":"${name}"},"spec":${spec}}`;

const JSON_TYPE = { 'content-type': 'application/json' };
const COUNTERS = '/apis/example.com/v1/namespaces/default/counters';

describe('integers beyond 2^53', () => {
  let server: ServerUnderTest;

  before(async () => {
    server = await ServerUnderTest.start();
    await server.ask('/apis/apiextensions.k8s.io/v1/customresourcedefinitions', {
      method: 'POST',
      body: DEFINITION,
      headers: JSON_TYPE,
    });
    for (;;) {
      const { code } = await server.ask(COUNTERS);
      if (code === 200) break;
      await new Promise(setImmediate);
    }
  });

  after(() => server.stop());

  it('are kept in custom resources: created, read, listed, patched, applied', async () => {
    const spec = `{"value":${BIG},"free":{"x":-${BIG}},"set":[${BIG},9007199254740994]}`;
    const made = await server.ask(COUNTERS, { method: 'POST', body: counter('a', spec), headers: JSON_TYPE });
    assert.equal(made.code, 201, made.text);
    assert.match(made.text, new RegExp(`"value":${BIG}`));
    for (const path of [`${COUNTERS}/a`, COUNTERS]) {
      const { text } = await server.ask(path);
      assert.match(text, new RegExp(`"value":${BIG}`));
      assert.match(text, new RegExp(`"x":-${BIG}`));
      assert.match(text, /9007199254740993,9007199254740994/);
    }
    const yaml = await server.ask(`${COUNTERS}/a`, { headers: { accept: 'application/yaml' } });
    assert.match(yaml.text, new RegExp(`value: ${BIG}`));
    const patched = await server.ask(`${COUNTERS}/a`, {
      method: 'PATCH',
      body: '{"spec":{"value":9223372036854775807}}',
      headers: { 'content-type': 'application/merge-patch+json' },
    });
    assert.match(patched.text, /"value":9223372036854775807/);
    const applied = await server.ask(`${COUNTERS}/b?fieldManager=t`, {
      method: 'PATCH',
      body: `apiVersion: example.com/v1\nkind: Counter\nmetadata:\n  name: b\nspec:\n  value: ${BIG}\n  set: [${BIG}]\n`,
      headers: { 'content-type': 'application/apply-patch+yaml' },
    });
    assert.equal(applied.code, 201, applied.text);
    assert.match(applied.text, new RegExp(`"value":${BIG}`));
    assert.match(applied.text, new RegExp(`"v:${BIG}"`));
  });

  it('are still checked against the schema', async () => {
    const made = await server.ask(COUNTERS, {
      method: 'POST',
      body: counter('c', `{"value":-${BIG}}`),
      headers: JSON_TYPE,
    });
    assert.equal(made.code, 422);
    assert.match(made.json()['message'] as string, /spec\.value in body should be greater than or equal to 1/);
  });

  it('are kept in built-in kinds', async () => {
    const body = `{"apiVersion":"v1","kind":"Pod","metadata":{"name":"p"},"spec":{"terminationGracePeriodSeconds":${BIG},"containers":[{"name":"c","image":"i"}]}}`;
    const made = await server.ask('/api/v1/namespaces/default/pods', { method: 'POST', body, headers: JSON_TYPE });
    assert.equal(made.code, 201, made.text);
    const read = await server.ask('/api/v1/namespaces/default/pods/p');
    assert.match(read.text, new RegExp(`"terminationGracePeriodSeconds":${BIG}`));
  });
});
