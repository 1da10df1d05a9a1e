import { type FaultProxy, openFaultProxy } from './fault-proxy.ts';

/** The servers that processes reach over the network. */
export type NetworkPart = 'booking' | 'payments' | 'redis' | 'search' | 'gateway';

/** The network between the processes of a system and its servers; each server can be cut off separately. */
export type Network = {
  /** The same URL through a proxy with faults on request. */
  through(part: NetworkPart, url: string): Promise<string>;
  /** The proxy to a part that was passed to `through`. */
  to(part: NetworkPart): FaultProxy;
  close(): Promise<void>;
};

export function openNetwork(): Network {
  const ways = new Map<NetworkPart, FaultProxy>();
  return {
    async through(part, url) {
      const way = await openFaultProxy(url);
      ways.set(part, way);
      return way.through(url);
    },
    to(part) {
      const way = ways.get(part);
      if (!way) throw new Error(`The system has no way to ${part}.`);
      return way;
    },
    async close() {
      await Promise.all([...ways.values()].map((way) => way.close()));
    },
  };
}
