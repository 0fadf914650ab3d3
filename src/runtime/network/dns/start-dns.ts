import { randomInt } from 'node:crypto';
import type { Socket } from 'node:dgram';
import { createSocket } from 'node:dgram';
import type { AddressInfo, Server } from 'node:net';
import { createServer } from 'node:net';
import type { Answer, DecodedPacket, Question } from 'dns-packet';
import dnsPacket from 'dns-packet';
import type { Logger } from 'pino';
import type { InformerSet } from '../../../cluster/client/informer.js';
import { listenFailure } from '../listen-failure.js';
import type { ServiceEndpoints } from '../service-endpoints.js';
import { ClusterRecords } from './cluster-records.js';
import { askUpstream, hostNameServers } from './upstream.js';

export interface DnsOptions {
  readonly informers: InformerSet;
  readonly endpoints: ServiceEndpoints;
  /** Where pods ask: this machine's address on their bridge (`findPodGateway`). */
  readonly host: string;
  /** 53, which needs root; 0: any free port. */
  readonly port: number;
  /** Default: `cluster.local`. */
  readonly domain?: string;
  /** Who answers other names. Default: the name servers of this machine. */
  readonly upstream?: readonly string[];
  readonly log: Logger;
}

/** The running name server. */
export interface DnsServer {
  readonly host: string;
  readonly port: number;
  close(): Promise<void>;
}

const SERVFAIL = 2;
const NXDOMAIN = 3;
const RESPONSE = 1 << 15;
/** What every client takes in one datagram. */
const DATAGRAM_BYTES = 512;
const IDLE_MS = 10_000;
/** A query over TCP is no longer than this. */
const QUERY_BYTES = 4096;

class ClusterDns {
  readonly #records: ClusterRecords;
  readonly #upstream: readonly string[];
  readonly #log: Logger;

  constructor(options: DnsOptions) {
    this.#records = new ClusterRecords(options.informers, options.endpoints, options.domain ?? 'cluster.local');
    // Not ourselves, or a question would go round for ever.
    this.#upstream = (options.upstream ?? hostNameServers()).filter((server) => server !== options.host);
    this.#log = options.log;
  }

  /** The answer to a query; undefined for what is no query. `limit`: bytes that the client takes. */
  async answer(query: Buffer, datagram: boolean): Promise<Buffer | undefined> {
    let packet: DecodedPacket;
    try {
      packet = dnsPacket.decode(query);
    } catch {
      return undefined;
    }
    const [question] = packet.questions ?? [];
    if (packet.type !== 'query' || question === undefined) return undefined;
    const resolution = this.#records.resolve(question);
    if (resolution.kind === 'foreign') {
      const answer = await askUpstream(this.#upstream, query);
      if (answer === undefined) this.#log.debug({ name: question.name }, 'no name server answers');
      return answer ?? reply(packet, { rcode: SERVFAIL });
    }
    if (resolution.kind === 'no-such-name') return reply(packet, { rcode: NXDOMAIN });
    const whole = reply(packet, { rcode: 0, answers: await this.#followed(question, resolution.answers) });
    const limit = datagram ? datagramLimit(packet) : Number.POSITIVE_INFINITY;
    // Asked again over TCP, the answer comes whole.
    return whole.length <= limit ? whole : reply(packet, { rcode: 0, truncated: true });
  }

  /** Clients take an alias's own records from the same answer: they do not ask again. */
  async #followed(question: Question, answers: readonly Answer[], depth = 0): Promise<readonly Answer[]> {
    const [alias] = answers;
    if (alias?.type !== 'CNAME' || question.type === 'CNAME' || depth === MOST_ALIASES) return answers;
    const next: Question = { ...question, name: alias.data };
    const resolution = this.#records.resolve(next);
    if (resolution.kind === 'found') {
      return [...answers, ...(await this.#followed(next, resolution.answers, depth + 1))];
    }
    if (resolution.kind === 'no-such-name') return answers;
    const flags = dnsPacket.RECURSION_DESIRED;
    const query = dnsPacket.encode({ type: 'query', id: randomInt(65_536), flags, questions: [next] });
    const answer = await askUpstream(this.#upstream, query);
    try {
      return answer === undefined ? answers : [...answers, ...(dnsPacket.decode(answer).answers ?? [])];
    } catch {
      return answers;
    }
  }
}

const MOST_ALIASES = 4;

const datagramLimit = (packet: DecodedPacket): number => {
  for (const record of packet.additionals ?? []) {
    if (record.type === 'OPT') return Math.max(DATAGRAM_BYTES, record.udpPayloadSize);
  }
  return DATAGRAM_BYTES;
};

const reply = (
  query: DecodedPacket,
  result: {
    readonly rcode: number;
    readonly answers?: readonly Answer[];
    readonly truncated?: boolean;
  },
): Buffer => {
  const flags =
    RESPONSE |
    dnsPacket.AUTHORITATIVE_ANSWER |
    dnsPacket.RECURSION_AVAILABLE |
    ((query.flags ?? 0) & dnsPacket.RECURSION_DESIRED) |
    (result.truncated === true ? dnsPacket.TRUNCATED_RESPONSE : 0) |
    result.rcode;
  return dnsPacket.encode({
    type: 'response',
    ...(query.id === undefined ? {} : { id: query.id }),
    flags,
    questions: query.questions ?? [],
    answers: [...(result.answers ?? [])],
  });
};

const listenDatagrams = (dns: ClusterDns, host: string, port: number): Promise<Socket> =>
  new Promise((resolve, reject) => {
    const socket = createSocket('udp4');
    socket.once('error', reject);
    socket.on('message', (query, client) => {
      void dns.answer(query, true).then((answer) => {
        // The client may be gone, and this server too.
        if (answer !== undefined) socket.send(answer, client.port, client.address, () => undefined);
      });
    });
    socket.bind(port, host, () => {
      socket.removeListener('error', reject);
      socket.on('error', () => undefined);
      resolve(socket);
    });
  });

const listenStreams = (dns: ClusterDns, host: string, port: number): Promise<Server> =>
  new Promise((resolve, reject) => {
    const server = createServer((socket) => {
      let received = Buffer.alloc(0);
      socket.setTimeout(IDLE_MS, () => socket.destroy());
      socket.on('error', () => socket.destroy());
      socket.on('data', (chunk: Buffer) => {
        received = Buffer.concat([received, chunk]);
        while (received.length >= 2 && received.length >= 2 + received.readUInt16BE(0)) {
          const end = 2 + received.readUInt16BE(0);
          void dns.answer(received.subarray(2, end), false).then((answer) => {
            if (answer === undefined) socket.destroy();
            else socket.write(Buffer.concat([lengthOf(answer), answer]));
          });
          received = received.subarray(end);
        }
        if (received.length > QUERY_BYTES) socket.destroy();
      });
    });
    server.once('error', reject);
    server.listen(port, host, () => resolve(server));
  });

const lengthOf = (message: Buffer): Buffer => {
  const bytes = Buffer.alloc(2);
  bytes.writeUInt16BE(message.length);
  return bytes;
};

/** Starts the cluster's name server. Rejects when it cannot listen; the error has the system's `code`. */
export const startDns = async (options: DnsOptions): Promise<DnsServer> => {
  const dns = new ClusterDns(options);
  const { host } = options;
  try {
    const streams = await listenStreams(dns, host, options.port);
    const { port } = streams.address() as AddressInfo;
    const datagrams = await listenDatagrams(dns, host, port).catch((error: unknown) => {
      streams.close();
      throw error;
    });
    return {
      host,
      port,
      close: async () => {
        await Promise.all([
          new Promise((resolve) => streams.close(resolve)),
          new Promise<void>((resolve) => datagrams.close(() => resolve())),
        ]);
      },
    };
  } catch (error) {
    throw listenFailure(host, options.port, 'names', error as NodeJS.ErrnoException);
  }
};
