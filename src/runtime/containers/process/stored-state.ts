import { mkdirSync, readdirSync, rmSync } from 'node:fs';
import { join } from 'node:path';
import type { ContainerConfig, Sandbox, SandboxConfig } from '../container-runtime.js';
import type { ProcessState } from './keeper-protocol.js';
import { readJson, writeJson } from './state-file.js';

/** What is kept of a sandbox in `sandboxes/<id>.json`. */
export interface StoredSandbox {
  readonly sandbox: Sandbox;
  readonly config: SandboxConfig;
  /** The pod's address inside its environment: 127.0.0.1 for hostNetwork, where `sandbox.ip` is absent. */
  readonly address: string;
}

/** What is kept of a container in `containers/<id>/container.json`; how its process does is in `state.json`. */
export interface StoredContainer {
  readonly id: string;
  readonly sandboxId: string;
  readonly createdAt: number;
  readonly config: ContainerConfig;
  readonly state?: ProcessState;
}

/** The folders of the process runtime. */
export class StateFolder {
  readonly #sandboxes: string;
  readonly #containers: string;

  constructor(root: string) {
    this.#sandboxes = join(root, 'sandboxes');
    this.#containers = join(root, 'containers');
    // Others may pass through (a container may run as another user) but not look around.
    mkdirSync(this.#sandboxes, { recursive: true, mode: 0o711 });
    mkdirSync(this.#containers, { recursive: true, mode: 0o711 });
  }

  loadSandboxes(): readonly StoredSandbox[] {
    return readdirSync(this.#sandboxes)
      .filter((name) => name.endsWith('.json'))
      .map((name) => readJson(join(this.#sandboxes, name)) as StoredSandbox | undefined)
      .filter((stored) => stored !== undefined);
  }

  saveSandbox(stored: StoredSandbox): void {
    writeJson(join(this.#sandboxes, `${stored.sandbox.id}.json`), stored);
  }

  removeSandbox(id: string): void {
    rmSync(join(this.#sandboxes, `${id}.json`), { force: true });
  }

  loadContainers(): readonly StoredContainer[] {
    return readdirSync(this.#containers).flatMap((id) => {
      const stored = readJson(join(this.#containers, id, 'container.json')) as StoredContainer | undefined;
      if (stored === undefined) {
        // Its creation did not finish.
        this.removeContainer(id);
        return [];
      }
      const state = this.loadState(id);
      return [state === undefined ? stored : { ...stored, state }];
    });
  }

  /** Makes the container's folder and its `work` and `tmp` folders. */
  saveContainer(stored: StoredContainer): void {
    const folder = this.containerFolder(stored.id);
    mkdirSync(join(folder, 'work'), { recursive: true, mode: 0o711 });
    mkdirSync(join(folder, 'tmp'), { recursive: true, mode: 0o711 });
    writeJson(join(folder, 'container.json'), stored);
  }

  removeContainer(id: string): void {
    rmSync(this.containerFolder(id), { recursive: true, force: true });
  }

  loadState(id: string): ProcessState | undefined {
    return readJson(join(this.containerFolder(id), 'state.json')) as ProcessState | undefined;
  }

  saveState(id: string, state: ProcessState): void {
    writeJson(join(this.containerFolder(id), 'state.json'), state);
  }

  containerFolder(id: string): string {
    return join(this.#containers, id);
  }
}
