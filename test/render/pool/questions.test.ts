import assert from 'node:assert/strict';
import type { Answers, Question } from '../../../src/render/outside.js';
import { OutsideError } from '../../../src/render/outside.js';
import type { RenderPool, RenderPoolOptions } from '../../../src/render/pool/render-pool.js';
import { createRenderPool } from '../../../src/render/pool/render-pool.js';
import { TimeLimit } from '../../../src/render/pool/time-limit.js';
import { RenderError } from '../../../src/render/render.js';
import { ScratchRepository } from '../files/scratch-repository.js';
import { sourceOptions } from '../source-options.js';

const never = new AbortController().signal;
const CHART = 'apiVersion: v2\nname: web\nversion: 1.0.0\n';
const template = (value: string): string =>
  `apiVersion: v1\nkind: ConfigMap\nmetadata: {name: a}\ndata:\n  v: ${value}\n`;
const LOOKUP = template('{{ (lookup "v1" "Secret" "shop" "token").data | default dict | toJson | quote }}');

/** A world in which there is what `objects` says, and that counts its questions. */
class World implements Answers {
  readonly asked: Question[] = [];

  constructor(public token: Readonly<Record<string, unknown>>) {}

  async answer(question: Question) {
    this.asked.push(question);
    if (question.ask === 'environment') return { id: 'shop', value: 'shop' };
    if (question.ask !== 'lookup') throw new OutsideError(`nobody knows ${question.ask}`);
    return { id: JSON.stringify(this.token), value: this.token };
  }
}

describe('the questions of a render', () => {
  let repository: ScratchRepository;
  let pool: RenderPool;
  let tree: string;

  const start = (options: RenderPoolOptions, files: Readonly<Record<string, string>>): void => {
    pool = createRenderPool({ maxThreads: 1, ...options });
    repository.write('Chart.yaml', CHART);
    for (const [file, text] of Object.entries(files)) repository.write(file, text);
    tree = repository.commit();
  };
  const render = async (answers?: Answers, signal = never, options = sourceOptions()) =>
    await pool.render({ kind: 'git', gitdir: repository.gitdir, tree }, options, signal, answers);
  const value = async (...args: Parameters<typeof render>): Promise<unknown> => {
    const { manifests } = await render(...args);
    return (manifests[0]?.object as { readonly data?: { readonly v?: unknown } } | undefined)?.data?.v;
  };

  beforeEach(() => {
    repository = new ScratchRepository();
  });
  afterEach(async () => {
    await pool.close();
    repository.remove();
  });

  it('are answered, once each', async () => {
    start({}, { 'templates/a.yaml': LOOKUP, 'templates/b.yaml': LOOKUP.replace('name: a', 'name: b') });
    const world = new World({ data: { key: 'x', count: 3 } });
    assert.equal(await value(world), '{"count":3,"key":"x"}');
    assert.deepEqual(world.asked, [
      { ask: 'lookup', apiVersion: 'v1', kind: 'Secret', namespace: 'shop', name: 'token' },
    ]);
  });

  it('find nothing where nobody answers', async () => {
    start({}, { 'templates/a.yaml': LOOKUP });
    assert.equal(await value(), '{}');
  });

  it('are asked again before a render is reused, and answers that changed make a new one', async () => {
    start({}, { 'templates/a.yaml': LOOKUP });
    const world = new World({});
    assert.equal(await value(world), '{}');
    assert.equal(await value(world), '{}');
    assert.deepEqual(pool.counts(), { rendered: 1, reused: 1 });
    world.token = { data: { key: 'y' } };
    assert.equal(await value(world), '{"key":"y"}');
    assert.deepEqual(pool.counts(), { rendered: 2, reused: 1 });
    assert.equal(await value(), '{}', 'nobody answers now');
  });

  it('that are refused end the render with the place that asked', async () => {
    start({}, { 'templates/a.yaml': LOOKUP });
    const refusing: Answers = { answer: () => Promise.reject(new OutsideError('Secrets are not permitted')) };
    await assert.rejects(render(refusing), (error) => {
      assert.ok(error instanceof RenderError);
      const [problem] = error.problems;
      assert.equal(problem?.file, 'web/templates/a.yaml');
      assert.equal(problem.line, 5);
      assert.match(problem.message, /error calling lookup: Secrets are not permitted/);
      return true;
    });
  });

  it('end with their caller, and the next render finds a thread', async () => {
    start({}, { 'templates/a.yaml': LOOKUP });
    const abort = new AbortController();
    let stopped: AbortSignal | undefined;
    const silent: Answers = {
      answer: (_question, signal) => {
        stopped = signal;
        abort.abort(new Error('enough'));
        return new Promise(() => undefined);
      },
    };
    await assert.rejects(render(silent, abort.signal), /enough/);
    assert.equal(stopped?.aborted, true);
    assert.equal(await value(new World({ data: {} })), '{}');
  });

  it('replace the variables of the build environment', async () => {
    start({}, { 'templates/a.yaml': template('{{ .Values.name | quote }}') });
    const helm = { parameters: [{ name: 'name', value: '$ARGOCD_APP_NAME-${ARGOCD_APP_NAME}-$$x' }] };
    const world = new World({});
    assert.equal(await value(world, never, sourceOptions({ helm })), 'shop-shop-$x');
    assert.deepEqual(world.asked, [{ ask: 'environment', name: 'ARGOCD_APP_NAME' }]);
  });
});

describe('TimeLimit', () => {
  it('does not pass while it is held', async () => {
    const limit = new TimeLimit(1);
    limit.hold(true);
    await new Promise((resolve) => setTimeout(resolve, 20));
    assert.equal(limit.signal.aborted, false);
    const fired = new Promise((resolve) => limit.signal.addEventListener('abort', resolve));
    limit.hold(false);
    await fired;
  });
});
