// Plain JavaScript, so that an old Node can read it and say what to do: the demo itself is TypeScript, which
// Node 24 runs as it is. `npm ci` places a Node 24 in node_modules/.bin, which npm scripts then use.
const major = Number(process.versions.node.split('.')[0]);
if (major < 24) {
  console.error(`The demo needs Node 24 or newer; this is ${process.version}. Install what it needs with

  npm ci --ignore-scripts=false`);
  process.exitCode = 2;
} else {
  const { main } = await import('./main.ts');
  process.exitCode = await main(process.argv.slice(2));
}
