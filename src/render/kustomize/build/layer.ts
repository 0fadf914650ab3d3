import { KUSTOMIZATION_FILES } from '../../detect-source-type.js';
import { KustomizeError, MalformedYamlError, NotAFileError, wrapped } from '../errors.js';
import type { Kustomization } from '../kustomization/kustomization.js';
import { readKustomization } from '../kustomization/kustomization.js';
import type { Loader } from '../load/loader.js';
import { isRemote } from '../load/loader.js';
import { parseRepoSpec } from '../load/repo-spec.js';
import { joinOrigin } from '../resources/origin.js';
import type { Origin } from '../resources/origin.js';
import { readResources } from '../resources/read-resources.js';
import type { Resource } from '../resources/resource.js';
import { ResourceMap } from '../resources/resource-map.js';
import { emptyConfig, mergeConfigs } from '../transform/transformer-config.js';
import type { TransformerConfig } from '../transform/transformer-config.js';
import { bindVariables, Variables } from '../transform/variables.js';
import type { BuildContext } from './build-context.js';
import { loadCrdConfig, loadTransformerConfig } from './load-config.js';
import { builtinGenerators, configuredGenerators } from './generators.js';
import type { GeneratorStep, TransformerStep } from './steps.js';
import { builtinTransformers, configuredTransformers } from './transformers.js';
import { runValidators } from './validators.js';

/** What a layer has gathered: its resources, where its transformers look, and its variables. */
export class Accumulator {
  map = new ResourceMap();
  config: TransformerConfig = emptyConfig();
  variables = new Variables();

  merge(other: Accumulator): void {
    this.map.append(...other.map.resources);
    this.config = mergeConfigs(this.config, other.config);
    this.variables.add(other.variables.all());
  }
}

/** Overlays deeper than this are a mistake. */
const MAX_LAYERS = 200;

/** One kustomization file with its folder. */
export class Layer {
  private constructor(
    readonly loader: Loader,
    readonly kustomization: Kustomization,
    /** Name of the file. */
    readonly fileName: string,
    readonly context: BuildContext,
    private readonly depth: number,
  ) {}

  static async load(loader: Loader, context: BuildContext, depth = 0): Promise<Layer> {
    if (depth > MAX_LAYERS) throw new KustomizeError(`more than ${MAX_LAYERS} layers of kustomizations`);
    const names: string[] = [];
    for (const name of KUSTOMIZATION_FILES) if (await loader.has(name)) names.push(name);
    const [fileName] = names;
    const folder = loader.shown;
    if (fileName === undefined) {
      throw new KustomizeError(
        `unable to find one of 'kustomization.yaml', 'kustomization.yml' or 'Kustomization' in directory '${folder}'`,
        depth > 0 ? undefined : folder,
      );
    }
    if (names.length > 1) throw new KustomizeError(`Found multiple kustomization files under: ${folder}`, folder);
    const file = loader.join(fileName);
    try {
      const { kustomization, warnings } = readKustomization(await loader.loadText(fileName), folder);
      context.warn(warnings);
      return new Layer(loader, kustomization, fileName, context, depth);
    } catch (error) {
      throw error instanceof KustomizeError && error.file === undefined
        ? new KustomizeError(error.message, file)
        : error;
    }
  }

  /** The path of the kustomization file, for messages. */
  get file(): string {
    return this.loader.join(this.fileName);
  }

  async accumulate(
    buildMetadata: readonly string[],
    origin: Origin | undefined,
    into = new Accumulator(),
  ): Promise<Accumulator> {
    try {
      return await this.#accumulate(buildMetadata, origin, into);
    } catch (error) {
      throw error instanceof KustomizeError && error.file === undefined
        ? new (error instanceof MalformedYamlError ? MalformedYamlError : KustomizeError)(error.message, this.file)
        : error;
    }
  }

  async #accumulate(
    buildMetadata: readonly string[],
    origin: Origin | undefined,
    into: Accumulator,
  ): Promise<Accumulator> {
    const { kustomization, loader, context } = this;
    const gathering = new Gathering(this, buildMetadata, origin);
    for (const path of kustomization.resources ?? []) await gathering.resource(into, path);
    into.config = mergeConfigs(into.config, await loadTransformerConfig(loader, kustomization.configurations ?? []));
    into.config = mergeConfigs(into.config, await loadCrdConfig(loader, kustomization.crds ?? []));
    const generators = await this.#steps('generator', () => builtinGenerators(this, origin));
    generators.push(...(await configuredGenerators(this, await this.#configs(kustomization.generators, origin))));
    await runGenerators(generators, into.map, origin !== undefined, context);
    let result = into;
    for (const path of kustomization.components ?? []) result = await gathering.component(result, path);
    const transformers = await this.#steps('transformer', () => builtinTransformers(this, result.config, origin));
    transformers.push(...(await configuredTransformers(this, await this.#configs(kustomization.transformers, origin))));
    runTransformers(transformers, result.map, origin !== undefined);
    const validators = await configuredTransformers(this, await this.#configs(kustomization.validators, origin));
    runValidators(validators, result.map);
    context.signal.throwIfAborted();
    bindVariables(result.map, kustomization.vars ?? []);
    result.variables.add(kustomization.vars ?? []);
    return result;
  }

  async #steps<T>(what: string, make: () => Promise<T[]>): Promise<T[]> {
    try {
      return await make();
    } catch (error) {
      throw wrapped(error, `trouble configuring builtin ${what}`);
    }
  }

  /** The configurations of generators or transformers: inline, in files, or built by a kustomization. */
  async #configs(entries: readonly string[] | undefined, origin: Origin | undefined): Promise<Resource[]> {
    const gathering = new Gathering(this, [], origin);
    const configs = new Accumulator();
    const paths: string[] = [];
    for (const entry of entries ?? []) {
      const inline = inlineResources(entry);
      if (inline === undefined) paths.push(entry);
      else {
        for (const resource of inline) if (origin !== undefined) resource.origin = appended(origin, this.fileName);
        configs.map.append(...inline);
      }
    }
    for (const path of paths) await gathering.resource(configs, path);
    return [...configs.map.resources];
  }

  /** Takes up the schema that this layer names. */
  async useOpenApi(isTop: boolean): Promise<void> {
    try {
      await this.context.useOpenApi(this.kustomization, this.loader, isTop);
    } catch (error) {
      throw wrapped(error, 'openapi', this.file);
    }
  }

  async folder(path: string, isComponent: boolean): Promise<Layer> {
    const loader = await this.loader.folder(path);
    let layer: Layer;
    try {
      layer = await Layer.load(loader, this.context, this.depth + 1);
    } catch (error) {
      throw wrapped(error, `couldn't make target for path '${loader.shown}'`);
    }
    await layer.useOpenApi(false);
    const { kind } = layer.kustomization;
    if (isComponent && kind !== 'Component') {
      throw new KustomizeError(`expected kind 'Component' for path '${loader.shown}' but got '${kind}'`);
    }
    if (!isComponent && kind === 'Component') {
      throw new KustomizeError(`expected kind != 'Component' for path '${loader.shown}'`);
    }
    return layer;
  }
}

/** The origin of what a path names, seen from a layer's origin. */
export const appended = (origin: Origin, path: string): Origin => {
  const spec = parseRepoSpec(path);
  if (spec === undefined) return { ...origin, path: joinOrigin(origin.path ?? '', path) };
  const { repoURL, ref } = spec;
  return { path: spec.path || NO_PATH, repo: repoURL, ...(ref === undefined ? {} : { ref }) };
};

/** What Kustomize writes for the root of a repository. */
const NO_PATH = 'notCloned';

/** Resources written into the kustomization itself; undefined when the entry is a path. */
const inlineResources = (entry: string): Resource[] | undefined => {
  if (!entry.includes('\n') && !entry.includes('{')) return undefined;
  try {
    return readResources(entry);
  } catch (error) {
    if (error instanceof KustomizeError) return undefined;
    throw error;
  }
};

const HTTP = /^https?:\/\//i;
/** What only the address of a repository has: asking for a file there would be in vain. */
const REPOSITORY = /\.git(?:[/?]|$)|\/_git\/|^https?:\/\/[^?]*\/\/|[?&](?:ref|version|submodules|timeout)=/i;
const FILE = /^[^?]*\.(?:ya?ml|json)$/i;

class Gathering {
  constructor(
    private readonly layer: Layer,
    private readonly buildMetadata: readonly string[],
    private readonly origin: Origin | undefined,
  ) {}

  async resource(into: Accumulator, path: string): Promise<void> {
    try {
      if (HTTP.test(path)) await this.#address(into, path);
      else if (!(await this.#isFile(path)) || !(await this.#tryFile(into, path))) {
        into.merge(await this.#folder(path, false, new Accumulator()));
      }
    } catch (error) {
      throw wrapped(error, `accumulating resources from '${path}'`);
    }
  }

  async component(into: Accumulator, path: string): Promise<Accumulator> {
    try {
      const result = new Accumulator();
      result.merge(await this.#folder(path, true, into));
      return result;
    } catch (error) {
      throw wrapped(error, `accumulating components: '${path}'`);
    }
  }

  /** An address is that of a file, or, where there is no file with resources, of a repository. */
  async #address(into: Accumulator, url: string): Promise<void> {
    const failure = isRemote(url) && REPOSITORY.test(url) ? undefined : await this.#fileOrFailure(into, url);
    if (failure === 'none') return;
    if (failure !== undefined && (!isRemote(url) || FILE.test(url))) throw failure;
    try {
      into.merge(await this.#folder(url, false, new Accumulator()));
    } catch (error) {
      if (failure === undefined) throw error;
      throw failure instanceof MalformedYamlError ? failure : wrapped(error, `accumulation err='${failure.message}'`);
    }
  }

  async #fileOrFailure(into: Accumulator, url: string): Promise<KustomizeError | 'none'> {
    try {
      await this.#file(into, url);
      return 'none';
    } catch (error) {
      if (error instanceof KustomizeError) return error;
      throw error;
    }
  }

  async #isFile(path: string): Promise<boolean> {
    if (isRemote(path)) return false;
    if (FILE.test(path)) return true;
    const { loader } = this.layer;
    return (await loader.tree.stat(loader.join(path)))?.kind !== 'folder';
  }

  /** False when the path is a folder after all. */
  async #tryFile(into: Accumulator, path: string): Promise<boolean> {
    try {
      await this.#file(into, path);
      return true;
    } catch (error) {
      if (error instanceof NotAFileError) return false;
      throw error;
    }
  }

  async #file(into: Accumulator, path: string): Promise<void> {
    const { loader } = this.layer;
    const file = HTTP.test(path) ? path : loader.join(path);
    const text = await loader.loadText(path);
    let resources: Resource[];
    try {
      resources = this.layer.context.adopt(readResources(text, file));
    } catch (error) {
      if (error instanceof MalformedYamlError) {
        throw new MalformedYamlError(`MalformedYAMLError: ${error.message} in File: ${path}`, file);
      }
      throw error instanceof KustomizeError ? new KustomizeError(error.message, file) : error;
    }
    if (this.origin !== undefined) {
      const origin = appended(this.origin, path);
      for (const resource of resources) resource.origin = origin;
    }
    into.map.append(...resources);
  }

  async #folder(path: string, isComponent: boolean, into: Accumulator): Promise<Accumulator> {
    const layer = await this.layer.folder(path, isComponent);
    const origin = this.origin === undefined ? undefined : appended(this.origin, path);
    try {
      return await layer.accumulate(this.buildMetadata, origin, into);
    } catch (error) {
      throw wrapped(error, `recursed accumulation of path '${layer.loader.shown}'`);
    }
  }
}

const runGenerators = async (
  steps: readonly GeneratorStep[],
  map: ResourceMap,
  tracks: boolean,
  context: BuildContext,
): Promise<void> => {
  for (const step of steps) {
    for (const resource of context.adopt(await step.generate())) {
      if (tracks) resource.origin ??= step.origin;
      try {
        map.absorb(resource);
      } catch (error) {
        throw step.field === undefined ? error : wrapped(error, step.field);
      }
    }
  }
};

const runTransformers = (steps: readonly TransformerStep[], map: ResourceMap, tracks: boolean): void => {
  for (const step of steps) {
    try {
      step.transform(map);
    } catch (error) {
      throw step.field === undefined ? error : wrapped(error, step.field);
    }
    map.touch();
    if (tracks && step.origin !== undefined) {
      for (const resource of map.resources) {
        if (resource.origin === undefined) resource.origin = step.origin;
        else resource.addTransformation(step.origin);
      }
    }
    map.dropEmpty();
  }
};
