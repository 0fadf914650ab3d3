import { MessageChannel, receiveMessageOnPort } from 'node:worker_threads';
import type { MessagePort } from 'node:worker_threads';
import type { Answer, Answers, Ask, Asked, Question } from '../outside.js';
import { OutsideError } from '../outside.js';

/** The worker's end of the line: questions go through the port, the shared number counts the answers. */
export interface QuestionPort {
  readonly port: MessagePort;
  readonly answered: SharedArrayBuffer;
}

interface Reply {
  readonly answer?: Answer;
  /** Why there is no answer. */
  readonly refused?: string;
}

/**
 * Asks from a worker and blocks its thread until the answer is there: templates are synchronous, and a worker has
 * nothing else to do meanwhile. Ending the thread ends the wait.
 */
export class Asker {
  readonly #port: MessagePort;
  readonly #answered: Int32Array;
  readonly #asked = new Map<string, { readonly asked: Asked; readonly reply: Reply }>();
  #waitedMs = 0;

  constructor({ port, answered }: QuestionPort) {
    this.#port = port;
    this.#answered = new Int32Array(answered);
  }

  /** Everything that was asked and answered, each question once. */
  asked(): readonly Asked[] {
    return [...this.#asked.values()].flatMap(({ asked, reply }) => (reply.answer === undefined ? [] : [asked]));
  }

  /** How long this thread has waited for answers. */
  get waitedMs(): number {
    return this.#waitedMs;
  }

  /** The same question has one answer for as long as the render runs. Throws OutsideError. */
  ask<A extends Ask>(question: Question & { readonly ask: A }): Answer<A> {
    const key = JSON.stringify(question);
    let known = this.#asked.get(key);
    if (known === undefined) {
      const reply = this.#send(question);
      known = { asked: { question, id: reply.answer?.id ?? '' }, reply };
      this.#asked.set(key, known);
    }
    const { answer, refused = 'there is no answer' } = known.reply;
    if (answer === undefined) throw new OutsideError(refused);
    return answer as Answer<A>;
  }

  #send(question: Question): Reply {
    const began = performance.now();
    const before = Atomics.load(this.#answered, 0);
    // oxlint-disable-next-line unicorn/require-post-message-target-origin -- a thread, not a window
    this.#port.postMessage(question);
    Atomics.wait(this.#answered, 0, before);
    const received = receiveMessageOnPort(this.#port) as { readonly message: Reply } | undefined;
    this.#waitedMs += performance.now() - began;
    return received?.message ?? { refused: 'the answer was lost' };
  }
}

/** The other end, in the thread that started the render. */
export interface AnsweringLine {
  readonly worker: QuestionPort;
  /** Stops answering; a question that is still open is aborted. */
  close(): void;
}

/**
 * Answers the questions of one render. `waiting` is told when a question is open (true) and when none is: the time for
 * that is not the render's.
 */
export const openLine = (answers: Answers, signal: AbortSignal, waiting: (isOpen: boolean) => void): AnsweringLine => {
  const { port1, port2 } = new MessageChannel();
  const answered = new SharedArrayBuffer(4);
  const count = new Int32Array(answered);
  const stop = new AbortController();
  const either = AbortSignal.any([signal, stop.signal]);
  const reply = async (question: Question): Promise<void> => {
    waiting(true);
    let message: Reply;
    try {
      message = { answer: await answers.answer(question, either) };
    } catch (error) {
      message = { refused: error instanceof Error ? error.message : String(error) };
    }
    if (stop.signal.aborted) return;
    waiting(false);
    port1.postMessage(message);
    Atomics.add(count, 0, 1);
    Atomics.notify(count, 0);
  };
  port1.on('message', (question: Question) => void reply(question));
  return {
    worker: { port: port2, answered },
    close: () => {
      stop.abort();
      port1.close();
    },
  };
};
