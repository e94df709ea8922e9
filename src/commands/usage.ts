const TITLE = 'postern: decides every URL by the scopes and the audience of an access token';

/** Each command by its whole name, in the order of the help, with the lines about it; `serve` is the default. */
const COMMANDS: readonly (readonly [name: string, text: string])[] = [
  ['serve', '  postern [serve]     answer the proxy and the people            (the default)'],
  [
    'check',
    `  postern check       load configuration and rules, offline; run the tests of the rules; show how
                      everything is understood, and what is worth a second look
    --rules PATH        the rules alone, a folder or a file, without a configuration`,
  ],
  [
    'rules test',
    `  postern rules test                run the tests of the rules
    --junit FILE        write the results as JUnit XML, too
    --rules PATH        a folder or a file, without a configuration`,
  ],
  [
    'rules explain',
    `  postern rules explain GET https://shop.example.com/api/orders/7
                      which rule wins and why, and what the proxy would get
    --scopes LIST       for a caller whose token has these scopes; "" for none; else for nobody
    --audience TEXT     the token's audience (default: the app's first); once for each
    --acr TEXT          how the person authenticated;  --login-age 5m  how long ago
    --token -           for the token on the standard input, validated as the server does
    --rules PATH        a folder or a file, without a configuration`,
  ],
  [
    'rules table',
    `  postern rules table               every rule in the order of precedence, for a review
    --rules PATH        a folder or a file, without a configuration`,
  ],
  [
    'rules diff',
    `  postern rules diff OLD NEW        what a change of rules lets in, and what it shuts out; each
                      a folder, a file or a git revision: HEAD~1 is the other one's path there,
                      HEAD~1:deploy/rules names its own`,
  ],
  [
    'rules import',
    `  postern rules import FILE         rules from the application.yaml of dniel's ForwardAuth
    --out FOLDER        where they go (default: the standard output)`,
  ],
  [
    'schema',
    '  postern schema [rules|defaults|config]    the JSON Schema of a rules file, of _defaults.yaml\n                      or of the configuration',
  ],
  [
    'proxy',
    `  postern proxy traefik-labels|traefik-file|traefik-crd|caddy|nginx|envoy
                      print middleware and routers for the loaded hosts and headers
    --gateway HOST      where the proxy finds the gateway (default: the host of listen, or postern)
    --upstream APP=URL  where an app is; once for each`,
  ],
  [
    'doctor',
    `  postern doctor                    ask provider, proxy and store whether they fit the configuration
    --proxy URL         where the proxy is from here (default: where the hosts' names lead)
    --traefik-api URL   where Traefik's API answers, to see its version and middlewares too
    --probe             ask for a token of each audience with the client's own credentials
    --host NAME         which host to visit (default: all); once for each`,
  ],
  [
    'sessions list',
    `  postern sessions list             who is signed in, with session.store: redis
    --subject TEXT, --client ID       only theirs;  --limit N  how many lines (default: 100)`,
  ],
  [
    'sessions kill',
    `  postern sessions kill             sign people out, everywhere within a second
    --id=ID, --subject TEXT, --client ID or --sid ID    whom (one of them);  --provider NAME  whose
                      subject or sid, where there are several providers`,
  ],
];

const COMMON = `  --config FILE       the configuration; else POSTERN_CONFIG, ./postern.yaml,
                      /etc/postern/postern.yaml
  --json              answer in JSON
  --help              this; behind a command, that command's part;  --version

Exit codes: 0 good, 1 findings, 2 a wrong call, or a gateway that cannot start.
Every command with its output and exit codes: docs/commands.md
`;

/** The whole names of all commands. */
export const COMMAND_NAMES: readonly string[] = COMMANDS.map(([name]) => name);

/** What the command line is told of with `--help`. @param command a name, or its first word; all where there is none such */
export function usage(command = ''): string {
  const own = COMMANDS.filter(([name]) => name === command || name.startsWith(`${command} `));
  const shown = own.length === 0 ? COMMANDS : own;
  return `${TITLE}\n\n${shown.map(([, text]) => text).join('\n')}\n\n${COMMON}`;
}
