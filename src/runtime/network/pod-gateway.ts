import { BlockList } from 'node:net';
import { networkInterfaces } from 'node:os';
import Docker from 'dockerode';

/**
 * This machine's address on the engine's network for pods; undefined when the engine is elsewhere (a virtual machine,
 * another host), so that pods cannot reach this process there.
 */
export const findPodGateway = async (socketPath: string, network = 'bridge'): Promise<string | undefined> => {
  const info = (await new Docker({ socketPath }).getNetwork(network).inspect()) as {
    readonly IPAM?: { readonly Config?: readonly { readonly Subnet?: string }[] };
  };
  const subnets = new BlockList();
  for (const { Subnet: subnet = '' } of info.IPAM?.Config ?? []) {
    const [address = '', bits] = subnet.split('/');
    if (!address.includes(':') && bits !== undefined) subnets.addSubnet(address, Number(bits), 'ipv4');
  }
  return Object.values(networkInterfaces())
    .flatMap((addresses) => addresses ?? [])
    .find(({ address, family }) => family === 'IPv4' && subnets.check(address, 'ipv4'))?.address;
};
