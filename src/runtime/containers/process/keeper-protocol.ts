/**
 * What the operator and the keeper say to each other over a Unix socket: one JSON object a line. The operator asks
 * with an `id`; the keeper answers with the same `id`, and tells events on its own.
 */
export interface StartRequest {
  readonly op: 'start';
  readonly containerId: string;
  /** The container's folder, where its log and its state are written. */
  readonly folder: string;
  readonly command: readonly string[];
  readonly env: Readonly<Record<string, string>>;
  readonly workingDir: string;
  readonly uid?: number;
  readonly gid?: number;
  /** Keep standard input open for attach. */
  readonly stdin: boolean;
  /** End standard input when the first one who attached with input leaves. */
  readonly stdinOnce: boolean;
}

export type KeeperRequest =
  | StartRequest
  | { readonly op: 'signal'; readonly containerId: string; readonly signal: NodeJS.Signals }
  /** From now on this connection gets `output` events of the container. */
  | { readonly op: 'attach'; readonly containerId: string }
  /** `data` in base64; `end` closes standard input when the container has stdinOnce. */
  | { readonly op: 'stdin'; readonly containerId: string; readonly data?: string; readonly end?: boolean }
  /** Ids of the containers that run. */
  | { readonly op: 'running' };

/** What `state.json` in the container's folder holds. Times are milliseconds since 1970. */
export interface ProcessState {
  readonly pid?: number;
  /** See processIdentity. */
  readonly identity?: string;
  readonly startedAt: number;
  readonly finishedAt?: number;
  readonly exitCode?: number;
  readonly signal?: number;
  /** Why it could not be started, or that its end was not seen. */
  readonly error?: string;
}

export type KeeperEvent =
  | { readonly event: 'exited'; readonly containerId: string; readonly state: ProcessState }
  | {
      readonly event: 'output';
      readonly containerId: string;
      readonly stream: 'stdout' | 'stderr';
      readonly data: string;
    };

export type KeeperAnswer =
  | { readonly id: number; readonly result: unknown }
  | { readonly id: number; readonly error: string };

/** Splits a byte stream into lines and parses each; a line longer than `limit` characters is an error. */
export const jsonLines = (
  onMessage: (message: unknown) => void,
  limit = 32 * 1024 * 1024,
): ((chunk: string) => void) => {
  let rest = '';
  return (chunk) => {
    rest += chunk;
    let end = rest.indexOf('\n');
    while (end >= 0) {
      const line = rest.slice(0, end);
      rest = rest.slice(end + 1);
      if (line !== '') onMessage(JSON.parse(line));
      end = rest.indexOf('\n');
    }
    if (rest.length > limit) throw new Error('the message is too long');
  };
};
