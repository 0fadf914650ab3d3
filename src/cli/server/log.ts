import type { WriteStream } from 'node:tty';
import type { Logger } from 'pino';
import { pino } from 'pino';
import pretty from 'pino-pretty';

/** What logs may never show, wherever it hides. */
const SECRETS = ['*.token', '*.password', '*.authorization', '*.headers.authorization', 'token', 'password'];

/** JSON lines for machines, one readable line an entry on a terminal. */
export const createLog = (level: string, stream: WriteStream | NodeJS.WritableStream): Logger => {
  const options = { level, redact: SECRETS };
  return 'isTTY' in stream && stream.isTTY
    ? pino(options, pretty({ destination: stream, sync: true, ignore: 'pid,hostname', translateTime: 'HH:MM:ss' }))
    : pino(options, stream);
};
