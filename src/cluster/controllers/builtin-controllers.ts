import type { Controller } from '../client/controller.js';
import type { ControllerDeps } from './controller-deps.js';
import { createDeploymentController } from './deployment/deployment-controller.js';
import { createReplicaSetController } from './replica-set/replica-set-controller.js';

type CreateController = (deps: ControllerDeps) => Controller;

const CONTROLLERS: readonly CreateController[] = [createDeploymentController, createReplicaSetController];

/** The controllers that make a cluster out of an API server. For `runControllers`. */
export const builtinControllers = (deps: ControllerDeps): Controller[] => CONTROLLERS.map((create) => create(deps));
