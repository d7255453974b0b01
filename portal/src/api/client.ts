import { createClient } from '@connectrpc/connect';
import { createConnectTransport } from '@connectrpc/connect-web';
import { AccessService } from '../gen/portolan/v1/access_service_pb';
import { CatalogService } from '../gen/portolan/v1/catalog_service_pb';
import { FleetService } from '../gen/portolan/v1/fleet_service_pb';

// The registry serves the portal and its API: same origin, the session is a cookie.
const transport = createConnectTransport({ baseUrl: '/api', useBinaryFormat: false });

export const catalog = createClient(CatalogService, transport);
export const access = createClient(AccessService, transport);
export const fleet = createClient(FleetService, transport);

// Trades the token of a one-time link for the session cookie; says whether the registry took it.
export async function signIn(token: string): Promise<boolean> {
  const response = await fetch('/api/session', {
    method: 'POST',
    headers: { 'content-type': 'application/json' },
    body: JSON.stringify({ token }),
  });
  return response.ok;
}
