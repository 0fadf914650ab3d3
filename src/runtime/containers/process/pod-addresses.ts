import { createHash } from 'node:crypto';
import { readFileSync } from 'node:fs';
import { createServer } from 'node:net';
import { platform } from 'node:process';

/** Pods get addresses from 127.64.0.0/11; 127.96.0.0/16 and above is left to Services. */
const FIRST = 127 * 2 ** 24 + 64 * 2 ** 16;
const COUNT = 32 * 2 ** 16;

const text = (address: number): string =>
  [address >>> 24, (address >>> 16) & 0xff, (address >>> 8) & 0xff, address & 0xff].join('.');

/** Whether the system lets programs listen on loopback addresses other than 127.0.0.1: Linux does, macOS does not. */
export const hasLoopbackRange = (): Promise<boolean> =>
  new Promise((resolve) => {
    const server = createServer();
    server.once('error', () => resolve(false));
    server.listen(0, '127.64.0.1', () => server.close(() => resolve(true)));
  });

/** Loopback addresses on which some program listens, of whoever it is; empty where the system does not tell. */
const listenedOn = (): ReadonlySet<string> => {
  const found = new Set<string>();
  if (platform !== 'linux') return found;
  for (const line of readFileSync('/proc/net/tcp', 'utf8').split('\n').slice(1)) {
    const local = /^\s*\d+: ([0-9A-F]{8}):/.exec(line)?.[1];
    if (local?.endsWith('7F') === true) {
      const bytes = Buffer.from(local, 'hex');
      found.add([bytes[3], bytes[2], bytes[1], bytes[0]].join('.'));
    }
  }
  return found;
};

/**
 * An address for a pod that no other pod of this runtime has (`used`) and nobody on this machine listens on. Each
 * runtime begins at a place of its own in the range, given by its root folder, so that two of them stay apart; `after`
 * is the address given last: addresses are reused as late as possible.
 */
export const allocateAddress = (root: string, used: ReadonlySet<string>, after: string | undefined): string => {
  const busy = listenedOn();
  const start =
    after === undefined
      ? createHash('sha256').update(root).digest().readUInt32BE(0) % COUNT
      : (after.split('.').reduce((sum, part) => sum * 256 + Number(part), 0) - FIRST + 1) % COUNT;
  for (let step = 0; step < COUNT; step++) {
    const offset = (start + step) % COUNT;
    const last = offset & 0xff;
    if (last === 0 || last === 255) continue;
    const address = text(FIRST + offset);
    if (!used.has(address) && !busy.has(address)) return address;
  }
  throw new Error('every loopback address is in use');
};
