import assert from 'node:assert/strict';
import { nestsTooDeep } from '../../src/objects/yaml-depth.js';

describe('nestsTooDeep', () => {
  it('finds depth in braces, brackets, dashes and indentation, on one line and on many', () => {
    const deep = [
      '{"a":'.repeat(2000),
      '['.repeat(100_000),
      '- '.repeat(1000),
      Array.from({ length: 1000 }, (_, index) => `${' '.repeat(index)}a:`).join('\n'),
      `a: 1\n---\nb: ${'[\n '.repeat(1000)}`,
    ];
    for (const text of deep) assert.equal(nestsTooDeep(text), true, text.slice(0, 20));
  });

  it('is not taken in by brackets in strings, block texts and comments, nor by many that are closed', () => {
    const flat = [
      `a: "${'{['.repeat(5000)}"`,
      `a: |\n  ${'[{'.repeat(5000)}`,
      `a: 1 # ${'['.repeat(5000)}`,
      Array.from({ length: 5000 }, () => '- {a: [1]}').join('\n'),
      `${' '.repeat(5000)}a: 1`,
    ];
    for (const text of flat) assert.equal(nestsTooDeep(text), false, text.slice(0, 20));
  });

  it('lets ordinary depth through', () => {
    assert.equal(nestsTooDeep(JSON.stringify({ a: { b: { c: [[[{ d: {} }]]] } } })), false);
  });
});
