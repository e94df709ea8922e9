import { ask, valuesOf } from './answer.ts';
import { checkRequest, ORIGIN } from './requests.ts';

/**
 * Signs in as a browser does, through the gateway's check and a real provider that shows no page.
 * @returns the cookies that the browser has afterwards, as a `Cookie` value
 */
export async function signIn(port: number, issuer: string): Promise<string> {
  const ours = new Map<string, string>();
  const check = async (target: string): Promise<string> => {
    const answer = await ask(
      port,
      checkRequest({ target, ...(ours.size === 0 ? {} : { cookie: text(ours) }) }),
    );
    keep(ours, valuesOf(answer, 'set-cookie'));
    const [location] = valuesOf(answer, 'location');
    if (location === undefined) throw new Error(`no redirect for ${target}: ${answer.status} ${answer.body}`);
    return location;
  };

  const theirs = new Map<string, string>();
  let url = await check('/account/');
  for (let hop = 0; url.startsWith(issuer); hop += 1) {
    const response = await fetch(url, { redirect: 'manual', headers: { cookie: text(theirs) } });
    keep(theirs, response.headers.getSetCookie());
    const next = response.headers.get('location');
    if (next === null || hop > 10) throw new Error(`the provider stays at ${url}: ${response.status}`);
    url = new URL(next, url).href;
  }
  const target = url.slice(ORIGIN.length);
  if (!url.startsWith(`${ORIGIN}/_auth/callback?`)) throw new Error(`the provider leads to ${url}`);
  const home = await check(target);
  if (home !== `${ORIGIN}/account/`) throw new Error(`after the login the gateway leads to ${home}`);
  return text(ours);
}

const text = (jar: ReadonlyMap<string, string>): string =>
  [...jar].map(([name, value]) => `${name}=${value}`).join('; ');

function keep(jar: Map<string, string>, lines: readonly string[]): void {
  for (const line of lines) {
    const [pair = ''] = line.split(';', 1);
    const name = pair.slice(0, pair.indexOf('='));
    const value = pair.slice(name.length + 1);
    // cookie-session gives the signature of a removed cookie a value, and the same end in 1970.
    if (value === '' || line.includes('expires=Thu, 01 Jan 1970')) jar.delete(name);
    else jar.set(name, value);
  }
}
