import { createSocket } from 'node:dgram';
import { readFileSync } from 'node:fs';
import { isIPv6 } from 'node:net';

const TIMEOUT_MS = 2000;

/** The name servers that this machine uses. */
export const hostNameServers = (path = '/etc/resolv.conf'): readonly string[] => {
  try {
    return readFileSync(path, 'utf8')
      .split('\n')
      .map((line) => /^\s*nameserver\s+(\S+)/.exec(line)?.[1])
      .filter((server) => server !== undefined);
  } catch {
    return [];
  }
};

/** Asks one server after the other and returns the first answer as it came; undefined when none answers. */
export const askUpstream = async (servers: readonly string[], query: Buffer): Promise<Buffer | undefined> => {
  for (const server of servers) {
    const answer = await askOne(server, query);
    if (answer !== undefined) return answer;
  }
  return undefined;
};

const askOne = (server: string, query: Buffer): Promise<Buffer | undefined> =>
  new Promise((resolve) => {
    const socket = createSocket(isIPv6(server) ? 'udp6' : 'udp4');
    const end = (answer: Buffer | undefined): void => {
      clearTimeout(timer);
      socket.close();
      resolve(answer);
    };
    const timer = setTimeout(() => end(undefined), TIMEOUT_MS);
    socket.once('error', () => end(undefined));
    socket.on('message', (answer) => {
      // The same question's number, or it is somebody else's answer.
      if (answer.length >= 12 && answer.readUInt16BE(0) === query.readUInt16BE(0)) end(answer);
    });
    socket.connect(53, server, () => socket.send(query));
  });
