import type { IncomingMessage } from 'node:http';

/** The body of another server's answer as text. Rejects when it breaks off or is longer than `limit` bytes. */
export const readAnswer = (answer: IncomingMessage, limit: number): Promise<string> =>
  new Promise((resolve, reject) => {
    const chunks: Buffer[] = [];
    let size = 0;
    answer.on('data', (chunk: Buffer) => {
      size += chunk.length;
      if (size > limit) answer.destroy(new Error('the answer is too large'));
      chunks.push(chunk);
    });
    answer.once('error', reject);
    answer.once('end', () => resolve(Buffer.concat(chunks).toString('utf8')));
  });
