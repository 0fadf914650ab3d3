import { createRequire } from 'node:module';
import type { WriteStream } from 'node:tty';
import type { Logger } from 'pino';
import { pino } from 'pino';
import type pretty from 'pino-pretty';

/** Loads what only a terminal needs. */
const load = createRequire(import.meta.url);

/** What logs may never show, wherever it hides. */
const SECRETS = ['*.token', '*.password', '*.authorization', '*.headers.authorization', 'token', 'password'];

/** JSON lines for machines, one readable line an entry on a terminal. */
export const createLog = (level: string, stream: WriteStream | NodeJS.WritableStream): Logger => {
  const options = { level, redact: SECRETS };
  if (!('isTTY' in stream && stream.isTTY)) return pino(options, stream);
  const readable = load('pino-pretty') as typeof pretty;
  return pino(
    options,
    readable({ destination: stream, sync: true, ignore: 'pid,hostname', translateTime: 'HH:MM:ss' }),
  );
};
