import { spawn } from 'node:child_process';
import { once } from 'node:events';
import type { IncomingMessage } from 'node:http';
import { Agent, request } from 'node:https';
import { createInterface } from 'node:readline';
import { fileURLToPath } from 'node:url';
import { kubeconfigFor } from '../../../src/cluster/auth/kubeconfig.js';

const SERVER = fileURLToPath(new URL('served-api.ts', import.meta.url));

export interface Reply {
  readonly code: number;
  readonly text: string;
}

/** The API server in a process of its own, on a data folder that outlives it. */
export class ApiProcess {
  private constructor(
    private readonly child: ReturnType<typeof spawn>,
    readonly port: number,
    private readonly token: string,
    private readonly authority: string,
  ) {}

  private readonly agent = new Agent({ keepAlive: true, rejectUnauthorized: false });

  /** Port 0, the default, takes a free one. */
  static async start(
    folder: string,
    { port: wanted = 0, maxWatchQueue }: { readonly port?: number; readonly maxWatchQueue?: number } = {},
  ): Promise<ApiProcess> {
    const more = maxWatchQueue === undefined ? [] : [String(maxWatchQueue)];
    const args = ['--import', 'tsx', SERVER, folder, String(wanted), ...more];
    const child = spawn(process.execPath, args, {
      stdio: ['ignore', 'pipe', 'inherit'],
    });
    const lines = createInterface({ input: child.stdout });
    const failed = once(child, 'exit').then(() => Promise.reject(new Error('the server ended while it started')));
    failed.catch(() => undefined);
    const [line] = (await Promise.race([once(lines, 'line'), failed])) as [string];
    const { port, token, authority } = JSON.parse(line) as Record<'token' | 'authority', string> & { port: number };
    return new ApiProcess(child, port, token, authority);
  }

  /** The text of a kubeconfig for its administrator. */
  get kubeconfig(): string {
    const { port, token, authority } = this;
    return kubeconfigFor({ server: `https://127.0.0.1:${port}`, authority, token });
  }

  get pid(): number {
    return this.child.pid ?? 0;
  }

  /** Without a word: what it had not made durable is gone. */
  async kill(): Promise<void> {
    if (this.child.exitCode === null && this.child.signalCode === null) {
      const ended = once(this.child, 'exit');
      this.child.kill('SIGKILL');
      await ended;
    }
    this.agent.destroy();
  }

  /** The beginning of an answer; its body is the caller's to read. `own` takes a connection of its own. */
  open(method: string, path: string, body?: object, own = false): Promise<IncomingMessage> {
    const text = body === undefined ? '' : JSON.stringify(body);
    return new Promise((resolve, reject) => {
      const sent = request(
        {
          host: '127.0.0.1',
          port: this.port,
          path,
          method,
          agent: own ? false : this.agent,
          rejectUnauthorized: false,
          headers: {
            authorization: `Bearer ${this.token}`,
            'content-type': 'application/json',
            'content-length': Buffer.byteLength(text),
          },
        },
        resolve,
      );
      sent.once('error', reject);
      sent.end(text);
    });
  }

  /** One request with its whole answer; rejects when the server dies meanwhile. */
  async ask(method: string, path: string, body?: object): Promise<Reply> {
    const answer = await this.open(method, path, body);
    let text = '';
    answer.setEncoding('utf8');
    for await (const chunk of answer as AsyncIterable<string>) text += chunk;
    return { code: answer.statusCode ?? 0, text };
  }
}
