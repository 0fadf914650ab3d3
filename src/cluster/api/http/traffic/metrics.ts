import { readdirSync } from 'node:fs';
import { Counter, Gauge, Histogram, Registry } from 'prom-client';
import type { Store } from '../../../store/store.js';
import type { ResourceRegistry } from '../../resource-registry.js';
import { resourcePrefix } from '../../storage-keys.js';
import { VERSION } from '../version.js';
import type { Traffic } from './traffic.js';

export interface MetricsOptions {
  readonly traffic: Traffic;
  readonly store: Store;
  readonly registry: ResourceRegistry;
}

/** The limits of the duration histogram are those of Kubernetes, so that its dashboards and alerts fit. */
const SECONDS = [0.005, 0.025, 0.05, 0.1, 0.2, 0.4, 0.6, 0.8, 1, 1.25, 1.5, 2, 3, 4, 5, 6, 8, 10, 15, 20, 30, 45, 60];
const REQUEST_LABELS = ['verb', 'group', 'version', 'resource', 'subresource', 'scope'] as const;

/** What the server measures of itself, under the names that Kubernetes' own has for it. */
export const createMetrics = ({ traffic, store, registry }: MetricsOptions): Registry => {
  const register = new Registry();
  requestMetrics(traffic, register);
  storeMetrics(store, registry, register);
  processMetrics(register);
  const build = new Gauge({
    name: 'kubernetes_build_info',
    help: 'The version of the API that is served',
    labelNames: ['major', 'minor', 'git_version', 'platform'],
    registers: [],
  });
  build.set(
    { major: VERSION.major, minor: VERSION.minor, git_version: VERSION.gitVersion, platform: VERSION.platform },
    1,
  );
  register.registerMetric(build);
  return register;
};

const requestMetrics = (traffic: Traffic, register: Registry): void => {
  const total = new Counter({
    name: 'apiserver_request_total',
    help: 'Requests by what they are and the code of their answer',
    labelNames: [...REQUEST_LABELS, 'code'],
    registers: [],
  });
  const durations = new Histogram({
    name: 'apiserver_request_duration_seconds',
    help: 'Time from the arrival of a request to the end of its answer; long-running ones are left out',
    labelNames: [...REQUEST_LABELS],
    buckets: SECONDS,
    registers: [],
  });
  register.registerMetric(total);
  register.registerMetric(durations);
  traffic.observe = ({ isLongRunning, ...labels }, code, seconds) => {
    total.inc({ ...labels, code });
    if (!isLongRunning) durations.observe(labels, seconds);
  };
  underWayMetrics(traffic, register);
};

const underWayMetrics = (traffic: Traffic, register: Registry): void => {
  register.registerMetric(
    new Gauge({
      name: 'apiserver_current_inflight_requests',
      help: 'Requests under way that count towards the limits',
      labelNames: ['request_kind'],
      registers: [],
      collect() {
        for (const kind of ['mutating', 'readOnly'] as const) this.set({ request_kind: kind }, traffic.inFlight[kind]);
      },
    }),
  );
  register.registerMetric(
    new Gauge({
      name: 'apiserver_longrunning_requests',
      help: 'Watches, streams and proxied requests under way',
      labelNames: [...REQUEST_LABELS],
      registers: [],
      collect() {
        this.reset();
        for (const { info, count } of traffic.longRunning.values()) {
          const { isLongRunning: _always, ...labels } = info;
          this.set(labels, count);
        }
      },
    }),
  );
  const dropped = { mutating: 0, readOnly: 0 };
  register.registerMetric(
    new Counter({
      name: 'apiserver_dropped_requests_total',
      help: 'Requests that were answered with "too many requests"',
      labelNames: ['request_kind'],
      registers: [],
      collect() {
        for (const kind of ['mutating', 'readOnly'] as const) {
          this.inc({ request_kind: kind }, traffic.dropped[kind] - dropped[kind]);
          dropped[kind] = traffic.dropped[kind];
        }
      },
    }),
  );
};

const storeMetrics = (store: Store, registry: ResourceRegistry, register: Registry): void => {
  register.registerMetric(
    new Gauge({
      name: 'apiserver_storage_objects',
      help: 'Stored objects by resource',
      labelNames: ['resource'],
      registers: [],
      collect() {
        this.reset();
        for (const resource of registry.all) {
          const name = resource.group === '' ? resource.plural : `${resource.plural}.${resource.group}`;
          this.set({ resource: name }, store.count(resourcePrefix(resource)));
        }
      },
    }),
  );
  register.registerMetric(
    new Gauge({
      name: 'fairlead_store_revision',
      help: 'The newest revision: commits since the beginning',
      registers: [],
      collect() {
        this.set(store.revision);
      },
    }),
  );
  register.registerMetric(
    new Gauge({
      name: 'fairlead_store_watches',
      help: 'Watches on the store, those of the controllers included',
      registers: [],
      collect() {
        this.set(store.watches);
      },
    }),
  );
};

const processMetrics = (register: Registry): void => {
  const gauge = (name: string, help: string, value: () => number): void => {
    register.registerMetric(
      new Gauge({
        name,
        help,
        registers: [],
        collect() {
          this.set(value());
        },
      }),
    );
  };
  let seconds = 0;
  register.registerMetric(
    new Counter({
      name: 'process_cpu_seconds_total',
      help: 'CPU time of the process',
      registers: [],
      collect() {
        const { user, system } = process.cpuUsage();
        this.inc((user + system) / 1e6 - seconds);
        seconds = (user + system) / 1e6;
      },
    }),
  );
  gauge('process_start_time_seconds', 'Start of the process since 1970', () => Date.now() / 1000 - process.uptime());
  gauge('process_resident_memory_bytes', 'Resident memory', () => process.memoryUsage.rss());
  gauge('process_open_fds', 'Open file descriptors, where the system tells', openFiles);
  gauge('nodejs_heap_size_used_bytes', 'Used heap of V8', () => process.memoryUsage().heapUsed);
  gauge('nodejs_external_memory_bytes', 'Memory outside of the heap of V8', () => process.memoryUsage().external);
};

const openFiles = (): number => {
  try {
    return readdirSync('/proc/self/fd').length;
  } catch {
    return 0;
  }
};
