import { pageNotFound } from '../status-errors.js';

/** One thing that must be well; throws or returns false when it is not. */
export interface HealthCheck {
  readonly name: string;
  /** The endpoints that it belongs to; all when absent. */
  readonly only?: readonly ('healthz' | 'livez' | 'readyz')[];
  isHealthy(): boolean;
}

/** Answers `/healthz`, `/livez` and `/readyz`, with `?verbose`, `?exclude=` and one check by its name. */
export const healthAnswer = (
  path: string,
  query: URLSearchParams,
  all: readonly HealthCheck[],
): { readonly code: number; readonly text: string } => {
  const [, endpoint = '', name] = path.split('/');
  const checks = all.filter(({ only }) => only === undefined || only.some((each) => each === endpoint));
  const excluded = new Set(query.getAll('exclude'));
  if (name !== undefined) {
    const check = checks.find((each) => each.name === name);
    if (check === undefined) throw pageNotFound();
    return check.isHealthy() ? { code: 200, text: 'ok' } : { code: 500, text: `${name} check failed\n` };
  }
  const results = checks.map((check) => ({
    name: check.name,
    ok: excluded.has(check.name) || check.isHealthy(),
    left: excluded.has(check.name),
  }));
  const failed = results.some(({ ok }) => !ok);
  const lines = results.map(({ name: each, ok, left }) =>
    left ? `[+]${each} excluded: ok` : ok ? `[+]${each} ok` : `[-]${each} failed: reason withheld`,
  );
  const unmatched = [...excluded].filter((each) => !checks.some((check) => check.name === each)).sort();
  const named = unmatched.map((each) => JSON.stringify(each)).join(',');
  if (named !== '') lines.push(`warn: some health checks cannot be excluded: no matches for ${named}`);
  if (failed) return { code: 500, text: `${lines.join('\n')}\n${endpoint} check failed\n` };
  return { code: 200, text: query.has('verbose') ? `${lines.join('\n')}\n${endpoint} check passed\n` : 'ok' };
};
