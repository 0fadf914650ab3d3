import { connect, constants } from 'node:http2';
import type { ClientHttp2Session, ClientHttp2Stream } from 'node:http2';
import { PROBE_USER_AGENT } from './http-probe.js';
import type { ProbeResult } from './probe-handler.js';
import { failure, success } from './probe-handler.js';
import { timeoutSignal } from '../../../objects/timeout-signal.js';

/** `grpc.health.v1.HealthCheckResponse.ServingStatus` */
const SERVING = 1;
const STATUS_NAMES = ['UNKNOWN', 'SERVING', 'NOT_SERVING', 'SERVICE_UNKNOWN'];
const MOST_ANSWER_BYTES = 64 * 1024;

/**
 * Asks `grpc.health.v1.Health/Check` over HTTP/2 without TLS, as kubelets do. The two messages of that protocol have
 * one field each, so they are written by hand.
 */
export const probeGrpc = async (
  host: string,
  port: number,
  service: string,
  timeoutMs: number,
  signal: AbortSignal,
): Promise<ProbeResult> => {
  const authority = `http://${host.includes(':') ? `[${host}]` : host}:${port}`;
  const limited = AbortSignal.any([signal, timeoutSignal(timeoutMs)]);
  const session = connect(authority);
  try {
    const answer = await check(session, service, timeoutMs, limited);
    return judge(answer);
  } catch (error) {
    if (signal.aborted) throw error;
    const what = limited.aborted ? `within ${timeoutMs / 1000}s: context deadline exceeded` : String(error);
    return failure(`timeout: failed to connect service "${host}:${port}" ${what}`);
  } finally {
    session.destroy();
  }
};

interface Answer {
  readonly grpcStatus: number;
  readonly grpcMessage: string;
  readonly servingStatus: number;
}

const judge = (answer: Answer): ProbeResult => {
  if (answer.grpcStatus === 12)
    return failure('error: this server does not implement the grpc health protocol (grpc.health.v1.Health)');
  if (answer.grpcStatus !== 0)
    return failure(`error: health rpc failed: rpc error: code = ${answer.grpcStatus} desc = ${answer.grpcMessage}`);
  if (answer.servingStatus === SERVING) return success('service healthy');
  const name = STATUS_NAMES[answer.servingStatus] ?? String(answer.servingStatus);
  return failure(`service unhealthy (responded with "${name}")`);
};

const check = (session: ClientHttp2Session, service: string, timeoutMs: number, signal: AbortSignal): Promise<Answer> =>
  new Promise((resolve, reject) => {
    session.once('error', reject);
    if (signal.aborted) {
      reject(new Error('aborted'));
      return;
    }
    signal.addEventListener('abort', () => reject(new Error('aborted')), { once: true });
    const stream = session.request({
      [constants.HTTP2_HEADER_METHOD]: 'POST',
      [constants.HTTP2_HEADER_PATH]: '/grpc.health.v1.Health/Check',
      'content-type': 'application/grpc',
      te: 'trailers',
      'user-agent': PROBE_USER_AGENT,
      'grpc-timeout': `${timeoutMs}m`,
    });
    stream.once('error', reject);
    readAnswer(stream, resolve);
    stream.end(requestFrame(service));
  });

const readAnswer = (stream: ClientHttp2Stream, resolve: (answer: Answer) => void): void => {
  const chunks: Buffer[] = [];
  let size = 0;
  let status: string | undefined;
  let message = '';
  const note = (headers: Readonly<Record<string, string | string[] | undefined>>): void => {
    const given = headers['grpc-status'];
    if (given === undefined) return;
    status = String(given);
    message = decodeURIComponent(String(headers['grpc-message'] ?? ''));
  };
  // A server that fails at once sends the status in the headers, otherwise it comes in the trailers.
  stream.on('response', (headers) => note(headers as Record<string, string>));
  stream.on('trailers', (headers) => note(headers as Record<string, string>));
  stream.on('data', (chunk: Buffer) => {
    size += chunk.length;
    if (size <= MOST_ANSWER_BYTES) chunks.push(chunk);
  });
  stream.on('end', () => {
    const grpcStatus = Number(status ?? 2);
    resolve({ grpcStatus, grpcMessage: message, servingStatus: servingStatus(Buffer.concat(chunks)) });
  });
};

/** One message: a byte for compression, four for the length, then field 1 (`service`) if it is not empty. */
const requestFrame = (service: string): Buffer => {
  const name = Buffer.from(service, 'utf8');
  const body = name.length === 0 ? name : Buffer.concat([Buffer.from([0x0a, ...varint(name.length)]), name]);
  const header = Buffer.alloc(5);
  header.writeUInt32BE(body.length, 1);
  return Buffer.concat([header, body]);
};

const varint = (value: number): readonly number[] => {
  const bytes: number[] = [];
  for (let rest = value; ; rest >>>= 7) {
    if (rest < 0x80) return [...bytes, rest];
    bytes.push((rest & 0x7f) | 0x80);
  }
};

/** Field 1 (`status`) of the answer; 0 when it is left away. */
const servingStatus = (frame: Buffer): number => (frame.length >= 7 && frame[5] === 0x08 ? (frame[6] ?? 0) : 0);
