import { PEOPLE, SHOP_API } from './people.ts';
import type { World } from './world.ts';

/** What to open, as whom, and what to try. At most 100 columns. */
export function guide({ shop, ops, view, provider, proxy, robot }: World): string {
  const people = PEOPLE.map(
    ({ name, role, holds }) => `${name.padEnd(6)}${role.padEnd(11)}${Object.values(holds).flat().join(' ')}`,
  );
  return `
Postern demo: a provider, the gateway, two apps and ${proxy}, all on loopback.

Open  ${shop}/
      ${ops}/
      ${view}/

As    ${people.join('\n      ')}
      There are no passwords: press a name on the provider's page.

Try   /orders as Anna           opens, because her access token holds orders:read
      /stock as Anna            orders:write is asked for once, not granted; a page says so, no loop
      /stock as Ben             is granted; from then on "Place an order" works for him as well
      ${ops.padEnd(25)} signs the same person in without asking; /metrics is Olga's
      the third                 a single-page view: its API is the shop's, and it keeps its place
      sign out                  ends the session here; press "Yes" to end the provider's as well
      /_auth/me                 who you are, and for how long

      curl -i ${shop}/api/orders/7
      curl -s -u ${robot.id}:${robot.secret} ${provider.issuer}/token \\
        -d grant_type=client_credentials -d scope=orders:read -d resource=${SHOP_API}
      The second gives a service its token: send it with -H "Authorization: Bearer …" to the first.

Every decision of the gateway is printed below. Ctrl-C ends everything.
`;
}
