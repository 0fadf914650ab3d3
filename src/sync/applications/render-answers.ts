import type { Answer, Answers, Question } from '../../render/outside.js';
import { OutsideError } from '../../render/outside.js';
import type { Charts } from '../sources/charts.js';
import { isExactVersion } from '../sources/charts.js';
import type { RemoteFiles } from '../sources/remote-files.js';
import type { FolderRights, RemoteFolders, UsedRepository } from '../sources/remote-folders.js';
import { isOnMachine } from '../sources/repository-url.js';
import type { ClusterLookupDeps, LookupQuestion, LookupRights } from './cluster-lookup.js';
import { lookupInCluster } from './cluster-lookup.js';
import { permitsSource } from './project-rules.js';

export interface RenderAnswersDeps extends ClusterLookupDeps {
  readonly charts: Charts;
  readonly folders: RemoteFolders;
  readonly files: RemoteFiles;
}

/** The application that renders, and what its build environment says. */
export interface Renderer extends LookupRights {
  /** The repository of its source. */
  readonly repoURL: string;
  readonly environment: ReadonlyMap<string, string>;
}

/** What renders of one application have asked: what changes of it is worth another render. */
export class Inquiries {
  readonly lookups: LookupQuestion[] = [];
  readonly repositories: UsedRepository[] = [];
  /** Something was asked of which nobody is told when it changes. */
  isUnwatched = false;
  /** Something besides variables was asked: the answer may change without a push. */
  isAny = false;
  readonly #seen = new Set<string>();

  note(question: Question): void {
    const key = JSON.stringify(question);
    if (this.#seen.has(key)) return;
    this.#seen.add(key);
    if (question.ask !== 'environment') this.isAny = true;
    if (question.ask === 'lookup') this.lookups.push(question);
    const isRange = question.ask === 'chart' && !isExactVersion(question.version);
    if (question.ask === 'lookup' || question.ask === 'file' || isRange) this.isUnwatched = true;
  }
}

/** Answers the renders of one source of an application, with the rights of its project. */
export class RenderAnswers implements Answers {
  readonly #renderer: Renderer;
  readonly #inquiries: Inquiries;
  readonly #deps: RenderAnswersDeps;

  constructor(renderer: Renderer, inquiries: Inquiries, deps: RenderAnswersDeps) {
    this.#renderer = renderer;
    this.#inquiries = inquiries;
    this.#deps = deps;
  }

  async answer(question: Question, signal: AbortSignal): Promise<Answer> {
    this.#inquiries.note(question);
    switch (question.ask) {
      case 'lookup':
        return await lookupInCluster(question, this.#renderer, this.#deps);
      case 'environment': {
        const value = this.#renderer.environment.get(question.name) ?? '';
        return { id: value, value };
      }
      case 'folder':
        return await this.#deps.folders.folder(question.url, this.#folderRights, signal);
      case 'file':
        return await this.#deps.files.file(question.url, this.#mayUse, signal);
      case 'chart':
        return await this.#deps.charts.answer(question, this.#mayUse, signal);
      default:
        throw new OutsideError('this cannot be asked');
    }
  }

  /** Credentials of repositories that a project does not permit are not used for it. */
  readonly #mayUse = (repoURL: string): boolean => permitsSource(this.#renderer.project, repoURL);

  get #folderRights(): FolderRights {
    return {
      mayUse: this.#mayUse,
      // Who deploys from a folder of this machine may read others that the project permits; a server's commit may not.
      mayReadMachine: isOnMachine(this.#renderer.repoURL),
      using: (used) => this.#inquiries.repositories.push(used),
    };
  }
}
