import assert from 'node:assert/strict';
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import pino from 'pino';
import { startServer } from '../../../src/cli/server/start-server.js';
import { realTool } from '../../components/components.js';
import { startControlPlane } from './control-plane.js';

export interface Ran {
  readonly code: number | null;
  readonly out: string;
  readonly err: string;
}

export interface RunOptions {
  /** Given to the command on its standard input. */
  readonly input?: string;
  readonly env?: Readonly<Record<string, string>>;
  /** Ended after so many milliseconds; its output until then counts. */
  readonly forMs?: number;
}

interface Closeable {
  /** The kubeconfig of its administrator. */
  readonly kubeconfig: string;
  close(): Promise<void>;
}

/** The real kubectl against a server of this process. */
export class KubectlUnderTest {
  private constructor(
    readonly folder: string,
    private readonly server: Closeable,
    private readonly executable: string,
  ) {}

  /** Against a cluster in which pods stay as they were made: see `startControlPlane`. */
  static async startWithoutNode(): Promise<KubectlUnderTest> {
    const executable = await realTool('kubectl');
    const folder = mkdtempSync(join(tmpdir(), 'fairlead-kubectl-'));
    return new KubectlUnderTest(folder, await startControlPlane(folder), executable);
  }

  /** With a node that runs processes. */
  static async start(): Promise<KubectlUnderTest> {
    const executable = await realTool('kubectl');
    const folder = mkdtempSync(join(tmpdir(), 'fairlead-kubectl-'));
    const server = await startServer({
      dataDir: join(folder, 'data'),
      runtime: 'process',
      nodes: 1,
      apiPort: 0,
      webPort: 0,
      ingressPort: 0,
      log: pino({ level: process.env['TEST_LOG'] ?? 'silent' }),
    });
    return new KubectlUnderTest(folder, server, executable);
  }

  async stop(): Promise<void> {
    await this.server.close();
    rmSync(this.folder, { recursive: true, force: true });
  }

  /** A manifest as a file; its path. */
  file(name: string, text: string): string {
    const path = join(this.folder, name);
    writeFileSync(path, text);
    return path;
  }

  get kubeconfig(): string {
    return this.server.kubeconfig;
  }

  /** Runs one command; arguments are separated by single spaces, those that contain spaces stand in single quotes. */
  run(command: string | readonly string[], options: RunOptions = {}): Promise<Ran> {
    const args = typeof command === 'string' ? argumentsOf(command) : command;
    return new Promise((resolve) => {
      const env = { PATH: process.env['PATH'] ?? '', HOME: this.folder, KUBECONFIG: this.kubeconfig, ...options.env };
      const child = spawn(this.executable, args, { env });
      const timer = options.forMs === undefined ? undefined : setTimeout(() => child.kill('SIGTERM'), options.forMs);
      let [out, err] = ['', ''];
      child.stdout.on('data', (chunk: Buffer) => {
        out += chunk.toString('utf8');
      });
      child.stderr.on('data', (chunk: Buffer) => {
        err += chunk.toString('utf8');
      });
      child.once('close', (code) => {
        clearTimeout(timer);
        resolve({ code, out: out.trimEnd(), err: err.trimEnd() });
      });
      // A command may end before its input.
      child.stdin.on('error', () => undefined).end(options.input ?? '');
    });
  }

  /**
   * Uses a command that runs until it is ended: as soon as its output has what is looked for. Returns what `use` does.
   * Given input is written and left open.
   */
  async while<T>(
    command: string,
    ready: RegExp,
    use: (found: RegExpExecArray, say: (text: string) => void) => Promise<T>,
    options: RunOptions = {},
  ): Promise<T> {
    const env = { PATH: process.env['PATH'] ?? '', HOME: this.folder, KUBECONFIG: this.kubeconfig, ...options.env };
    const child = spawn(this.executable, argumentsOf(command), { env });
    const ended = once(child, 'close');
    child.stdin.on('error', () => undefined);
    if (options.input !== undefined) child.stdin.write(options.input);
    try {
      const found = await new Promise<RegExpExecArray>((resolve, reject) => {
        let text = '';
        const look = (chunk: Buffer): void => {
          text += chunk.toString('utf8');
          const match = ready.exec(text);
          if (match !== null) resolve(match);
        };
        child.stdout.on('data', look);
        child.stderr.on('data', look);
        child.once('close', () => reject(new Error(`kubectl ${command} ended: ${text}`)));
      });
      return await use(found, (text) => child.stdin.write(text));
    } finally {
      child.kill('SIGTERM');
      await ended;
    }
  }

  /** The output of a command that must succeed. */
  async ok(command: string | readonly string[], options: RunOptions = {}): Promise<string> {
    const { code, out, err } = await this.run(command, options);
    assert.equal(code, 0, `kubectl ${[command].flat().join(' ')}\n${out}\n${err}`);
    return out;
  }

  /** What a command that must fail says. */
  async fails(command: string | readonly string[], options: RunOptions = {}): Promise<string> {
    const { code, out, err } = await this.run(command, options);
    assert.notEqual(code, 0, `kubectl ${[command].flat().join(' ')} succeeded:\n${out}`);
    return err;
  }

  /** What the server holds, through a Go template: `is('pods', '{{len .items}}', '0')`. Several resources go by one text. */
  async is(resource: string, template: string, expected: string | RegExp): Promise<void> {
    const found = await this.ok([...argumentsOf(`get ${resource}`), `--output=go-template=${template}`]);
    if (typeof expected === 'string') assert.equal(found, expected, `${resource} ${template}`);
    else assert.match(found, expected, `${resource} ${template}`);
  }

  /** The same, as soon as it is so; fails when that takes half a minute. */
  async becomes(resource: string, template: string, expected: string | RegExp): Promise<void> {
    const deadline = Date.now() + 30_000;
    const args = [...argumentsOf(`get ${resource}`), `--output=go-template=${template}`];
    for (;;) {
      const { out } = await this.run(args);
      if (typeof expected === 'string' ? out === expected : expected.test(out)) return;
      if (Date.now() > deadline) return this.is(resource, template, expected);
      await new Promise((resolve) => setTimeout(resolve, 100));
    }
  }

  /** The managers of an object's fields. */
  async managers(resource: string): Promise<readonly string[]> {
    const args = `get ${resource} --show-managed-fields --output=jsonpath={.metadata.managedFields[*].manager}`;
    return (await this.ok(args)).split(' ');
  }

  /** A namespace of its own for a test file. */
  async namespace(name: string): Promise<void> {
    await this.ok(`create namespace ${name}`);
    await this.ok(`config set-context --current --namespace=${name}`);
    await this.ok(`wait --for=jsonpath={.metadata.name}=default serviceaccount/default --timeout=10s`).catch(() => '');
  }
}

const argumentsOf = (command: string): string[] =>
  (command.match(/(?:'[^']*'|[^\s'])+/g) ?? []).map((argument) => argument.replaceAll("'", ''));

/** The names of the items of a list, in a Go template. */
export const NAMES = '{{range .items}}{{.metadata.name}}:{{end}}';

/** The first lines of a text, each with its columns separated by one space. */
export const columns = (text: string): string[] =>
  text.split('\n').map((line) => line.trimEnd().replaceAll(/ {2,}/g, ' '));
