import assert from 'node:assert/strict';
import fc from 'fast-check';
import { fromPlain } from '../../../../src/render/helm/json/json-reader.js';
import { toYaml } from '../../../../src/render/helm/yaml/to-yaml.js';
import { readYaml } from '../../../../src/render/helm/yaml/yaml-reader.js';

const errorOf = (text: string): string => {
  try {
    readYaml(text);
  } catch (error) {
    return (error as Error).message;
  }
  return '';
};

const json = fc.letrec((tie) => ({
  value: fc.oneof(
    { depthSize: 'small', withCrossShrink: true },
    fc.string({ unit: 'grapheme' }),
    fc.integer(),
    fc.boolean(),
    fc.constant(null),
    fc.constantFrom('yes', '1', '- a', 'a: b', '#', '', ' ', 'a\nb', ' a\n', '\n\n', '0x1', '2020-01-01', '<<'),
    fc.array(tie('value'), { maxLength: 4 }),
    fc.dictionary(fc.string({ maxLength: 20 }), tie('value'), { maxKeys: 4 }),
  ),
}));

describe('YAML as Helm reads and writes it', () => {
  it('reads back what it writes', () => {
    fc.assert(
      fc.property(json.value, (value) => {
        const given = fromPlain(JSON.parse(JSON.stringify(value)));
        assert.deepEqual(readYaml(toYaml(given)), given);
      }),
      { numRuns: 1000 },
    );
  });

  it('quotes what would be read as something else', () => {
    assert.equal(
      toYaml(['yes', '1', 'a', '', '2020-01-01', 'a: b']),
      '- "yes"\n- "1"\n- a\n- ""\n- "2020-01-01"\n- \'a: b\'\n',
    );
  });

  it('sorts keys with numbers by their value', () => {
    assert.equal(
      toYaml(
        new Map([
          ['a10', 1],
          ['a9', 2],
          ['_', 3],
        ]),
      ),
      '_: 3\na9: 2\na10: 1\n',
    );
  });

  it('folds texts of more than 80 columns', () => {
    assert.equal(
      toYaml(new Map([['k', 'word '.repeat(20).trim()]])),
      `k: ${'word '.repeat(15)}word\n  word word word word\n`,
    );
  });

  it('reads the words and numbers of YAML 1.1', () => {
    assert.deepEqual(readYaml('[yes, off, 010, 0x1F, 1_000, ~, 1e3, 0b11, .5]'), [
      true,
      false,
      8,
      31,
      1000,
      null,
      1000,
      3,
      0.5,
    ]);
  });

  it('names the line of an error as go-yaml does', () => {
    assert.equal(errorOf('a: 1\nb: c: d\n'), 'yaml: line 2: mapping values are not allowed in this context');
    assert.equal(errorOf('a:\n  b: 1\n c: 2\n'), 'yaml: line 2: did not find expected key');
    assert.equal(errorOf('a: *b'), "yaml: unknown anchor 'b' referenced");
  });

  it('gives each alias a value of its own, and refuses bombs', () => {
    const read = readYaml('a: &x {b: 1}\nc: *x') as Map<string, unknown>;
    assert.notEqual(read.get('a'), read.get('c'));
    const bomb = ['a0: &a0 [x, x, x, x, x, x, x, x, x, x]'];
    for (let i = 1; i < 10; i++)
      bomb.push(`a${i}: &a${i} [${Array.from({ length: 10 }, () => `*a${i - 1}`).join(', ')}]`);
    assert.equal(errorOf(bomb.join('\n')), 'yaml: document contains excessive aliasing');
  });

  it('never crashes on any text', () => {
    const piece = fc.constantFrom(
      'a',
      ':',
      ' ',
      '\n',
      '- ',
      '{',
      '}',
      '[',
      ']',
      ',',
      '"',
      "'",
      '|',
      '>',
      '&a',
      '*a',
      '!!int',
      '#',
      '---',
      '\t',
      '?',
      '<<',
      '%',
      '1',
      '\\',
      '\r',
    );
    fc.assert(
      fc.property(fc.array(piece, { maxLength: 40 }), (pieces) => {
        try {
          readYaml(pieces.join(''));
        } catch (error) {
          assert.equal((error as Error).name, 'YamlError');
        }
      }),
      { numRuns: 3000 },
    );
  });
});
