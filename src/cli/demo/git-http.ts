import { execFile, spawn } from 'node:child_process';
import type { IncomingMessage, ServerResponse } from 'node:http';
import { env as processEnv } from 'node:process';
import { pipeline } from 'node:stream/promises';
import { promisify } from 'node:util';
import { CommandFailure } from '../exit-statuses.js';

/** What git needs of the machine, and nothing of its owner's configuration. */
export const gitEnvironment = (): NodeJS.ProcessEnv => ({
  PATH: processEnv['PATH'],
  HOME: '/nonexistent',
  GIT_CONFIG_NOSYSTEM: '1',
  GIT_CONFIG_GLOBAL: '/dev/null',
  GIT_TERMINAL_PROMPT: '0',
  GIT_AUTHOR_NAME: 'Demo',
  GIT_AUTHOR_EMAIL: 'demo@fairlead.example',
  GIT_COMMITTER_NAME: 'Demo',
  GIT_COMMITTER_EMAIL: 'demo@fairlead.example',
});

/** Fails when there is no git: only the demonstration needs one, to serve a repository and to push to it. */
export const requireGit = async (): Promise<void> => {
  try {
    await promisify(execFile)('git', ['--version'], { env: gitEnvironment() });
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code !== 'ENOENT') throw error;
    throw new CommandFailure('The demonstration needs git, and there is none on PATH. "fairlead up" needs none.');
  }
};

const headerOf = (request: IncomingMessage, name: string): string => {
  const value = request.headers[name];
  return typeof value === 'string' ? value : '';
};

/**
 * Serves the bare repositories of a folder over smart HTTP, with `git http-backend`. `path` is the request's path below
 * the folder: `/example.git/info/refs`. Resolves when the answer is sent, with whether it was a push.
 */
export const serveGit = async (
  root: string,
  path: string,
  request: IncomingMessage,
  response: ServerResponse,
): Promise<{ readonly pushed: boolean }> => {
  const url = new URL(request.url ?? '/', 'http://localhost');
  const backend = spawn('git', ['-c', 'http.receivepack=true', 'http-backend'], {
    stdio: ['pipe', 'pipe', 'ignore'],
    env: {
      ...gitEnvironment(),
      GIT_PROJECT_ROOT: root,
      GIT_HTTP_EXPORT_ALL: '1',
      PATH_INFO: path,
      QUERY_STRING: url.search.slice(1),
      REQUEST_METHOD: request.method ?? 'GET',
      CONTENT_TYPE: headerOf(request, 'content-type'),
      HTTP_CONTENT_ENCODING: headerOf(request, 'content-encoding'),
      GIT_PROTOCOL: headerOf(request, 'git-protocol'),
      REMOTE_ADDR: '127.0.0.1',
      REMOTE_USER: 'demo',
    },
  });
  // git may answer and end before it has read the whole request.
  const sending = pipeline(request, backend.stdin).catch(() => undefined);
  const ended = new Promise<void>((resolve, reject) => {
    backend.once('error', reject);
    backend.once('close', () => resolve());
  });
  await Promise.all([answer(backend.stdout, response), ended]);
  await sending;
  return { pushed: request.method === 'POST' && path.endsWith('/git-receive-pack') };
};

/** Turns a CGI answer (headers, an empty line, the body) into an HTTP answer. */
const answer = async (output: AsyncIterable<Buffer>, response: ServerResponse): Promise<void> => {
  let head: Buffer | undefined = Buffer.alloc(0);
  for await (const chunk of output) {
    if (head === undefined) {
      response.write(chunk);
      continue;
    }
    head = Buffer.concat([head, chunk]);
    const end = head.indexOf('\r\n\r\n');
    if (end < 0) continue;
    const { status = '200', ...headers } = parseHeaders(head.subarray(0, end).toString('latin1'));
    response.writeHead(Number.parseInt(status, 10), headers);
    response.write(head.subarray(end + 4));
    head = undefined;
  }
  if (head !== undefined) response.writeHead(500);
  response.end();
};

const parseHeaders = (text: string): Record<string, string> =>
  Object.fromEntries(
    text.split('\r\n').map((line) => {
      const colon = line.indexOf(':');
      return [line.slice(0, colon).toLowerCase(), line.slice(colon + 1).trim()];
    }),
  );
