import { randomBytes } from 'node:crypto';
import { isDeepStrictEqual } from 'node:util';
import type { Server } from '../kube-apiserver/servers.js';
import type { Look } from './looks.js';
import { playedStatus } from './played-kubelet.js';
import { eventsOf, snapshotOf, type Masking } from './snapshot.js';
import type { PlayedPods, Step, Story, Target } from './stories.js';

type Fields = Record<string, unknown>;

/** Plays one story against one server, in a namespace of its own. */
export class Player {
  private readonly namespace = `story-${randomBytes(4).toString('hex')}`;
  private readonly masking: Masking;

  constructor(
    private readonly server: Server,
    private readonly story: Story,
    whole = false,
  ) {
    this.masking = { namespace: this.namespace, names: new Map(), whole };
  }

  async begin(): Promise<void> {
    await this.ask('POST', '/api/v1/namespaces', {
      apiVersion: 'v1',
      kind: 'Namespace',
      metadata: { name: this.namespace },
    });
  }

  async end(): Promise<void> {
    await this.ask('DELETE', `/api/v1/namespaces/${this.namespace}`, undefined, undefined, [404, 409]);
  }

  /** Everything but looking. */
  async act(step: Step): Promise<void> {
    const { create, patch, post, pods, pause } = step;
    if (create !== undefined) await this.ask('POST', this.collectionOf(create as Fields), create);
    if (patch !== undefined)
      await this.ask('PATCH', this.pathOf(patch, patch.subresource), patch.body, PATCHES[patch.type ?? 'merge']);
    if (post !== undefined) await this.ask('POST', this.pathOf(post, post.subresource), post.body);
    if (step.delete !== undefined) await this.ask('DELETE', this.pathOf(step.delete), step.delete.options);
    if (pods !== undefined) await this.play(pods);
    if (pause !== undefined) await new Promise((resolve) => setTimeout(resolve, pause));
  }

  async look(): Promise<Look> {
    const { resources, also = [], events } = this.story;
    const listed = [...resources, ...(events === false ? [] : ['v1/events'])];
    const lists = await Promise.all(listed.map((resource) => this.list(resource)));
    const single = await Promise.all(also.map((path) => this.get(path)));
    const objects = [...lists.flat(), ...single.flat()];
    const seen = snapshotOf(objects, this.masking);
    return { objects: seen, ...(events === false ? {} : { events: eventsOf(objects, this.masking) }) };
  }

  /** The look that does not change any more for so long. */
  async settled(quietMs: number, limitMs = 30_000): Promise<Look> {
    const deadline = Date.now() + limitMs;
    let [last, since] = [await this.look(), Date.now()];
    while (Date.now() - since < quietMs && Date.now() < deadline) {
      await new Promise((resolve) => setTimeout(resolve, 100));
      const next = await this.look();
      if (isDeepStrictEqual(next, last)) continue;
      [last, since] = [next, Date.now()];
    }
    return last;
  }

  private async play(played: PlayedPods): Promise<void> {
    const pods = (await this.list('v1/pods'))
      .filter((pod) => isMatched(pod, played) && playedStatus(pod, played) !== undefined)
      .sort((a, b) => (nameOf(a) < nameOf(b) ? -1 : 1));
    for (const pod of pods.slice(0, played.count)) {
      const path = this.pathOf({ resource: 'v1/pods', name: nameOf(pod) }, 'status');
      await this.ask('PATCH', path, { status: playedStatus(pod, played) }, PATCHES['strategic']);
    }
  }

  private async list(resource: string): Promise<Fields[]> {
    const { items, kind, apiVersion } = await this.ask('GET', this.collectionPath(resource));
    const itemKind = String(kind).replace(/List$/, '');
    return ((items ?? []) as Fields[]).map((item) => ({ apiVersion, kind: itemKind, ...item }));
  }

  private async get(path: string): Promise<Fields[]> {
    const at = path.lastIndexOf('/');
    const found = await this.ask(
      'GET',
      `${resourcePath(path.slice(0, at))}/${path.slice(at + 1)}`,
      undefined,
      undefined,
      [404],
    );
    return found['kind'] === 'Status' ? [] : [found];
  }

  private collectionPath(resource: string): string {
    const at = resource.lastIndexOf('/');
    return isClusterWide(resource.slice(at + 1))
      ? resourcePath(resource)
      : `${resourcePath(resource.slice(0, at))}/namespaces/${this.namespace}/${resource.slice(at + 1)}`;
  }

  private collectionOf(object: Fields): string {
    const kind = String(object['kind']);
    return this.collectionPath(`${String(object['apiVersion'])}/${pluralOf(kind)}`);
  }

  private pathOf({ resource, name }: Target, subresource?: string): string {
    return `${this.collectionPath(resource)}/${name}${subresource === undefined ? '' : `/${subresource}`}`;
  }

  private async ask(
    method: string,
    path: string,
    body?: unknown,
    type?: string,
    allowed: readonly number[] = [],
  ): Promise<Fields> {
    const sent = body === undefined ? undefined : JSON.stringify(body).replaceAll('$ns', this.namespace);
    const headers = {
      accept: 'application/json',
      'user-agent': 'stories',
      ...(sent === undefined ? {} : { 'content-type': type ?? 'application/json' }),
    };
    const answer = await this.server.ask({
      method,
      path: path.replaceAll('$ns', this.namespace),
      headers,
      ...(sent === undefined ? {} : { body: sent }),
    });
    if (answer.code >= 300 && !allowed.includes(answer.code)) throw new Error(`${method} ${path}: ${answer.text}`);
    return JSON.parse(answer.text) as Fields;
  }
}

const PATCHES: Readonly<Record<string, string>> = {
  merge: 'application/merge-patch+json',
  strategic: 'application/strategic-merge-patch+json',
  json: 'application/json-patch+json',
};

const CLUSTER_WIDE: ReadonlySet<string> = new Set([
  'certificatesigningrequests',
  'clusterroles',
  'namespaces',
  'nodes',
  'persistentvolumes',
  'priorityclasses',
  'storageclasses',
]);

const isClusterWide = (plural: string): boolean => CLUSTER_WIDE.has(plural);

const pluralOf = (kind: string): string => {
  const lower = kind.toLowerCase();
  if (lower === 'endpoints') return lower;
  if (lower.endsWith('y')) return `${lower.slice(0, -1)}ies`;
  return lower.endsWith('s') ? `${lower}es` : `${lower}s`;
};

const resourcePath = (resource: string): string =>
  resource.startsWith('v1') ? `/api/${resource}` : `/apis/${resource}`;

const nameOf = (object: Fields): string => String((object['metadata'] as Fields)['name']);

const isMatched = (pod: Fields, { match = {}, name }: PlayedPods): boolean => {
  const labels = ((pod['metadata'] as Fields)['labels'] ?? {}) as Record<string, string>;
  return (
    Object.entries(match).every(([key, value]) => labels[key] === value) && (name === undefined || nameOf(pod) === name)
  );
};
