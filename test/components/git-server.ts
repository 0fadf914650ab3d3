import { execFile, spawn } from 'node:child_process';
import { mkdir, mkdtemp, rm, writeFile } from 'node:fs/promises';
import type { IncomingMessage, ServerResponse } from 'node:http';
import { createServer } from 'node:http';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { promisify } from 'node:util';

const run = promisify(execFile);

/** How a server answers from now on. Everything is optional; the default is a well-behaved public server. */
export interface GitServerBehaviour {
  /** Asks for these credentials with basic authentication. */
  readonly credentials?: { readonly username: string; readonly password: string };
  /** Answers every request with this status and nothing else. */
  readonly status?: number;
  /** Accepts requests and never answers. */
  readonly silent?: boolean;
  /** Sends every request to this base URL with a 302. */
  readonly redirectTo?: string;
  /** Answers every request with an endless body. */
  readonly endless?: boolean;
}

/** One request that a server received, without its body. */
export interface GitRequest {
  readonly method: string;
  readonly path: string;
  readonly authorization: string | undefined;
}

/** A repository that a Git server serves, with the few commands that tests need. */
export interface TestRepository {
  /** The bare repository on disk. */
  readonly path: string;
  readonly url: string;
  /** Writes files (null removes one) and commits them on a branch; returns the commit's id. */
  commit(files: Readonly<Record<string, string | null>>, options?: CommitOptions): Promise<string>;
  /** Runs git in the work tree that commits are made in. */
  git(...args: readonly string[]): Promise<string>;
}

export interface CommitOptions {
  readonly message?: string;
  /** Default `main`; made from the present commit when it is not there. */
  readonly branch?: string;
  readonly tag?: string;
  /** Replaces the newest commit instead of adding one. */
  readonly amend?: boolean;
  /** Symbolic links: name to target. */
  readonly links?: Readonly<Record<string, string>>;
}

export interface GitServer extends AsyncDisposable {
  /** `http://127.0.0.1:<port>`. */
  readonly url: string;
  /** Every request so far, in order. */
  readonly requests: readonly GitRequest[];
  behave(behaviour: GitServerBehaviour): void;
  createRepository(name: string): Promise<TestRepository>;
  close(): Promise<void>;
}

/** Environment for git that ignores the configuration of the machine. */
const GIT_ENVIRONMENT: NodeJS.ProcessEnv = {
  PATH: process.env['PATH'],
  HOME: '/nonexistent',
  GIT_CONFIG_NOSYSTEM: '1',
  GIT_CONFIG_GLOBAL: '/dev/null',
  GIT_AUTHOR_NAME: 'Ada Author',
  GIT_AUTHOR_EMAIL: 'ada@example.com',
  GIT_COMMITTER_NAME: 'Carl Committer',
  GIT_COMMITTER_EMAIL: 'carl@example.com',
};

/** A real Git server (`git http-backend` behind Node's HTTP server) on a free port of 127.0.0.1; it accepts pushes. */
export const startGitServer = async (): Promise<GitServer> => {
  const root = await mkdtemp(join(tmpdir(), 'fairlead-git-'));
  const requests: GitRequest[] = [];
  let behaviour: GitServerBehaviour = {};
  const server = createServer((request, response) => {
    requests.push({
      method: request.method ?? '',
      path: request.url ?? '',
      authorization: request.headers.authorization,
    });
    if (misbehave(behaviour, request, response)) return;
    serveGit(root, request, response);
  });
  await new Promise<void>((resolve) => {
    server.listen(0, '127.0.0.1', resolve);
  });
  const address = server.address();
  const port = typeof address === 'object' && address !== null ? address.port : 0;
  const url = `http://127.0.0.1:${port}`;
  const close = async (): Promise<void> => {
    server.closeAllConnections();
    await new Promise<void>((resolve) => {
      server.close(() => {
        resolve();
      });
    });
    await rm(root, { recursive: true, force: true });
  };
  return {
    url,
    requests,
    behave: (next) => {
      behaviour = next;
    },
    createRepository: (name) => createRepository(root, url, name),
    close,
    [Symbol.asyncDispose]: close,
  };
};

/** Answers in the way that was asked for; true when it did. */
const misbehave = (behaviour: GitServerBehaviour, request: IncomingMessage, response: ServerResponse): boolean => {
  if (behaviour.silent === true) return true;
  if (behaviour.status !== undefined) {
    response.writeHead(behaviour.status).end('no');
    return true;
  }
  if (behaviour.redirectTo !== undefined) {
    response.writeHead(302, { location: behaviour.redirectTo + (request.url ?? '') }).end();
    return true;
  }
  if (behaviour.endless === true) {
    response.writeHead(200, { 'content-type': 'application/x-git-upload-pack-advertisement' });
    const packet = (line: string): string => `${(line.length + 4).toString(16).padStart(4, '0')}${line}`;
    const chunk = Buffer.from(packet(`${'0'.repeat(40)} refs/heads/endless\n`).repeat(10_000));
    response.write(`${packet('# service=git-upload-pack\n')}0000${packet(`${'0'.repeat(40)} HEAD\0agent=endless\n`)}`);
    const pump = (): void => {
      while (!response.destroyed && response.write(chunk));
      if (!response.destroyed) response.once('drain', pump);
    };
    pump();
    return true;
  }
  if (behaviour.credentials !== undefined) {
    const { username, password } = behaviour.credentials;
    const expected = `Basic ${Buffer.from(`${username}:${password}`).toString('base64')}`;
    if (request.headers.authorization !== expected) {
      response.writeHead(401, { 'www-authenticate': 'Basic realm="git"' }).end('credentials, please');
      return true;
    }
  }
  return false;
};

/** Speaks CGI with `git http-backend`. */
const serveGit = (root: string, request: IncomingMessage, response: ServerResponse): void => {
  const [path = '/', query = ''] = (request.url ?? '/').split('?');
  const backend = spawn('git', ['http-backend'], {
    env: {
      ...GIT_ENVIRONMENT,
      GIT_PROJECT_ROOT: root,
      GIT_HTTP_EXPORT_ALL: '1',
      REMOTE_USER: 'test',
      REQUEST_METHOD: request.method,
      PATH_INFO: decodeURIComponent(path),
      QUERY_STRING: query,
      CONTENT_TYPE: request.headers['content-type'] ?? '',
      HTTP_CONTENT_ENCODING: request.headers['content-encoding'] ?? '',
      GIT_PROTOCOL: String(request.headers['git-protocol'] ?? ''),
      ...(request.headers['content-length'] === undefined ? {} : { CONTENT_LENGTH: request.headers['content-length'] }),
    },
    stdio: ['pipe', 'pipe', 'ignore'],
  });
  backend.stdin.on('error', () => undefined);
  request.pipe(backend.stdin);
  let head = Buffer.alloc(0);
  const onHead = (chunk: Buffer): void => {
    head = Buffer.concat([head, chunk]);
    const end = head.indexOf('\r\n\r\n');
    if (end < 0) return;
    backend.stdout.off('data', onHead);
    let status = 200;
    for (const line of head.subarray(0, end).toString().split('\r\n')) {
      const colon = line.indexOf(':');
      const name = line.slice(0, colon);
      const value = line.slice(colon + 1).trim();
      if (name.toLowerCase() === 'status') status = Number.parseInt(value, 10);
      else response.setHeader(name, value);
    }
    response.writeHead(status);
    response.write(head.subarray(end + 4));
    backend.stdout.pipe(response);
  };
  backend.stdout.on('data', onHead);
  backend.on('error', () => response.destroy());
  backend.on('close', () => {
    if (!response.headersSent) response.writeHead(500).end();
  });
  response.on('close', () => backend.kill());
};

const createRepository = async (root: string, url: string, name: string): Promise<TestRepository> => {
  const path = join(root, `${name}.git`);
  const work = join(root, `${name}.work`);
  await run('git', ['init', '--quiet', '--bare', '--initial-branch=main', path], { env: GIT_ENVIRONMENT });
  await run('git', ['-C', path, 'config', 'http.receivepack', 'true'], { env: GIT_ENVIRONMENT });
  await run('git', ['-C', path, 'config', 'uploadpack.allowAnySHA1InWant', 'true'], { env: GIT_ENVIRONMENT });
  await run('git', ['clone', '--quiet', path, work], { env: GIT_ENVIRONMENT });
  const git = async (...args: readonly string[]): Promise<string> =>
    (await run('git', ['-C', work, ...args], { env: GIT_ENVIRONMENT, maxBuffer: 64 << 20 })).stdout.trim();
  const commit: TestRepository['commit'] = async (files, options = {}) => {
    const branch = options.branch ?? 'main';
    const current = await git('symbolic-ref', '--short', 'HEAD');
    if (current !== branch) {
      const known = await git('branch', '--list', branch);
      await git('switch', '--quiet', ...(known === '' ? ['-c'] : []), branch);
    }
    for (const [file, content] of Object.entries(files)) {
      const target = join(work, file);
      if (content === null) await rm(target, { recursive: true, force: true });
      else {
        await mkdir(dirname(target), { recursive: true });
        await writeFile(target, content);
      }
    }
    for (const [link, target] of Object.entries(options.links ?? {})) {
      await mkdir(dirname(join(work, link)), { recursive: true });
      await run('ln', ['-sfn', target, join(work, link)]);
    }
    await git('add', '--all');
    const amend = options.amend === true ? ['--amend'] : [];
    await git('commit', '--quiet', '--allow-empty', '--message', options.message ?? 'Change', ...amend);
    if (options.tag !== undefined) await git('tag', '--force', options.tag);
    await git('push', '--quiet', '--force', 'origin', branch, '--tags');
    return git('rev-parse', 'HEAD');
  };
  return { path, url: `${url}/${name}.git`, commit, git };
};
