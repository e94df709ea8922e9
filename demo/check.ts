import { Jar } from '../test/support/jar.ts';
import { type Hop, Journey } from './journey.ts';
import { STORY } from './story.ts';
import type { World } from './world.ts';

/**
 * Drives the whole story through the proxy without a browser and prints every hop.
 * @returns whether each hop was right
 */
export async function checkWorld(world: World, print: (line: string) => void): Promise<boolean> {
  const journey = new Journey(world, (hop) => {
    print(row(hop));
    for (const wrong of hop.wrong) print(`      ${wrong}`);
  });
  const walk = { world, jar: new Jar(), hop: journey.hop.bind(journey) };
  print(`Every hop, its status and the gateway's reason. Driven through ${world.proxy}.`);
  let broken: string | undefined;
  for (const chapter of STORY) {
    print(`\n${chapter.title}`);
    try {
      await chapter.walk(walk);
    } catch (error) {
      broken = (error as Error).message;
      print(`✘ the story breaks off: ${broken}`);
      break;
    }
  }
  const right = journey.hops.filter((hop) => hop.wrong.length === 0).length;
  const total = journey.hops.length;
  const good = broken === undefined && right === total;
  print(`\n${good ? '✔' : '✘'} ${right} of ${total} hops were right, through ${world.proxy}.`);
  return good;
}

function row({ what, method, host, path, status, reason, wrong }: Hop): string {
  const place = `${host} ${path}`;
  const where = place.length > 28 ? `${place.slice(0, 27)}…` : place;
  const mark = wrong.length === 0 ? '✔' : '✘';
  return `${mark} ${status} ${reason.padEnd(16)} ${method.padEnd(4)} ${where.padEnd(28)} ${what}`;
}
