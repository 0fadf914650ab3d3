/** A longer message is not one of the engine's. */
const LIMIT = 4 * 1024 * 1024;

/** The JSON objects of a stream, one a line. */
export async function* jsonMessages(source: NodeJS.ReadableStream): AsyncGenerator {
  let rest = '';
  for await (const chunk of source) {
    rest += typeof chunk === 'string' ? chunk : chunk.toString('utf8');
    const lines = rest.split('\n');
    rest = lines.pop() ?? '';
    for (const line of lines) if (line.trim() !== '') yield JSON.parse(line);
    if (rest.length > LIMIT) throw new Error('the engine sent a message without end');
  }
  if (rest.trim() !== '') yield JSON.parse(rest);
}
