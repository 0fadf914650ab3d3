import assert from 'node:assert/strict';
import { execFile } from 'node:child_process';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { realTool } from '../../components/components.js';
import { KubectlUnderTest, type Ran } from '../kubectl/kubectl-under-test.js';

const HERE = fileURLToPath(new URL('.', import.meta.url));

/** A chart of this folder. */
export const chart = (name: string): string => join(HERE, 'charts', name);

export const OVERLAY = join(HERE, 'overlay');

/** The real helm, and kubectl beside it, against a server of this process with a node that runs processes. */
export class HelmUnderTest {
  private constructor(
    readonly kubectl: KubectlUnderTest,
    private readonly executable: string,
  ) {}

  static async start(): Promise<HelmUnderTest> {
    return new HelmUnderTest(await KubectlUnderTest.start(), await realTool('helm'));
  }

  stop(): Promise<void> {
    return this.kubectl.stop();
  }

  run(command: string | readonly string[]): Promise<Ran> {
    const args = typeof command === 'string' ? command.split(' ') : [...command];
    const { folder, kubeconfig } = this.kubectl;
    const env = { PATH: process.env['PATH'] ?? '', HOME: folder, KUBECONFIG: kubeconfig };
    return new Promise((resolve) => {
      const child = execFile(this.executable, args, { env, maxBuffer: 1 << 26 }, (_failed, out, err) => {
        resolve({ code: child.exitCode, out: out.trimEnd(), err: err.trimEnd() });
      });
    });
  }

  /** The output of a command that must succeed. */
  async ok(command: string | readonly string[]): Promise<string> {
    const { code, out, err } = await this.run(command);
    assert.equal(code, 0, `helm ${[command].flat().join(' ')}\n${out}\n${err}`);
    return out;
  }

  /** What a command that must fail says. */
  async fails(command: string | readonly string[]): Promise<string> {
    const { code, out, err } = await this.run(command);
    assert.notEqual(code, 0, `helm ${[command].flat().join(' ')} succeeded:\n${out}`);
    return err;
  }

  async json<T>(command: string): Promise<T> {
    return JSON.parse(await this.ok(`${command} -o json`)) as T;
  }
}
