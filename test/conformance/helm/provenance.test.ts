import assert from 'node:assert/strict';
import { execFile } from 'node:child_process';
import { cp, mkdir, mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { generateKey } from 'openpgp';
import { templateCommand } from '../../../src/cli/commands/template.js';
import { templateText } from '../../../src/cli/template/run-template.js';
import { realTool } from '../../components/components.js';

const run = promisify(execFile);

describe('archives that helm package --sign signed', function () {
  this.timeout(60_000);
  let helm: string;
  let folder: string;
  const at = (...names: string[]): string => join(folder, ...names);
  const archive = 'web-1.0.0.tgz';

  before(async () => {
    helm = await realTool('helm');
    folder = await mkdtemp(join(tmpdir(), 'fairlead-provenance-'));
    await mkdir(at('web', 'templates'), { recursive: true });
    await writeFile(at('web', 'Chart.yaml'), 'apiVersion: v2\nname: web\nversion: 1.0.0\n');
    await writeFile(at('web', 'templates', 'a.yaml'), 'a: {{ .Chart.Version }}\n');
    for (const [name, type] of [
      ['one', 'rsa'],
      ['two', 'ecc'],
    ] as const) {
      const { privateKey, publicKey } = await generateKey({
        type,
        rsaBits: 2048,
        userIDs: [{ name }],
        format: 'binary',
        date: new Date(Date.now() - 60_000),
      });
      await writeFile(at(`${name}.sec`), privateKey);
      await writeFile(at(`${name}.pub`), publicKey);
      const flags = ['--sign', '--key', name, '--keyring', at(`${name}.sec`), '-d', at(name)];
      await run(helm, ['package', at('web'), ...flags]);
    }
  });

  after(async () => {
    if (folder !== undefined) await rm(folder, { recursive: true, force: true });
  });

  const ofHelm = async (args: readonly string[]): Promise<string> => {
    try {
      return (await run(helm, ['template', 'r', ...args])).stdout;
    } catch (error) {
      return (error as { stderr: string }).stderr.replace(/^Error: /, '').trim();
    }
  };
  const ofFairlead = async (args: readonly string[]): Promise<string> => {
    const command = templateCommand();
    const { operands } = command.parseOptions(['r', ...args]);
    try {
      return await templateText(operands, command.opts(), () => {});
    } catch (error) {
      return (error as Error).message;
    }
  };
  const alike = async (pattern: RegExp, ...args: string[]): Promise<void> => {
    const expected = await ofHelm(args);
    assert.equal(await ofFairlead(args), expected);
    assert.match(expected, pattern);
  };
  /** A copy of a signed chart with a file that was changed. */
  const changed = async (name: string, change: (text: string) => string, file = `${archive}.prov`): Promise<string> => {
    await cp(at('one'), at(name), { recursive: true });
    const text = await readFile(at(name, file), 'latin1');
    await writeFile(at(name, file), change(text), 'latin1');
    return at(name, archive);
  };

  it('are taken with a key of the ring', async () => {
    for (const name of ['one', 'two'])
      await alike(/a: 1\.0\.0/, at(name, archive), '--verify', '--keyring', at(`${name}.pub`));
  });

  it('are refused with the words of helm', async () => {
    const ring = ['--verify', '--keyring', at('one.pub')];
    await alike(/unknown entity/, at('two', archive), ...ring);
    await alike(
      /RSA verification failure/,
      await changed('text', (text) => text.replace('name: web', 'name: bew')),
      ...ring,
    );
    await alike(/sha256 sum does not match/, await changed('data', (text) => `${text} `, archive), ...ring);
    await alike(/signature block not found/, await changed('none', () => 'hello'), ...ring);
    await alike(/unpacked charts/, at('web'), ...ring);
    await alike(/must be a tgz file/, at('one.pub'), ...ring);
    await alike(/failed to load keyring: open/, at('one', archive), '--verify', '--keyring', at('nowhere'));
    await alike(/MSB/, at('one', archive), '--verify', '--keyring', at('web', 'Chart.yaml'));
    await rm(at('one', `${archive}.prov`));
    await alike(/could not load provenance file/, at('one', archive), ...ring);
  });
});
