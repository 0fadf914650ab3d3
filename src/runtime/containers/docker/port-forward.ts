import { spawn } from 'node:child_process';
import { existsSync } from 'node:fs';
import { connect } from 'node:net';
import { execPath, getuid } from 'node:process';
import { Duplex } from 'node:stream';
import { RuntimeFailure } from '../container-runtime.js';

const NSENTER_PATHS = ['/usr/bin/nsenter', '/bin/nsenter', '/usr/sbin/nsenter'];

/** The pod as far as it matters here. `pid`: of the sandbox's first process on the engine's machine. */
export interface ForwardTarget {
  readonly text: string;
  readonly ip: string | undefined;
  readonly pid: number;
}

/**
 * A connection to a port of the pod. Its address is dialled first; a program that listens on the pod's loopback only is
 * reached by a helper inside the pod's network namespace, which needs root on the engine's own (Linux) machine.
 */
export const forwardPort = async (target: ForwardTarget, port: number, signal: AbortSignal): Promise<Duplex> => {
  try {
    return await dial(target.ip ?? '127.0.0.1', port, signal);
  } catch (error) {
    signal.throwIfAborted();
    const nsenter = NSENTER_PATHS.find((path) => existsSync(path));
    const inside = target.ip !== undefined && getuid?.() === 0 && existsSync(`/proc/${target.pid}/ns/net`);
    if (!inside || nsenter === undefined) {
      const why = `a program that listens on the pod's loopback only can be reached when Fairlead is root, beside the engine`;
      throw failure(target, port, `${(error as Error).message}; ${why}`, error);
    }
    return dialInside(nsenter, target, port, signal);
  }
};

const failure = (target: ForwardTarget, port: number, reason: string, cause?: unknown): RuntimeFailure =>
  new RuntimeFailure('unavailable', `Cannot connect to port ${port} of pod ${target.text}: ${reason}`, { cause });

const dial = (host: string, port: number, signal: AbortSignal): Promise<Duplex> =>
  new Promise((resolve, reject) => {
    const socket = connect({ host, port, allowHalfOpen: true, signal });
    socket.once('connect', () => {
      socket.removeListener('error', reject);
      resolve(socket);
    });
    socket.once('error', reject);
  });

/**
 * The helper: connects to the port on loopback, tells so on standard error by one line, then passes bytes on. As text,
 * because it runs in a process of its own with nothing but Node.
 */
const HELPER = `
const socket = require('node:net').connect({ host: '127.0.0.1', port: Number(process.argv[1]), allowHalfOpen: true });
socket.on('error', (error) => { process.stderr.write('error ' + error.message + '\\n'); process.exitCode = 1; process.stdin.destroy(); });
socket.on('connect', () => { process.stderr.write('connected\\n'); process.stdin.pipe(socket); socket.pipe(process.stdout, { end: false }); });
socket.on('end', () => process.stdout.write('', () => process.exit(0)));
`;

const dialInside = (nsenter: string, target: ForwardTarget, port: number, signal: AbortSignal): Promise<Duplex> =>
  new Promise((resolve, reject) => {
    const args = [`--net=/proc/${target.pid}/ns/net`, execPath, '-e', HELPER, String(port)];
    const child = spawn(nsenter, args, { stdio: ['pipe', 'pipe', 'pipe'], env: {}, signal });
    child.once('error', (error) => reject(failure(target, port, error.message, error)));
    child.once('exit', () => reject(failure(target, port, 'the helper in the pod ended')));
    child.stderr.setEncoding('utf8');
    child.stderr.once('data', (line: string) => {
      if (!line.startsWith('connected')) {
        reject(failure(target, port, line.trim().replace(/^error /, '')));
        return;
      }
      const connection = Duplex.from({ readable: child.stdout, writable: child.stdin });
      // Destroyed by whoever got it, it ends with an error that nobody needs to hear of.
      connection.on('error', () => undefined);
      connection.once('close', () => child.kill('SIGKILL'));
      resolve(connection);
    });
  });
