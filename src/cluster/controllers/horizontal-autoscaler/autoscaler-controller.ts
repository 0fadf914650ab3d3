import { setCondition, timestamp } from '../../../objects/conditions.js';
import type { Clock } from '../../../objects/clock.js';
import type {
  HorizontalPodAutoscalerCondition,
  HorizontalPodAutoscalerStatus,
  MetricStatus,
} from '../../../objects/kinds/autoscaling-v2.js';
import { HorizontalPodAutoscaler } from '../../../objects/kinds/autoscaling-v2.js';
import { Pod } from '../../../objects/kinds/core-v1.js';
import type { KindOf } from '../../../objects/kind.js';
import { labelsOf } from '../../../objects/labels.js';
import type { KubeObject, ObjectKey } from '../../../objects/object.js';
import { keyText } from '../../../objects/object.js';
import { matchesLabels } from '../../../objects/selectors/label-selector.js';
import { parseLabelSelector } from '../../../objects/selectors/parse-label-selector.js';
import type { Client } from '../../client/client.js';
import type { Controller, Outcome, Watch } from '../../client/controller.js';
import { DONE } from '../../client/controller.js';
import type { EventRecorder } from '../../client/event-recorder.js';
import type { Informer } from '../../client/informer.js';
import type { ControllerDeps } from '../controller-deps.js';
import { messageOf } from '../pods/pod-control.js';
import { isSemanticallyEqual } from '../semantic-equality.js';
import type { Recommendation, ScaleTarget } from './metric-source.js';
import { DEFAULT_METRICS, MetricError, recommend } from './metric-source.js';
import type { ScalingHistory } from './scaling-behavior.js';
import { limitReplicas, NO_HISTORY, remember } from './scaling-behavior.js';

/** Scales what has a scale by what its pods use. */
export const createAutoscalerController = (deps: ControllerDeps): Controller => new AutoscalerController(deps);

const INTERVAL_MS = 15_000;

interface Scale extends KubeObject {
  readonly spec?: { readonly replicas?: number };
  readonly status?: { readonly replicas?: number; readonly selector?: string };
}

/** The metrics that give no number. */
interface Failure {
  readonly all: readonly [MetricError, ...MetricError[]];
  readonly of: number;
}

/** The status as it grows through one reconcile. */
class StatusDraft {
  #conditions: readonly HorizontalPodAutoscalerCondition[];

  constructor(
    private readonly autoscaler: HorizontalPodAutoscaler,
    readonly now: number,
  ) {
    this.#conditions = autoscaler.status?.conditions ?? [];
  }

  set(type: string, status: string, reason: string, message: string): void {
    this.#conditions = setCondition(this.#conditions, { type, status, reason, message }, timestamp(this.now));
  }

  status(fields: Partial<HorizontalPodAutoscalerStatus>): HorizontalPodAutoscalerStatus {
    const { generation } = this.autoscaler.metadata;
    return {
      desiredReplicas: 0,
      ...this.autoscaler.status,
      ...(generation === undefined ? {} : { observedGeneration: generation }),
      ...fields,
      conditions: this.#conditions,
    };
  }
}

class AutoscalerController implements Controller {
  readonly name = 'horizontal-pod-autoscaler';
  readonly watches: readonly Watch[];
  readonly #client: Client;
  readonly #clock: Clock;
  readonly #recorder: EventRecorder;
  readonly #autoscalers: Informer<HorizontalPodAutoscaler>;
  readonly #pods: Informer<Pod>;
  readonly #histories = new Map<string, ScalingHistory>();

  constructor(deps: ControllerDeps) {
    this.#client = deps.client;
    this.#clock = deps.clock;
    this.#recorder = deps.recorder('horizontal-pod-autoscaler');
    this.#autoscalers = deps.informers.informer(HorizontalPodAutoscaler);
    this.#pods = deps.informers.informer(Pod);
    this.watches = [
      {
        kind: HorizontalPodAutoscaler,
        // Its own status must not wake it: the metrics are looked at every fifteen seconds.
        keys: (object, previous) =>
          previous !== undefined && object.metadata.generation === previous.metadata.generation
            ? []
            : [keyOfObject(object)],
      },
    ];
  }

  async reconcile(key: ObjectKey): Promise<Outcome> {
    const autoscaler = this.#autoscalers.get(key);
    if (autoscaler === undefined) {
      this.#histories.delete(keyText(key));
      return DONE;
    }
    if (autoscaler.metadata.deletionTimestamp !== undefined) return DONE;
    const status = await this.#scale(key, autoscaler);
    if (!isSemanticallyEqual(status, autoscaler.status)) await this.#client.updateStatus({ ...autoscaler, status });
    return { requeueAfterMs: INTERVAL_MS };
  }

  async #scale(key: ObjectKey, autoscaler: HorizontalPodAutoscaler): Promise<HorizontalPodAutoscalerStatus> {
    const draft = new StatusDraft(autoscaler, this.#clock.now());
    let target: ScaleTarget;
    try {
      target = await this.#target(key, autoscaler);
    } catch (error) {
      const message = messageOf(error);
      const failed = `the HPA controller was unable to get the target's current scale: ${message}`;
      draft.set('AbleToScale', 'False', 'FailedGetScale', failed);
      this.#recorder.event(autoscaler, 'Warning', 'FailedGetScale', message);
      return draft.status({});
    }
    draft.set(
      'AbleToScale',
      'True',
      'SucceededGetScale',
      "the HPA controller was able to get the target's current scale",
    );
    if (target.replicas === 0 && autoscaler.spec.minReplicas !== 0) {
      const message = 'scaling is disabled since the replica count of the target is zero';
      draft.set('ScalingActive', 'False', 'ScalingDisabled', message);
      return draft.status({ currentReplicas: 0, desiredReplicas: 0 });
    }
    const { minReplicas = 1, maxReplicas } = autoscaler.spec;
    // Outside of its limits the metrics do not matter.
    if (target.replicas > maxReplicas) {
      const reason = 'Current number of replicas above Spec.MaxReplicas';
      return this.#resize(key, autoscaler, target, maxReplicas, reason, draft);
    }
    if (target.replicas < minReplicas) {
      const reason = 'Current number of replicas below Spec.MinReplicas';
      return this.#resize(key, autoscaler, target, minReplicas, reason, draft);
    }
    return this.#rescale(key, autoscaler, target, draft);
  }

  async #resize(
    key: ObjectKey,
    autoscaler: HorizontalPodAutoscaler,
    target: ScaleTarget,
    replicas: number,
    reason: string,
    draft: StatusDraft,
    statuses: readonly MetricStatus[] = [],
  ): Promise<HorizontalPodAutoscalerStatus> {
    const { namespace = '' } = key;
    const { name } = autoscaler.spec.scaleTargetRef;
    const patch = { type: 'merge', body: { spec: { replicas } } } as const;
    await this.#client.patch<Scale>(targetKind(autoscaler), { namespace, name }, patch, { subresource: 'scale' });
    this.#recorder.event(autoscaler, 'Normal', 'SuccessfulRescale', `New size: ${replicas}; reason: ${reason}`);
    const message = `the HPA controller was able to update the target scale to ${replicas}`;
    draft.set('AbleToScale', 'True', 'SucceededRescale', message);
    return draft.status({
      currentReplicas: target.replicas,
      desiredReplicas: replicas,
      currentMetrics: statuses,
      lastScaleTime: timestamp(draft.now),
    });
  }

  async #rescale(
    key: ObjectKey,
    autoscaler: HorizontalPodAutoscaler,
    target: ScaleTarget,
    draft: StatusDraft,
  ): Promise<HorizontalPodAutoscalerStatus> {
    const { now } = draft;
    const { best, statuses, failure } = await this.#recommendations(autoscaler, target, now);
    const before = target.replicas;
    if (best === undefined) {
      this.#tellFailure(autoscaler, failure, draft);
      return draft.status({ currentReplicas: before, currentMetrics: statuses });
    }
    const message = `the HPA was able to successfully calculate a replica count from ${best.metric}`;
    draft.set('ScalingActive', 'True', 'ValidMetricFound', message);
    const recommended = best.replicas;
    // After a start the size as it is counts as recommended: nothing shrinks before the window has passed once.
    const history = this.#histories.get(keyText(key)) ?? remember(NO_HISTORY, before, 0, now);
    const { replicas, ableToScale, limited } = limitReplicas(autoscaler, before, recommended, history, now);
    draft.set('AbleToScale', 'True', ableToScale.reason, ableToScale.message);
    draft.set('ScalingLimited', limited.status, limited.reason, limited.message);
    this.#histories.set(keyText(key), remember(history, recommended, replicas - before, now));
    if (replicas === before) {
      return draft.status({ currentReplicas: before, desiredReplicas: replicas, currentMetrics: statuses });
    }
    const reason = replicas > before ? `${best.metric} above target` : 'All metrics below target';
    return this.#resize(key, autoscaler, target, replicas, reason, draft, statuses);
  }

  #tellFailure(autoscaler: HorizontalPodAutoscaler, failure: Failure | undefined, draft: StatusDraft): void {
    if (failure === undefined) return;
    const { all: errors, of } = failure;
    const [first] = errors;
    const message = `the HPA was unable to compute the replica count: ${first.message}`;
    draft.set('ScalingActive', 'False', first.reason, message);
    const all = `invalid metrics (${errors.length} invalid out of ${of}), first error is: failed to get ${first.value}: ${first.message}`;
    for (const { reason, message: told } of errors) this.#recorder.event(autoscaler, 'Warning', reason, told);
    this.#recorder.event(autoscaler, 'Warning', 'FailedComputeMetricsReplicas', all);
  }

  /** The largest recommendation counts; a metric that fails only keeps the others from scaling down. */
  async #recommendations(
    autoscaler: HorizontalPodAutoscaler,
    target: ScaleTarget,
    now: number,
  ): Promise<{
    readonly best: Recommendation | undefined;
    readonly statuses: readonly MetricStatus[];
    readonly failure?: Failure;
  }> {
    const metrics = autoscaler.spec.metrics ?? DEFAULT_METRICS;
    const statuses: MetricStatus[] = [];
    let best: Recommendation | undefined;
    const failures: MetricError[] = [];
    for (const metric of metrics) {
      try {
        const next = await recommend(this.#client, autoscaler, metric, target, now);
        statuses.push(next.status);
        if (best === undefined || next.replicas > best.replicas) best = next;
      } catch (error) {
        if (!(error instanceof MetricError)) throw error;
        failures.push(error);
        // Statuses stand in the order of their metrics.
        statuses.push({ type: '' });
      }
    }
    const [first, ...others] = failures;
    const wouldShrink = best === undefined || best.replicas < target.replicas;
    return first !== undefined && wouldShrink
      ? { best: undefined, statuses, failure: { all: [first, ...others], of: metrics.length } }
      : { best, statuses };
  }

  async #target(key: ObjectKey, autoscaler: HorizontalPodAutoscaler): Promise<ScaleTarget> {
    const { namespace = '' } = key;
    const { name } = autoscaler.spec.scaleTargetRef;
    // A patch that changes nothing answers with the scale of any kind that has one.
    const patch = { type: 'merge', body: {} } as const;
    const scale = await this.#client.patch<Scale>(targetKind(autoscaler), { namespace, name }, patch, {
      subresource: 'scale',
    });
    const selector = scale.status?.selector ?? '';
    if (selector === '') throw new Error('the target has no selector');
    const parsed = parseLabelSelector(selector);
    const pods = this.#pods.list(namespace).filter((pod) => matchesLabels(parsed, labelsOf(pod)));
    return { namespace, replicas: scale.spec?.replicas ?? 0, selector, pods };
  }
}

const targetKind = ({ spec }: HorizontalPodAutoscaler): KindOf<Scale> => ({
  apiVersion: spec.scaleTargetRef.apiVersion ?? 'v1',
  kind: spec.scaleTargetRef.kind,
});

const keyOfObject = ({ metadata }: KubeObject): ObjectKey => ({
  namespace: metadata.namespace ?? '',
  name: metadata.name,
});
