import type { HealthStatusCode } from '../applications/application.js';
import type { Health } from './health.js';

/** From best to worst. */
const ORDER: readonly HealthStatusCode[] = ['Healthy', 'Suspended', 'Progressing', 'Missing', 'Degraded', 'Unknown'];

export const isWorse = (status: HealthStatusCode, than: HealthStatusCode): boolean =>
  ORDER.indexOf(status) > ORDER.indexOf(than);

/** One object of an application for the sum: `health` is undefined for a kind without health. */
export interface ResourceHealth {
  /** `apps/Deployment:shop/web`. */
  readonly name: string;
  readonly missing: boolean;
  readonly health: Health | undefined;
  /** A child application: it does not count while it is missing or unknown. */
  readonly isApplication?: boolean;
}

/** How many causes a message names before it says how many more there are. */
const NAMED_CAUSES = 3;

/**
 * The health of an application: the worst of its objects'. Missing objects make it out of sync, not unhealthy, unless
 * all are missing. The message names who caused it.
 */
export const aggregateHealth = (resources: readonly ResourceHealth[]): Health => {
  if (resources.length > 0 && resources.every(({ missing }) => missing)) {
    return { status: 'Missing', message: 'No object of the application is there' };
  }
  let worst: HealthStatusCode = 'Healthy';
  for (const { health, missing, isApplication } of resources) {
    if (missing || health === undefined) continue;
    if (isApplication === true && (health.status === 'Missing' || health.status === 'Unknown')) continue;
    if (isWorse(health.status, worst)) worst = health.status;
  }
  if (worst === 'Healthy') return { status: 'Healthy' };
  const causes = resources.filter(({ health, missing }) => !missing && health?.status === worst);
  const named = causes
    .slice(0, NAMED_CAUSES)
    .map(({ name, health }) => (health?.message ? `${name} (${health.message})` : name))
    .join(', ');
  const more = causes.length > NAMED_CAUSES ? ` and ${causes.length - NAMED_CAUSES} more` : '';
  return { status: worst, message: `Caused by ${named}${more}` };
};
