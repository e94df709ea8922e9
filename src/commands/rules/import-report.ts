import type { Finding } from '../../migration/finding.ts';
import type { Imported } from '../../migration/import.ts';
import { paragraph, plural, wholeLine } from '../layout.ts';
import { shellWord } from '../shell-line.ts';

const LEVELS: Readonly<Record<Finding['level'], string>> = {
  refused: 'NOT IMPORTED',
  changed: 'changed',
  dropped: 'no equivalent',
};

/** What a person reads after an import: by app what changed, then what concerns all, then what to do. */
export function importText(imported: Imported, file: string, folder: string | undefined): string {
  const { files, findings, configuration } = imported;
  const refused = findings.filter(({ level }) => level === 'refused').length;
  const said = [
    ...Map.groupBy(findings, ({ level, key, message, wayOut }) =>
      JSON.stringify([level, key, message, wayOut]),
    ).values(),
  ];
  const titleOf = (alike: readonly Finding[]): string => {
    const apps = new Set(alike.map(({ app }) => app));
    return apps.size > 1 ? 'several apps' : (alike[0]?.app ?? 'all apps');
  };
  const lines = [
    ...paragraph(
      `${file}: ${plural(files.length, 'rules file')}${folder === undefined ? '' : ` in ${folder}`}${refused === 0 ? '' : `, ${plural(refused, 'app')} not imported`}`,
    ),
    ...files.map(({ name, host }) => `  ${name}  ${host}`),
    '',
    ...[...Map.groupBy(said, titleOf)]
      .toSorted(
        ([a], [b]) =>
          Number(a === 'all apps') - Number(b === 'all apps') ||
          Number(a === 'several apps') - Number(b === 'several apps'),
      )
      .flatMap(([title, groups]) => section(title, groups)),
    'postern.yaml needs at least:',
    '',
    ...configuration
      .trimEnd()
      .split('\n')
      .map((line) => `  ${line}`),
    '',
    ...next(folder),
  ];
  return `${lines.join('\n')}\n`;
}

function section(title: string, groups: readonly (readonly Finding[])[]): readonly string[] {
  return [
    title,
    ...groups.flatMap((alike) => {
      const [first] = alike;
      if (first === undefined) return [];
      const { level, key, message, wayOut } = first;
      const lines = [...new Set(alike.map(({ line }) => line))].join(', ');
      return [
        ...paragraph(`${lines}: ${key} (${LEVELS[level]}): ${message}`, '  ', '      '),
        ...(wayOut === undefined ? [] : paragraph(wayOut, '      -> ', '         ')),
      ];
    }),
    '',
  ];
}

/** Commands stand in lines of their own, to be copied. */
const next = (folder: string | undefined): readonly string[] =>
  folder === undefined
    ? paragraph('Next: write them with --out FOLDER; nothing was written.')
    : [
        'Next: read the files, and decide what is changed. Then',
        ...wholeLine(`postern rules table --rules ${shellWord(folder)}`, '  '),
        ...wholeLine(`postern check --rules ${shellWord(folder)}`, '  '),
      ];
