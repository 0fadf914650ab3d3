import { ChartError } from '../chart/chart-error.js';
import { trimSpace } from '../functions/strings.js';
import { warningIn } from '../functions/templating.js';
import type { GoError } from '../template/errors.js';

/** A template that cannot be parsed: the place and the last part of the error, as Helm shows it. */
export const parseFailure = (file: string, error: GoError): ChartError => {
  const tokens = error.message.split(': ');
  if (tokens.length === 1) return new ChartError(`parse error in (${file}): ${error.message}`);
  return new ChartError(`parse error at (${tokens[1]}): ${tokens.at(-1)}`);
};

interface Trace {
  readonly location: string;
  readonly executed: string;
  readonly message: string;
}

const traceText = ({ location, executed, message }: Trace): string =>
  (location === '' ? '' : `${location}\n  `) +
  (executed === '' ? '' : `${executed}\n    `) +
  (message === '' ? '' : `${message}\n`);

const withoutChained = (message: string): string => {
  const cut = message.indexOf(' template:');
  return cut < 0 ? message : message.slice(0, cut);
};

const PREFIX = 'template: ';

/** Takes one error of text/template apart; undefined when it is none. */
const parseTrace = (text: string): Trace | undefined => {
  if (!text.startsWith(PREFIX)) return undefined;
  const rest = text.slice(PREFIX.length);
  if (rest.startsWith('no template ')) return { location: '', executed: '', message: text };
  const executing = parseExecuting(rest);
  if (executing !== undefined) return executing;
  const colon = rest.lastIndexOf(': ');
  if (colon < 0) return undefined;
  return { location: rest.slice(0, colon), executed: '', message: withoutChained(rest.slice(colon + 2)) };
};

const parseExecuting = (rest: string): Trace | undefined => {
  const at = rest.indexOf(': executing ');
  if (at < 0) return undefined;
  const after = rest.slice(at + ': executing '.length);
  const close = after.startsWith('"') ? after.indexOf('"', 1) : -1;
  if (close < 0) return undefined;
  const name = after.slice(1, close);
  const place = after.slice(close + 1);
  if (!place.startsWith(' at <')) return undefined;
  const end = place.indexOf('>: ');
  if (end < 0) return undefined;
  return {
    location: rest.slice(0, at),
    executed: `executing "${name}" at <${place.slice(' at <'.length, end)}>:`,
    message: withoutChained(place.slice(end + '>: '.length)),
  };
};

/** An error while a template runs, as Helm shows it: the user's own message, or the chain of places. */
export const execFailure = (file: string, error: GoError): ChartError => {
  if (error.kind !== 'exec') return new ChartError(error.message);
  const [, location = '', rest] = splitThree(error.message);
  if (rest === undefined) return new ChartError(`execution error in (${file}): ${error.message}`);
  const warning = warningIn(rest);
  if (warning !== undefined) return new ChartError(`execution error at (${location}): ${warning}`);
  const traces: Trace[] = [];
  for (let current: GoError | undefined = error; current !== undefined; current = current.wrapped) {
    const trace = parseTrace(current.message);
    if (trace === undefined) return new ChartError(error.message);
    const last = traces.at(-1);
    if (last === undefined || traceText(last) !== traceText(trace)) traces.push(trace);
  }
  return new ChartError(trimSpace(traces.map(traceText).join('')));
};

const splitThree = (text: string): (string | undefined)[] => {
  const first = text.indexOf(': ');
  const second = text.indexOf(': ', first + 2);
  if (first < 0 || second < 0) return [text];
  return [text.slice(0, first), text.slice(first + 2, second), text.slice(second + 2)];
};
