import assert from 'node:assert/strict';
import fc from 'fast-check';
import { readManifests } from '../../src/render/documents.js';

/** Characters that mean something in YAML. */
const SYNTAX = 'ab:-*&!|>{}[]"\'#%@`,? \n\t<~0x'.split('');

const config = (name: string): string => `apiVersion: v1\nkind: ConfigMap\nmetadata:\n  name: ${name}\n`;
const names = (content: string | Uint8Array): string[] => {
  const { manifests, problems } = readManifests(content, 'a.yaml');
  assert.deepEqual(problems, []);
  return manifests.map(({ object }) => object.metadata.name);
};
const problemsOf = (content: string | Uint8Array): string[] =>
  readManifests(content, 'a.yaml').problems.map(({ line, column, message }) => `${line}:${column}: ${message}`);

describe('readManifests', () => {
  it('reads every document with the line it starts on', () => {
    const { manifests } = readManifests(
      `# a comment\n${config('a')}---\n---\n# only a comment\n---\n${config('b')}`,
      'a.yaml',
    );
    assert.deepEqual(
      manifests.map(({ object, file, line }) => [object.metadata.name, file, line]),
      [
        ['a', 'a.yaml', 2],
        ['b', 'a.yaml', 10],
      ],
    );
  });

  it('reads JSON, a byte order mark, Windows line ends and UTF-16', () => {
    assert.deepEqual(names(JSON.stringify({ apiVersion: 'v1', kind: 'Pod', metadata: { name: 'a' } })), ['a']);
    assert.deepEqual(names(`\ufeff${config('a')}`), ['a']);
    assert.deepEqual(names(Buffer.from(`\ufeff${config('a')}`)), ['a']);
    assert.deepEqual(names(config('a').replaceAll('\n', '\r\n')), ['a']);
    assert.deepEqual(names(Buffer.from(`\ufeff${config('a')}`, 'utf16le')), ['a']);
  });

  it('unfolds lists, in lists too, and takes null for no items', () => {
    const item = (name: string): object => ({ apiVersion: 'v1', kind: 'Pod', metadata: { name } });
    const list = (items: unknown, kind = 'List'): object => ({ apiVersion: 'v1', kind, items });
    assert.deepEqual(names(JSON.stringify(list([item('a'), list([item('b')], 'PodList')]))), ['a', 'b']);
    assert.deepEqual(names(JSON.stringify(list([]))), []);
    assert.deepEqual(names(JSON.stringify(list(null))), []);
  });

  it('gives scalars the types that kubectl sends', () => {
    const { manifests } = readManifests(
      `${config('a')}data: {a: yes, b: 0777, c: 2024-01-01, d: "yes", e: 1e3, f: ~}\n`,
      'a.yaml',
    );
    assert.deepEqual(manifests[0]?.object['data'], { a: true, b: 511, c: '2024-01-01', d: 'yes', e: 1000, f: null });
  });

  it('keeps integers of 64 bits exactly, and takes larger ones for the nearest number', () => {
    const numbers = ['9007199254740993', '-9223372036854775808', '9223372036854775807', '9223372036854775808', '42'];
    const { manifests } = readManifests(
      `apiVersion: e.example/v1\nkind: Big\nmetadata: {name: b}\nspec:\n${numbers.map((n) => `- ${n}\n`).join('')}`,
      'f.yaml',
    );
    const { spec } = { spec: undefined, ...manifests[0]?.object } as { spec: unknown };
    assert.deepEqual(spec, [2n ** 53n + 1n, -(2n ** 63n), 2n ** 63n - 1n, 2 ** 63, 42]);
  });

  it('reports all problems at once, each with its place', () => {
    assert.deepEqual(
      problemsOf(
        'kind: Pod\n---\n- 1\n---\napiVersion: v1\nkind: Pod\n---\napiVersion: v1\nkind: Pod\nmetadata: {name: 1}\n',
      ),
      [
        '1:1: the Pod has no apiVersion',
        '3:1: a manifest must be a map, not a list',
        '5:1: the Pod has no metadata.name',
        '8:1: the Pod has a metadata.name that is a number; put quotes around it',
      ],
    );
  });

  it('reports what does not parse', () => {
    assert.match(problemsOf('a: b: c\n')[0] ?? '', /^1:4: /);
    assert.match(problemsOf('a:\n\tb: c\n')[0] ?? '', /^2:1: .*[Tt]ab/);
    assert.match(problemsOf(`${config('a')}x: 1\nx: 2\n`)[0] ?? '', /^6:1: the key "x" is already set in this map$/);
    assert.match(problemsOf('a: *nowhere\n')[0] ?? '', /nowhere/);
    assert.match(problemsOf(Buffer.from([0x61, 0xc3, 0x28]))[0] ?? '', /not UTF-8/);
  });

  it('lets the last of equal keys win when asked', () => {
    const { manifests, problems } = readManifests(`${config('a')}x: 1\nx: 2\n`, 'a.yaml', { duplicateKeys: 'last' });
    assert.deepEqual(problems, []);
    assert.equal(manifests[0]?.object['x'], 2);
  });

  it('expands anchors and merge keys', () => {
    const { manifests } = readManifests(
      `${config('a')}x: &x {one: 1, two: 2}\nb: {<<: *x, two: 3}\nc: {<<: [{a: 1}, {a: 2}]}\n`,
      'a.yaml',
    );
    assert.deepEqual(manifests[0]?.object['b'], { one: 1, two: 3 });
    assert.deepEqual(manifests[0]?.object['c'], { a: 1 });
  });

  it('stops at alias bombs, at endless anchors and at deep nesting', () => {
    const bomb = ['a: &a [x, x, x, x, x, x, x, x, x]'];
    for (const [index, name] of 'bcdefghi'.split('').entries()) {
      const previous = 'abcdefgh'.charAt(index);
      bomb.push(`${name}: &${name} [${Array.from({ length: 9 }, () => `*${previous}`).join(',')}]`);
    }
    assert.match(problemsOf(bomb.join('\n'))[0] ?? '', /aliases stand for more than 100000 nodes/);
    assert.match(problemsOf('a: &a [*a]\n')[0] ?? '', /contains itself/);
    assert.match(problemsOf('['.repeat(600) + ']'.repeat(600))[0] ?? '', /nested/);
    assert.match(problemsOf('['.repeat(100_000))[0] ?? '', /nested|Flow/);
  });

  it('keeps __proto__ an ordinary key', () => {
    const { manifests } = readManifests(
      `${config('a')}data:\n  __proto__: {polluted: true}\n  constructor: x\n`,
      'a.yaml',
    );
    const data = manifests[0]?.object['data'] as Record<string, unknown>;
    assert.deepEqual(Object.keys(data), ['__proto__', 'constructor']);
    assert.equal(({} as Record<string, unknown>)['polluted'], undefined);
  });

  it('never throws, whatever the text', () => {
    fc.assert(
      fc.property(fc.string({ unit: fc.constantFrom(...SYNTAX) }), (text) => {
        readManifests(text, 'a.yaml');
      }),
    );
  });
});
