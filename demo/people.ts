import type { Holdings, Person, Resource } from './provider-options.ts';

export const SHOP_API = 'https://api.shop.localhost';
export const OPS_API = 'https://api.ops.localhost';

/** What the two APIs of the demo know. */
export const RESOURCES: readonly Resource[] = [
  { audience: SHOP_API, scopes: ['orders:read', 'orders:write'] },
  { audience: OPS_API, scopes: ['status:read', 'metrics:read'] },
];

/** Who can sign in to the demo, and which scopes they hold. */
export const PEOPLE: readonly Person[] = [
  {
    id: 'anna',
    name: 'Anna',
    role: 'customer',
    holds: { [SHOP_API]: ['orders:read'], [OPS_API]: ['status:read'] },
  },
  {
    id: 'ben',
    name: 'Ben',
    role: 'clerk',
    holds: { [SHOP_API]: ['orders:read', 'orders:write'], [OPS_API]: ['status:read'] },
  },
  {
    id: 'olga',
    name: 'Olga',
    role: 'operator',
    holds: { [OPS_API]: ['status:read', 'metrics:read'] },
  },
];

/** What the service `robot` may have for itself (client credentials): it reads orders and writes none. */
export const ROBOT: { readonly id: string; readonly holds: Holdings } = {
  id: 'robot',
  holds: { [SHOP_API]: ['orders:read'] },
};
