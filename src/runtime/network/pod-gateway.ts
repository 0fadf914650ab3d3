import { createServer } from 'node:net';
import Docker from 'dockerode';

interface AddressPool {
  readonly Subnet?: string;
  readonly Gateway?: string;
}

/** The gateway of a network: as it says, or the first address, which the engine takes when nobody says one. */
const gatewayOf = ({ Subnet: subnet = '', Gateway: gateway }: AddressPool): string | undefined => {
  if (gateway !== undefined && gateway !== '') return gateway;
  const address = subnet.split('/', 1)[0] ?? '';
  return /^\d+\.\d+\.\d+\.\d+$/.test(address) ? address.replace(/\d+$/, (last) => String(Number(last) + 1)) : undefined;
};

/** Asked by listening: the system's list of addresses leaves out bridges to which nothing is connected yet. */
const isOwnAddress = (address: string): Promise<boolean> =>
  new Promise((resolve) => {
    const server = createServer();
    server.once('error', () => resolve(false));
    server.listen(0, address, () => server.close(() => resolve(true)));
  });

/**
 * This machine's address on the engine's network for pods; undefined when the engine is elsewhere (a virtual machine,
 * another host), so that pods cannot reach this process there.
 */
export const findPodGateway = async (socketPath: string, network = 'bridge'): Promise<string | undefined> => {
  const info = (await new Docker({ socketPath }).getNetwork(network).inspect()) as {
    readonly IPAM?: { readonly Config?: readonly AddressPool[] };
  };
  for (const pool of info.IPAM?.Config ?? []) {
    const gateway = gatewayOf(pool);
    if (gateway !== undefined && !gateway.includes(':') && (await isOwnAddress(gateway))) return gateway;
  }
  return undefined;
};
