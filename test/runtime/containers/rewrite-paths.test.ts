import assert from 'node:assert/strict';
import fc from 'fast-check';
import type { Mount } from '../../../src/runtime/containers/container-runtime.js';
import { pathRewriter } from '../../../src/runtime/containers/process/rewrite-paths.js';

const mount = (containerPath: string, hostPath: string): Mount => ({
  containerPath,
  hostPath,
  readOnly: true,
  propagation: 'private',
});

describe('pathRewriter', () => {
  const rewrite = pathRewriter([
    mount('/etc/app', '/host/config'),
    mount('/etc/app/deep', '/host/deep'),
    mount('/data/', '/host/data'),
    mount('/a.b', '/host/$&'),
    mount('/', '/host/root'),
  ]);
  const cases: readonly (readonly [string, string])[] = [
    ['/etc/app', '/host/config'],
    ['/etc/app/x.conf', '/host/config/x.conf'],
    ['--config=/etc/app/x.conf', '--config=/host/config/x.conf'],
    ['cat "/etc/app/x" >/data/y', 'cat "/host/config/x" >/host/data/y'],
    ['/etc/app/deep/x', '/host/deep/x'],
    ['/etc/app:/data', '/host/config:/host/data'],
    ['file:///data/x', 'file:///host/data/x'],
    ['/etc/app2', '/etc/app2'],
    ['/etc/app-old', '/etc/app-old'],
    ['/srv/etc/app', '/srv/etc/app'],
    ['http://host/data/x', 'http://host/data/x'],
    ['./data', './data'],
    ['/a.b/c', '/host/$&/c'],
    ['/axb/c', '/axb/c'],
    ['/other', '/other'],
  ];
  for (const [text, expected] of cases) {
    it(`turns ${text} into ${expected}`, () => assert.equal(rewrite(text), expected));
  }

  it('leaves text without a mounted path as it is', () => {
    fc.assert(
      fc.property(
        fc.string().filter((text) => !text.includes('/')),
        (text) => {
          assert.equal(rewrite(text), text);
        },
      ),
    );
  });
});
