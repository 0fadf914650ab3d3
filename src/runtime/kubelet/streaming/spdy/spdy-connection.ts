import { Duplex } from 'node:stream';
import type { Frame } from './frames.js';
import { controlFrame, dataFrame, FLAG_FIN, FRAME, FrameParser, words } from './frames.js';
import type { SpdyHeaders } from './headers.js';
import { HeaderReader, HeaderWriter } from './headers.js';

/** Streams that one client may have open at once. */
const MOST_STREAMS = 1000;
const CANCEL = 5;
const PROTOCOL_ERROR = 1;
const MOST_DATA_BYTES = 16 * 1024;

/** One stream of a connection: what the client sends is read from it, what is written goes to the client. */
export class SpdyStream extends Duplex {
  constructor(
    readonly id: number,
    readonly headers: SpdyHeaders,
    private readonly connection: SpdyConnection,
  ) {
    super({ allowHalfOpen: true });
  }

  override _read(): void {
    this.connection.resume(this);
  }

  override _write(chunk: Buffer, _encoding: string, done: (error?: Error | null) => void): void {
    this.connection.sendData(this.id, chunk, done);
  }

  override _final(done: (error?: Error | null) => void): void {
    this.connection.sendEnd(this.id, done);
  }

  override _destroy(error: Error | null, done: (error?: Error | null) => void): void {
    this.connection.drop(this, error !== null || !this.writableFinished);
    done(error);
  }
}

/**
 * The server's side of a SPDY/3.1 connection over any byte stream. Clients open the streams. There is no flow control
 * between streams, as the clients of Kubernetes know none: a stream that is not read stops the whole connection.
 */
export class SpdyConnection {
  readonly #streams = new Map<number, SpdyStream>();
  readonly #parser = new FrameParser();
  readonly #reader = new HeaderReader();
  readonly #writer = new HeaderWriter();
  readonly #waiting = new Set<SpdyStream>();
  /** Header blocks must be read and written in the order of their frames. */
  #queue: Promise<void> = Promise.resolve();
  #closed = false;

  constructor(
    private readonly transport: Duplex,
    /** False refuses the stream. */
    private readonly onStream: (stream: SpdyStream) => boolean,
  ) {
    transport.on('data', (chunk: Buffer) => this.#receive(chunk));
    transport.once('error', () => this.close());
    transport.once('close', () => this.close());
    transport.once('end', () => this.close());
  }

  get closed(): boolean {
    return this.#closed;
  }

  close(): void {
    if (this.#closed) return;
    this.#closed = true;
    for (const stream of this.#streams.values()) stream.destroy();
    this.#streams.clear();
    this.#reader.close();
    this.#writer.close();
    // What was written before still goes out.
    this.transport.end();
  }

  /** What came is not SPDY. */
  #break(): void {
    this.close();
    this.transport.destroy();
  }

  sendData(streamId: number, chunk: Buffer, done: (error?: Error | null) => void): void {
    for (let offset = 0; offset < chunk.length; offset += MOST_DATA_BYTES) {
      const last = offset + MOST_DATA_BYTES >= chunk.length;
      this.#send(dataFrame(streamId, 0, chunk.subarray(offset, offset + MOST_DATA_BYTES)), last ? done : undefined);
    }
    if (chunk.length === 0) done();
  }

  sendEnd(streamId: number, done: (error?: Error | null) => void): void {
    this.#send(dataFrame(streamId, FLAG_FIN, Buffer.alloc(0)), done);
  }

  drop(stream: SpdyStream, reset: boolean): void {
    this.#waiting.delete(stream);
    if (this.#streams.delete(stream.id) && reset && !this.#closed) this.#reset(stream.id, CANCEL);
    this.#resumeTransport();
  }

  /** The stream is being read again. */
  resume(stream: SpdyStream): void {
    this.#waiting.delete(stream);
    this.#resumeTransport();
  }

  #resumeTransport(): void {
    if (this.#waiting.size === 0 && this.transport.isPaused()) this.transport.resume();
  }

  #send(frame: Buffer, done?: (error?: Error | null) => void): void {
    if (this.transport.destroyed || this.transport.writableEnded) {
      done?.(new Error('the connection is closed'));
      return;
    }
    this.transport.write(frame, (error) => done?.(error));
  }

  #reset(streamId: number, status: number): void {
    this.#send(controlFrame(FRAME.rstStream, 0, words(streamId, status)));
  }

  #receive(chunk: Buffer): void {
    try {
      for (const frame of this.#parser.push(chunk)) this.#queue = this.#queue.then(() => this.#handle(frame));
      this.#queue.catch(() => this.#break());
    } catch {
      this.#break();
    }
  }

  async #handle(frame: Frame): Promise<void> {
    if (this.#closed) return;
    if (frame.kind === 'data') {
      this.#handleData(frame.streamId, frame.payload, (frame.flags & FLAG_FIN) !== 0);
      return;
    }
    switch (frame.type) {
      case FRAME.synStream:
        await this.#handleSynStream(frame.payload, (frame.flags & FLAG_FIN) !== 0);
        return;
      case FRAME.headers:
        // Read for the state of the compression only.
        await this.#reader.read(frame.payload.subarray(4));
        return;
      case FRAME.rstStream:
        this.#streams.get(frame.payload.readUInt32BE(0))?.destroy();
        return;
      case FRAME.ping:
        this.#send(controlFrame(FRAME.ping, 0, frame.payload));
        return;
      case FRAME.goAway:
        return;
      default:
    }
  }

  async #handleSynStream(payload: Buffer, ended: boolean): Promise<void> {
    const id = payload.readUInt32BE(0) & 0x7fff_ffff;
    const headers = await this.#reader.read(payload.subarray(10));
    if (this.#streams.has(id) || this.#streams.size >= MOST_STREAMS) {
      this.#reset(id, PROTOCOL_ERROR);
      return;
    }
    const stream = new SpdyStream(id, headers, this);
    stream.on('error', () => undefined);
    this.#streams.set(id, stream);
    const block = await this.#writer.write(new Map());
    this.#send(controlFrame(FRAME.synReply, 0, Buffer.concat([words(id), block])));
    if (!this.onStream(stream)) {
      stream.destroy(new Error('refused'));
      return;
    }
    if (ended) stream.push(null);
  }

  #handleData(streamId: number, payload: Buffer, ended: boolean): void {
    const stream = this.#streams.get(streamId & 0x7fff_ffff);
    if (stream === undefined || stream.destroyed || stream.readableEnded) return;
    if (payload.length > 0 && !stream.push(Buffer.from(payload))) {
      this.#waiting.add(stream);
      this.transport.pause();
    }
    if (ended) stream.push(null);
  }
}
