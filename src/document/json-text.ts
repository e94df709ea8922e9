/** JSON as the formatter of this project writes it: a list of plain values on one line, where it fits. */
export const jsonText = (value: unknown): string =>
  `${JSON.stringify(value, null, 2).replace(
    /^(.*)\[\n([^[\]{}]*)\n *\](,?)$/gm,
    (long: string, head: string, items: string, comma: string) => {
      const short = `${head}[${items.trim().replace(/,\n */g, ', ')}]${comma}`;
      return short.length <= 110 ? short : long;
    },
  )}\n`;
