import type { GitHttpRequest, HttpClient } from 'isomorphic-git';

const WANT = /^([0-9a-f]{4})(want [0-9a-f]{40,64})( [^\n]*)?\n/;

/** A request for a pack that also accepts a thin one. The text of the first packet begins with its own length. */
export const acceptThinPack = (body: Buffer): Buffer => {
  const first = WANT.exec(body.toString('latin1', 0, 4096));
  if (first === null) return body;
  const [whole, , want = '', capabilities = ''] = first;
  const line = `${want}${capabilities} thin-pack\n`;
  const packet = (line.length + 4).toString(16).padStart(4, '0') + line;
  return Buffer.concat([Buffer.from(packet, 'latin1'), body.subarray(whole.length)]);
};

/**
 * Lets servers send thin packs, whose deltas may build on objects that are here already. isomorphic-git reads them but
 * does not ask for them, and without asking, a shallow fetch sends the whole tree again for every commit.
 */
export const withThinPacks = (http: HttpClient): HttpClient => ({
  request: async (request: GitHttpRequest) => {
    if (request.method !== 'POST' || request.body === undefined) return await http.request(request);
    const chunks: Uint8Array[] = [];
    for await (const chunk of request.body) chunks.push(chunk);
    const body = acceptThinPack(Buffer.concat(chunks));
    return await http.request({ ...request, body: [body] as unknown as AsyncIterableIterator<Uint8Array> });
  },
});
