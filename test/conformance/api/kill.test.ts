import assert from 'node:assert/strict';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { createInterface } from 'node:readline';
import { ApiProcess } from './api-process.js';

const PATH = '/api/v1/namespaces/default/configmaps';
const ROUNDS = 10;
const WRITERS = 20;

interface Entity {
  readonly metadata: { readonly name: string; readonly resourceVersion: string };
  readonly data?: Readonly<Record<string, string>>;
}

/** What a name must be: the value last acknowledged, or undefined when it is known to be gone. */
type Value = string | undefined;

/** What clients were told, and what they asked for without an answer. */
class Ledger {
  readonly acknowledged = new Map<string, Value>();
  /** Asked for when the server died: may have happened or not. */
  readonly uncertain = new Map<string, Value>();
  /** Which write each version belongs to. */
  readonly versions = new Map<number, string>();
  highest = 0;

  note(name: string, value: Value, version: number): void {
    const write = `${name}=${value ?? 'deleted'}`;
    assert.ok([undefined, write].includes(this.versions.get(version)), `version ${version} is reused for ${write}`);
    this.versions.set(version, write);
    this.highest = Math.max(this.highest, version);
  }

  /** Compares with what a started server has; what was uncertain is settled by it. */
  settle(found: ReadonlyMap<string, Entity>): void {
    for (const [name, value] of this.acknowledged) {
      const now = found.get(name)?.data?.['value'];
      const allowed = this.uncertain.has(name) ? [value, this.uncertain.get(name)] : [value];
      assert.ok(allowed.includes(now), `${name} was acknowledged as ${value ?? 'deleted'} and is ${now ?? 'deleted'}`);
      this.acknowledged.set(name, now);
    }
    this.uncertain.clear();
    for (const { metadata, data } of found.values()) {
      this.note(metadata.name, data?.['value'], Number(metadata.resourceVersion));
      this.acknowledged.set(metadata.name, data?.['value']);
    }
  }
}

/** Creates, updates and deletes names of its own, one after the other, until the server is dead. */
const write = async (server: ApiProcess, ledger: Ledger, prefix: string, floor: number): Promise<void> => {
  const step = async (method: string, name: string, value: Value): Promise<void> => {
    ledger.uncertain.set(name, value);
    if (!ledger.acknowledged.has(name)) ledger.acknowledged.set(name, undefined);
    const body = value === undefined ? undefined : { metadata: { name }, data: { value } };
    const { code, text } = await server.ask(method, method === 'POST' ? PATH : `${PATH}/${name}`, body);
    assert.ok(code < 300, text);
    ledger.uncertain.delete(name);
    ledger.acknowledged.set(name, value);
    if (value === undefined) return;
    const version = Number((JSON.parse(text) as Entity).metadata.resourceVersion);
    assert.ok(version > floor, `version ${version} comes after ${floor}`);
    ledger.note(name, value, version);
  };
  for (let turn = 0; ; turn += 1) {
    const name = `${prefix}-${turn}`;
    await step('POST', name, 'created');
    await step('PUT', name, `updated-${prefix}-${turn}`);
    if (turn % 3 === 0) await step('DELETE', name, undefined);
  }
};

/** The highest version that a watch was told of, while it lasts. */
const watchHighest = async (server: ApiProcess, seen: { version: number }): Promise<void> => {
  const answer = await server.open('GET', `${PATH}?watch=1&resourceVersion=${seen.version}`, undefined, true);
  for await (const line of createInterface({ input: answer })) {
    if (!line.endsWith('}')) return;
    const { type, object } = JSON.parse(line) as { readonly type: string; readonly object: Entity };
    assert.notEqual(type, 'ERROR', line);
    seen.version = Math.max(seen.version, Number(object.metadata.resourceVersion));
  }
};

/** A request that ends with its server; what an assertion says goes on. */
const untilDeath = (work: Promise<void>): Promise<void> =>
  work.catch((error: unknown) => {
    if (error instanceof assert.AssertionError) throw error;
  });

const stateOf = async (server: ApiProcess): Promise<{ version: number; found: Map<string, Entity> }> => {
  const { text } = await server.ask('GET', PATH);
  const { metadata, items } = JSON.parse(text) as {
    readonly metadata: { readonly resourceVersion: string };
    readonly items: readonly Entity[];
  };
  return {
    version: Number(metadata.resourceVersion),
    found: new Map(items.map((each) => [each.metadata.name, each])),
  };
};

describe('the API server, killed', () => {
  const folder = mkdtempSync(join(tmpdir(), 'fairlead-killed-'));
  let server: ApiProcess | undefined;
  after(async () => {
    await server?.kill();
    rmSync(folder, { recursive: true, force: true });
  });

  it(`keeps every acknowledged write and reuses no version, ${ROUNDS} times`, async function () {
    this.timeout(180_000);
    const ledger = new Ledger();
    for (let round = 0; round < ROUNDS; round += 1) {
      const running = await ApiProcess.start(folder);
      server = running;
      const { version, found } = await stateOf(running);
      assert.ok(version >= ledger.highest, `the store is at ${version}, and ${ledger.highest} was acknowledged`);
      ledger.settle(found);
      const seen = { version };
      const work = Array.from({ length: WRITERS }, (_, index) =>
        untilDeath(write(running, ledger, `r${round}-w${index}`, version)),
      );
      const enough = ledger.versions.size + 200 + Math.floor(Math.random() * 600);
      work.push(untilDeath(watchHighest(running, seen)));
      const working = Promise.all(work);
      while (ledger.versions.size < enough) {
        await Promise.race([working, new Promise((resolve) => setImmediate(resolve))]);
      }
      await running.kill();
      await working;
      // What others were told of is as binding as what was acknowledged.
      ledger.highest = Math.max(ledger.highest, seen.version);
    }
    server = await ApiProcess.start(folder);
    const { version, found } = await stateOf(server);
    assert.ok(version >= ledger.highest);
    ledger.settle(found);
    assert.ok(ledger.versions.size > ROUNDS * 200);
  });
});
