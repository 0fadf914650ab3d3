import { isApiError } from '../../../objects/api-error.js';
import { PersistentVolume, PersistentVolumeClaim } from '../../../objects/kinds/core-v1.js';
import { StorageClass } from '../../../objects/kinds/storage-k8s-io-v1.js';
import { annotationOf } from '../../../objects/labels.js';
import type { KubeObject, ObjectKey } from '../../../objects/object.js';
import { keyOf } from '../../../objects/object.js';
import type { Client } from '../../client/client.js';
import type { Controller, Outcome, Watch } from '../../client/controller.js';
import { DONE, watchSelf } from '../../client/controller.js';
import type { EventRecorder } from '../../client/event-recorder.js';
import type { Informer } from '../../client/informer.js';
import type { ControllerDeps } from '../controller-deps.js';
import { isSemanticallyEqual } from '../semantic-equality.js';
import { IS_DEFAULT_CLASS, localPathClass, localVolume, PROVISIONER } from './local-volumes.js';
import { matchVolume } from './match-volume.js';

const BIND_COMPLETED = 'pv.kubernetes.io/bind-completed';
const BOUND_BY_CONTROLLER = 'pv.kubernetes.io/bound-by-controller';

/** Binds claims to volumes, and makes volumes of folders below `folder` for the class `local-path`. */
export const createClaimController = (deps: ControllerDeps, folder: string | undefined): Controller =>
  new ClaimController(deps, folder);

class ClaimController implements Controller {
  readonly name = 'persistentvolumeclaim-binder';
  /** One at a time: two claims must not take the same volume. */
  readonly concurrency = 1;
  readonly watches: readonly Watch[];
  readonly #client: Client;
  readonly #recorder: EventRecorder;
  readonly #claims: Informer<PersistentVolumeClaim>;
  readonly #volumes: Informer<PersistentVolume>;
  readonly #classes: Informer<StorageClass>;

  constructor(
    deps: ControllerDeps,
    private readonly folder: string | undefined,
  ) {
    this.#client = deps.client;
    this.#recorder = deps.recorder('persistentvolume-controller');
    this.#claims = deps.informers.informer(PersistentVolumeClaim);
    this.#volumes = deps.informers.informer(PersistentVolume);
    this.#classes = deps.informers.informer(StorageClass);
    this.watches = [
      watchSelf(PersistentVolumeClaim),
      { kind: PersistentVolume, keys: (volume) => this.#claimsFor(volume as PersistentVolume) },
      { kind: StorageClass, keys: () => this.#unbound() },
    ];
  }

  /** The class of this cluster is made once, unless somebody has brought one of that name. */
  async source(_enqueue: (key: ObjectKey) => void): Promise<void> {
    if (this.folder === undefined || this.#classes.get(keyOf(localPathClass)) !== undefined) return;
    try {
      await this.#client.create(localPathClass);
    } catch (error) {
      if (!isApiError(error, 'AlreadyExists')) throw error;
    }
  }

  async reconcile(key: ObjectKey): Promise<Outcome> {
    const claim = this.#claims.get(key);
    if (claim === undefined || claim.metadata.deletionTimestamp !== undefined) return DONE;
    const volume = matchVolume(claim, this.#volumes.list());
    if (annotationOf(claim, BIND_COMPLETED) !== undefined) {
      await this.#checkBound(claim, volume);
      return DONE;
    }
    if (volume !== undefined) {
      await this.#bind(claim, volume);
      return DONE;
    }
    await this.#provision(claim);
    return DONE;
  }

  async #checkBound(claim: PersistentVolumeClaim, volume: PersistentVolume | undefined): Promise<void> {
    if (volume !== undefined) {
      await this.#bind(claim, volume);
      return;
    }
    if (claim.status?.phase === 'Lost') return;
    await this.#client.updateStatus<PersistentVolumeClaim>({ ...claim, status: { ...claim.status, phase: 'Lost' } });
    const message = 'Bound claim has lost its PersistentVolume. Data on the volume is lost!';
    this.#recorder.event(claim, 'Warning', 'ClaimLost', message);
  }

  /** Volume first, claim second: whoever is cut short in between finds the volume reserved for the claim. */
  async #bind(claim: PersistentVolumeClaim, volume: PersistentVolume): Promise<void> {
    const { namespace, name, uid, resourceVersion } = claim.metadata;
    const reference = volume.spec?.claimRef;
    if (reference?.uid !== uid) {
      const claimRef = {
        apiVersion: 'v1',
        kind: 'PersistentVolumeClaim',
        name,
        ...(namespace === undefined ? {} : { namespace }),
        ...(uid === undefined ? {} : { uid }),
        ...(resourceVersion === undefined ? {} : { resourceVersion }),
      };
      // Reserved by a user it stays so when the claim is gone.
      const metadata = reference === undefined ? withMarks(volume, [BOUND_BY_CONTROLLER]) : volume.metadata;
      await this.#client.update<PersistentVolume>({ ...volume, metadata, spec: { ...volume.spec, claimRef } });
    }
    let current = claim;
    const isChosen = claim.spec?.volumeName === volume.metadata.name;
    if (!isChosen || annotationOf(claim, BIND_COMPLETED) === undefined) {
      const metadata = withMarks(claim, isChosen ? [BIND_COMPLETED] : [BIND_COMPLETED, BOUND_BY_CONTROLLER]);
      const spec = { ...claim.spec, volumeName: volume.metadata.name };
      current = await this.#client.update({ ...claim, metadata, spec });
    }
    const { accessModes, capacity } = volume.spec ?? {};
    const status = {
      ...current.status,
      phase: 'Bound',
      ...(accessModes === undefined ? {} : { accessModes }),
      ...(capacity === undefined ? {} : { capacity }),
    };
    if (!isSemanticallyEqual(status, current.status)) await this.#client.updateStatus({ ...current, status });
  }

  async #provision(claim: PersistentVolumeClaim): Promise<void> {
    const asked = claim.spec?.storageClassName;
    const storageClass = asked === undefined ? this.#defaultClass() : this.#classes.get({ name: asked });
    if ((claim.spec?.volumeName ?? '') !== '') return;
    if (storageClass === undefined) {
      const isWithout = asked === undefined || asked === '';
      const [reason, message] = isWithout
        ? ['FailedBinding', 'no persistent volumes available for this claim and no storage class is set']
        : ['ProvisioningFailed', `storageclass.storage.k8s.io "${asked}" not found`];
      this.#recorder.event(claim, isWithout ? 'Normal' : 'Warning', reason, message);
      return;
    }
    if (asked === undefined) {
      // A claim that came before there was a default class gets it now.
      const spec = { ...claim.spec, storageClassName: storageClass.metadata.name };
      await this.#client.update<PersistentVolumeClaim>({ ...claim, spec });
      return;
    }
    if (storageClass.provisioner !== PROVISIONER || this.folder === undefined) {
      const message =
        `Waiting for a volume to be created either by the external provisioner '${storageClass.provisioner}' or ` +
        'manually by the system administrator. If volume creation is delayed, please verify that the provisioner is ' +
        'running and correctly registered.';
      this.#recorder.event(claim, 'Normal', 'ExternalProvisioning', message);
      return;
    }
    if ((claim.spec?.volumeMode ?? 'Filesystem') !== 'Filesystem') {
      const message = `failed to provision volume with StorageClass "${asked}": only volumes of mode Filesystem can be made`;
      this.#recorder.event(claim, 'Warning', 'ProvisioningFailed', message);
      return;
    }
    try {
      const volume = await this.#client.create(localVolume(claim, storageClass, this.folder));
      const message = `Successfully provisioned volume ${volume.metadata.name}`;
      this.#recorder.event(claim, 'Normal', 'ProvisioningSucceeded', message);
    } catch (error) {
      // Made by a reconcile that was cut short: its event brings the claim back.
      if (!isApiError(error, 'AlreadyExists')) throw error;
    }
  }

  /** The newest of the default classes, as Kubernetes chooses. */
  #defaultClass(): StorageClass | undefined {
    return this.#classes
      .list()
      .filter((each) => annotationOf(each, IS_DEFAULT_CLASS) === 'true')
      .toSorted((a, b) => ((a.metadata.creationTimestamp ?? '') > (b.metadata.creationTimestamp ?? '') ? -1 : 1))[0];
  }

  #claimsFor(volume: PersistentVolume): readonly ObjectKey[] {
    const { namespace, name } = volume.spec?.claimRef ?? {};
    return namespace !== undefined && name !== undefined ? [{ namespace, name }] : this.#unbound();
  }

  #unbound(): readonly ObjectKey[] {
    return this.#claims.list().filter(isUnbound).map(keyOf);
  }
}

const withMarks = <T extends KubeObject>({ metadata }: T, marks: readonly string[]): T['metadata'] => ({
  ...metadata,
  annotations: { ...metadata.annotations, ...Object.fromEntries(marks.map((mark) => [mark, 'yes'])) },
});

const isUnbound = (claim: KubeObject): boolean => annotationOf(claim, BIND_COMPLETED) === undefined;
