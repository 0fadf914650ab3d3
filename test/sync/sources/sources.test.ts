import assert from 'node:assert/strict';
import type { KubeObject } from '../../../src/objects/object.js';
import { accessFor } from '../../../src/sync/sources/credentials.js';
import { locateRepository, repositoryIdentity, withoutCredentials } from '../../../src/sync/sources/repository-url.js';
import { resolveRevision } from '../../../src/sync/sources/revision.js';
import { readSubmodules } from '../../../src/sync/sources/submodules.js';
import { acceptThinPack } from '../../../src/sync/sources/thin-pack.js';

const A = 'a'.repeat(40);
const B = 'b'.repeat(40);
const refs = new Map([
  ['HEAD', A],
  ['refs/heads/main', A],
  ['refs/heads/v1.0.0', B],
  ['refs/tags/v1.0.0', A],
  ['refs/tags/v1.10.0', B],
  ['refs/tags/v1.9.0', A],
  ['refs/tags/v2.0.0-rc.1', A],
]);

describe('resolveRevision', () => {
  for (const [revision, expected] of [
    ['HEAD', A],
    ['main', A],
    ['refs/tags/v1.10.0', B],
    ['v1.0.0', B],
    ['1.x', B],
    ['~1.9', A],
    ['^2.0.0', undefined],
    ['>=2.0.0-0', A],
    [A, A],
    ['aaaaaaa', A],
    ['aaaa', undefined],
    ['nothing', undefined],
    ['--upload-pack=x', undefined],
  ] as const) {
    it(`${revision} is ${expected?.slice(0, 4) ?? 'nothing'}`, () => {
      assert.equal(resolveRevision(refs, revision), expected);
    });
  }
});

describe('repositoryIdentity', () => {
  it('is one for all spellings', () => {
    const spellings = [
      'https://Host.example/team/x.git',
      'https://host.example/team/x',
      'https://host.example/team/x/',
    ];
    assert.equal(new Set(spellings.map(repositoryIdentity)).size, 1);
    assert.notEqual(repositoryIdentity('https://h/a'), repositoryIdentity('https://h/b'));
    assert.equal(withoutCredentials('https://me:secret@h/a'), 'https://h/a');
  });
});

describe('readSubmodules', () => {
  const read = (...lines: readonly string[]): unknown =>
    readSubmodules(lines.join('\n'), 'https://h.example/org/repo.git');

  it('reads paths and addresses, with quotes, escapes and comments', () => {
    assert.deepEqual(
      read(
        '; of others',
        '[submodule "a"]',
        '\tpath = libs/a/ # here',
        '\turl = https://x.example/a',
        '[submodule "b"]',
        'url="https://x.example/b;c"  ; quoted',
        'path = "li\\"bs"',
        'branch = main',
        '[core]',
        'path = no',
      ),
      [
        { path: 'libs/a', url: 'https://x.example/a' },
        { path: 'li"bs', url: 'https://x.example/b;c' },
      ],
    );
  });

  it('resolves relative addresses, and leaves out what is not updated or not whole', () => {
    const of = (url: string): unknown => read('[submodule "a"]', 'path = a', `url = ${url}`);
    assert.deepEqual(of('../other.git'), [{ path: 'a', url: 'https://h.example/org/other.git' }]);
    assert.deepEqual(of('../../team/./x/'), [{ path: 'a', url: 'https://h.example/team/./x' }]);
    assert.deepEqual(of('./inner'), [{ path: 'a', url: 'https://h.example/org/repo.git/inner' }]);
    assert.deepEqual(
      read('[submodule "a"]', 'path = a', 'url = u', 'update = none', '[submodule "b"]', 'path = b'),
      [],
    );
  });
});

describe('locateRepository', () => {
  it('knows servers and folders, and refuses everything else', () => {
    assert.deepEqual(locateRepository('/srv/repo'), { type: 'folder', path: '/srv/repo' });
    assert.deepEqual(locateRepository('file:///srv/repo'), { type: 'folder', path: '/srv/repo' });
    assert.equal(locateRepository('https://h/r.git').type, 'http');
    for (const url of ['ssh://h/r', 'git@h:r.git', 'ext::sh -c x', '-x', '', 'javascript:alert(1)', 'relative/path']) {
      assert.throws(() => locateRepository(url), /Cannot use repository/);
    }
  });
});

describe('accessFor', () => {
  const secret = (type: string, values: Record<string, string>): KubeObject => ({
    apiVersion: 'v1',
    kind: 'Secret',
    metadata: { name: 's', labels: { 'argocd.argoproj.io/secret-type': type } },
    data: Object.fromEntries(
      Object.entries(values).map(([name, text]) => [name, Buffer.from(text).toString('base64')]),
    ),
  });
  const password = (url: string, ...secrets: readonly KubeObject[]) => accessFor(url, secrets).password;

  it('takes the longest prefix, at a border of the path', () => {
    const host = secret('repo-creds', { url: 'https://host', password: 'host' });
    const team = secret('repo-creds', { url: 'https://host/team', password: 'team' });
    assert.equal(password('https://host/team/x.git', host, team), 'team');
    assert.equal(password('https://host/other', host, team), 'host');
    assert.equal(password('https://host/team-of-others/x', team), undefined);
    assert.equal(password('https://host.example.com/x', host), undefined);
    assert.equal(password('http://host/x', host), undefined);
  });

  it('lets a repository add to the template, or bring its own credentials', () => {
    const template = secret('repo-creds', { url: 'https://host', username: 'u', password: 'template' });
    const settings = secret('repository', { url: 'https://host/x', insecure: 'true' });
    const own = secret('repository', { url: 'https://host/x.git', password: 'own' });
    assert.deepEqual(accessFor('https://host/x', [template, settings]), {
      username: 'u',
      password: 'template',
      tls: { insecure: true },
    });
    assert.deepEqual(accessFor('https://host/x', [template, own]), { password: 'own' });
    assert.deepEqual(accessFor('https://host/y', [own]), {});
  });
});

describe('acceptThinPack', () => {
  it('adds the capability to the first want, with its new length', () => {
    const first = `want ${A} side-band-64k agent=x\n`;
    const rest = `0032want ${B}\n00000009done\n`;
    const body = Buffer.from((first.length + 4).toString(16).padStart(4, '0') + first + rest);
    const changed = acceptThinPack(body).toString();
    const length = Number.parseInt(changed.slice(0, 4), 16);
    assert.equal(changed.slice(4, length), `want ${A} side-band-64k agent=x thin-pack\n`);
    assert.equal(changed.slice(length), rest);
    const other = Buffer.from('0014command=ls-refs\n');
    assert.equal(acceptThinPack(other), other);
  });
});
