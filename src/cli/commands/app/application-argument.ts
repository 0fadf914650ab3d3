import type { Client } from '../../../cluster/client/client.js';
import type { ObjectKey } from '../../../objects/object.js';
import { APPLICATION_NAMESPACES, Application } from '../../../sync/applications/application.js';
import { CommandFailure } from '../../exit-statuses.js';

/** `NAME` (looked for in `argocd`, then `fairlead`) or `NAMESPACE/NAME`. Fails when there is no such application. */
export const findApplication = async (client: Client, argument: string): Promise<Application> => {
  for (const key of candidates(argument)) {
    const application = await client.get(Application, key);
    if (application !== undefined) return application;
  }
  throw new CommandFailure(`There is no application "${argument}"; see: fairlead app list`);
};

const candidates = (argument: string): readonly ObjectKey[] => {
  const slash = argument.indexOf('/');
  if (slash >= 0) return [{ namespace: argument.slice(0, slash), name: argument.slice(slash + 1) }];
  return APPLICATION_NAMESPACES.map((namespace) => ({ namespace, name: argument }));
};
