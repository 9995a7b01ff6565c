import { ClusterNetwork } from '../../network/cluster-network.ts';
import { findTools, requireTool, rootTools } from '../runtimes/process/tools.ts';
import { hostNetworkFd, type HelperOptions } from './helper-options.ts';

/** In a file of its own with few imports: the kernel can make the network while everything else is being read. */
export function createNetwork({ ranges, nodeNames }: HelperOptions, searchPath: string): ClusterNetwork {
  const { tools } = findTools(rootTools, searchPath);
  return new ClusterNetwork({
    ranges,
    nodes: nodeNames.length,
    ip: requireTool(tools, 'ip'),
    nsenter: requireTool(tools, 'nsenter'),
    unshare: requireTool(tools, 'unshare'),
    hostNetworkFd,
    ownPid: process.pid,
  });
}
