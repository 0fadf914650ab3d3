import http from 'node:http';

export interface Visits {
  readonly answered: number;
  readonly failed: readonly string[];
}

/** Asks for a page again and again, as visitors do while something is deployed. */
export interface Visitor {
  readonly visits: Visits;
  stop(): Promise<Visits>;
}

/** Fetches `http://<host><path>` from the ingress on 127.0.0.1. */
export const fetchPage = (ingressPort: number, host: string, path = '/'): Promise<{ status: number; text: string }> =>
  new Promise((resolve, reject) => {
    const request = http.get(
      { host: '127.0.0.1', port: ingressPort, path, headers: { host }, timeout: 5000 },
      (response) => {
        let text = '';
        response.setEncoding('utf8');
        response.on('data', (chunk: string) => {
          text += chunk;
        });
        response.once('end', () => resolve({ status: response.statusCode ?? 0, text }));
        response.once('error', reject);
      },
    );
    request.once('timeout', () => request.destroy(new Error('no answer within 5 s')));
    request.once('error', reject);
  });

/** One request after the other, `everyMs` apart, until stopped. A visit fails unless it is answered with 200. */
export const startVisitor = (ingressPort: number, host: string, everyMs: number): Visitor => {
  let answered = 0;
  const failed: string[] = [];
  const stopped = new AbortController();
  const visit = async (): Promise<void> => {
    try {
      const { status, text } = await fetchPage(ingressPort, host);
      if (status === 200) answered += 1;
      else failed.push(`${status} ${text.slice(0, 100)}`);
    } catch (error) {
      failed.push(error instanceof Error ? error.message : String(error));
    }
  };
  const visiting = (async () => {
    while (!stopped.signal.aborted) {
      await visit();
      await new Promise((resolve) => setTimeout(resolve, everyMs));
    }
  })();
  const visits = {
    get answered() {
      return answered;
    },
    failed,
  };
  return {
    visits,
    stop: async () => {
      stopped.abort();
      await visiting;
      return visits;
    },
  };
};
