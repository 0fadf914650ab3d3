import type { Client } from '../../../cluster/client/client.js';
import { isApiError } from '../../../objects/api-error.js';
import { Application } from '../../../sync/applications/application.js';
import { CommandFailure, EXIT } from '../../exit-statuses.js';
import { remark } from '../../output/print.js';
import { shortRevision } from './application-text.js';
import { timeoutSignal } from '../../../objects/timeout-signal.js';

/** Whether what is waited for is there: undefined = not yet; a text = it will not come, and why. */
export type Verdict = 'reached' | { readonly failed: string } | undefined;

/**
 * Watches an application until the verdict is out, printing a line at each change of its state. Fails with exit status
 * `notReached` when it will not come or the time is over.
 */
export const followApplication = async (
  client: Client,
  { metadata }: Application,
  verdictOf: (application: Application) => Verdict,
  timeoutSeconds: number,
): Promise<Application> => {
  const timeout = timeoutSignal(timeoutSeconds * 1000);
  const name = `${metadata.namespace}/${metadata.name}`;
  let last = '';
  let state = 'nothing known';
  let reasons = '';
  while (!timeout.aborted) {
    try {
      const selection = { namespace: metadata.namespace, fieldSelector: `metadata.name=${metadata.name}` };
      for await (const event of client.watch(Application, selection, timeout)) {
        if (event.type === 'bookmark') continue;
        if (event.type === 'deleted') throw new CommandFailure(`${name} was deleted`, EXIT.notReached);
        state = stateText(event.object);
        reasons = reasonsText(event.object);
        if (state !== last) remark(`${name}  ${state}`);
        last = state;
        const verdict = verdictOf(event.object);
        if (verdict === 'reached') return event.object;
        if (verdict !== undefined) throw new CommandFailure(`${name}: ${verdict.failed}`, EXIT.notReached);
      }
    } catch (error) {
      if (!isApiError(error, 'Expired') && !timeout.aborted) throw error;
    }
  }
  throw new CommandFailure(`${name} is not there after ${timeoutSeconds} s: ${state}${reasons}`, EXIT.notReached);
};

/** What the application says about why it is not there. */
const reasonsText = ({ status }: Application): string =>
  (status?.conditions ?? []).map(({ type, message }) => `\n${type}: ${message}`).join('');

const stateText = ({ status, operation }: Application): string => {
  const running = status?.operationState;
  return [
    status?.sync?.status ?? 'Unknown',
    status?.health?.status ?? 'Unknown',
    shortRevision(status?.sync?.revision),
    operation !== undefined && running?.phase !== 'Running' ? 'operation requested' : '',
    running === undefined ? '' : `${running.phase}${running.message === undefined ? '' : `: ${running.message}`}`,
  ]
    .filter((part) => part !== '')
    .join('  ');
};
