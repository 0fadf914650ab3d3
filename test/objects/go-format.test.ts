import assert from 'node:assert/strict';
import { goFormat } from '../../src/objects/go-format.js';

describe('goFormat', () => {
  it('shows what JSON holds as Go does', () => {
    assert.equal(goFormat({ b: [1, 'x', null], a: { c: true } }), 'map[a:map[c:true] b:[1 x <nil>]]');
    assert.equal(goFormat([]), '[]');
    assert.equal(goFormat({}), 'map[]');
  });
});
