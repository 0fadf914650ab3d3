import type { Duplex } from 'node:stream';
import {
  controlFrame,
  dataFrame,
  FLAG_FIN,
  FRAME,
  FrameParser,
  words,
} from '../../../src/runtime/kubelet/streaming/spdy/frames.js';
import { HeaderReader, HeaderWriter } from '../../../src/runtime/kubelet/streaming/spdy/headers.js';

/** The client's side of SPDY/3.1, as much of it as the tests need. */
export class SpdyClient {
  readonly #parser = new FrameParser();
  readonly #writer = new HeaderWriter();
  readonly #reader = new HeaderReader();
  readonly received = new Map<number, Buffer[]>();
  readonly replies: number[] = [];
  readonly ended = new Set<number>();
  readonly resets: number[] = [];
  #nextId = 1;
  readonly closed: Promise<void>;

  constructor(private readonly transport: Duplex) {
    transport.on('data', (chunk: Buffer) => this.#receive(chunk));
    this.closed = new Promise((resolve) => transport.once('close', () => resolve()));
    transport.on('error', () => undefined);
  }

  async open(headers: Readonly<Record<string, string>>): Promise<number> {
    const id = this.#nextId;
    this.#nextId += 2;
    const block = await this.#writer.write(new Map(Object.entries(headers)));
    const payload = Buffer.concat([words(id, 0), Buffer.from([0, 0]), block]);
    this.transport.write(controlFrame(FRAME.synStream, 0, payload));
    return id;
  }

  send(id: number, data: string): void {
    this.transport.write(dataFrame(id, 0, Buffer.from(data)));
  }

  end(id: number): void {
    this.transport.write(dataFrame(id, FLAG_FIN, Buffer.alloc(0)));
  }

  text(id: number): string {
    return Buffer.concat(this.received.get(id) ?? []).toString('utf8');
  }

  close(): void {
    this.#writer.close();
    this.#reader.close();
    this.transport.destroy();
  }

  /** Resolves when the server has ended the stream, or the connection. */
  async untilEnded(id: number): Promise<void> {
    while (!this.ended.has(id) && !this.transport.destroyed) {
      await new Promise<void>((resolve) => {
        const look = (): void => {
          this.transport.off('data', look);
          this.transport.off('close', look);
          resolve();
        };
        this.transport.on('data', look);
        this.transport.on('close', look);
      });
      await new Promise<void>((resolve) => {
        setImmediate(resolve);
      });
    }
  }

  #receive(chunk: Buffer): void {
    for (const frame of this.#parser.push(chunk)) {
      if (frame.kind === 'data') {
        this.received.set(frame.streamId, [...(this.received.get(frame.streamId) ?? []), frame.payload]);
        if ((frame.flags & FLAG_FIN) !== 0) this.ended.add(frame.streamId);
      } else if (frame.type === FRAME.synReply) {
        this.replies.push(frame.payload.readUInt32BE(0));
      } else if (frame.type === FRAME.rstStream) {
        this.resets.push(frame.payload.readUInt32BE(0));
        this.ended.add(frame.payload.readUInt32BE(0));
      }
    }
  }
}
