import type { ListingGateway } from '#domain/payments/gateway.ts';
import { openSandboxGateway, type SandboxConfig } from './sandbox.ts';
import { openStripeGateway, type StripeConfig } from './stripe.ts';

/** One member per provider, each with the keys that it needs. */
export type GatewayConfig = SandboxConfig | StripeConfig;

/** Makes no connection: the first call does. */
export function openGateway(config: GatewayConfig): ListingGateway {
  switch (config.kind) {
    case 'sandbox':
      return openSandboxGateway(config);
    case 'stripe':
      return openStripeGateway(config);
  }
}
