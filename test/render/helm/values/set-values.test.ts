import assert from 'node:assert/strict';
import { int64, type GoMap } from '../../../../src/render/helm/template/values.js';
import { writeJson } from '../../../../src/render/helm/json/json-writer.js';
import { setJson, setLiteral, setStrings, setValues } from '../../../../src/render/helm/values/set-values.js';

const after = async (set: (text: string, target: GoMap) => Promise<void>, text: string): Promise<string> => {
  const target: GoMap = new Map();
  await set(text, target);
  return writeJson(target, { escapeHtml: false });
};

describe('the --set family', () => {
  it('gives true, null and whole numbers their types', async () => {
    assert.equal(
      await after(setValues, 'a=1,b=true,c=null,d=x,e=01,f=1.5,g='),
      '{"a":1,"b":true,"c":null,"d":"x","e":"01","f":"1.5","g":""}',
    );
    const target: GoMap = new Map();
    await setValues('a=5', target);
    assert.deepEqual(target.get('a'), int64(5));
  });

  it('reads paths, lists and indexes', async () => {
    assert.equal(
      await after(setValues, 'a.b[1].c=x,d={1,two},e\\.f=g\\,h'),
      '{"a":{"b":[null,{"c":"x"}]},"d":[1,"two"],"e.f":"g,h"}',
    );
  });

  it('leaves texts alone where asked', async () => {
    assert.equal(await after(setStrings, 'a=1'), '{"a":"1"}');
    assert.equal(await after(setLiteral, 'a.b=1,{x}\\'), '{"a":{"b":"1,{x}\\\\"}}');
  });

  it('reads JSON', async () => {
    assert.equal(await after(setJson, 'a={"b":[1]},c=2'), '{"a":{"b":[1]},"c":2}');
  });

  it('refuses what has no value', async () => {
    await assert.rejects(after(setValues, 'a'), /key "a" has no value/);
    await assert.rejects(after(setValues, 'a[x]=1'), /error parsing index/);
    await assert.rejects(after(setValues, 'a[99999999]=1'), /greater than maximum supported index/);
  });
});
