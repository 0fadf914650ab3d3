import assert from 'node:assert/strict';
import fc from 'fast-check';
import { TYPED_VALUES } from '../../../src/render/helm/yaml/block-values.js';
import { readAnyYaml as readAsGo } from '../../../src/render/helm/yaml/yaml-reader.js';
import { YamlError } from '../../../src/render/helm/yaml/yaml-error.js';
import { readBlockDocuments } from '../../../src/render/yaml/block-reader.js';
import { readOrdinaryYaml } from '../../../src/render/yaml/read-ordinary-yaml.js';
import { readAnyYaml } from '../../../src/render/yaml/read-yaml.js';

const asGo = (text: string): unknown => {
  try {
    return readAsGo(text, { typed: true });
  } catch (error) {
    if (error instanceof YamlError) return error.message;
    throw error;
  }
};

/** What it reads, the full readers read alike; answers whether it read the text. */
const agree = (text: string): boolean => {
  const values = readBlockDocuments(text, TYPED_VALUES, { isEndBreak: false });
  if (values !== undefined) assert.deepEqual(values[0]?.value ?? null, asGo(text), JSON.stringify(text));
  const ordinary = readOrdinaryYaml(text);
  if (ordinary === undefined) return values !== undefined;
  const { documents, problems } = readAnyYaml(text, { rules: 'manifests' });
  const filled = documents.filter(({ value }) => value !== undefined);
  assert.deepEqual({ documents: ordinary, problems }, { documents: filled, problems: [] }, JSON.stringify(text));
  return true;
};

const READ: Readonly<Record<string, string>> = {
  'maps in maps': 'a: 1\nb:\n  c: x\n  d:\n\n    e: true\nf:\n',
  'lists in maps': 'a:\n- 1\n- x: 1\n  z: 2\nb:\n  - 3\n  -\n    z: 4\n  - - 5\n    - 6\nc: d\n',
  'a list at the top': '- a\n- b: c\n',
  comments: '# first\n\na: 1 # one\n  # odd\nb: # two\n  c: x#y\n# last',
  'quoted texts': `a: 'it''s'\nb: "x: \\"y\\" # \\\\ \\n"\n'c d': ''\n"e": ""\n`,
  'folded quoted texts': `a: 'one\n  two\n\n\n  three'\nb: "one \n    two"\nc:\n- 'x\n  y'\n`,
  'folded plain texts': 'a: one\n  two - three\n\n  four\nb:\n- five\n  six\n- b\n',
  'plain values below their keys': 'a:\n  x\nb:\n  {}\nc:\n  "d"\n-e: f\n',
  literals:
    'a: |\n  x\n    y\n\n  z\n\nb: |-\n\n  # x\n  y\n\n\nc: |+\n  x\n\nd:\n- |\n x\n \ty: z\n- e: |\n    x\n# c\nf: 1\n',
  'a literal that the text ends': 'a: |\n  x\n  y',
  'flow lists and maps': 'a: []\nb: {}\nc: [x, "y", 1, [z]]\nd: {e: f, "g": [1]} # x\n',
  'numbers, dates and words':
    'a: 1\nb: 1.5\nc: 0x1f\nd: 010\ne: yes\nf: ~\ng: 1e3\nh: 2020-01-02\ni: +1\nj: -.5\nk: 1_000\nl: 1:30\n',
  'names of JavaScript': '__proto__: 1\nconstructor: 2\ntoString:\n  __proto__: x\n',
  'several documents': '---\na: 1\n---\n# x\nb: 2\n',
  'odd characters': 'a: ü\u00a0é\nb: -x\nc: :x\nd: <x>\ne: (x) = y\nf: a,b]}\ng: "a\u00a0"\n',
};

const LEFT: Readonly<Record<string, string>> = {
  anchors: 'a: &x 1\nb: *x\n',
  tags: 'a: !!str 1\n',
  'explicit keys': '? a\n: b\n',
  'keys that are no texts': '1: a\n',
  'merge keys': 'a:\n  <<: {b: c}\n',
  'folded blocks': 'a: >\n  x\n',
  tabs: 'a:\n\tb: 1\n',
  'a map where no map can be': 'a: b: c\n',
  'a text that a comment interrupts': 'a: b # c\n  d\n',
  'lines in the wrong column': 'a:\n    b: 1\n  c: 2\n',
  'unclosed quotes': 'a: "b\n',
  'documents of nothing': '---\n---\na: 1\n',
  directives: '%YAML 1.1\n---\na: 1\n',
  'control characters': 'a: \x01\n',
};

const PIECES = 'a|b: |c:|- |-|: |\'|"|>|#| #|x y|1|true|\\n|\\|[|]|{|}|, |~|---|...|?|&a|*a|!|%|@|\t| |  |é|=|<<'
  .split('|')
  .concat('|', '|-', '|+');
const STARTS = 'a:;b:;c d:;- a:;- ;-;- - b:;# c;x;"q":;;y";  x'.split(';');
const ENDS = `; x; "y z"; 'it''s'; |; |-; |+; []; {}; [a, "b"]; x # y; 12; "a; - b`.split(';');

describe('readBlockDocuments', () => {
  for (const [name, text] of Object.entries(READ)) {
    it(`reads ${name} as the full readers do`, () => assert.ok(agree(text)));
  }
  for (const [name, text] of Object.entries(LEFT)) {
    it(`leaves ${name} to the full readers`, () => {
      assert.equal(readOrdinaryYaml(text), undefined);
      assert.equal(readBlockDocuments(text, TYPED_VALUES, { isEndBreak: false }), undefined);
    });
  }

  it('leaves equal keys to the full reader of manifests', () => {
    assert.equal(readOrdinaryYaml('a: 1\na: 2\n'), undefined);
    assert.ok(agree('a: 1\na: 2\n'));
  });

  it('gives the same objects for the same text', () => {
    const text = 'kind: ConfigMap\n';
    assert.equal(readOrdinaryYaml(text)?.[0]?.value, readOrdinaryYaml(`${'kind'}: ConfigMap\n`)?.[0]?.value);
  });

  it('tells the place of each document', () => {
    const places = readOrdinaryYaml('# x\n\na: 1\n---\n\n- b\n')?.map(({ line, column }) => [line, column]);
    assert.deepEqual(places, [
      [3, 1],
      [6, 1],
    ]);
  });

  it('agrees with the full readers on any lines', () => {
    const piece = fc.constantFrom(...PIECES);
    const line = fc
      .tuple(fc.integer({ min: 0, max: 5 }), fc.array(piece, { maxLength: 5 }))
      .map(([indent, pieces]) => ' '.repeat(indent) + pieces.join(''));
    const text = fc
      .tuple(fc.array(line, { maxLength: 7 }), fc.constantFrom('', '\n'))
      .map(([l, end]) => l.join('\n') + end);
    fc.assert(
      fc.property(text, (each) => void agree(each)),
      { numRuns: 3000 },
    );
  });

  it('agrees with the full readers on lines that mostly make sense', () => {
    const end = fc.constantFrom(...ENDS);
    const start = fc.constantFrom(...STARTS);
    const line = fc
      .tuple(fc.constantFrom(0, 0, 1, 2, 2, 3, 4), start, end)
      .map(([indent, first, rest]) => ' '.repeat(indent) + first + rest);
    const text = fc
      .tuple(fc.array(line, { maxLength: 6 }), fc.constantFrom('', '\n', '\n\n'))
      .map(([l, e]) => l.join('\n') + e);
    let read = 0;
    fc.assert(
      fc.property(text, (each) => {
        if (agree(each)) read += 1;
      }),
      { numRuns: 4000 },
    );
    assert.ok(read > 200, `${read} were read`);
  });
});
