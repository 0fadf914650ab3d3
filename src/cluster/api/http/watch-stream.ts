import type { ObjectWatch } from '../operations/watch.js';
import type { WatchFrame } from '../operations/watch-frames.js';
import { sendSoon } from './fan-out.js';
import type { FrameEncoder } from './watch-encoding.js';

/** A client that reads nothing for so long is gone, or as good as gone. */
const STALLED_MS = 60_000;

/** Where the frames of a watch go: a response, or the messages of a websocket. */
export interface FrameSink {
  /** Takes what the frames are written as. False: nothing more until `drained`. */
  send(frames: readonly (readonly Uint8Array[])[]): boolean;
  /** Calls back when more can be sent, or the client is gone. */
  onDrain(callback: () => void): void;
  onClose(callback: () => void): void;
  isClosed(): boolean;
  /** After everything that was sent. */
  end(): void;
  /** At once. */
  destroy(): void;
}

interface StreamOptions {
  /** How long the watch lasts. */
  readonly lastsMs: number;
  /** Ends the watch: the server closes. */
  readonly signal: AbortSignal;
  readonly stalledMs?: number;
}

/**
 * Sends frames as they come, and waits while the client does not read: what piles up meanwhile piles up in the store's
 * queue, which has a limit and ends the watch. The connection of a client that reads nothing for long is closed.
 * Resolves when the watch is over.
 */
export const streamWatch = (
  sink: FrameSink,
  watch: ObjectWatch,
  encoder: FrameEncoder,
  options: StreamOptions,
): Promise<void> =>
  new Promise((resolve) => {
    new WatchStream(sink, watch, encoder, options, resolve).start();
  });

class WatchStream {
  /** True while frames are being converted, or the client has to read first. */
  #isWaiting = false;
  #isOver = false;
  #isLast = false;
  #timer: NodeJS.Timeout | undefined;
  #stalled: NodeJS.Timeout | undefined;

  constructor(
    private readonly sink: FrameSink,
    private readonly watch: ObjectWatch,
    private readonly encoder: FrameEncoder,
    private readonly options: StreamOptions,
    private readonly resolve: () => void,
  ) {}

  start(): void {
    const { sink, watch, options } = this;
    watch.onReady = () => sendSoon(this.#pump);
    sink.onClose(this.#finish);
    // In whole seconds: timers of the same length share one queue.
    this.#timer = setTimeout(this.#end, Math.ceil(options.lastsMs / 1000) * 1000);
    this.#timer.unref();
    options.signal.addEventListener('abort', this.#end, { once: true });
    if (sink.isClosed()) this.#finish();
    else if (options.signal.aborted) this.#end();
    else this.#pump();
  }

  /** Sends until there is nothing more, or the client has to read first. */
  readonly #pump = (): void => {
    try {
      while (!this.#isWaiting && !this.#isOver) {
        const frames = this.watch.take();
        if (frames instanceof Promise) {
          this.#isWaiting = true;
          frames.then(this.#resume, this.#fail);
          return;
        }
        if (frames.length === 0) break;
        this.#send(frames);
      }
      if (this.#isLast && !this.#isWaiting) this.#close();
    } catch (error) {
      this.#fail(error);
    }
  };

  readonly #resume = (frames: readonly WatchFrame[]): void => {
    this.#isWaiting = false;
    if (this.#isOver) return;
    try {
      this.#send(frames);
    } catch (error) {
      this.#fail(error);
      return;
    }
    this.#pump();
  };

  #send(frames: readonly WatchFrame[]): void {
    if (frames.length === 0 || this.sink.send(frames.map((frame) => this.encoder.encode(frame)))) return;
    this.#isWaiting = true;
    this.#stalled = setTimeout(() => this.sink.destroy(), this.options.stalledMs ?? STALLED_MS);
    this.#stalled.unref();
    this.sink.onDrain(() => {
      clearTimeout(this.#stalled);
      this.#isWaiting = false;
      this.#pump();
    });
  }

  readonly #fail = (error: unknown): void => {
    if (!this.#isOver && !this.sink.isClosed()) this.sink.send([[this.encoder.encodeError(error)]]);
    this.#close();
  };

  /** Its time is over: a last bookmark tells from where to go on. */
  readonly #end = (): void => {
    this.#isLast = true;
    this.watch.remind();
    sendSoon(this.#pump);
  };

  #close(): void {
    this.sink.end();
    this.#finish();
  }

  readonly #finish = (): void => {
    if (this.#isOver) return;
    this.#isOver = true;
    clearTimeout(this.#timer);
    clearTimeout(this.#stalled);
    this.options.signal.removeEventListener('abort', this.#end);
    this.watch.close();
    this.resolve();
  };
}
