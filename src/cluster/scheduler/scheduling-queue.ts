import { writeJson } from '../../objects/lossless-json.js';
import { DelayHeap } from '../client/delay-heap.js';
import type { PodInfo } from './cluster-snapshot.js';

const INITIAL_BACKOFF_MS = 1000;
const MAX_BACKOFF_MS = 10_000;
/** A pod that no event woke is tried again after this long. */
const MAX_UNSCHEDULABLE_MS = 5 * 60 * 1000;

interface Entry {
  readonly info: PodInfo;
  readonly priority: number;
  /** Order of arrival; keeps pods of one priority first in, first out. */
  readonly order: number;
  readonly attempts: number;
  /** Earliest time of the next try. */
  readonly notBefore: number;
  readonly refusedAt: number;
}

/**
 * Pods that wait for a node, highest priority first. A pod that found none waits aside until something in the cluster
 * changes, and then for the rest of its backoff (1 s, doubling to 10 s).
 */
export class SchedulingQueue {
  readonly #active: Entry[] = [];
  readonly #backoff = new DelayHeap<Entry>();
  readonly #unschedulable = new Map<string, Entry>();
  /** The entry of each pod, wherever it waits; an entry that is not in here was removed. */
  readonly #entries = new Map<string, Entry>();
  #arrivals = 0;

  get size(): number {
    return this.#entries.size;
  }

  /** Adds a pod. A waiting one keeps its turn; it is tried again at once when what decides about it has changed. */
  add(info: PodInfo): void {
    const known = this.#entries.get(info.key);
    if (known?.info.pod === info.pod) return;
    const isAside = this.#unschedulable.has(info.key);
    const isChanged = known !== undefined && decidingParts(known.info) !== decidingParts(info);
    this.#arrivals += 1;
    const entry: Entry = {
      info,
      priority: info.pod.spec.priority ?? 0,
      order: known?.order ?? this.#arrivals,
      attempts: known?.attempts ?? 0,
      notBefore: isChanged ? 0 : (known?.notBefore ?? 0),
      refusedAt: known?.refusedAt ?? 0,
    };
    this.#entries.set(info.key, entry);
    this.#unschedulable.delete(info.key);
    if (isAside && !isChanged) this.#unschedulable.set(info.key, entry);
    else if (entry.notBefore === 0) this.#push(entry);
    else this.#backoff.put(`${info.key}/${this.#arrivals}`, entry.notBefore, entry);
  }

  remove(key: string): void {
    this.#entries.delete(key);
    this.#unschedulable.delete(key);
  }

  /** The next pod to place; undefined when none is due. */
  take(now: number): PodInfo | undefined {
    for (const entry of this.#backoff.takeDue(now)) this.#push(entry);
    for (;;) {
      const entry = this.#pop();
      if (entry === undefined) return undefined;
      if (this.#entries.get(entry.info.key) === entry) return entry.info;
    }
  }

  /** No node was found: the pod waits for a change. `retry` = something failed on the way: it waits for its backoff only. */
  refused(key: string, now: number, retry: boolean): void {
    const known = this.#entries.get(key);
    if (known === undefined) return;
    const attempts = known.attempts + 1;
    const backoff = Math.min(INITIAL_BACKOFF_MS * 2 ** (attempts - 1), MAX_BACKOFF_MS);
    const entry: Entry = { ...known, attempts, notBefore: now + backoff, refusedAt: now };
    this.#entries.set(key, entry);
    if (retry) this.#backoff.put(`${key}/${attempts}`, entry.notBefore, entry);
    else this.#unschedulable.set(key, entry);
  }

  /** Something changed that may let waiting pods in. */
  wake(): void {
    for (const [key, entry] of this.#unschedulable)
      this.#backoff.put(`${key}/${entry.attempts}`, entry.notBefore, entry);
    this.#unschedulable.clear();
  }

  /** Wakes pods that have waited for too long, and tells when to look again; undefined when nothing waits. */
  nextDue(now: number): number | undefined {
    let next = this.#backoff.nextAt();
    for (const [key, entry] of this.#unschedulable) {
      const due = entry.refusedAt + MAX_UNSCHEDULABLE_MS;
      if (due <= now) {
        this.#unschedulable.delete(key);
        this.#push(entry);
        return now;
      }
      next = Math.min(next ?? due, due);
    }
    return next;
  }

  #push(entry: Entry): void {
    const heap = this.#active;
    let index = heap.push(entry) - 1;
    while (index > 0) {
      const parent = (index - 1) >> 1;
      if (!comesBefore(entry, heap[parent] as Entry)) break;
      heap[index] = heap[parent] as Entry;
      index = parent;
    }
    heap[index] = entry;
  }

  #pop(): Entry | undefined {
    const heap = this.#active;
    const [top] = heap;
    const last = heap.pop();
    if (top === undefined || last === undefined || heap.length === 0) return top;
    let index = 0;
    for (;;) {
      let child = 2 * index + 1;
      if (child >= heap.length) break;
      if (child + 1 < heap.length && comesBefore(heap[child + 1] as Entry, heap[child] as Entry)) child += 1;
      if (!comesBefore(heap[child] as Entry, last)) break;
      heap[index] = heap[child] as Entry;
      index = child;
    }
    heap[index] = last;
    return top;
  }
}

/** What of a pod decides where it can run; its status, which the scheduler itself writes, does not. */
const decidingParts = ({ pod }: PodInfo): string => writeJson([pod.spec, pod.metadata.labels]);

const comesBefore = (left: Entry, right: Entry): boolean =>
  left.priority === right.priority ? left.order < right.order : left.priority > right.priority;
