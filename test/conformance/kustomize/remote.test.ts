import assert from 'node:assert/strict';
import { mkdir, mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import type { Server } from 'node:http';
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { gzipSync } from 'node:zlib';
import { pack } from 'tar-stream';
import { kustomizeCommand } from '../../../src/cli/commands/kustomize.js';
import type { OutsideHere } from '../../../src/cli/lazy-outside.js';
import { openOutsideHere } from '../../../src/cli/template/outside-here.js';
import { createChartInflator } from '../../../src/render/kustomize/generate/inflate-chart.js';
import { realTool } from '../../components/components.js';
import type { GitServer, TestRepository } from '../../components/git-server.js';
import { startGitServer } from '../../components/git-server.js';
import type { Outcome } from './compare-builds.js';
import { buildWithFairlead, buildWithKubectl } from './compare-builds.js';

const config = (name: string, value: string): string =>
  `apiVersion: v1\nkind: ConfigMap\nmetadata:\n  name: ${name}\ndata:\n  value: ${value}\n`;

const chartArchive = async (version: string): Promise<Buffer> => {
  const tar = pack();
  tar.entry({ name: 'shop/Chart.yaml' }, `apiVersion: v2\nname: shop\nversion: ${version}\n`);
  tar.entry({ name: 'shop/values.yaml' }, 'who: nobody\nlist: [a, b]\n');
  tar.entry(
    { name: 'shop/crds/c.yaml' },
    'apiVersion: apiextensions.k8s.io/v1\nkind: CustomResourceDefinition\nmetadata:\n  name: things.example.com\n',
  );
  tar.entry(
    { name: 'shop/templates/c.yaml' },
    'apiVersion: v1\nkind: ConfigMap\nmetadata:\n  name: {{ .Release.Name }}-c\n  namespace: {{ .Release.Namespace }}\ndata:\n  who: "{{ .Values.who }} {{ .Values.list | join "," }}"\n  version: {{ .Chart.Version }}\n  kube: {{ .Capabilities.KubeVersion }}\n  has: "{{ .Capabilities.APIVersions.Has "a.example/v1" }}"\n',
  );
  tar.finalize();
  const chunks: Buffer[] = [];
  for await (const chunk of tar) chunks.push(chunk as Buffer);
  return gzipSync(Buffer.concat(chunks));
};

describe('kustomize with what is elsewhere, beside kubectl kustomize', function () {
  this.timeout(60_000);
  let kubectl: string;
  let helm: string;
  let tools: string;
  let git: GitServer;
  let bases: TestRepository;
  let files: Server;
  let filesUrl: string;
  let folder: string;
  let here: OutsideHere;
  let first: string;

  const serveFile = (path: string): string | Promise<Buffer> | undefined => {
    if (path === '/one.yaml' || path === '/org/repo/one') return config('one', 'served');
    if (path === '/patch.yaml') return config('app', 'patched');
    if (path === '/broken.yaml') return 'a: [\n';
    if (path === '/index.yaml') {
      const versions = ['1.0.0', '1.1.0'].map(
        (version) => `  - {apiVersion: v2, name: shop, version: ${version}, urls: [shop-${version}.tgz]}\n`,
      );
      return `apiVersion: v1\nentries:\n  shop:\n${versions.join('')}`;
    }
    const version = /^\/shop-(.*)\.tgz$/.exec(path)?.[1];
    return version === undefined ? undefined : chartArchive(version);
  };

  before(async () => {
    kubectl = await realTool('kubectl');
    // This Kustomize asks for `helm version -c`, which Helm 4 no longer has, and wants version 3.
    tools = await mkdtemp(join(tmpdir(), 'fairlead-helm-'));
    helm = join(tools, 'helm');
    const real = await realTool('helm');
    const script = `#!/bin/sh\n[ "$1" = version ] && exec echo v3.20.0\nexec '${real}' "$@"\n`;
    await writeFile(helm, script, { mode: 0o755 });
    git = await startGitServer();
    bases = await git.createRepository('org/bases');
    first = await bases.commit(
      {
        'app/kustomization.yaml': 'resources: [app.yaml, ../shared]\nnamePrefix: x-\n',
        'app/app.yaml': config('app', 'v1'),
        'shared/kustomization.yaml': 'resources: [shared.yaml]\n',
        'shared/shared.yaml': config('shared', 'v1'),
        'part/kustomization.yaml': 'kind: Component\napiVersion: kustomize.config.k8s.io/v1alpha1\nnameSuffix: -part\n',
        'kustomization.yaml': 'resources: [app]\n',
      },
      { tag: 'v1' },
    );
    await bases.commit({ 'app/app.yaml': config('app', 'v2') });
    files = createServer((request, response) => {
      const found = serveFile(request.url ?? '');
      if (found === undefined) response.writeHead(404).end();
      else void Promise.resolve(found).then((content) => response.end(content));
    });
    await new Promise<void>((done) => files.listen(0, '127.0.0.1', done));
    filesUrl = `http://127.0.0.1:${(files.address() as AddressInfo).port}`;
  });

  after(async () => {
    await git?.close();
    files?.closeAllConnections();
    files?.close();
    if (tools !== undefined) await rm(tools, { recursive: true, force: true });
  });

  beforeEach(async () => {
    folder = await mkdtemp(join(tmpdir(), 'fairlead-remote-'));
    process.env['XDG_CACHE_HOME'] = join(folder, 'cache');
    here = await openOutsideHere();
  });

  afterEach(async () => {
    await here.close();
    await rm(folder, { recursive: true, force: true });
    delete process.env['XDG_CACHE_HOME'];
  });

  const write = async (written: Readonly<Record<string, string>>): Promise<string> => {
    const at = join(folder, 'build');
    for (const [name, text] of Object.entries(written)) {
      await mkdir(dirname(join(at, name)), { recursive: true });
      await writeFile(join(at, name), text);
    }
    return at;
  };
  const build = async (at: string): Promise<Outcome> => {
    const { folder: fetchRemote, file: fetchFile, chart: pull } = here.outside;
    return await buildWithFairlead(at, { fetchRemote, fetchFile, inflateChart: createChartInflator({ pull }) });
  };
  const builtAlike = async (written: Readonly<Record<string, string>>): Promise<string> => {
    const ours = await build(await write(written));
    const theirs = await buildWithKubectl(kubectl, join(folder, 'build'), ['--enable-helm', '--helm-command', helm]);
    assert.deepEqual(ours, theirs);
    if (!('output' in ours)) throw new Error(ours.refused);
    return ours.output;
  };
  const resources = (...urls: readonly string[]): string =>
    `resources:\n${urls.map((url) => `- ${url}\n`).join('')}buildMetadata: [originAnnotations]\n`;

  const forms: Readonly<Record<string, (url: string) => string>> = {
    'a double slash': (url) => `${url}/org/bases.git//app?ref=v1`,
    'a path behind .git': (url) => `${url}/org/bases.git/app?ref=v1`,
    'two segments': (url) => `${url}/org/bases/app?ref=v1`,
    'no path': (url) => `${url}/org/bases.git?ref=v1`,
    'no ref': (url) => `${url}/org/bases//app`,
    version: (url) => `${url}/org/bases//app?version=v1&timeout=50&submodules=false`,
    'a branch': (url) => `${url}/org/bases//app?ref=main&timeout=1m`,
    'a commit': (url) => `${url}/org/bases//app?ref=${first}`,
    'git::': (url) => `git::${url}/org/bases//app?ref=v1`,
  };
  for (const [name, form] of Object.entries(forms)) {
    it(`fetches a base by its URL with ${name}`, async () => {
      const output = await builtAlike({ 'kustomization.yaml': resources(form(git.url)) });
      assert.match(output, name === 'no ref' || name === 'a branch' ? /value: v2/ : /value: v1/);
    });
  }

  it('fetches a base of a repository on this machine', async () => {
    await builtAlike({ 'kustomization.yaml': resources(`file://${bases.path}//app?ref=v1`) });
  });

  it('fetches submodules, and theirs', async () => {
    const far = await git.createRepository('far/inner');
    const inner = await far.commit({ 'kustomization.yaml': 'resources: [i.yaml]\n', 'i.yaml': config('inner', 'v1') });
    await far.commit({ 'i.yaml': config('inner', 'v2') });
    const middle = await git.createRepository('org/middle');
    const link = async (repository: TestRepository, commit: string, path: string): Promise<void> => {
      await repository.git('update-index', '--add', '--cacheinfo', `160000,${commit},${path}`);
      // Makes the empty folder, without which the next commit would leave it out.
      await repository.git('checkout-index', '--all', '--force');
    };
    await link(middle, inner, 'lib/inner');
    const modules = (path: string, url: string): string =>
      `[submodule "x y"]\n\tpath = ${path}\n\turl = "${url}" # c\n`;
    const mid = await middle.commit({
      '.gitmodules': modules('lib/inner', '../../far/inner.git'),
      'kustomization.yaml': 'resources: [lib/inner, m.yaml]\nnamePrefix: m-\n',
      'm.yaml': config('middle', 'v1'),
    });
    const outer = await git.createRepository('org/with-modules');
    await link(outer, mid, 'vendor/middle');
    await outer.commit({
      '.gitmodules': modules('vendor/middle', `${git.url}/org/middle.git`),
      'app/kustomization.yaml': 'resources: [../vendor/middle]\n',
    });
    const url = `${git.url}/org/with-modules.git//app`;
    assert.match(await builtAlike({ 'kustomization.yaml': resources(url) }), /name: m-inner[^]*v1/);
    const refused = async (text: string): Promise<string> => {
      const ours = await build(await write({ 'kustomization.yaml': resources(text) }));
      return 'refused' in ours ? ours.refused : 'built';
    };
    const refusedByBoth = async (text: string): Promise<string> => {
      const words = await refused(text);
      assert.ok('refused' in (await buildWithKubectl(kubectl, join(folder, 'build'))));
      return words;
    };
    assert.match(await refusedByBoth(`${url}?submodules=false`), /vendor\/middle/);
    await outer.commit({ '.gitmodules': modules('vendor/middle', `file://${middle.path}`) }, { tag: 'file' });
    // So does git, unless protocol.file.allow says otherwise.
    assert.match(await refused(`${url}?ref=file`), /submodule 'vendor\/middle': transport 'file' not allowed/);
    await outer.commit({ '.gitmodules': modules('vendor/middle', `${git.url}/org/none.git`) }, { tag: 'none' });
    assert.match(
      await refusedByBoth(`${url}?ref=none`),
      /submodule 'vendor\/middle': .*no such repository.*submodules=false/,
    );
  });

  it('fetches components, and bases of bases', async () => {
    await bases.commit({ 'outer/kustomization.yaml': resources(`${git.url}/org/bases.git//shared?ref=v1`) });
    const components = `components:\n- ${git.url}/org/bases.git//part?ref=v1\n`;
    await builtAlike({ 'kustomization.yaml': resources(`${git.url}/org/bases.git//outer`) + components });
  });

  it('builds a folder of a repository that the command names', async () => {
    const url = `${git.url}/org/bases.git//app?ref=v1`;
    const ours = join(folder, 'ours.yaml');
    await kustomizeCommand().exitOverride().parseAsync([url, '-o', ours], { from: 'user' });
    assert.deepEqual(await buildWithKubectl(kubectl, url), { output: await readFile(ours, 'utf8') });
    await assert.rejects(
      kustomizeCommand()
        .exitOverride()
        .parseAsync([`${git.url}/org/none//app`], { from: 'user' }),
      /cannot fetch .*org\/none/,
    );
  });

  it('reads files over HTTP', async () => {
    const kustomization = `resources: [${filesUrl}/one.yaml, app.yaml]\npatches:\n- path: ${filesUrl}/patch.yaml\n`;
    await builtAlike({ 'kustomization.yaml': kustomization, 'app.yaml': config('app', 'own') });
    await builtAlike({ 'kustomization.yaml': `resources: ['${filesUrl}/org/repo/one']\n` });
  });

  it('says which file and field names what cannot be fetched', async () => {
    const refused = async (text: string): Promise<string> => {
      const at = await write({ 'kustomization.yaml': text });
      const theirs = await buildWithKubectl(kubectl, at);
      assert.ok('refused' in theirs);
      const ours = await build(at);
      return 'refused' in ours ? ours.refused : 'built';
    };
    assert.match(
      await refused(resources(`${git.url}/org/none.git//app`)),
      /accumulating resources from 'http.*none\.git\/\/app'.*no such repository/,
    );
    assert.match(await refused(resources(`${git.url}/org/bases.git//app?ref=none`)), /Cannot find revision "none"/);
    assert.match(await refused(resources(`${git.url}/org/bases.git//none`)), /'none' doesn't exist/);
    assert.match(await refused(resources(`${filesUrl}/none.yaml`)), /accumulating resources from '.*none\.yaml'.*404/);
    assert.match(await refused(resources(`${filesUrl}/broken.yaml`)), /broken\.yaml/);
    assert.match(await refused(resources('ssh://git@git.example/org/repo//app')), /only http:\/\/, https:\/\//);
  });

  it('ends the wait for a base that hangs', async () => {
    git.behave({ silent: true });
    try {
      const at = await write({ 'kustomization.yaml': resources(`${git.url}/org/bases.git//app?ref=v1&timeout=1`) });
      const ours = await build(at);
      assert.match('refused' in ours ? ours.refused : '', /accumulating resources from .*no answer within 1 s/);
    } finally {
      git.behave({});
    }
  });

  const charts = (text: string): string => `helmCharts:\n- name: shop\n  repo: ${filesUrl}\n${text}`;
  const variants: Readonly<Record<string, string>> = {
    'at a version': '  version: 1.0.0\n',
    'at the newest version': '  releaseName: r\n',
    'with a namespace and CRDs': '  version: 1.0.0\n  namespace: far\n  includeCRDs: true\n  releaseName: r\n',
    'with inline values': '  version: 1.0.0\n  valuesInline: {who: ada, list: [c]}\n',
    'with merged values': '  version: 1.0.0\n  valuesMerge: merge\n  valuesInline: {who: ada, more: 1}\n',
    'with values in place of the file': '  version: 1.0.0\n  valuesMerge: replace\n  valuesInline: {who: ada}\n',
    'with a values file': '  version: 1.0.0\n  valuesFile: v.yaml\n  additionalValuesFiles: [w.yaml]\n',
    'with the versions of a cluster': '  version: 1.0.0\n  kubeVersion: 1.30.1\n  apiVersions: [a.example/v1]\n',
  };
  for (const [name, text] of Object.entries(variants)) {
    it(`pulls a chart ${name}`, async () => {
      await builtAlike({ 'kustomization.yaml': charts(text), 'v.yaml': 'who: file\n', 'w.yaml': 'list: [w]\n' });
    });
  }

  it('says why a chart cannot be pulled', async () => {
    const ours = await build(await write({ 'kustomization.yaml': charts('  version: 9.9.9\n') }));
    assert.match('refused' in ours ? ours.refused : '', /helmCharts: Cannot read chart "shop" .*9\.9\.9/);
  });
});
