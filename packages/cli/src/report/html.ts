import { reportStyle } from './style.ts';

/** Text as it must stand in HTML. */
export function escapeHtml(text: string): string {
  return text
    .replaceAll('&', '&amp;')
    .replaceAll('<', '&lt;')
    .replaceAll('>', '&gt;')
    .replaceAll('"', '&quot;');
}

/** A table; the first column holds names. Cells are text, not HTML. */
export function htmlTable(header: readonly string[], rows: readonly (readonly string[])[]): string {
  const cells = (row: readonly string[], tag: 'td' | 'th'): string =>
    row
      .map((cell, column) => {
        const name = tag === 'th' || column === 0;
        const scope = tag === 'th' ? ' scope="col"' : column === 0 ? ' scope="row"' : '';
        return `<${name ? 'th' : 'td'}${scope}>${escapeHtml(cell)}</${name ? 'th' : 'td'}>`;
      })
      .join('');
  const body = rows.map((row) => `<tr>${cells(row, 'td')}</tr>`).join('');
  return `<div class="scroll"><table><thead><tr>${cells(header, 'th')}</tr></thead><tbody>${body}</tbody></table></div>`;
}

/** A figure with its title, and a sentence on how to read it. */
export function htmlFigure(title: string, reading: string, body: string): string {
  return `<section><h2>${escapeHtml(title)}</h2><p class="reading">${escapeHtml(reading)}</p><figure>${body}</figure></section>`;
}

/** A page that needs nothing else. `main` is HTML, `title` text. */
export function htmlPage(title: string, main: string): string {
  return `<!doctype html>
<html lang="en">
<head>
<meta charset="utf-8">
<meta name="viewport" content="width=device-width, initial-scale=1">
<title>${escapeHtml(title)}</title>
<style>${reportStyle}</style>
</head>
<body><main>
${main}
</main></body>
</html>
`;
}

/** A paragraph that explains; nothing for an empty text. */
export function htmlReading(text: string): string {
  return text === '' ? '' : `<p class="reading">${escapeHtml(text)}</p>`;
}
