import assert from 'node:assert/strict';
import { expandVariables } from '../../src/render/build-environment.js';

describe('expandVariables', () => {
  const expand = (text: string): string => expandVariables(text, (name) => (name === 'A' ? 'x' : ''));

  it('replaces names, and unknown ones by nothing', () => {
    assert.equal(expand('$A ${A}b $AB ${B}. $'), 'x xb  . $');
  });

  it('keeps what is no name, and takes two dollars for one', () => {
    assert.equal(expand('$$A $.b a$'), '$A $.b a$');
  });
});
