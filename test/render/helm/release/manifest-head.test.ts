import assert from 'node:assert/strict';
import { readHead } from '../../../../src/render/helm/release/manifest-head.js';

const headOf = (text: string): unknown => {
  const { apiVersion, kind, name, annotations } = readHead('t.yaml', text);
  return [apiVersion, kind, name, Object.fromEntries(annotations)];
};

describe('readHead', () => {
  it('reads version, kind, name and annotations', () => {
    const text =
      'apiVersion: v1\nkind: Pod\nmetadata:\n  name: web\n  annotations:\n    helm.sh/hook: test\n    a: "1"\n';
    assert.deepEqual(headOf(text), ['v1', 'Pod', 'web', { 'helm.sh/hook': 'test', a: '1' }]);
  });

  it('takes what is missing or null for nothing', () => {
    assert.deepEqual(headOf('a: 1\n'), ['', '', '', {}]);
    assert.deepEqual(headOf('kind: X\nmetadata:\n'), ['', 'X', '', {}]);
    assert.deepEqual(headOf('kind: X\nmetadata:\n  annotations:\n'), ['', 'X', '', {}]);
  });

  it('makes texts of numbers and booleans', () => {
    const text = 'kind: 1.50\nmetadata:\n  name: 0x10\n  annotations:\n    helm.sh/hook-weight: 5\n    a: yes\n';
    assert.deepEqual(headOf(text), ['', '1.5', '16', { 'helm.sh/hook-weight': '5', a: 'true' }]);
  });

  it('reads names of fields in any case, as encoding/json does', () => {
    assert.deepEqual(headOf('Kind: Pod\nMETADATA:\n  Name: web\n'), ['', 'Pod', 'web', {}]);
    assert.deepEqual(headOf('Kind: Pod\nkind: Secret\n'), ['', 'Secret', '', {}]);
  });

  it('refuses what is no object, each time with the template at hand', () => {
    for (const template of ['a.yaml', 'b.yaml']) {
      assert.throws(() => readHead(template, '- a\n'), {
        message: `YAML parse error on ${template}: error unmarshaling JSON: while decoding JSON: json: cannot unmarshal array into Go value of type util.SimpleHead`,
      });
    }
    assert.throws(
      () => readHead('a.yaml', 'kind: [1]\n'),
      /cannot unmarshal array into Go struct field SimpleHead.kind/,
    );
  });
});
